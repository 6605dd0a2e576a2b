"""Where a loader and lambda-pack disagree: what was packed and does not load, what was refused and loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct
from packaging.utils import canonicalize_name

from tests.catalogue.table import Explanation, Failure, Need, Row

__all__ = ["Disagreement", "State", "disagreements", "is_warned"]

State = Literal["warned", "explained", "fault", "open"]


class Disagreement(Struct, frozen=True):
    """One module that does not load, or a bundle that was refused and loads, told as a failure of the package.

    `warned`: the report of the pack says that something is missing there. `explained`, `fault`: a row of explained.toml
    covers it, whose reason is `why`, and says that it is in order, or lambda-pack's fault. `open`: nothing explains it.
    """

    row: Row
    failure: Failure
    state: State
    why: str | None = None


def disagreements(rows: Iterable[Row], explanations: Sequence[Explanation]) -> Iterator[Disagreement]:
    """Yield all disagreements of these rows; a refusal that a loader confirms is none."""
    for row in rows:
        if row.load is None:
            continue
        if row.verdict == "refused":
            if not row.load.failed:
                yield _judged(row, Failure(row.package, "refused, and loads", row.package), explanations)
            continue
        for failure in row.load.failed:
            yield _judged(row, failure, explanations)


def is_warned(failure: Failure, needs: Iterable[Need]) -> bool:
    """Return whether a warning about a library is about this failure: by the library's name, else by the package."""
    if failure.error.startswith("ModuleNotFoundError"):
        return False
    owners = {failure.package, canonicalize_name(failure.module.partition(".")[0])}
    return any(need.package in owners or _stem(need.library) in failure.error for need in needs)


def _stem(library: str | None) -> str:
    """Return a library's name without prefix and version, as errors have it; a text that no error has for None.

    >>> _stem("libcairo.so.2")
    'cairo'
    """
    return re.sub(r"^lib|\.so.*$|-[\d.]+$", "", library) if library else "\0"


def _judged(row: Row, failure: Failure, explanations: Sequence[Explanation]) -> Disagreement:
    if row.verdict != "refused" and is_warned(failure, row.needs):
        return Disagreement(row, failure, "warned")
    found = next((one for one in explanations if one.covers(failure)), None)
    if found is None:
        return Disagreement(row, failure, "open")
    return Disagreement(row, failure, "fault" if found.fault else "explained", found.why)
