"""Runs of `pack --template`: the functions and layers of a template packed, and the template written anew."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.commands.many import Outcome, Packed
from lambda_pack.commands.templates import read_template, write_template
from lambda_pack.errors import UsageError
from lambda_pack.files.source import patterns_for
from lambda_pack.frontends.cells import Said, chosen, with_unique_labels
from lambda_pack.frontends.error_document import telling_errors
from lambda_pack.frontends.many import finish, pack_cells
from lambda_pack.frontends.many_report import exit_code
from lambda_pack.frontends.narrators import PlainNarrator
from lambda_pack.frontends.requests import delivery_of, request_of, said_by_arguments, said_by_machine
from lambda_pack.inputs.project import has_input
from lambda_pack.inputs.templates import NOWHERE, Code, Template
from lambda_pack.model.cells import Cell, CellKind
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given
from lambda_pack.model.report import Report
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import DEFAULT_ARCHITECTURE, Architecture

__all__ = ["Planned", "plan_template", "run_pack_template"]


class Planned(Struct, frozen=True):
    """What is packed of a template: cells, and by the template's names whose label each takes; and what is not, why.

    `remarks` are warnings about targets that are not those of the template.
    """

    cells: tuple[Cell, ...]
    labels: Mapping[str, str]
    skipped: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...] = ()


def run_pack_template(arguments: Mapping[str, Any]) -> int:
    """Pack what the template names and write it with the places of the zips, unless one of them fails."""
    with telling_errors(as_json=arguments["json"]):
        environ = os.environ  # noqa: TID251  # a front-end: strings in
        template = read_template(Path(arguments["template"]), environ)
        machine, said = said_by_machine(environ), said_by_arguments(arguments)
        written = _packaged(template.path, arguments["output-template-file"])
        planned = plan_template(template, machine, said, written)
        narrator = PlainNarrator(sys.stderr, verbose=arguments["verbose"])
        # Said even when all is quiet: what is left out stays as it was, and may not load.
        warnings = (
            *template.remarks,
            *planned.remarks,
            *(f"{name} is left as it is: {reason}" for name, reason in planned.skipped),
        )
        for warning in warnings:
            narrator.warn(warning)
        if not planned.cells:
            raise UsageError(f"{template.path.as_posix()!r}: there is nothing in it that can be packed")
        cells = chosen(planned.cells, arguments["only"] or (), template.path.as_posix())
    outcomes = pack_cells(cells, arguments)
    is_written = exit_code(outcomes) == 0
    if is_written:
        with telling_errors(as_json=arguments["json"]):
            _write(template, planned, outcomes, written)
    code = finish(outcomes, arguments, warnings)
    if is_written and not arguments["json"]:
        sys.stdout.write(f"\nwritten {written.as_posix()}\n")
    return code


def plan_template(
    template: Template, machine: Mapping[str, Given], arguments: Mapping[str, Given], written: Path
) -> Planned:
    """Return the cells of a template; two resources of one folder for one target share a cell.

    `written` is the packaged template, which a run before may have left among the code: it is not packed.
    """
    cells: dict[object, Cell] = {}
    labels: dict[str, str] = {}
    skipped = list(template.skipped)
    remarks: list[str] = []
    of_functions = _architectures_of_functions(template)
    for code in template.codes:
        own = _said(code, template.path)
        if is_open := code.kind is CellKind.LAYER and not (code.architectures or code.as_it_is):
            own |= _architecture_of_layer(template, of_functions)
        if is_open and "architecture" not in arguments and of_functions != {DEFAULT_ARCHITECTURE.value}:
            remarks.append(_about_layer(code, of_functions))
        said: Said = {**machine, **own, **arguments}
        remarks += _overridden(code, own, arguments)
        reason = _open_question(said)
        if reason:
            skipped.append((code.name, reason))
            continue
        place = f"{template.path.as_posix()}: {code.name}"
        try:
            request = request_of(said)
        except UsageError as error:
            raise UsageError(f"{place}: {error}") from error
        if "requirements" not in said and "input" not in said:
            request = replace(request, requirements=())
        request = _without(_with_rules(request, code), written)
        # Whatever decides about the contents; the handler is only looked for.
        contents = replace(code, name="", spot=NOWHERE, deployed_as=None, handler=None, folder=code.folder.resolve())
        key = (str(request.target), contents)
        if key not in cells:
            cells[key] = Cell(code.kind, code.name, request, delivery_of(said), code.deployed_as, place)
        labels[code.name] = cells[key].label
    return Planned(with_unique_labels(cells.values()), labels, tuple(skipped), tuple(remarks))


def _architectures_of_functions(template: Template) -> frozenset[str]:
    """Return the architectures of a template's functions; Lambda's own default where one says none."""
    return frozenset(
        Architecture.parse(word).value
        for code in template.codes
        if code.kind is CellKind.FUNCTION
        for word in code.architectures or (DEFAULT_ARCHITECTURE.value,)
    ) or frozenset({DEFAULT_ARCHITECTURE.value})


def _architecture_of_layer(template: Template, of_functions: frozenset[str]) -> Said:
    """Return the architecture for a layer that says none: that of the functions, if all have the same one."""
    if len(of_functions) > 1:
        return {}
    return {"architecture": Given(tuple(of_functions), f"the functions of {template.path.as_posix()}")}


def _about_layer(code: Code, of_functions: frozenset[str]) -> str:
    only = next(iter(of_functions)) if len(of_functions) == 1 else None
    of_them = f"{only}, as the functions are" if only else f"{DEFAULT_ARCHITECTURE.value}, and not all functions are"
    return f"{code.name} does not say its architecture: it is packed for {of_them}"


def _overridden(code: Code, own: Said, arguments: Mapping[str, Given]) -> Iterator[str]:
    """Warn where the command line asks for a target that the deployed function will not have."""
    for name, words in (("runtime", code.runtimes), ("architecture", code.architectures)):
        if name not in arguments or not words or name not in own:
            continue
        asked = arguments[name].values[-1]
        parse = (lambda word: Architecture.parse(word).value) if name == "architecture" else str
        if parse(asked) not in {parse(word) for word in words}:
            yield f"{code.name} is packed for {asked} (--{name}), and the template says {', '.join(words)}"


def _said(code: Code, path: Path) -> Said:
    """What the template says about one of its codes, as options."""
    layout, source, inputs = Layout.FUNCTION, code.folder, code.inputs
    if code.kind is CellKind.LAYER and not code.has_own_code:
        layout = Layout.LAYER
    elif code.kind is CellKind.LAYER and not code.as_it_is:
        # SAM puts a layer's own content below python/ unless it brings that folder itself.
        has_folder = (code.folder / "python").is_dir() and not has_input(code.folder)
        source = code.folder / "python" if has_folder else code.folder
        is_as_it_is = has_folder and not has_input(source)
        layout, source = (Layout.FUNCTION, code.folder) if is_as_it_is else (Layout.LAYER, source)
    if inputs is None:
        inputs = (source,) if has_input(source) and not code.as_it_is else ()
    sources = ((f"{source}:{code.below}" if code.below else str(source)),) if code.has_own_code else ()
    values: dict[str, tuple[str, ...]] = {
        "name": (code.name,),
        "layout": (layout.value,),
        "source": (*sources, *map(str, code.vendored)),
        "exclude": code.excludes,
        "handler": (code.handler,) if code.handler else (),
        "runtime": code.runtimes,
        "architecture": code.architectures,
        "requirements": tuple(map(str, inputs)),
        **dict(code.options),
    }
    where = f"{path.as_posix()}: {code.name}"
    return {name: Given(value, where) for name, value in values.items() if value}


def _with_rules(request: PackRequest, code: Code) -> PackRequest:
    """Return the request with the template's globs for its own code, unless the user names other sources."""
    if code.rules is None or not request.sources or request.sources[0].path != code.folder:
        return request
    first, *rest = request.sources
    return replace(request, sources=(replace(first, rules=code.rules), *rest))


def _without(request: PackRequest, written: Path) -> PackRequest:
    """Return the request without the packaged template among its own code."""
    patterns = dict.fromkeys(pattern for source in request.sources for pattern in patterns_for(written, source.path))
    return replace(request, excludes=(*patterns, *request.excludes))


def _write(template: Template, planned: Planned, outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the packaged template; code that was not packed this time keeps its place."""
    reports = {outcome.cell.label: outcome.report for outcome in outcomes if isinstance(outcome, Packed)}
    packed = [code for code in template.codes if planned.labels.get(code.name) in reports]
    places = {code.name: _place(code, reports[planned.labels[code.name]], path.parent) for code in packed}
    write_template(replace(template, codes=tuple(packed)), places, path)


def _packaged(template: Path, output: str | None) -> Path:
    """Return where the packaged template is written."""
    return Path(output) if output else template.with_name(f"{template.stem}.packaged{template.suffix}")


def _place(code: Code, report: Report, folder: Path) -> str:
    """Where an archive is, as the template writes it: in S3, or as seen from the template's folder."""
    delivered, archive = report.delivered, report.archive
    if delivered is None or code.s3_keys is None:
        if archive is None:
            raise AssertionError("what came to its end without anything unmet has an archive")
        return json.dumps(Path(os.path.relpath(archive.path, folder)).as_posix())
    bucket, _, key = delivered.uri.removeprefix("s3://").partition("/")
    values = (bucket, key, delivered.version_id)
    named = {name: value for name, value in zip(code.s3_keys, values, strict=True) if value is not None}
    return json.dumps(named)


def _open_question(said: Said) -> str | None:
    """Why it is not known what to pack for, if so."""
    for name in ("runtime", "architecture"):
        if name not in said and name == "runtime":
            return "its runtime is known only when it is deployed; name one with --runtime"
        if name in said and len(said[name].values) > 1:
            return f"it is for several {name}s ({', '.join(said[name].values)}); name one with --{name}"
    return None
