"""What a user wants packed. Every default of the product is here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from lambda_pack.model.building import Building
from lambda_pack.model.choices import AuditMode, Collision, Layout, Preference, ResolverName
from lambda_pack.model.given import GivenSettings
from lambda_pack.model.glue import GlueSettings
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.own_code import OwnCode
from lambda_pack.model.selection import Selection
from lambda_pack.model.slimming import Slimming
from lambda_pack.model.targets import Target

if TYPE_CHECKING:
    from lambda_pack.model.layering import Layering

__all__ = ["DEFAULTS", "PackRequest"]


class PackRequest(Struct, frozen=True):
    """One bundle.

    `requirements` are files of requirements, or one lock, manifest, script or project folder, of which `selection` says
    what is wanted; with `locked` only a lock that its manifest agrees with will do. `name` None is the project's own,
    or that of the folder of the first requirements file. `output` is the folder for zip, report and lock; with `to_dir`
    the tree is written there instead of a zip. `layering` divides a function into layers; `glue` says more of bundles
    for Glue. `sources` are packed as they are, and each of the folders `projects` as the wheel that its own backend
    builds; `handler` is looked for in the bundle. `options` are pip's options by their long names: indexes, kinds of
    files, constraints. `config_settings` go to the build backends, which `interpreter` runs; None looks for one of the
    runtime's version. `building` says where and how. `slimming` says what is left out. With `force` a bundle is made
    that nothing has changed of. `profile` is where to say how the time was spent. With `keeps_report` the
    report is written, too, where nothing came of it. `cache` None is the user's cache folder.
    """

    target: Target
    requirements: tuple[Path, ...]
    selection: Selection = field(default_factory=Selection)
    locked: bool = False
    name: str | None = None
    output: Path = Path("dist")
    to_dir: Path | None = None
    layout: Layout = Layout.FUNCTION
    layering: Layering | None = None
    glue: GlueSettings = field(default_factory=GlueSettings)
    sources: tuple[OwnCode, ...] = ()
    projects: tuple[Path, ...] = ()
    handler: str | None = None
    excludes: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    resolver: ResolverName = ResolverName.UV
    prefer: Preference = Preference.COMPATIBLE
    on_collision: Collision = Collision.ERROR
    audit: AuditMode = AuditMode.ERROR
    allow_unmet: bool = False
    allow_oversize: bool = False
    force: bool = False
    profile: Path | None = None
    keeps_report: bool = False
    options: GivenSettings = field(default_factory=dict)
    config_settings: tuple[tuple[str, str], ...] = ()
    interpreter: Path | None = None
    building: Building = field(default_factory=Building)
    slimming: Slimming = field(default_factory=Slimming)
    cache: Path | None = None
    use_cache: bool = True

    @property
    def prefix(self) -> str:
        """The folder that everything of the bundle lies in; empty, or with a slash at its end."""
        return FORMS[self.layout].prefix_on(self.target, self.glue.outer_folder)

    @property
    def left_out(self) -> frozenset[str]:
        """The packages that are resolved with the others and not packed, by normalized name."""
        return self.slimming.left_out | (self.glue.left_out if self.layout is Layout.GLUE_RAY else frozenset())

    @property
    def is_folder(self) -> bool:
        """Whether it becomes a folder, which has no digest and cannot be delivered, instead of a zip."""
        return self.to_dir is not None or self.layout is Layout.OCI_DIR


DEFAULTS: Mapping[str, Any] = MappingProxyType(
    dict(zip(reversed(PackRequest.__struct_fields__), reversed(PackRequest.__struct_defaults__), strict=False))
)
"""The defaults by field, for whoever shows them or takes them over."""
