"""How large an input may be before it is refused: the one table, from which docs/limits.md is made.

Each limit is far above what real inputs have, and low enough that no input within it takes minutes or gigabytes.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = [
    "ARCHIVE_BYTES",
    "ARCHIVE_MEMBERS",
    "FILE_SIZE",
    "INCLUDED_EXTRAS",
    "INCLUDED_FILES",
    "INPUT_LIMITS",
    "KEY_PARTS",
    "LINE_LENGTH",
    "LINE_PARTS",
    "NESTING",
    "NODES",
    "PATTERN_FOLDERS",
    "PATTERN_STARS",
    "InputLimit",
]


class InputLimit(Struct, frozen=True):
    """The most that an input may have of something; `real` says what large inputs of real projects have."""

    what: str
    most: int
    unit: str
    real: str

    def refusal(self) -> str:
        """Return the end of a sentence that says why an input is not read.

        >>> NESTING.refusal()
        'has more than 100 levels of nesting, the limit of what is read (docs/limits.md)'
        """
        return f"has more than {self.most:,} {self.unit}, the limit of what is read (docs/limits.md)"


FILE_SIZE = InputLimit(
    "A requirements file, manifest, lock, file of settings or template",
    32 << 20,
    "bytes",
    "uv.lock of a workspace with 1,500 packages: 6 MB; templates of CloudFormation: 1 MB at most",
)
LINE_LENGTH = InputLimit(
    "One line of a requirements file, continued lines joined",
    256 << 10,
    "characters",
    "a package with the hashes of 600 files: 50,000",
)
INCLUDED_FILES = InputLimit(
    "Requirements and constraints files that include each other", 1_000, "files", "a monorepo: some dozens"
)
INCLUDED_EXTRAS = InputLimit(
    "Extras of a project that include each other, each with the marker that leads to it",
    1_000,
    "extras",
    "a project with 60 extras and one that names them all: 61",
)
LINE_PARTS = InputLimit("Options and values of one line, such as --hash", 4_000, "options", "hashes: 600")
NESTING = InputLimit("Lists and tables within each other", 100, "levels of nesting", "a template: 20")
NODES = InputLimit(
    "Values of a YAML file, counted each time that an alias repeats them",
    400_000,
    "values",
    "a CloudFormation template of 1 MB: 60,000",
)
KEY_PARTS = InputLimit("Parts of a dotted key in TOML", 100, "parts in one key", "tool.uv.sources.NAME: 4")
PATTERN_STARS = InputLimit("Stars in one part of a pattern for files", 4, "stars in one part", "**/test_*_*.py: 2")
PATTERN_FOLDERS = InputLimit("Parts ** in a pattern for files", 4, "parts **", "**/node_modules/**/test/**: 3")
ARCHIVE_MEMBERS = InputLimit(
    "Members of a source archive that is built", 300_000, "members", "the sdist of tensorflow or torch: 100,000"
)
ARCHIVE_BYTES = InputLimit(
    "What a source archive holds, unpacked", 8 << 30, "bytes unpacked", "the sources of torch: 1.5 GB"
)

INPUT_LIMITS = (
    FILE_SIZE,
    LINE_LENGTH,
    INCLUDED_FILES,
    INCLUDED_EXTRAS,
    LINE_PARTS,
    NESTING,
    NODES,
    KEY_PARTS,
    PATTERN_STARS,
    PATTERN_FOLDERS,
    ARCHIVE_MEMBERS,
    ARCHIVE_BYTES,
)
"""In the order of docs/limits.md."""
