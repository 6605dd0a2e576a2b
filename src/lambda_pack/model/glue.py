"""What a Glue job needs to be told about a bundle, and what a user says about Glue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.model.choices import Layout
from lambda_pack.model.glue_modules import RAY_MODULES
from lambda_pack.model.targets import GLUE_RUNTIMES

__all__ = [
    "DEFAULT_GLUE_VERSION",
    "GLUE_VERSIONS",
    "RAY",
    "GlueFacts",
    "GlueSettings",
    "JobChange",
    "check_job",
    "job_arguments",
]

RAY = "glue-ray2.4"
"""The one runtime of Glue for Ray."""

GLUE_VERSIONS: Mapping[str, str] = MappingProxyType({"4.0": "glue4.0", "5.0": "glue5.0", "5.1": "glue5.1"})
"""The runtimes of Glue for Spark by the versions that AWS says."""

DEFAULT_GLUE_VERSION = "5.1"

_KINDS_WE_PACK_FOR = frozenset({"glueray", "glueetl", "gluestreaming"})

_PLACEHOLDER = "s3://BUCKET/"


class GlueSettings(Struct, frozen=True):
    """What a user says about a bundle for Glue.

    `outer_folder` is the one folder at the root of a zip for Ray. Packages in `pip_install` (normalized names) stay out
    of it: they are chosen like all others, and Glue's own pip installs them.

    Raises:
        UsageError: the folder cannot be one that Glue takes.
    """

    outer_folder: str = "venv"
    pip_install: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", self.outer_folder) or self.outer_folder == "__MACOSX":
            raise UsageError(
                f"{self.outer_folder!r} cannot be the outer folder; write one name of letters, digits, '-', '_' and '.'"
            )

    @property
    def left_out(self) -> frozenset[str]:
        """The packages that AWS has, by normalized name: all but those that its pip shall change."""
        return frozenset(RAY_MODULES) - self.pip_install


class JobChange(Struct, frozen=True):
    """What is set in a job; its other settings stay. `script` is the URI of its entry script, None as it was.

    `runtime` is the name of the runtime that the bundle was packed for: only a job that runs on it may use the bundle.
    """

    arguments: tuple[tuple[str, str], ...]
    runtime: str
    script: str | None = None


class GlueFacts(Struct, frozen=True):
    """What came of a bundle for Glue: `arguments` are those of the job, ready to paste.

    `pip_install` are the pinned packages that Glue's pip installs. `scripts` are the URIs of the entry scripts and
    `job` is the job that was updated, once that is done.
    """

    arguments: tuple[tuple[str, str], ...]
    pip_install: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    job: str | None = None


def job_arguments(
    layout: Layout, archive: str, pip_install: Iterable[str] = (), *, uri: str | None = None
) -> tuple[tuple[str, str], ...]:
    """The arguments of a job that uses the archive of this name; without a `uri` the bucket is left to fill in.

    >>> job_arguments(Layout.GLUE_RAY, "a.zip", ["lxml==5.0", "rich==13.0"], uri="s3://code/a.zip")
    (('--s3-py-modules', 's3://code/a.zip'), ('--pip-install', 'lxml==5.0,rich==13.0'))
    """
    return tuple(_arguments(layout, uri or f"{_PLACEHOLDER}{archive}", ",".join(pip_install)))


def check_job(name: str, job: Mapping[str, Any], runtime: str) -> str | None:
    """Return a warning about a job whose Glue version is another one with the same Python as the bundle's.

    `job` is what GetJob answers. The names of commands are those of
    https://docs.aws.amazon.com/glue/latest/webapi/API_JobCommand.html, read 2026-11-28.

    Raises:
        DeliveryError: the job is of another kind, or runs another Python, so that it could not load the bundle.
    """
    command, version = job.get("Command", {}), job.get("GlueVersion")
    kinds = ("glueray",) if runtime == RAY else ("glueetl", "gluestreaming")
    kind = command.get("Name")
    if kind not in kinds:
        layout = Layout.GLUE_RAY if kind == "glueray" else Layout.GLUE_SPARK
        way_out = f"pack with --layout {layout.value}" if kind in _KINDS_WE_PACK_FOR else "no layout is for such a job"
        raise DeliveryError(
            f"the Glue job {name!r} is a {kind!r} job, and this bundle is for {' or '.join(kinds)}; the job was not "
            f"changed: name another job, or {way_out}"
        )
    if runtime == RAY:
        # GlueVersion is 4.0 for every Ray job; Command.Runtime says which Ray it is.
        ray = str(command.get("Runtime") or "Ray2.4")
        if f"glue-{ray.lower()}" != RAY:
            raise DeliveryError(
                f"the Glue job {name!r} runs {ray}, and this bundle is for {RAY}; the job was not changed: set its "
                "Command.Runtime to Ray2.4 first"
            )
        return None
    if version is None:
        return f"the Glue job {name!r} does not say its GlueVersion; this bundle is for {runtime}"
    own = GLUE_VERSIONS.get(version)
    if own == runtime:
        return None
    if own is None or GLUE_RUNTIMES[own].python != GLUE_RUNTIMES[runtime].python:
        advice = f"pack with --glue-version {version}" if own else f"choose one of: {', '.join(GLUE_VERSIONS)}"
        raise DeliveryError(
            f"the Glue job {name!r} runs Glue {version}, which has another Python than {runtime}, the runtime of this "
            f"bundle; the job was not changed: {advice}, or set its GlueVersion first"
        )
    advice = f"pack with --glue-version {version}"
    return f"the Glue job {name!r} runs Glue {version}, and this bundle is for {runtime}; {advice}"


def _arguments(layout: Layout, uri: str, pip_install: str) -> Iterator[tuple[str, str]]:
    match layout:
        case Layout.GLUE_RAY:
            yield "--s3-py-modules", uri
            if pip_install:
                yield "--pip-install", pip_install
        case Layout.GLUE_SPARK:
            yield "--additional-python-modules", uri
            # All of them are in the zip: nothing may come from elsewhere.
            yield "--python-modules-installer-option", "--no-index"
        case Layout.FUNCTION | Layout.LAYER | Layout.LAYER_SITE_PACKAGES | Layout.OCI_DIR:
            return
