"""The report as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from lambda_pack.frontends.screen import clean
from lambda_pack.model.choices import Layout
from lambda_pack.model.glue import GlueFacts
from lambda_pack.model.layouts import FORMS, Form
from lambda_pack.model.limits import megabytes
from lambda_pack.model.report import ArchiveFacts, Report, Unmet
from lambda_pack.model.slimming import saved_in_all, told
from lambda_pack.model.stock import Attempt, HeldBack

__all__ = ["by_lag", "far_behind", "render_glue", "render_text", "spent"]

_MOST_FILES = 8
_MOST_LOG_LINES = 15
_LARGEST = 5
_WORTH_TELLING = 0.01  # in seconds


def render_text(report: Report, *, verbose: bool = False, warnings: bool = True) -> str:
    """The summary; `verbose` shows every package, every file on offer and whole logs.

    Without `warnings` those are left out: whoever heard the narrator has heard them.
    """
    return clean("\n".join(_lines(report, verbose=verbose, warnings=warnings)) + "\n")


def render_glue(glue: GlueFacts) -> str:
    """What to paste into a Glue job, once it is known where the bundle is."""
    return clean("\n".join(_glue(glue)) + "\n")


def _lines(report: Report, *, verbose: bool, warnings: bool) -> Iterator[str]:
    far, near = by_lag(report.held_back)
    yield from (f"warning: {sentence}" for sentence in map(far_behind, far))
    if far:
        yield ""
    for unmet in report.unmet:
        yield from _unmet(unmet, verbose=verbose)
        yield ""
    if near:
        yield "held back"
        for held in near:
            yield f"  {held.name} {held.chosen}, not {held.newest}: {held.why}"
        yield ""
    if report.warnings and warnings:
        yield "warnings"
        yield from (f"  {warning}" for warning in report.warnings)
        yield ""
    if report.to_build:
        yield "to be built from source" if report.is_check else "not built, because the others cannot be met"
        yield from (f"  {item.pin}: {item.why} ({item.source})" for item in report.to_build)
        yield ""
    if report.archive is not None or (report.is_check and verbose):
        yield from _packages(report, verbose=verbose)
    if report.savings:
        yield from _savings(report)
    yield from _headline(report)


def by_lag(held_back: Iterable[HeldBack]) -> tuple[list[HeldBack], list[HeldBack]]:
    """Those that are so far behind that users have to know first, and the others."""
    held = list(held_back)
    return [one for one in held if one.lag], [one for one in held if not one.lag]


def far_behind(held: HeldBack) -> str:
    """What is said of one that is far behind."""
    return f"{held.name} {held.chosen} is {held.lag} than {held.newest}, the newest allowed: {held.why}"


def _headline(report: Report) -> Iterator[str]:
    archive, unmet = report.archive, len(report.unmet)
    packages = _counted(len(report.packages) + unmet + len(report.to_build))
    if report.is_check:
        parts = [f"{len(report.packages)} with a wheel that fits by its tags"]
        parts += [f"{len(report.to_build)} to be built"] if report.to_build else []
        parts += [f"{unmet} unmet"] if unmet else []
        yield f"checked {report.name} for {report.target}: {packages}, {', '.join(parts)}"
    elif archive is None:
        yield f"nothing written: {unmet} of {packages} cannot be met on {report.target}"
    else:
        without = f", {unmet} unmet" if unmet else ""
        done = "nothing has changed since it was packed:" if report.is_unchanged else "packed"
        yield f"{done} {report.name} for {report.target}: {_counted(len(report.packages))}{without}"
        yield from _archives(report, archive)
        if report.is_empty:
            yield "  nothing is in it: add your code with --source or --project"
        if report.timings and not report.is_unchanged:
            yield f"  {spent(report.timings)}"
        yield from _glue(report.glue)


def spent(timings: Iterable[tuple[int, float]]) -> str:
    """Seconds in all and by step, without steps that took none to speak of.

    >>> spent([(1, 0.52), (2, 0.0), (8, 0.21), (9, 0.004)])
    '0.7 s: 0.52 in step 1, 0.21 in step 8'
    """
    rows = tuple(timings)
    shown = ", ".join(f"{seconds:.2f} in step {step}" for step, seconds in rows if seconds >= _WORTH_TELLING)
    return f"{sum(seconds for _, seconds in rows):.1f} s" + (f": {shown}" if shown else "")


def _glue(glue: GlueFacts | None) -> Iterator[str]:
    """What to paste: one argument a line."""
    if glue is not None:
        yield "job arguments" if glue.job is None else f"job arguments, set in {glue.job}"
        yield from (f"  {name} {value}" for name, value in glue.arguments)
        yield from (f"  script {uri}" for uri in glue.scripts)


def _counted(count: int) -> str:
    return "1 package" if count == 1 else f"{count} packages"


def _archives(report: Report, archive: ArchiveFacts) -> Iterator[str]:
    form = FORMS[Layout(report.layout)]
    if all(layer.archive != archive for layer in report.layers):
        yield from _written(archive, replace(form, unzipped_limit=None) if report.layers else form)
    for layer in report.layers:
        yield f"  layer {layer.name}: {_counted(len(layer.packages))}"
        yield from (f"  {line}" for line in _written(layer.archive, replace(form, unzipped_limit=None)))
    if report.layers:
        yield f"  together {megabytes(report.unzipped_size)} unzipped{_limit(form.unzipped_limit)}"


def _written(archive: ArchiveFacts, form: Form) -> Iterator[str]:
    unzipped = f"{megabytes(archive.unzipped_size)} unzipped{_limit(form.unzipped_limit)}"
    if archive.sha256 is None:
        yield f"  {archive.path.as_posix()}: {unzipped}"
        return
    zipped = f"{megabytes(archive.size)} zipped{_limit(form.zipped_limit, ' for a direct upload')}"
    yield f"  {archive.path.as_posix()}"
    yield f"  {zipped}, {unzipped}"
    yield f"  sha256 {archive.sha256}"


def _limit(limit: int | None, of_what: str = "") -> str:
    return f" (limit {megabytes(limit)}{of_what})" if limit is not None else ""


def _packages(report: Report, *, verbose: bool) -> Iterator[str]:
    ranked = sorted(report.packages, key=lambda package: (-(package.size or 0), package.pin.name))
    shown = ranked if verbose else ranked[:_LARGEST]
    if not shown:
        return
    yield "packages" if verbose or len(ranked) <= _LARGEST else f"largest of {len(ranked)} packages"
    width = max(len(str(package.pin)) for package in shown)
    for package in shown:
        notes = [f"built from {package.source}"] if package.source else []
        notes += [package.evidence] if package.evidence else []
        notes += package.build.remarks if package.build else []
        notes += [] if package.is_verified else ["unverified: nobody promised its digest"]
        notes += [f"from {package.index}"] if verbose and package.index else []
        note = f"  {'; '.join(notes)}" if notes else ""
        size = f"  {megabytes(package.size):>9}" if package.size is not None else ""
        yield f"  {package.pin!s:<{width}}{size}{note}"
    yield ""


def _savings(report: Report) -> Iterator[str]:
    yield f"slimming saved {megabytes(saved_in_all(report.savings))}"
    rows = [(saving.label, told(saving), saving.files) for saving in report.savings]
    width, places = max(len(label) for label, _, _ in rows), max(len(size) for _, size, _ in rows)
    for label, size, files in rows:
        yield f"  {label:<{width}}  {size:>{places}}" + (f"  {files} file{'s' if files > 1 else ''}" if files else "")
    yield ""


def _unmet(unmet: Unmet, *, verbose: bool) -> Iterator[str]:
    way = " → ".join(unmet.required_by)
    yield f"unmet: {unmet.pin}" + (f"  ({unmet.origin}: {way})" if unmet.origin else "")
    yield f"  why      {unmet.reason}"
    files = unmet.files if verbose else unmet.files[:_MOST_FILES]
    for number, file in enumerate(files):
        yield f"  {'on offer' if number == 0 else '        '} {file.filename}: {file.detail}"
    if len(files) < len(unmet.files):
        yield f"           and {len(unmet.files) - len(files)} more (-v shows all)"
    for attempt in unmet.attempts:
        yield from _attempt(attempt, verbose=verbose)
    for number, advice in enumerate(unmet.advice):
        yield f"  {'what now' if number == 0 else '        '} {advice}"


def _attempt(attempt: Attempt, *, verbose: bool) -> Iterator[str]:
    yield f"  step {attempt.step}   {attempt.detail}"
    if attempt.command:
        yield f"           $ {attempt.command}"
    lines = attempt.log.splitlines()
    for line in lines if verbose else lines[-_MOST_LOG_LINES:]:
        yield f"           | {line}"
