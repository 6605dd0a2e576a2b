"""Which distribution a file of an unpacked bundle belongs to, and what that distribution declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from packaging.utils import canonicalize_name

from lambda_pack.files.copies import find_copies
from lambda_pack.model.chains import dependencies_in
from lambda_pack.model.missing_modules import Declared

__all__ = ["Owners", "find_owners"]

_CODE = (".py", ".so")


class Owners(Struct, frozen=True):
    """Packages, as 'NAME VERSION', by the paths of files, modules and folders.

    `by_path` has files, the same without their suffixes, and folders below which all files are of one package; None
    for other folders. `by_module` has the top-level modules of distributions without a RECORD. `declared` is what the
    METADATA of each package declares. `incomplete` are those whose RECORD lists code that is not there.
    """

    by_path: Mapping[str, str | None]
    by_module: Mapping[str, str]
    declared: Mapping[str, Declared]
    incomplete: frozenset[str] = frozenset()

    def of(self, path: str) -> str | None:
        """Return the package of a file, or of a module ('google/cloud/storage'), by its path in its folder."""
        # The package of a namespace's `__init__.py` does not own what others put beside it.
        for known in (path, f"{path}/__init__"):
            if self.by_path.get(known):
                return self.by_path[known]
        top = path.partition("/")[0].partition(".")[0]
        return self.by_module.get(top) or self.by_module.get(_plain(top))


def find_owners(folders: Sequence[Path], reported: Iterable[tuple[str, str]] = ()) -> Owners:
    """Read the `.dist-info` of each folder: RECORD where an installer left one, `top_level.txt`, else the name.

    `reported` are names and versions from the report beside the bundle: a Glue bundle holds no metadata.
    """
    by_file: dict[str, str] = {}
    by_module = {_plain(name): f"{name} {version}" for name, version in reported}
    declared: dict[str, Declared] = {}
    incomplete: set[str] = set()
    for folder in folders:
        for copy in find_copies(folder):
            name, _, version = copy.dist_info.removesuffix(".dist-info").rpartition("-")
            package = f"{canonicalize_name(name)} {version}"
            # Folders come in the order of sys.path: the first one has what is imported.
            by_file = dict.fromkeys(copy.files, package) | by_file
            declared.setdefault(package, _declared(folder / copy.dist_info, package))
            if any(name.endswith(_CODE) for name in copy.missing):
                incomplete.add(package)
            if f"{copy.dist_info}/RECORD" not in copy.files:
                by_module |= dict.fromkeys((_plain(name), *_top_level(folder / copy.dist_info)), package)
    modules = {_without_suffixes(path): package for path, package in by_file.items()}
    return Owners({**_folders(by_file), **modules, **by_file}, by_module, declared, frozenset(incomplete))


def _declared(dist_info: Path, package: str) -> Declared:
    """What METADATA declares; nothing where it is not there, as in a bundle that was made smaller."""
    from packaging.metadata import parse_email

    try:
        metadata = (dist_info / "METADATA").read_bytes()
    except OSError:
        return Declared(package)
    raw, _ = parse_email(metadata)
    return Declared(package, dependencies_in(metadata), tuple(raw.get("provides_extra", ())))


def _folders(by_file: Mapping[str, str]) -> Mapping[str, str | None]:
    """The package of each folder below which all files are of one package; None for others."""
    found: dict[str, str | None] = {}
    for path, package in by_file.items():
        folder = path.rpartition("/")[0]
        while folder:
            if found.setdefault(folder, package) != package:
                found[folder] = None
            folder = folder.rpartition("/")[0]
    return found


def _without_suffixes(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


def _top_level(dist_info: Path) -> Iterator[str]:
    """What setuptools says that it has packed."""
    listed = dist_info / "top_level.txt"
    if listed.is_file():
        yield from listed.read_text("utf-8", "replace").split()


def _plain(name: str) -> str:
    return canonicalize_name(name).replace("-", "_")
