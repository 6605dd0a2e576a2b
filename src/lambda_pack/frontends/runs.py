"""One run of a command that makes a report: from parsed arguments to printed text and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from lambda_pack.errors import UnmetDependencies
from lambda_pack.frontends.narrators import choose_narrator
from lambda_pack.frontends.requests import gather, request_of
from lambda_pack.frontends.text_report import render_text
from lambda_pack.inputs.urls import masked
from lambda_pack.model.report import Report
from lambda_pack.model.report_json import report_json
from lambda_pack.model.request import PackRequest
from lambda_pack.ports import Narrator

__all__ = ["Command", "run_command"]

Command: TypeAlias = Callable[[PackRequest, Mapping[str, str], Narrator], Report]


def run_command(arguments: Mapping[str, Any], command: Command) -> int:
    """Run it and print its report; the exit code says whether anything is unmet."""
    said = gather(arguments, Path.cwd())
    request = request_of(said, Path.cwd())
    with choose_narrator(quiet=arguments["quiet"] or arguments["json"], verbose=arguments["verbose"]) as narrator:
        for name, given in said.items():
            # What pip can be told, too, is told with what pip's own settings say.
            if name not in request.options:
                narrator.note(f"{name} = {masked(' '.join(given.values))} ({given.source})")
        report = command(request, os.environ, narrator)  # noqa: TID251  # a front-end: strings in
    if arguments["json"]:
        sys.stdout.write(report_json(report))
    else:
        sys.stdout.write(render_text(report, verbose=arguments["verbose"], warnings=arguments["quiet"]))
    return UnmetDependencies.exit_code if report.unmet else 0
