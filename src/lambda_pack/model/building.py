"""How packages are built from source, and which of them may run code here at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from lambda_pack.model.choices import BuilderName, BuildNetwork

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from lambda_pack.model.shared_wheelhouse import SharedWheelhouse

__all__ = ["Build", "BuildLimits", "BuildPermission", "Building", "Grafted"]

_MOST_NAMES = 3


class BuildPermission(Struct, frozen=True):
    """Which packages may run code on this machine, while resolving and while building.

    `nothing` is a promise about all of them. With `only`, the others may not; those in `never` may not in any case.
    """

    nothing: bool = False
    only: frozenset[NormalizedName] = frozenset()
    never: frozenset[NormalizedName] = frozenset()

    @property
    def is_limited(self) -> bool:
        """Whether there is any package that may not."""
        return self.nothing or bool(self.only or self.never)

    def refusal(self, name: NormalizedName | None) -> str | None:
        """In words why a package may not run code, None where it may; one whose name is not known yet is not `only`.

        >>> from packaging.utils import canonicalize_name
        >>> BuildPermission(nothing=True).refusal(canonicalize_name("docopt"))
        'is source, and --no-build lets no code of packages run'
        """
        if self.nothing:
            return "is source, and --no-build lets no code of packages run"
        if name in self.never:
            return "is source, and --no-build-package keeps its code from running"
        if self.only and name not in self.only:
            return f"is source, and --only-build lets code run of {', '.join(sorted(self.only))} alone"
        return None


class Building(Struct, frozen=True):
    """Everything the user says about builds.

    `timeout` is for each build, in seconds. `image` None is AWS's build image for the target; the commands in `before`
    run in the container first, as its root. `constraints` are files of pip's that limit what builds require. A build
    of a package in `without_isolation` (or of any, with ':all:') uses what its interpreter has installed. With
    `may_install_python` uv may install an interpreter. `rebuild` builds what the cache has, and compares. `wheelhouse`
    is asked before anything is built.
    """

    builder: BuilderName = BuilderName.AUTO
    permission: BuildPermission = field(default_factory=BuildPermission)
    timeout: float | None = None
    image: str | None = None
    before: tuple[str, ...] = ()
    network: BuildNetwork = BuildNetwork.DEFAULT
    constraints: tuple[Path, ...] = ()
    without_isolation: frozenset[str] = frozenset()
    may_install_python: bool = False
    rebuild: bool = False
    wheelhouse: SharedWheelhouse | None = None

    def isolates(self, name: NormalizedName) -> bool:
        """Whether a package is built in an environment of its own."""
        return not self.without_isolation & {":all:", name}


class Grafted(Struct, frozen=True):
    """A system library that was copied into a wheel.

    `name` is what programs ask the loader for; `path` and `package` say where it was on the machine or in the image
    that built, `licence` where its licence lies in the wheel; the last two are None where no package owns the file.
    """

    name: str
    path: str
    package: str | None = None
    licence: str | None = None


class BuildLimits(Struct, frozen=True):
    """What lambda-pack adds to the user's own build constraints, so that an old source builds as it did in its day.

    Build requirements are taken as they were `before` a time (with a time zone), and within `constraints`, which are
    in pip's syntax. `why` is the cause of the failure without these limits; it is for readers, and decides nothing.
    """

    before: datetime | None = None
    constraints: tuple[str, ...] = ()
    why: str | None = None

    def __bool__(self) -> bool:
        """Whether they limit anything.

        >>> bool(BuildLimits()), bool(BuildLimits(constraints=("setuptools<82",)))
        (False, True)
        """
        return self.before is not None or bool(self.constraints)

    def __str__(self) -> str:
        """In words that stand behind "built with".

        >>> str(BuildLimits(constraints=("setuptools<82", "Cython<3")))
        'setuptools<82, Cython<3'
        """
        dated = () if self.before is None else (f"build requirements as of {self.before:%Y-%m-%d}",)
        return ", ".join((*dated, *self.constraints))


class Build(Struct, frozen=True):
    """How a wheel came to be.

    `image` and `digest` name the container image, where one was used. `retagged_from` is the name that the wheel had
    before its contents had been read. `is_reproducible` is None where there was nothing to compare it with.
    `wheelhouse` is the URI of the shared wheel where another machine built it. `limits` are those of the build's
    requirements that lambda-pack added because the source does not build with today's; None where none were needed.
    """

    builder: BuilderName
    image: str | None = None
    digest: str | None = None
    retagged_from: str | None = None
    grafted: tuple[Grafted, ...] = ()
    is_reproducible: bool | None = None
    is_cached: bool = False
    wheelhouse: str | None = None
    limits: BuildLimits | None = None

    @property
    def remarks(self) -> Iterator[str]:
        """What a reader of the report should know, each in a few words."""
        if self.builder is BuilderName.CONTAINER:
            yield f"built in a container of {self.image}"
        if self.limits is not None:
            because = f": {self.limits.why}" if self.limits.why else ", as it does not build with today's requirements"
            yield f"built with {self.limits}{because}"
        if self.grafted:
            names = [library.name for library in self.grafted]
            listed = ", ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} system libraries"
            yield f"with {listed} grafted into it"
        if self.wheelhouse is not None:
            yield f"from the wheelhouse: {self.wheelhouse}"
        if self.is_reproducible is False:
            yield "not reproducible: a second build gave other bytes"
