"""Templates that deploy functions: which kind a file is, and writing it with the places of what was packed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.files.whole import whole_file, writing_to
from lambda_pack.inputs.documents import understood
from lambda_pack.inputs.sam import read_sam
from lambda_pack.inputs.templates import Template, fields, with_places
from lambda_pack.inputs.yaml_documents import parse_yaml, read_text

__all__ = ["read_template", "write_template"]


def read_template(path: Path, environ: Mapping[str, str]) -> Template:
    """Return a template of whichever kind it is; `environ` are the variables of the environment, which it may name.

    Raises:
        UsageError: it cannot be read, or is of none of the kinds.
    """
    with understood(path, what_now="correct it"):
        return _read_template(path, environ)


def _read_template(path: Path, environ: Mapping[str, str]) -> Template:
    if path.is_dir():
        from lambda_pack.inputs.cdk import read_assembly

        return read_assembly(path)
    top = fields(parse_yaml(read_text(path), path.as_posix()))
    if "Resources" in top:
        return read_sam(path)
    if {"service", "provider"} <= top.keys():
        from lambda_pack.inputs.serverless import read_serverless

        return read_serverless(path, environ)
    raise UsageError(
        f"{path.as_posix()!r} is no template that can be packed: it has neither Resources (SAM, CloudFormation) nor "
        "service and provider (Serverless Framework)"
    )


def write_template(template: Template, places: Mapping[str, str], path: Path) -> None:
    """Write the template with a new place for the code of each name, whole or not at all; a place is JSON.

    Raises:
        UsageError: something else lies where an assembly shall be.
    """
    if template.path.is_dir():
        from lambda_pack.commands.assemblies import write_assembly

        zips = {code.folder: path.parent / json.loads(places[code.name]) for code in template.codes}
        write_assembly(template.path, zips, path)
        return
    with writing_to(path.parent), whole_file(path) as file:
        file.write(with_places(template, places).encode())
