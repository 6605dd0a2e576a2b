"""The GitHub Action: one step of a job, from its inputs to its outputs, annotations and summary."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.pack import pack
from lambda_pack.errors import LambdaPackError, UnmetDependencies, UsageError
from lambda_pack.frontends.action_cache import cache_folder, cache_outputs
from lambda_pack.frontends.action_inputs import ActionInputs, in_words_of_the_action, read_inputs, variable
from lambda_pack.frontends.action_outputs import bundles_output, delivered_outputs, outputs_of
from lambda_pack.frontends.annotations import annotations_of, annotations_of_conflict
from lambda_pack.frontends.launcher import put_on_path
from lambda_pack.frontends.markdown_report import render_delivered, render_markdown, render_merged, render_refusal
from lambda_pack.frontends.report_document import read_report
from lambda_pack.frontends.requests import request_of
from lambda_pack.frontends.text_report import render_text
from lambda_pack.frontends.workflow_commands import Annotation, GroupNarrator, Workflow
from lambda_pack.inputs.documents import check_shape
from lambda_pack.inputs.shapes import PLAN
from lambda_pack.model.delivery import Delivery
from lambda_pack.model.limits import megabytes
from lambda_pack.model.report import Report
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import RUNTIMES, Architecture
from lambda_pack.model.urls import masked
from lambda_pack.tools.network.cache_upkeep import prune_to
from lambda_pack.tools.parts import Part, begin

__all__ = ["PARTS", "run_part"]


def run_part(name: str) -> int:
    """Run a part of the action in this process's environment; returns its exit code."""
    environ = os.environ  # noqa: TID251  # a front-end: strings in
    with Workflow(environ) as workflow:
        try:
            return PARTS[name](environ, workflow)
        except LambdaPackError as error:
            message = in_words_of_the_action(str(error)) if isinstance(error, UsageError) else str(error)
            workflow.annotate(Annotation("error", "lambda-pack", message))
            if error.log:
                workflow.open_group("the end of the log")
                workflow.say(error.log)
                workflow.close_group()
            if environ.get(variable("summary"), "").strip().lower() != "false":
                workflow.lead_summary(render_refusal(message, error.log))
            return error.exit_code


def _pack(environ: Mapping[str, str], workflow: Workflow) -> int:
    begun, workspace = time.time(), _workspace(environ)
    put_on_path(environ, workflow)
    inputs = read_inputs(environ, start=workspace or Path.cwd())
    if not inputs.packs:
        return 0
    with chdir(inputs.folder):
        if inputs.is_many:
            from lambda_pack.frontends.action_functions import pack_functions

            return pack_functions(inputs, environ, workflow=workflow, workspace=workspace)
        request = _request(inputs, environ)
        if inputs.delivery is not None and request.is_folder:
            what = "--to-dir" if request.to_dir is not None else f"--layout {request.layout.value}"
            raise UsageError(
                f"there is no zip to deliver with {what}; leave that out, or the inputs that begin with 's3-'"
            )
        if inputs.delivery is not None:
            begin(Part.DELIVER)
        with GroupNarrator(workflow) as narrator:
            for name, given in inputs.said.items():
                narrator.note(f"{name} = {masked(' '.join(given.values))} ({given.source})")
            with _annotating_conflicts(workflow, workspace):
                report = pack(replace(request, keeps_report=True), environ, narrator)
        # A folder that the user named may be that of other jobs, too.
        if inputs.cache and request.cache is not None and "cache-dir" not in inputs.said:
            freed = prune_to(request.cache, used_since=begun)
            workflow.say(f"cache: {megabytes(freed.left)} for the next run, {megabytes(freed.size)} not used any more")
        workflow.say(render_text(report, verbose=inputs.is_verbose, warnings=False))
        outputs = outputs_of(report, request, inputs, workspace=workspace)
        _tell(report, outputs, inputs, workflow=workflow, workspace=workspace)
        if report.unmet and inputs.fail_on_unmet:
            return UnmetDependencies.exit_code
        if inputs.delivery is not None:
            _deliver(report, outputs, inputs, inputs.delivery, workflow=workflow)
    return 0


@contextmanager
def _annotating_conflicts(workflow: Workflow, workspace: Path | None) -> Iterator[None]:
    """Show the requirements that contradict each other on their lines."""
    try:
        yield
    except UnmetDependencies as error:
        for annotation in annotations_of_conflict(error, folder=Path.cwd(), workspace=workspace):
            workflow.annotate(annotation)
        raise


def _tell(
    report: Report, outputs: Mapping[str, str], inputs: ActionInputs, *, workflow: Workflow, workspace: Path | None
) -> None:
    """Everything that others read, before anything can fail."""
    workflow.set_outputs({**outputs, "bundles": bundles_output([(report.name, report.target, outputs)])})
    for annotation in annotations_of(report, folder=Path.cwd(), workspace=workspace):
        workflow.annotate(annotation)
    if inputs.summary:
        workflow.add_summary(render_markdown(report, fails=inputs.fail_on_unmet and bool(report.unmet)))


def _deliver(
    report: Report, outputs: Mapping[str, str], inputs: ActionInputs, delivery: Delivery, *, workflow: Workflow
) -> None:
    """Last of all, and only from a step that passes: nobody deploys what its makers call a failure."""
    from lambda_pack.commands.upload import deliver  # most steps deliver nothing

    with GroupNarrator(workflow) as narrator:
        narrator.note(f"delivering to s3://{delivery.target.bucket}/{delivery.target.key}")
        report = deliver(report, delivery, narrator)
    delivered = report.delivered
    if delivered is not None:
        workflow.say(f"{'already there' if delivered.was_there else 'delivered'}: {delivered.uri}")
        new = delivered_outputs(report, delivered)
        bundles = bundles_output([(report.name, report.target, {**outputs, **new})])
        workflow.set_outputs({**new, "bundles": bundles})
        if inputs.summary:
            workflow.add_summary(render_delivered(delivered))


def _cache(environ: Mapping[str, str], workflow: Workflow) -> int:
    """Before the packing: where the cache lies and what its key is. Refuses bad inputs even earlier."""
    inputs = read_inputs(environ, start=_workspace(environ) or Path.cwd())
    with chdir(inputs.folder):
        if inputs.is_many:
            from lambda_pack.frontends.action_functions import planned_functions

            requests = [cell.request for cell in planned_functions(inputs, environ)]
        else:
            requests = [_request(inputs, environ)]
        workflow.set_outputs(cache_outputs(requests, environ))
    return 0


def _merge(environ: Mapping[str, str], workflow: Workflow) -> int:
    """After the jobs of a matrix: one summary of the reports in a folder."""
    paths = sorted(Path(environ.get("LAMBDA_PACK_REPORTS") or ".").rglob("*.report.json"))
    reports = [read_report(path) for path in paths]
    there = {label for report in reports for label in (str(report.target), f"{report.name}-{report.target}")}
    missing = [label for label in _expected(environ) if label not in there]
    workflow.add_summary(render_merged(sorted(reports, key=lambda report: (report.name, str(report.target))), missing))
    return 0


def _expected(environ: Mapping[str, str]) -> Iterator[str]:
    """The targets of the matrix, as the workflow was given them, or the labels of a plan."""
    if plan := environ.get("LAMBDA_PACK_PLAN"):
        yield from _labels(plan)
        return
    try:
        runtimes, architectures = (
            [str(item) for item in json.loads(environ.get(name) or "[]")]
            for name in ("LAMBDA_PACK_RUNTIMES", "LAMBDA_PACK_ARCHITECTURES")
        )
    except (ValueError, TypeError) as error:
        raise UsageError(f"runtimes and architectures are JSON lists, such as '[\"python3.13\"]': {error}") from error
    names = [Architecture.parse(architecture).value for architecture in architectures]
    yield from (f"{runtime}-{architecture}" for runtime in runtimes for architecture in names)


def _labels(plan: str) -> Iterator[str]:
    """Return the labels of the matrix that `plan --format github-matrix` printed."""
    what_now = "set it to the output of lambda-pack plan --format github-matrix"
    try:
        content = json.loads(plan)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"LAMBDA_PACK_PLAN is not JSON: {error}; {what_now}") from error
    check_shape(content, PLAN, plan, name="LAMBDA_PACK_PLAN", what_now=what_now)
    yield from (label for job in content["include"] for label in job["only"].splitlines())


PARTS = {"pack": _pack, "cache": _cache, "merge": _merge}


def _workspace(environ: Mapping[str, str]) -> Path | None:
    text = environ.get("GITHUB_WORKSPACE")
    return Path(text) if text else None


def _request(inputs: ActionInputs, environ: Mapping[str, str]) -> PackRequest:
    if "runtime" not in inputs.said:
        raise UsageError(f"the input 'runtime' is empty; it takes one of: {', '.join(RUNTIMES)}")
    request = request_of(inputs.said)
    return replace(request, cache=cache_folder(request, environ)) if inputs.cache else request
