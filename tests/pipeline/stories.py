"""Pipeline stories: read from `tests/scenarios/`, and played with fakes behind the ports."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.pylock import Pylock
from packaging.utils import canonicalize_name

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.frontends.slimming_requests import slimming_of
from lambda_pack.inputs.own_project import read_own_project
from lambda_pack.inputs.pylock import locked_of
from lambda_pack.inputs.requirements import read_requirements
from lambda_pack.model.building import BuildPermission
from lambda_pack.model.choices import AuditMode, Collision, Layout, Preference
from lambda_pack.model.forbidden import without_forbidden
from lambda_pack.model.given import Given
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.own_code import OwnCode
from lambda_pack.model.report import ArchiveFacts
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.selection import Selection
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.nine_steps import take_nine_steps
from lambda_pack.pipeline.outcome import Outcome
from lambda_pack.pipeline.preflight import look_ahead
from lambda_pack.ports import Ports, Resolver
from lambda_pack.tools.building.machine import Host
from lambda_pack.tools.locked_resolver import LockedResolver
from tests.support.elf import make_elf
from tests.support.fake_resolver import Direct, FakeResolver
from tests.support.fakes import (
    FakeAuditor,
    FakeBuilder,
    FakeDownloads,
    FakeIndex,
    FakeRefiner,
    Recipe,
    RecordingNarrator,
    Release,
    Shelf,
)
from tests.support.metadata import Content

__all__ = ["SCENARIOS", "Ending", "Story", "play", "read_story"]

SCENARIOS = Path(__file__).parents[1] / "scenarios"

# '{six-1.17.0-py2.py3-none-any.whl}' in requirements and locks is the digest of that file.
_DIGEST = re.compile(r"\{([^{}\s]+\.(?:whl|tar\.gz|zip))\}")


class Story(Struct, frozen=True, kw_only=True):
    """One scenario file.

    `case` is its row in the list of what users of the peers hit. `requirements` and `lock` are the texts of such
    files, one of them given. `project` holds the user's own files by path; `code` is the folder of those to pack,
    `own_projects` are folders of those to build and pack.
    `directs` are what URLs and paths of requirements lead to. `host` is the machine that builds, `foreign` its
    Python where that is not the target's. `permission` says whose code may run, `slimming` has options as the command
    line has them. `check` asks for the preflight instead
    of the nine steps.
    """

    why: str
    outcome: Mapping[str, Any]
    runtime: str
    case: int | None = None
    architecture: str = "x86_64"
    requirements: str = ""
    lock: str | None = None
    index: tuple[Release, ...] = ()
    directs: tuple[Direct, ...] = ()
    builds: tuple[Recipe, ...] = ()
    project: Mapping[str, Content] = field(default_factory=dict)
    code: str | None = None
    own_projects: tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    host: Host = field(default_factory=lambda: Host("Linux", "x86_64", (2, 26)))
    foreign: str | None = None
    hides_misfits: bool = False
    permission: Mapping[str, Any] = field(default_factory=dict)
    slimming: Mapping[str, Any] = field(default_factory=dict)
    check: bool = False


class Ending(Struct, frozen=True):
    """What came of a story: an outcome or an error; `archive` is where the zip is, if there is one."""

    outcome: Outcome | None
    error: LambdaPackError | None
    requirements: Requirements
    narrator: RecordingNarrator
    builder: FakeBuilder
    downloads: FakeDownloads
    archive: Path
    scratch: Path


def read_story(name: str) -> Story:
    """The story in a file; a key that means nothing is a `TypeError`."""
    table = tomllib.loads((SCENARIOS / f"{name}.toml").read_text("utf-8"))
    host = table.pop("host", None)
    if host is not None:
        table["host"] = Host(host["system"], host["machine"], tuple(host["glibc"]) if "glibc" in host else None)
    return Story(
        **table
        | {
            "project": {path: _content(value) for path, value in table.get("project", {}).items()},
            "index": tuple(Release(**_tuples(row)) for row in table.get("index", ())),
            "directs": tuple(Direct(**_tuples(row)) for row in table.get("directs", ())),
            "builds": tuple(Recipe(**_tuples(row)) for row in table.get("builds", ())),
        }
    )


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    for key in ("contents", "data"):
        if key in found:
            found[key] = {path: _content(value) for path, value in found[key].items()}
    return found


def _content(value: str | dict[str, Any]) -> Content:
    """Text as it stands, `{ elf = "x86_64" }` with other facts of `make_elf`, or `{ zeros = 1000 }`."""
    if isinstance(value, str):
        return value
    return make_elf(value.pop("elf"), **value) if "elf" in value else bytes(value["zeros"])


def play(story: Story, folder: Path) -> Ending:
    """Pack, or look ahead, in an empty folder; errors of lambda-pack are part of the ending."""
    shelf = Shelf(folder / "shelf", story.index)
    project = folder / "project"
    for path, content in {"requirements.txt": story.requirements, **story.project}.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else _promising(content, shelf).encode()
        (project / path).write_bytes(data)
    request = _request(story, project)
    requirements = _requirements(project, story.permission).on(request.target)
    projects = tuple(map(read_own_project, request.projects))
    requirements = replace(requirements, left_out=request.slimming.left_out, projects=projects)
    ending = Ending(
        outcome=None,
        error=None,
        requirements=requirements,
        narrator=RecordingNarrator(),
        builder=FakeBuilder(folder / "scratch" / "built", story.builds, story.host, story.foreign),
        downloads=FakeDownloads(shelf),
        archive=folder / "out.zip",
        scratch=folder / "scratch",
    )
    index = FakeIndex(shelf, is_closed=story.lock is not None)
    with OpenWheels() as wheels:
        ports = Ports(
            resolver=_resolver(story, requirements, shelf),
            index=index,
            downloads=ending.downloads,
            auditor=FakeAuditor(FORMS[request.layout].package_type),
            builder=ending.builder,
            narrator=ending.narrator,
            wheels=wheels,
            refiner=FakeRefiner(),
        )
        return _played(story, request, ending, ports)


def _promising(text: str, shelf: Shelf) -> str:
    """The text with the digests of the files that it names."""
    return _DIGEST.sub(lambda match: shelf.digest(match[1]), text)


def _requirements(project: Path, permission: Mapping[str, Any]) -> Requirements:
    written = read_requirements([project / "requirements.txt"], {})
    return Requirements(
        folder=project,
        requested=written.requested,
        constraints=written.constraints,
        files=replace(written.files, building=_permission(permission)),
        require_hashes=written.require_hashes,
    )


def _permission(words: Mapping[str, Any]) -> BuildPermission:
    names = {key: frozenset(map(canonicalize_name, words.get(key, ()))) for key in ("only", "never")}
    return BuildPermission(nothing=bool(words.get("nothing")), **names)


def _resolver(story: Story, requirements: Requirements, shelf: Shelf) -> Resolver:
    if story.lock is not None:
        text = _promising(story.lock, shelf)
        return LockedResolver(locked_of(Pylock.from_dict(tomllib.loads(text)), Selection()), lambda _: FakeIndex(shelf))
    seen = without_forbidden(requirements)
    return FakeResolver(seen, shelf, tuple(_placed(story.directs, requirements.folder)), story.hides_misfits)


def _placed(directs: tuple[Direct, ...], project: Path) -> Iterator[Direct]:
    """Paths as the URLs that requirements are read into."""
    for row in directs:
        if row.url.startswith("."):
            yield replace(row, url=(project / row.url).as_uri())
        else:
            yield row


def _request(story: Story, project: Path) -> PackRequest:
    words = dict(story.request)
    kinds = {
        "audit": AuditMode,
        "prefer": Preference,
        "on_collision": Collision,
        "layout": Layout,
        "handler": str,
        "excludes": tuple,
        "includes": tuple,
    }
    slimming = slimming_of({key: Given((str(value).lower(),), "the story") for key, value in story.slimming.items()})
    values = {key: kinds.get(key, bool)(value) for key, value in words.items()}
    return PackRequest(
        target=Target.parse(story.runtime, story.architecture),
        requirements=(project / "requirements.txt",),
        sources=(OwnCode(project / story.code),) if story.code is not None else (),
        projects=tuple(project / path for path in story.own_projects),
        slimming=slimming,
        **values,
    )


def _played(story: Story, request: PackRequest, ending: Ending, ports: Ports) -> Ending:
    @contextmanager
    def scratch() -> Iterator[Path]:
        ending.scratch.mkdir()
        try:
            yield ending.scratch
        finally:
            shutil.rmtree(ending.scratch)

    def write(bundle: Bundle) -> ArchiveFacts:
        return write_zip(bundle, ending.archive)

    requirements = ending.requirements
    outcome: Outcome | None = None
    error: LambdaPackError | None = None
    try:
        if story.check:
            outcome = look_ahead(request, requirements, scratch(), wire=lambda _: ports)
        else:
            outcome = take_nine_steps(request, requirements, scratch(), wire=lambda _: ports, write=write)
    except LambdaPackError as refusal:
        error = refusal
    return replace(ending, outcome=outcome, error=error)
