"""Extension modules that may fail to load: their packages try them and go on without, one row of evidence each."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

from msgspec import Struct

__all__ = ["OPTIONAL", "Optional", "is_optional"]


class Optional(Struct, frozen=True):
    """Files by a pattern for their path in the wheel; `evidence` says how it is known that nothing depends on them."""

    pattern: str
    evidence: str
    checked: date


OPTIONAL = (
    Optional(
        "numba/np/ufunc/tbbpool.*",
        "numba.np.ufunc.parallel tries the threading layers tbb, omp and workqueue in turn",
        date(2026, 11, 26),
    ),
    Optional(
        "numba/np/ufunc/omppool.*",
        "numba.np.ufunc.parallel tries the threading layers tbb, omp and workqueue in turn",
        date(2026, 11, 26),
    ),
)


def is_optional(path: str) -> bool:
    """Whether a row says that nothing depends on the file."""
    return any(fnmatchcase(path, f"*{row.pattern}") for row in OPTIONAL)
