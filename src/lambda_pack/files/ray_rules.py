"""The rules of AWS Glue for Ray for the files of a zip: what may not be in it goes, and what will not work is said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import EXECUTABLE, OWN, Entry, Owner
from lambda_pack.files.folding import PROGRAMS

__all__ = ["fit_for_ray", "several"]

# https://docs.aws.amazon.com/glue/latest/dg/edit-script-ray-env-dependencies.html: no hidden files, and nothing that an
# operating system adds.
_JUNK = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "_virtualenv.py"})
_METADATA = re.compile(r"[^/]+\.(?:dist|egg)-info(?:/|$)")
_MOST_NAMED = 5


def fit_for_ray(bundle: Bundle, prefix: str) -> tuple[Bundle, tuple[str, ...]]:
    """The bundle without what Glue does not take, and warnings about what is not in it or will not work there."""
    kept: list[Entry] = []
    hidden: list[str] = []
    programs: list[str] = []
    warnings: list[str] = []
    for entry in bundle.entries:
        name = entry.path.removeprefix(prefix)
        if "/" not in name and name.endswith(".pth"):
            warnings.append(f"{name} of {_shown(entry.owner)} is left out: Ray processes no .pth files")
        elif any(part.startswith(".") or part in _JUNK for part in name.split("/")):
            hidden.append(name)
        elif name.startswith(PROGRAMS) and entry.mode == EXECUTABLE:
            programs.append(name)
        elif not _METADATA.match(name):
            kept.append(entry)
    if programs:
        warnings.append(
            f"the programs {several(sorted(programs))} are left out: a zip for Glue for Ray has only modules"
        )
    if hidden:
        warnings.append(f"left out, for Glue takes no hidden files and no junk: {several(sorted(hidden))}")
    if bundle.metadata_readers:
        warnings.append(
            "a zip for Ray has no metadata of packages, and these read it or are found by it (entry points): "
            f"{', '.join(map(_shown, bundle.metadata_readers))}; leave what fails to Glue's pip with --pip-install"
        )
    return replace(bundle, entries=tuple(kept), path_files=(), metadata_readers=()), tuple(warnings)


def several(names: Sequence[str]) -> str:
    """The first few of many."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _shown(owner: Owner) -> str:
    return "your own code" if owner == OWN else str(owner)
