"""The lines that put a bundle in place with AWS's own command line: they are printed, and run by nobody here."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator

from lambda_pack.model.choices import Layout
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.limits import ZIPPED_LIMIT, megabytes
from lambda_pack.model.report import ArchiveFacts, Report

__all__ = ["aws_commands", "code_sha256"]


def code_sha256(digest: str) -> str:
    """Lambda's CodeSha256 of an archive, from its SHA-256 in hexadecimal digits.

    >>> code_sha256("00" * 32)
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
    """
    return base64.b64encode(bytes.fromhex(digest)).decode("ascii")


def aws_commands(report: Report, deployed_as: str | None = None) -> Iterator[str]:
    """What to run next for the zips that were packed: nothing where there are none, or none for Lambda.

    `deployed_as` is what Lambda calls the function or the layer; the bundle's own name where nobody says so.
    """
    archive = report.archive
    if archive is None or report.unmet or report.layout not in (*_LAYERS, Layout.FUNCTION.value):
        return
    if report.is_empty:
        yield "# nothing is in this bundle, and Lambda takes no empty zip: add your code with --source or --project"
        return
    # Nothing may be left for the function itself.
    has_function = not report.layers or archive != report.layers[0].archive
    variables = [f"layer_{number}" for number in range(1, len(report.layers) + 1)] if has_function else []
    for number, layer in enumerate(report.layers):
        lines = _lines(layer.archive, layer.delivered, (*_PUBLISH, layer.name), _compatible(report))
        yield from _assigned(variables[number], lines) if has_function else lines
    if not has_function:
        return
    name = deployed_as or report.name
    if report.layout in _LAYERS:
        yield from _lines(archive, report.delivered, (*_PUBLISH, name), _compatible(report))
        return
    yield from _lines(
        archive, report.delivered, (*_UPDATE, name), ("--architectures", report.target.architecture.value)
    )
    # One that is too large for a direct upload has no ARN before it is delivered.
    if variables and all(_place(layer.archive, layer.delivered) is not None for layer in report.layers):
        yield shlex.join((*_WAIT, name))
        layers = " ".join(f'"${variable}"' for variable in variables)
        yield f"{shlex.join((*_CONFIGURE, name))} --layers {layers}"
        yield "# --layers says all layers of the function: add the ARNs of others that it has"


def _assigned(variable: str, lines: Iterator[str]) -> Iterator[str]:
    """The lines, the ARN that the first one answers kept in a variable of the shell."""
    for line in lines:
        yield line if line.startswith("#") else f"{variable}=$({line} --query LayerVersionArn --output text)"


_LAYERS = (Layout.LAYER.value, Layout.LAYER_SITE_PACKAGES.value)
_PUBLISH = ("aws", "lambda", "publish-layer-version", "--layer-name")
_UPDATE = ("aws", "lambda", "update-function-code", "--function-name")
_WAIT = ("aws", "lambda", "wait", "function-updated", "--function-name")
_CONFIGURE = ("aws", "lambda", "update-function-configuration", "--function-name")


def _compatible(report: Report) -> tuple[str, ...]:
    runtime, architecture = report.target.runtime.name, report.target.architecture.value
    return ("--compatible-runtimes", runtime, "--compatible-architectures", architecture)


def _lines(
    archive: ArchiveFacts, delivered: Delivered | None, begin: tuple[str, ...], end: tuple[str, ...]
) -> Iterator[str]:
    if archive.sha256 is None:
        return
    place = _place(archive, delivered)
    if place is None:
        yield f"# {megabytes(archive.size)} is too large for a direct upload: deliver it with --s3-uri"
        return
    yield shlex.join([*begin, *place, *end])
    yield f"# CodeSha256 {code_sha256(archive.sha256)}"


def _place(archive: ArchiveFacts, delivered: Delivered | None) -> list[str] | None:
    """Where AWS takes the bytes from: S3, or this machine while they are few enough."""
    if delivered is None:
        return ["--zip-file", f"fileb://{archive.path.as_posix()}"] if archive.size <= ZIPPED_LIMIT else None
    bucket, _, key = delivered.uri.removeprefix("s3://").partition("/")
    place = ["--s3-bucket", bucket, "--s3-key", key]
    return [*place, "--s3-object-version", delivered.version_id] if delivered.version_id else place
