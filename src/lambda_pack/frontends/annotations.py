"""Remarks on the lines of the requirements that brought in what is unmet or held back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from packaging.utils import NormalizedName

from lambda_pack.errors import ConflictingRequirements
from lambda_pack.frontends.text_report import by_lag, far_behind
from lambda_pack.frontends.workflow_commands import Annotation
from lambda_pack.model.report import Report

__all__ = ["annotations_of", "annotations_of_conflict"]


class _Remark(Struct, frozen=True):
    level: str
    title: str
    origin: str | None
    text: str


def annotations_of(report: Report, *, folder: Path, workspace: Path | None) -> tuple[Annotation, ...]:
    """One annotation for each line and level: the runner shows few of a step, so what a line brought in goes together.

    `folder` is where the run's relative paths begin. What lies outside of the workspace has no line to show.
    """
    grouped: dict[tuple[str, str, str | None], list[_Remark]] = {}
    for remark in _remarks(report):
        # Without a line there is nothing that they share.
        together = remark.title if remark.origin else remark.text
        grouped.setdefault((remark.level, together, remark.origin), []).append(remark)
    return tuple(_annotation(remarks, folder, workspace) for remarks in grouped.values())


def annotations_of_conflict(error: Exception, *, folder: Path, workspace: Path | None) -> tuple[Annotation, ...]:
    """One annotation for each of the user's own lines that contradict each other; none for other errors."""
    lines = error.lines if isinstance(error, ConflictingRequirements) else ()
    remarks = (_Remark("error", "conflict", place, f"{line} contradicts other requirements") for line, place in lines)
    return tuple(_annotation([remark], folder, workspace) for remark in remarks)


def _remarks(report: Report) -> Iterator[_Remark]:
    target = report.target
    far, near = by_lag(report.held_back)
    for held in far:
        yield _Remark("warning", "much older version", held.origin, f"{far_behind(held)}{_way(held.required_by)}")
    for unmet in report.unmet:
        way = _way(unmet.required_by)
        text = f"{unmet.pin} cannot be met on {target}{way}: {unmet.reason}\nwhat now: {unmet.advice[0]}"
        yield _Remark("error", "unmet dependency", unmet.origin, text)
    for held in near:
        way = _way(held.required_by)
        text = f"{held.name} {held.chosen} is taken, not {held.newest}{way}: {held.why}"
        yield _Remark("notice", "held back", held.origin, text)


def _way(required_by: Iterable[NormalizedName]) -> str:
    names = tuple(required_by)
    return f" ({' → '.join(names)})" if len(names) > 1 else ""


def _annotation(remarks: list[_Remark], folder: Path, workspace: Path | None) -> Annotation:
    first = remarks[0]
    file, line = _place(first.origin, folder, workspace)
    return Annotation(first.level, first.title, "\n\n".join(remark.text for remark in remarks), file, line)


def _place(origin: str | None, folder: Path, workspace: Path | None) -> tuple[str | None, int | None]:
    name, _, line = (origin or "").rpartition(":")
    if not name or workspace is None or not line.isdigit():
        return None, None
    path = (folder / name).resolve()
    if not path.is_file() or not path.is_relative_to(workspace.resolve()):
        return None, None
    return path.relative_to(workspace.resolve()).as_posix(), int(line)
