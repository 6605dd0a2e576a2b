"""A request becomes a bundle in its place, with its report and its lock beside it; loaded while the resolver runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.orders import Order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.reports import report_of, tools_of
from lambda_pack.commands.unchanged import remember
from lambda_pack.commands.wiring import Workshop
from lambda_pack.errors import UsageError
from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import OWN, PLAIN, Entry
from lambda_pack.files.staging import publish, staging_beside
from lambda_pack.files.tree import state_of, write_tree
from lambda_pack.files.whole import writing_to
from lambda_pack.model.choices import Layout
from lambda_pack.model.layouts import FORMS, dockerfile
from lambda_pack.model.limits import megabytes
from lambda_pack.model.locks import about_tokens, lock_of
from lambda_pack.model.report import ArchiveFacts, Report
from lambda_pack.model.report_json import report_json
from lambda_pack.model.request import PackRequest
from lambda_pack.pipeline.nine_steps import take_nine_steps
from lambda_pack.pipeline.outcome import Outcome
from lambda_pack.tools.network.cache import Cache, cache_folder_of

__all__ = ["pack_order"]

_HANDLER = "app.handler"
# Of the cache: how folders were left, so that the next run may replace one that nothing else has touched.
_TREES = "trees"
# What a folder that becomes an image holds at its top: another run may take its place.
_OF_IMAGES = frozenset({"Dockerfile", "task"})


def pack_order(
    order: Order,
    workshop: Workshop,
    recorder: Recorder,
    *,
    inputs: str | None,
) -> Report:
    """Pack what was ordered; see `lambda_pack.commands.pack`."""
    request = order.request
    # Looked up now, while the resolver runs: it takes 30 ms.
    tools_of(order)
    place = request.output if request.to_dir is None else request.to_dir.absolute().parent
    with staging_beside(str(place)) as name:
        staging = Path(name)
        write = partial(_write, order=order, staging=staging, recorder=recorder)
        outcome = take_nine_steps(request, order.requirements, workshop.scratch(), wire=workshop.wire, write=write)
        for warning in about_tokens(offer for _, offer in outcome.origins or ()):
            recorder.warn(warning)
        report = replace(report_of(order, outcome, recorder, workshop.mask), inputs_sha256=inputs)
        if request.to_dir is None and (outcome.archive is not None or request.keeps_report):
            _write_beside(staging, order, report, outcome)
            publish(str(staging), str(request.output))
    if inputs is not None:
        remember(order, report)
    return report


def _write(bundle: Bundle, *, order: Order, staging: Path, recorder: Recorder) -> ArchiveFacts:
    request = order.request
    if not bundle.entries and bundle.layer is None and request.layering is None:
        recorder.warn(
            "nothing is in the bundle, neither a package nor code of your own; add your code with --source FOLDER "
            "(as it is) or --project FOLDER (as its build backend makes it)"
        )
    name = f"{order.name}-{request.target}" if bundle.layer is None else f"{order.name}-{bundle.layer}-{request.target}"
    if request.is_folder:
        return _write_folder(bundle, request, name, staging=staging, recorder=recorder)
    archive = write_zip(bundle, staging / f"{name}{FORMS[request.layout].ending}")
    limit = FORMS[request.layout].zipped_limit
    if limit is not None and archive.size > limit:
        recorder.warn(
            f"{megabytes(archive.size)} zipped is more than the {megabytes(limit)} Lambda takes directly: "
            f"upload {'it' if bundle.layer is None else f'the layer {bundle.layer!r}'} to S3 and name it from there"
        )
    return replace(archive, path=request.output / archive.path.name)


def _write_folder(
    bundle: Bundle, request: PackRequest, name: str, *, staging: Path, recorder: Recorder
) -> ArchiveFacts:
    if request.layout is Layout.OCI_DIR:
        if request.handler is None:
            recorder.warn(f"the Dockerfile calls the handler {_HANDLER!r}; name your own with --handler")
        content = dockerfile(request.target, request.handler or _HANDLER).encode()
        bundle = Bundle((Entry("Dockerfile", content, PLAIN, OWN, len(content)), *bundle.entries))
    place = request.to_dir or request.output / name
    if request.to_dir is None and place.is_dir() and not {path.name for path in place.iterdir()} <= _OF_IMAGES:
        raise UsageError(f"{str(place)!r} holds more than an earlier pack has left; remove it or name another output")
    if request.to_dir is None:
        write_tree(bundle, staging / name)
    else:
        with Cache(cache_folder_of(request)) as cache:
            known = cache.entry(_TREES, str(request.to_dir.absolute()))
            write_tree(bundle, request.to_dir, known_state=known.decode() if known else None)
            cache.store(_TREES, str(request.to_dir.absolute()), state_of(request.to_dir).encode())
    return ArchiveFacts(place, bundle.unzipped_size, bundle.unzipped_size, len(bundle.entries))


def _write_beside(staging: Path, order: Order, report: Report, outcome: Outcome) -> None:
    """Write the report and, where files of indexes were packed, the lock."""
    stem = f"{order.name}-{order.request.target}"
    with writing_to(order.request.output):
        (staging / f"{stem}.report.json").write_text(report_json(report), encoding="utf-8")
        # Of what is installed there are no files that a lock could name.
        if outcome.archive is None or order.installation is not None:
            return
        lock = lock_of(outcome.origins, order.request.target, order.request.output.absolute())
        lock.validate()
        import tomli_w

        (staging / f"{stem}.pylock.toml").write_text(tomli_w.dumps(lock.to_dict()), encoding="utf-8")
