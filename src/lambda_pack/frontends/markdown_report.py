"""The report as Markdown, for a step's summary and for the merged summary of many runs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Sequence

from lambda_pack.frontends.markdown_page import Page, code, fenced, table, words
from lambda_pack.frontends.text_report import by_lag, far_behind, spent
from lambda_pack.model.choices import Layout
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.limits import megabytes
from lambda_pack.model.report import ArchiveFacts, LayerFacts, PackedPackage, Report, Unmet
from lambda_pack.model.slimming import Saving, saved_in_all, told
from lambda_pack.model.stock import HeldBack

__all__ = ["SUMMARY_LIMIT", "render_delivered", "render_markdown", "render_merged", "render_refusal"]

SUMMARY_LIMIT = 1_000_000
"""In bytes: the runner shows nothing at all of a summary above 1 MiB (1,048,576)."""

_CUT = "_Cut here: GitHub shows no summary above 1 MiB. The whole report is the `.report.json` beside the bundle._"
_LARGEST = 8
_SHORT = 12  # characters of a digest in a table: the report and the outputs have all of it
_SMALLEST_SLICE = 0.03  # of the pie
_LONGEST_LOG = 20_000
_MEBIBYTE = 1_048_576


def render_markdown(report: Report, *, fails: bool | None = None, limit: int = SUMMARY_LIMIT) -> str:
    """Return the page of one run: what is unmet first, then what was packed; never more than `limit` bytes.

    `fails` says whether the step fails; None where it does if anything is unmet.
    """
    page = Page(limit, note=_CUT)
    page.add(f"<h3>{_mark(report, fails=fails)} {code(report.name)} for {code(str(report.target))}</h3>")
    _add_far_behind(page, report.held_back)
    _add_unmet(page, report.unmet)
    _add_logs(page, report.unmet, most=limit // 3)
    _add_bundle(page, report)
    _add_held_back(page, report.held_back)
    _add_packages(page, report)
    _add_savings(page, report.savings)
    if report.timings:
        page.add(f"<p>{spent(report.timings)}</p>")
    if report.warnings:
        page.add(f"<p><b>Warnings</b></p>\n<ul>{''.join(f'<li>{words(text)}</li>' for text in report.warnings)}</ul>")
    return page.text()


def render_delivered(delivered: Delivered) -> str:
    """What is added to the summary of a run once its archive has arrived."""
    version = f", version {code(delivered.version_id)}" if delivered.version_id else ""
    verb = "Already there" if delivered.was_there else "Delivered to"
    return f"<p>{verb}: {code(delivered.uri)}{version}</p>\n\n"


def render_refusal(message: str, log: str, *, limit: int = SUMMARY_LIMIT) -> str:
    """A run that came to no report: what was refused, and the end of the log of the tool that failed."""
    page = Page(limit, note=_CUT)
    page.add(f"<h3>❌ lambda-pack</h3>\n<p>{'<br>'.join(map(words, message.splitlines()))}</p>")
    if log:
        page.add(_folded("log", log, most=_LONGEST_LOG))
    return page.text()


def render_merged(
    reports: Sequence[Report],
    missing: Iterable[str] = (),
    *,
    why: str = "no report: see its job",
    limit: int = SUMMARY_LIMIT,
) -> str:
    """Return many runs in one table, what failed first, then what needs a look in each.

    `missing` are bundles or targets that left no report, and `why` is said of them.
    """
    page = Page(limit, note=_CUT)
    page.add("<h3>lambda-pack: all bundles</h3>")
    several = len({report.name for report in reports}) > 1
    heads = ("", "bundle" if several else "target", "zipped", "unzipped", "packages", "held back", "unmet", "SHA-256")
    gone = (("❌", code(target), "", "", "", "", "", why) for target in missing)
    ordered = sorted(reports, key=lambda report: not report.unmet)
    page.add_table(heads, [*gone, *(_overview(report, named=several) for report in ordered)])
    for report in reports:
        if report.unmet or report.held_back:
            page.add(f"<h4>{code(report.name)} for {code(str(report.target))}</h4>")
            _add_far_behind(page, report.held_back)
            _add_unmet(page, report.unmet)
            _add_held_back(page, report.held_back)
    return page.text()


def _mark(report: Report, *, fails: bool | None = None) -> str:
    if fails or (fails is None and report.unmet):
        return "❌"
    return "⚠️" if report.unmet or report.is_empty else "✅"


def _overview(report: Report, *, named: bool) -> tuple[str, ...]:
    archive = report.archive
    return (
        _mark(report),
        code(f"{report.name}-{report.target}" if named else str(report.target)),
        megabytes(sum(one.size for one in report.archives)) if archive else "—",
        megabytes(report.unzipped_size) if archive else "—",
        str(len(report.packages)),
        str(len(report.held_back)),
        str(len(report.unmet)),
        code(archive.sha256[:_SHORT]) if archive and archive.sha256 else "nothing written",
    )


def _add_far_behind(page: Page, held_back: Sequence[HeldBack]) -> None:
    far, _ = by_lag(held_back)
    if far:
        items = "".join(f"<li>{words(far_behind(held))}</li>" for held in far)
        page.add(f"<p><b>⚠️ Much older than the newest that is allowed</b></p>\n<ul>{items}</ul>")


def _add_unmet(page: Page, unmet: Sequence[Unmet]) -> None:
    if not unmet:
        return
    count = "1 dependency is" if len(unmet) == 1 else f"{len(unmet)} dependencies are"
    page.add(f"<p><b>{count} unmet</b></p>")
    rows = (
        (code(str(one.pin)), _way(one.required_by, one.origin), words(one.reason), _several(map(words, one.advice)))
        for one in unmet
    )
    page.add_table(("package", "brought in by", "why", "what now"), rows)


def _way(required_by: Sequence[str], origin: str | None) -> str:
    """From the line of the requirements down; a package that stands there itself needs no way."""
    way = code(" → ".join(required_by)) if len(required_by) > 1 or not origin else ""
    return "<br>".join(filter(None, (way, code(origin) if origin else ""))) if required_by or origin else "—"


def _several(sentences: Iterable[str]) -> str:
    """A list where there is more than one."""
    first, *others = sentences
    return "<br>".join(f"• {sentence}" for sentence in (first, *others)) if others else first


def _add_logs(page: Page, unmet: Sequence[Unmet], *, most: int) -> None:
    """The end of each build log, folded; together at most `most` characters, for something comes after them."""
    attempts = [(one, attempt) for one in unmet for attempt in one.attempts if attempt.log]
    share = min(_LONGEST_LOG, most // max(1, len(attempts)))
    for one, attempt in attempts:
        page.add(_folded(f"build log of {code(str(one.pin))}, step {attempt.step}", attempt.log, most=share))


def _folded(title: str, log: str, *, most: int) -> str:
    return f"<details><summary>{title}</summary>\n\n{fenced(log, most=most)}\n\n</details>"


def _add_bundle(page: Page, report: Report) -> None:
    archive = report.archive
    if archive is None:
        page.add("<p>Nothing was written.</p>")
        return
    if report.is_empty:
        page.add(
            "<p><b>Nothing is in this bundle.</b> Add your code with <code>source</code> or <code>project</code>.</p>"
        )
    if report.unmet:
        page.add("<p>The bundle was written without what is unmet, as <code>allow-unmet</code> says.</p>")
    page.add(table((), [f"<tr><th>{head}</th><td>{cell}</td></tr>" for head, cell in _facts(report, archive)]))
    if report.glue is not None:
        page.add("<p><b>Arguments of the Glue job</b></p>")
        page.add_table(("argument", "value"), ((code(name), code(value)) for name, value in report.glue.arguments))
    if report.layers:
        page.add("<p><b>Layers</b></p>")
        page.add_table(("layer", "zip", "zipped", "unzipped", "packages", "SHA-256"), map(_layer, report.layers))


def _layer(layer: LayerFacts) -> tuple[str, ...]:
    archive = layer.archive
    sizes = megabytes(archive.size), megabytes(archive.unzipped_size)
    packages = ", ".join(map(code, layer.packages))
    return code(layer.name), code(archive.path.as_posix()), *sizes, packages, code(archive.sha256 or "")


def _facts(report: Report, archive: ArchiveFacts) -> Iterator[tuple[str, str]]:
    yield "bundle", code(archive.path.as_posix())
    yield "layout", code(report.layout)
    form = FORMS[Layout(report.layout)]
    yield "unzipped", _share(report.unzipped_size, form.unzipped_limit, ", all layers together")
    if archive.sha256 is not None:
        larger = " (larger: through S3 only)" if archive.size > (form.zipped_limit or archive.size) else ""
        yield "zipped", _share(archive.size, form.zipped_limit, f" for a direct upload{larger}")
        yield "SHA-256", code(archive.sha256)
        yield "CodeSha256", code(base64.b64encode(bytes.fromhex(archive.sha256)).decode("ascii"))


def _share(size: int, limit: int | None, of_what: str) -> str:
    """The size, and how much that is of the limit where there is one."""
    return f"{megabytes(size)} of {megabytes(limit)} ({size / limit:.0%}){of_what}" if limit else megabytes(size)


def _add_packages(page: Page, report: Report) -> None:
    """A pie of the largest, and a table beside it: a pie has no room for small slices. What is smaller is folded."""
    ranked = sorted(report.packages, key=lambda package: (-(package.size or 0), package.pin.name))
    if not ranked:
        return
    sized = [package for package in ranked if package.size]
    if report.archive and sized:
        page.add(_pie(sized))
    count = "1 package" if len(ranked) == 1 else f"{len(ranked)} packages"
    fitting = " with a wheel that fits by its tags" if report.is_check else " with a wheel that fits"
    page.add(f"<p><b>{count}{'' if report.archive else fitting}</b></p>")
    # Where all come from one index, to name it would say nothing.
    names_indexes = len({package.index for package in ranked if package.index}) > 1
    _add_package_table(page, ranked[:_LARGEST], names_indexes=names_indexes)
    smaller = ranked[_LARGEST:]
    if smaller:
        fold = f"and {len(smaller)} {'smaller' if sized else 'more'}"
        _add_package_table(page, smaller, names_indexes=names_indexes, fold=fold)


def _add_package_table(page: Page, packages: Sequence[PackedPackage], *, names_indexes: bool, fold: str = "") -> None:
    columns = {
        "package": [code(str(package.pin)) for package in packages],
        "unzipped": [megabytes(package.size) if package.size else "" for package in packages],
        "notes": [_notes(package, names_index=names_indexes) for package in packages],
    }
    # Sizes are known only of what was packed.
    told = {head: cells for head, cells in columns.items() if any(cells)}
    page.add_table(tuple(told), zip(*told.values(), strict=True), fold=fold)


def _add_savings(page: Page, savings: Sequence[Saving]) -> None:
    if savings:
        page.add(f"<p><b>Slimming saved {megabytes(saved_in_all(savings))}</b></p>")
        rows = ((code(saving.label), told(saving), str(saving.files or "")) for saving in savings)
        page.add_table(("left out", "saved", "files"), rows)


def _notes(package: PackedPackage, *, names_index: bool) -> str:
    notes = [f"built from {code(package.source)}"] if package.source else []
    notes += [words(package.evidence)] if package.evidence else []
    notes += map(words, package.build.remarks) if package.build else []
    notes += [] if package.is_verified else ["unverified: nobody promised its digest"]
    notes += [f"from {code(package.index)}"] if names_index and package.index else []
    return "<br>".join(notes)


def _pie(ranked: Sequence[PackedPackage]) -> str:
    total = sum(package.size or 0 for package in ranked)
    # Mermaid writes the shares of slices that are smaller over each other.
    named = [package for package in ranked[:_LARGEST] if (package.size or 0) >= total * _SMALLEST_SLICE]
    slices = [(str(package.pin), package.size or 0) for package in named]
    rest = ranked[len(named) :]
    if rest:
        others = str(rest[0].pin) if len(rest) == 1 else f"{len(rest)} others"
        slices.append((others, sum(package.size or 0 for package in rest)))
    # Mermaid takes no slice of nothing.
    lines = [f'    "{_label(name)}" : {max(size / _MEBIBYTE, 0.01):.2f}' for name, size in slices]
    return "\n".join(["```mermaid", "pie showData", "    title Unzipped, in MB", *lines, "```"])


def _label(name: str) -> str:
    """What no version and no normalized name needs could end the label, or be a directive of Mermaid's."""
    return re.sub(r"[^\w .+!=-]", "", name, flags=re.ASCII)[:80]


def _add_held_back(page: Page, held_back: Sequence[HeldBack]) -> None:
    if held_back:
        page.add("<p><b>Held back: older than the newest that is allowed</b></p>")
        rows = (
            (
                code(held.name),
                code(str(held.chosen)),
                code(str(held.newest)),
                words(held.why),
                _way(held.required_by, held.origin),
            )
            for held in held_back
        )
        page.add_table(("package", "taken", "newest allowed", "why", "brought in by"), rows)
