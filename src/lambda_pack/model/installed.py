"""What is installed in an environment or a folder: distributions that were wheels once, and can be again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.tags import Tag

from lambda_pack.model.packages import Pin

__all__ = ["Distribution", "Installation"]


class Distribution(Struct, frozen=True):
    """One distribution, by its `.dist-info`.

    `files` are relative paths with `/`, of what the wheel had, and `tags` those of that wheel. `spread` are the files
    that its `.data` folder had, as paths in that folder (`data/share/x`, `scripts/x`), each with where it lies now.
    """

    pin: Pin
    dist_info: str
    tags: frozenset[Tag]
    files: tuple[str, ...]
    requires: tuple[Requirement, ...] = ()
    is_requested: bool = False
    spread: tuple[tuple[str, Path], ...] = ()

    @property
    def filename(self) -> str:
        """The name of the wheel that it is made into again.

        >>> from packaging.tags import parse_tag
        >>> Distribution(Pin.parse("A.b", "1.0"), "a_b-1.0.dist-info", parse_tag("py2.py3-none-any"), ()).filename
        'a_b-1.0-py2.py3-none-any.whl'
        """
        parts = (
            (tag.interpreter for tag in self.tags),
            (tag.abi for tag in self.tags),
            (tag.platform for tag in self.tags),
        )
        return f"{self.pin.name.replace('-', '_')}-{self.pin.version}-{'-'.join(map(_joined, parts))}.whl"

    @property
    def data_folder(self) -> str:
        """The name of the wheel's folder for files that are installed elsewhere."""
        return f"{self.dist_info.removesuffix('.dist-info')}.data"


class Installation(Struct, frozen=True):
    """The distributions that lie in a folder: the `site-packages` of an environment, or that of `pip --target`."""

    folder: Path
    distributions: tuple[Distribution, ...]


def _joined(words: Iterable[str]) -> str:
    return ".".join(sorted(set(words)))
