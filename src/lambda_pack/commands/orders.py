"""From a request to everything the steps need: requirements read, settings gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from packaging.pylock import Pylock
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.files.source import check_source
from lambda_pack.inputs.home import home_folder
from lambda_pack.inputs.index_settings import IndexConfiguration, Setting, read_index_settings
from lambda_pack.inputs.pylock import is_pylock, read_pylock
from lambda_pack.inputs.requirements import RequirementsFile, read_constraints, read_requirements
from lambda_pack.model.locks import CREATOR
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.ports import Narrator

__all__ = ["Order", "read_order", "take_order"]


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for; `lock` is given where nothing is left to resolve. `settings` say who set what, for people."""

    request: PackRequest
    name: str
    requirements: Requirements
    lock: Pylock | None
    settings: tuple[Setting, ...]


def read_order(request: PackRequest, environ: Mapping[str, str], *, home: Path) -> Order:
    """Read the inputs that the request names, and the settings of pip and uv around them.

    Raises:
        UsageError: an input is missing or wrong, or inputs do not go together.
    """
    for folder in request.sources:
        check_source(folder)
    locks = [path for path in request.requirements if is_pylock(path)]
    if locks and len(request.requirements) > 1:
        raise UsageError(f"{locks[0].as_posix()!r} is a lock and must be the only input; leave the others out")
    written = RequirementsFile() if locks else read_requirements(request.requirements, environ)
    configuration = read_index_settings(environ, home=home, overrides=request.options, written=written)
    folder = request.requirements[0].absolute().parent
    requirements = Requirements(
        folder=folder,
        requested=written.requested,
        constraints=(*written.constraints, *_constraints(configuration, environ)),
        indexes=configuration.indexes,
        files=configuration.files,
        require_hashes=configuration.require_hashes,
        config_settings=request.config_settings,
    )
    lock = read_pylock(locks[0]) if locks else None
    if lock is None and written.is_empty:
        lock = Pylock(lock_version=Version("1.0"), created_by=CREATOR, packages=())
    return Order(request, _name(request, folder), requirements.on(request.target), lock, configuration.settings)


def take_order(request: PackRequest, environ: Mapping[str, str], narrator: Narrator) -> Order:
    """The order for a request; says who set what about indexes and files, and what AWS says about the runtime's age.

    Raises:
        UsageError: an input is missing or wrong, or inputs do not go together.
    """
    order = read_order(request, environ, home=home_folder())
    for setting in order.settings:
        narrator.note(f"{setting.name} = {setting.value} ({setting.source})")
    warning = order.request.target.runtime.warning(datetime.now(tz=UTC).date())
    if warning is not None:
        narrator.warn(warning)
    return order


def _constraints(configuration: IndexConfiguration, environ: Mapping[str, str]) -> tuple[Requested, ...]:
    return read_constraints([Path(text) for text in configuration.constraints], environ)


def _name(request: PackRequest, folder: Path) -> str:
    name = request.name or folder.name or "bundle"
    if set(name) & set('/\\:*?"<>|\0') or name.startswith(".") or not name.isprintable():
        raise UsageError(f"{name!r} cannot be part of a file name; choose letters, digits, '-', '_' and '.' for --name")
    return name
