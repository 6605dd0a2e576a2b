"""A request becomes a bundle in its place, with its report and its lock beside it; loaded while the resolver runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.orders import Order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.reports import report_of, tools_of
from lambda_pack.commands.unchanged import remember
from lambda_pack.commands.wiring import Workshop
from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import OWN, PLAIN, Entry
from lambda_pack.files.tree import write_tree
from lambda_pack.files.whole import scratch_folder, writing_to
from lambda_pack.model.choices import Layout
from lambda_pack.model.layouts import FORMS, dockerfile
from lambda_pack.model.limits import megabytes
from lambda_pack.model.locks import lock_of
from lambda_pack.model.report import ArchiveFacts, Report
from lambda_pack.model.report_json import report_json
from lambda_pack.model.request import PackRequest
from lambda_pack.pipeline.nine_steps import take_nine_steps
from lambda_pack.pipeline.outcome import Outcome

__all__ = ["pack_order"]

_HANDLER = "app.handler"
# What a folder that becomes an image holds at its top: another run may take its place.
_OF_IMAGES = frozenset({"Dockerfile", "task"})


def pack_order(
    order: Order, workshop: Workshop, recorder: Recorder, *, inputs: str | None, keep_report: bool
) -> Report:
    """Pack what was ordered; see `lambda_pack.commands.pack`."""
    request = order.request
    # Looked up now, while the resolver runs: it takes 30 ms.
    tools_of(order)
    with _staging(request) as staging:
        write = partial(_write, order=order, staging=staging, recorder=recorder)
        outcome = take_nine_steps(request, order.requirements, workshop.scratch(), wire=workshop.wire, write=write)
        report = replace(report_of(order, outcome, recorder, workshop.mask), inputs_sha256=inputs)
        if request.to_dir is None and (outcome.archive is not None or keep_report):
            _write_beside(staging, order, report, outcome)
            _publish(staging, request.output)
    if inputs is not None:
        remember(order, report)
    return report


@contextmanager
def _staging(request: PackRequest) -> Iterator[Path]:
    """A hidden folder where the output will be, so that a rename brings it to its place; no trace of it is left."""
    parent = request.output if request.to_dir is None else request.to_dir.absolute().parent
    missing = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    with writing_to(parent):
        parent.mkdir(parents=True, exist_ok=True)
    try:
        with scratch_folder(parent) as staging:
            try:
                yield staging
            except LambdaPackError as error:
                # The hidden folder is gone when the error is read; the place is what the user named.
                error.args = (str(error).replace(str(staging), str(parent)),)
                raise
    finally:
        for folder in missing:
            # Only a folder that we made, and that nothing was put into.
            with suppress(OSError):
                folder.rmdir()


def _write(bundle: Bundle, *, order: Order, staging: Path, recorder: Recorder) -> ArchiveFacts:
    request = order.request
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
        handler = request.handler or _HANDLER
        if request.handler is None:
            recorder.warn(f"the Dockerfile calls the handler {handler!r}: name your own with --handler")
        content = dockerfile(request.target, handler).encode()
        bundle = Bundle((Entry("Dockerfile", content, PLAIN, OWN, len(content)), *bundle.entries))
    place = request.to_dir or request.output / name
    if request.to_dir is None and place.is_dir() and not {path.name for path in place.iterdir()} <= _OF_IMAGES:
        raise UsageError(f"{str(place)!r} holds more than an earlier pack has left; remove it or name another output")
    write_tree(bundle, request.to_dir or staging / name)
    return ArchiveFacts(place, bundle.unzipped_size, bundle.unzipped_size, len(bundle.entries))


def _write_beside(staging: Path, order: Order, report: Report, outcome: Outcome) -> None:
    stem = f"{order.name}-{order.request.target}"
    with writing_to(order.request.output):
        (staging / f"{stem}.report.json").write_text(report_json(report), encoding="utf-8")
        # Of what is installed there are no files that a lock could name.
        if outcome.archive is not None and order.installation is None:
            lock = lock_of(outcome.origins, order.request.target, order.request.output.absolute())
            lock.validate()
            import tomli_w

            (staging / f"{stem}.pylock.toml").write_text(tomli_w.dumps(lock.to_dict()), encoding="utf-8")


def _publish(staging: Path, output: Path) -> None:
    """Rename everything into place, the bundle last: whoever waits for it finds the others there.

    Where one cannot be, all are taken back, and what was there before is there again.
    """
    files = sorted(staging.iterdir(), key=lambda file: (file.is_dir() or file.suffix == ".zip", file.name))
    old = staging / "old"
    with writing_to(output), ExitStack() as moves:
        old.mkdir()
        for file in files:
            place = output / file.name
            # Each move back is noted before the move is made: a signal may come in between.
            if place.is_file() or (file.is_dir() and place.is_dir()):
                moves.callback(_move_back, old / file.name, place)
                place.rename(old / file.name)
            moves.callback(_move_back, place, file)
            file.rename(place)
        moves.pop_all()


def _move_back(path: Path, to: Path) -> None:
    with suppress(OSError):
        path.rename(to)
