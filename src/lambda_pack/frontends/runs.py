"""One run of a command that makes a report: from parsed arguments to printed text and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from lambda_pack.errors import UnmetDependencies, UsageError
from lambda_pack.frontends.error_document import telling_errors
from lambda_pack.frontends.narrators import choose_narrator
from lambda_pack.frontends.requests import delivery_of, gather, request_of
from lambda_pack.frontends.screen import clean
from lambda_pack.model.targets import Architecture
from lambda_pack.model.urls import masked
from lambda_pack.tools.parts import Part, begin

if TYPE_CHECKING:
    # What is rendered is loaded while the resolver runs.
    from lambda_pack.model.delivery import Delivered, Delivery
    from lambda_pack.model.report import Report
    from lambda_pack.model.request import PackRequest
    from lambda_pack.ports import Narrator

__all__ = ["Command", "run_command", "run_lock", "run_pack", "run_upload"]

Command: TypeAlias = "Callable[[PackRequest, Mapping[str, str], Narrator], Report]"


def run_pack(arguments: Mapping[str, Any]) -> int:
    """Pack, print the report, and deliver."""
    from lambda_pack.commands.pack import pack

    return run_command(arguments, pack, delivers=True)


def run_command(arguments: Mapping[str, Any], command: Command, *, delivers: bool = False) -> int:
    """Run it and print its report; the exit code says whether anything is unmet."""
    with telling_errors(as_json=arguments["json"]):
        folder = _here()
        said = gather(arguments, folder, os.environ)  # noqa: TID251  # a front-end: strings in
        request = request_of(said)
        delivery = delivery_of(said) if delivers else None
        if delivery is not None and request.is_folder:
            what = "--to-dir" if request.to_dir is not None else f"--layout {request.layout.value}"
            raise UsageError(f"a folder cannot be delivered to S3; leave out {what} or the place in S3")
        if delivery is not None:
            begin(Part.DELIVER)
        with choose_narrator(quiet=arguments["quiet"] or arguments["json"], verbose=arguments["verbose"]) as narrator:
            for name, given in said.items():
                # What pip can be told, too, is told with what pip's own settings say.
                if name not in request.options:
                    narrator.note(f"{name} = {masked(' '.join(given.values))} ({given.source})")
            report = command(request, os.environ, narrator)  # noqa: TID251  # a front-end: strings in
    if not arguments["json"]:
        from lambda_pack.frontends.text_report import render_text

        # A job can be told about the bundle once it is known where that is.
        shown = report if delivery is None else replace(report, glue=None)
        sys.stdout.write(render_text(shown, verbose=arguments["verbose"], warnings=arguments["quiet"]))
    try:
        if delivery is not None:
            report = _delivered(report, delivery, arguments)
    finally:
        # Once, and also when the delivery fails: what was packed is there.
        if arguments["json"]:
            from lambda_pack.model.report_json import report_json

            sys.stdout.write(report_json(report))
    if not arguments["json"]:
        sys.stdout.write(_next_lines(report))
    return UnmetDependencies.exit_code if report.unmet else 0


def _next_lines(report: Report) -> str:
    """How the archive gets into Lambda: said, and not done."""
    from lambda_pack.frontends.aws_commands import aws_commands

    lines = [clean(f"  {line}\n") for line in aws_commands(report)]
    return "".join(("\ndeploy with\n", *lines)) if lines else ""


def _delivered(report: Report, delivery: Delivery, arguments: Mapping[str, Any]) -> Report:
    from lambda_pack.commands.upload import deliver

    with choose_narrator(quiet=arguments["quiet"] or arguments["json"], verbose=arguments["verbose"]) as narrator:
        report = deliver(report, delivery, narrator)
    arrived = dict.fromkeys(filter(None, (report.delivered, *(layer.delivered for layer in report.layers))))
    if not arguments["json"]:
        sys.stdout.writelines(map(_told, arrived))
        if report.glue is not None:
            from lambda_pack.frontends.text_report import render_glue

            sys.stdout.write(render_glue(report.glue))
    return report


def run_lock(arguments: Mapping[str, Any]) -> int:
    """Lock for every runtime on every architecture that was named; the exit code says whether anything is unmet."""
    from packaging.pylock import is_valid_pylock_path

    from lambda_pack.commands.lock import lock
    from lambda_pack.frontends.text_report import render_text

    folder = _here()
    runtimes, architectures = arguments["runtime"] or [None], arguments["architecture"] or [None]
    requests = [
        request_of(gather({**arguments, "runtime": runtime, "architecture": architecture}, folder, os.environ))  # noqa: TID251  # as above
        for runtime in dict.fromkeys(runtimes)
        for architecture in dict.fromkeys(one and Architecture.parse(one).value for one in architectures)
    ]
    output = Path(arguments["output"])
    if not is_valid_pylock_path(output):
        raise UsageError(f"{output.name!r} is not a lock's name; choose pylock.toml or pylock.NAME.toml")
    with choose_narrator(quiet=arguments["quiet"], verbose=arguments["verbose"]) as narrator:
        reports = lock(requests, output, os.environ, narrator)  # noqa: TID251  # a front-end: strings in
    for report in reports:
        sys.stdout.write(render_text(report, verbose=arguments["verbose"], warnings=arguments["quiet"]))
    if any(report.unmet for report in reports):
        sys.stdout.write("nothing written\n")
        return UnmetDependencies.exit_code
    sys.stdout.write(f"locked in {output.as_posix()}\n")
    return 0


def run_upload(arguments: Mapping[str, Any]) -> int:
    """Upload an archive and print where it is."""
    from lambda_pack.commands.upload import upload

    delivery = delivery_of(gather(arguments, _here(), os.environ))  # noqa: TID251  # a front-end: strings in
    if delivery is None:
        raise UsageError("where to? name the place with --s3-uri, for example --s3-uri s3://bucket/folder/")
    with choose_narrator(quiet=arguments["quiet"], verbose=arguments["verbose"]) as narrator:
        delivered = upload(Path(arguments["archive"]), delivery, narrator)
    sys.stdout.write(_told(delivered))
    return 0


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UsageError("the current folder no longer exists; change into one that does") from error


def _told(delivered: Delivered) -> str:
    version = f" (version {delivered.version_id})" if delivered.version_id else ""
    if delivered.was_there:
        return f"nothing sent: {delivered.uri}{version} holds sha256 {delivered.sha256 or 'unknown'}\n"
    return f"uploaded to {delivered.uri}{version}\n"
