"""From a request to everything the steps need: requirements read, settings gathered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import understood
from lambda_pack.inputs.home import home_folder
from lambda_pack.inputs.index_settings import IndexConfiguration, Setting, read_index_settings
from lambda_pack.inputs.project import read_inputs
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.requirements import read_constraints
from lambda_pack.inputs.resolution_settings import uv_settings_of
from lambda_pack.inputs.settings_lines import written_requirements
from lambda_pack.inputs.unheeded import unheeded_settings
from lambda_pack.inputs.uv_project import project_settings, uv_tables
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import GivenSettings
from lambda_pack.model.glue_modules import NOT_PUBLISHED
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Lineage, Requested, Requirements
from lambda_pack.ports import Narrator

if TYPE_CHECKING:
    # Where nothing is locked, uv is started before this is loaded.
    from lambda_pack.model.installed import Installation
    from lambda_pack.model.locked import Locked
    from lambda_pack.model.packages import Folder

__all__ = ["Order", "read_order", "take_order"]

# In bytes: file systems take 255, and `-python3.13-x86_64.report.json` or a layer's name follow, hidden names before.
_LONGEST_NAME = 150


class Order(Struct, frozen=True):
    """What is asked for; `lock` is given where nothing is left to resolve.

    `installation` is given where the input is what is installed; the lock then stands for it. `settings` say who set
    what, for people. `sources` are the indexes that the project names, logins included.
    """

    request: PackRequest
    name: str
    requirements: Requirements
    lock: Locked | None
    settings: tuple[Setting, ...]
    sources: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    installation: Installation | None = None


def read_order(request: PackRequest, environ: Mapping[str, str], *, home: Path) -> Order:
    """Read the inputs that the request names, and the settings of pip and uv around them.

    Raises:
        UsageError: an input is missing or wrong, or inputs do not go together.
    """
    if request.sources:
        from lambda_pack.files.source import check_source

        for source in request.sources:
            check_source(source.path)
    # What a reader did not foresee in a document is refused with the file's name, too.
    with understood(next(iter(request.requirements), Path.cwd()), what_now="correct it"):
        return _read_order(request, environ, home)


def _read_order(request: PackRequest, environ: Mapping[str, str], home: Path) -> Order:
    reading = read_inputs(request.requirements, request.selection, environ)
    warnings = (*_checked(reading, request), *_remarks(reading, request))
    tables = uv_tables(request.requirements, reading.folder, environ)
    project = project_settings(tables, environ)
    configuration = read_index_settings(
        environ, home=home, overrides=request.options, written=reading.written, project=project
    )
    warnings = (
        *warnings,
        *unheeded_settings(environ, tables, home=home),
        *_about_cooldown(reading, configuration, project),
        # A lock leaves no choice between indexes.
        *(configuration.warnings if reading.lock is None else ()),
    )
    requirements = _requirements(request, reading, configuration, environ)
    _check_backend(reading, requirements)
    lock = reading.lock
    if lock is None and reading.written.is_empty:
        from lambda_pack.model.locked import Locked

        lock = Locked(packages=())
    if request.layering is not None:
        from lambda_pack.commands.layer_groups import with_groups

        request = replace(request, layering=with_groups(request.layering, request, environ))
    return Order(
        request=request,
        name=_name(request, reading),
        requirements=requirements.on(request.target),
        lock=lock,
        settings=configuration.settings,
        sources=reading.sources,
        warnings=(*warnings, *_about_projects(request)),
        installation=reading.installation,
    )


def _requirements(
    request: PackRequest, reading: Reading, configuration: IndexConfiguration, environ: Mapping[str, str]
) -> Requirements:
    lines, projects = written_requirements(configuration, reading.folder, environ), _projects(request)
    return Requirements(
        folder=reading.folder,
        requested=_requested(reading, request),
        constraints=(*reading.written.constraints, *_constraints(configuration, environ), *lines.constraints),
        indexes=configuration.indexes,
        files=replace(configuration.files, building=request.building.permission),
        require_hashes=configuration.require_hashes,
        config_settings=(*lines.config_settings, *request.config_settings),
        lineage=_lineage(reading, request),
        build_constraints=(*read_constraints(request.building.constraints, environ), *lines.build_constraints),
        left_out=request.left_out,
        projects=projects,
        itself=reading.itself.pin.name if reading.itself else None,
        local=_local_projects(reading, projects),
        overrides=lines.overrides,
        excludes=lines.excludes,
        uv_settings=uv_settings_of(configuration.found),
    )


def _about_cooldown(reading: Reading, configuration: IndexConfiguration, project: GivenSettings) -> Iterator[str]:
    """A lock is packed as it stands, as `uv sync --frozen` and `pip install -r pylock.toml` do."""
    given = configuration.found.get("exclude-newer")
    if reading.lock is None or given is None or not configuration.indexes.cooldown:
        return
    if project.get("exclude-newer") != given:
        yield (
            f"exclude-newer = {given.values[-1]} ({given.source}) applies to build requirements alone: the versions in "
            "the lock are packed as they are; make the lock again with this setting to apply it to them"
        )


def take_order(request: PackRequest, environ: Mapping[str, str], narrator: Narrator) -> Order:
    """The order for a request; says who set what about indexes and files, and what AWS says about the runtime's age.

    Raises:
        UsageError: an input is missing or wrong, or inputs do not go together.
    """
    order = read_order(request, environ, home=home_folder())
    for setting in order.settings:
        narrator.note(f"{setting.name} = {setting.value} ({setting.source})")
    age = order.request.target.runtime.warning(datetime.now(tz=UTC).date())
    for warning in (*order.warnings, *((age,) if age else ())):
        narrator.warn(warning)
    return order


def _checked(reading: Reading, request: PackRequest) -> Iterator[str]:
    """What the user should hear about an input; what must not be is refused."""
    if request.locked and reading.lock is None:
        raise UsageError(
            "--locked needs a lock, and none was found; make one with the project's own tool or lambda-pack lock"
        )
    if reading.stale is not None:
        if request.locked:
            raise UsageError(f"the lock is out of date: {reading.stale}; lock again")
        yield f"the lock is out of date: {reading.stale}; the versions in it are packed anyway"
    runtime = request.target.runtime
    if not runtime.admits(reading.requires_python):
        major, minor = runtime.python
        raise UsageError(
            f"the project requires Python {reading.requires_python}; {runtime.name} has {major}.{minor}: "
            "choose another runtime"
        )
    yield from reading.warnings
    yield from _undetermined(reading, request)


def _undetermined(reading: Reading, request: PackRequest) -> Iterator[str]:
    """Yield warnings about markers and Requires-Python whose result depends on the patch level or the kernel."""
    from lambda_pack.model.undetermined import about_locked, about_marker, about_requires_python

    target = request.target
    if (warning := about_requires_python("the project", reading.requires_python, target)) is not None:
        yield warning
    for line in (*reading.written.requested, *reading.written.constraints):
        marker = line.requirement.marker if line.requirement else line.marker
        if (warning := about_marker(marker, str(line.origin), line.name or str(line.url), target)) is not None:
            yield warning
    if reading.lock is not None:
        yield from about_locked(reading.lock, target)


def _check_backend(reading: Reading, requirements: Requirements) -> None:
    """Refuse to ask a build backend for the project's dependencies where its code may not run."""
    for line in reading.written.requested:
        if requirements.itself is not None and line.name == requirements.itself:
            refusal = requirements.files.building.refusal(requirements.itself)
            if refusal is not None:
                raise UsageError(
                    f"{line.origin}: the dependencies are dynamic, so only the project's build backend knows them, and "
                    f"{refusal.removeprefix('is source, and ')}; allow that, or name a lock or a requirements file "
                    "with -r"
                )


def _remarks(reading: Reading, request: PackRequest) -> Iterator[str]:
    if request.layout is Layout.GLUE_RAY:
        from lambda_pack.inputs.raypack import raypack_remarks  # few bundles are for Ray

        yield from raypack_remarks(reading.folder)


def _requested(reading: Reading, request: PackRequest) -> tuple[Requested, ...]:
    """What is asked for, without what AWS has and publishes nowhere."""
    if request.layout is not Layout.GLUE_RAY:
        return reading.written.requested
    return tuple(line for line in reading.written.requested if line.name not in NOT_PUBLISHED)


def _lineage(reading: Reading, request: PackRequest) -> Lineage:
    if reading.lock is None:
        return Lineage()
    return Lineage(reading.lock.roots, reading.lock.requires_of(request.target))


def _constraints(configuration: IndexConfiguration, environ: Mapping[str, str]) -> tuple[Requested, ...]:
    return read_constraints([Path(text) for text in configuration.constraints], environ)


def _about_projects(request: PackRequest) -> Iterator[str]:
    for folder in request.projects:
        from lambda_pack.inputs.own_project import lacks_build_system

        if lacks_build_system(folder):
            yield (
                f"{folder.as_posix()!r} has no [build-system] in its pyproject.toml, so setuptools guesses what it is; "
                "add one, or pack the folder as it is with --source"
            )


def _projects(request: PackRequest) -> tuple[Folder, ...]:
    if not request.projects:
        return ()
    from lambda_pack.inputs.own_project import read_own_project

    projects = {project.path: project for project in map(read_own_project, request.projects)}
    names = [project.pin.name for project in projects.values()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"two projects of yours are called {twice[0]!r}; leave one of them out")
    return tuple(projects.values())


def _local_projects(reading: Reading, projects: tuple[Folder, ...]) -> tuple[Folder, ...]:
    """The folders whose names no index is asked for; a lock has decided already."""
    if reading.lock is not None or reading.written.is_empty:
        return ()
    from lambda_pack.inputs.local_projects import local_projects  # start-up stays light

    return local_projects(reading, projects)


def _name(request: PackRequest, reading: Reading) -> str:
    name = request.name or reading.name or reading.folder.name or "bundle"
    if set(name) & set('/\\:*?"<>|\0') or name.startswith(".") or not name.isprintable():
        raise UsageError(f"{name!r} cannot be part of a file name; choose letters, digits, '-', '_' and '.' for --name")
    if len(name.encode()) > _LONGEST_NAME:
        raise UsageError(
            f"the bundle's name has {len(name.encode())} bytes, and its files take names of {_LONGEST_NAME}; "
            "choose a shorter one with --name"
        )
    return name
