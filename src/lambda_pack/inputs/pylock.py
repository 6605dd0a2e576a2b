"""pylock.toml and pylock.NAME.toml (PEP 751)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace
from packaging.pylock import Pylock, PylockValidationError

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import check_told, read_toml, shown
from lambda_pack.inputs.manifest import Manifest, chosen
from lambda_pack.inputs.pyproject import read_manifest
from lambda_pack.inputs.reading import Reading
from lambda_pack.model.locked import Locked, LockedPackage
from lambda_pack.model.requirements import Requested
from lambda_pack.model.selection import Selection

__all__ = ["locked_of", "read_pylock", "read_pylock_file"]


def read_pylock(path: Path, selection: Selection, _environ: Mapping[str, str]) -> Reading:
    """The lock, with the pyproject.toml beside it where there is one.

    Raises:
        UsageError: see `read_pylock_file`; or the lock has no group or extra of a name.
    """
    lock = read_pylock_file(path)
    groups, extras = lock.dependency_groups or (), lock.extras or ()
    selection.check(groups=groups, extras=extras, where=repr(shown(path).as_posix()))
    manifest = _manifest(path.parent / "pyproject.toml")
    return Reading(
        folder=path.absolute().parent,
        lock=replace(locked_of(lock, selection), roots=_roots(manifest, selection)),
        name=manifest.name if manifest else None,
    )


def locked_of(lock: Pylock, selection: Selection) -> Locked:
    """A PEP 751 lock in the form that all locks have here."""
    defaults = frozenset(lock.default_groups or ()) if selection.takes_main else frozenset()
    return Locked(
        packages=tuple(map(LockedPackage, lock.packages)),
        extras=selection.all_extras,
        groups=defaults | selection.all_groups,
        environments=tuple(lock.environments or ()),
        requires_python=lock.requires_python,
    )


def read_pylock_file(path: Path) -> Pylock:
    """The lock as it stands; paths in it begin at its folder.

    Raises:
        UsageError: it is missing, not TOML, or not a lock of a version that `packaging` knows.
    """
    try:
        lock = Pylock.from_dict(read_toml(path, what_now="lock again"))
    except PylockValidationError as error:
        raise UsageError(f"{path.as_posix()!r} is not a lock: {error}; lock again") from error
    for package in lock.packages:
        check_told(package, path)
    return lock


def _manifest(path: Path) -> Manifest | None:
    """What only explains the lock may be wrong."""
    try:
        return read_manifest(path) if path.is_file() else None
    except UsageError:
        return None


def _roots(manifest: Manifest | None, selection: Selection) -> tuple[Requested, ...]:
    """The direct dependencies in the manifest; of its groups and extras those that it knows, too."""
    if manifest is None:
        return ()
    known = replace(
        selection,
        groups=tuple(selection.all_groups & manifest.groups.keys()),
        extras=tuple(selection.all_extras & manifest.extras.keys()),
        only_groups=(),
    )
    return chosen(manifest, known)
