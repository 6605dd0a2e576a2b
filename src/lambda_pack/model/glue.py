"""What a Glue job needs to be told about a bundle, and what a user says about Glue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.choices import Layout
from lambda_pack.model.glue_modules import RAY_MODULES

__all__ = [
    "DEFAULT_GLUE_VERSION",
    "GLUE_VERSIONS",
    "RAY",
    "GlueFacts",
    "GlueSettings",
    "JobChange",
    "job_arguments",
]

RAY = "glue-ray2.4"
"""The one runtime of Glue for Ray."""

GLUE_VERSIONS: Mapping[str, str] = MappingProxyType({"4.0": "glue4.0", "5.0": "glue5.0", "5.1": "glue5.1"})
"""The runtimes of Glue for Spark by the versions that AWS says."""

DEFAULT_GLUE_VERSION = "5.1"

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
    """What is set in a job; its other settings stay. `script` is the URI of its entry script, None as it was."""

    arguments: tuple[tuple[str, str], ...]
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
