"""Whose a file of an unpacked bundle is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from packaging.utils import canonicalize_name

from lambda_pack.files.copies import find_copies

__all__ = ["Owners", "find_owners"]


class Owners(Struct, frozen=True):
    """Packages, as 'NAME VERSION', by the paths of their files and by the names of their top-level modules."""

    by_file: dict[str, str]
    by_module: dict[str, str]

    def of(self, path: str) -> str | None:
        """The package of a file, by its path in the folder it was looked for; None where nobody says."""
        top = path.partition("/")[0].partition(".")[0]
        return self.by_file.get(path) or self.by_module.get(top) or self.by_module.get(_plain(top))


def find_owners(folders: Sequence[Path], reported: Iterable[tuple[str, str]] = ()) -> Owners:
    """Read the `.dist-info` of each folder: RECORD where an installer left one, `top_level.txt`, else the name.

    `reported` are names and versions from the report beside the bundle: a Glue bundle holds no metadata.
    """
    by_file: dict[str, str] = {}
    by_module = {_plain(name): f"{name} {version}" for name, version in reported}
    for folder in folders:
        for copy in find_copies(folder):
            name, _, version = copy.dist_info.removesuffix(".dist-info").rpartition("-")
            package = f"{canonicalize_name(name)} {version}"
            by_file |= dict.fromkeys(copy.files, package)
            by_module |= dict.fromkeys((_plain(name), *_top_level(folder / copy.dist_info)), package)
    return Owners(by_file, by_module)


def _top_level(dist_info: Path) -> Iterator[str]:
    """What setuptools says that it has packed."""
    listed = dist_info / "top_level.txt"
    if listed.is_file():
        yield from listed.read_text("utf-8", "replace").split()


def _plain(name: str) -> str:
    return canonicalize_name(name).replace("-", "_")
