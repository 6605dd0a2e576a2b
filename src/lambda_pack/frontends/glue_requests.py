"""From what the user said about AWS Glue to what a bundle for it is, and to the job that uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.target_requests import layout_of
from lambda_pack.frontends.values import names, one, paths
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given
from lambda_pack.model.glue import GlueSettings

if TYPE_CHECKING:
    from lambda_pack.model.delivery import GlueJob

__all__ = ["JOB_OPTIONS", "glue_of", "job_of"]

JOB_OPTIONS = ("entry-script", "script-s3-uri", "glue-job")
"""Those that need the archive to be delivered."""

_FOR_RAY = ("outer-folder", "pip-install")


def glue_of(said: Mapping[str, Given], layout: Layout | None) -> GlueSettings:
    """What else is said about Glue.

    Raises:
        UsageError: something is about another layout, or cannot be.
    """
    if layout is not Layout.GLUE_RAY and (stray := next((name for name in _FOR_RAY if name in said), None)):
        raise UsageError(f"--{stray} is about --layout glue-ray; leave it out, or add that")
    if layout is Layout.GLUE_RAY and one(said, "dist-info") not in {None, "drop"}:
        raise UsageError("--layout glue-ray has no dist-info, as AWS asks; leave out --dist-info")
    if layout is Layout.GLUE_SPARK and (
        stray := next((name for name in ("source", "drop", "dist-info", "strip", "compile") if name in said), None)
    ):
        raise UsageError(
            f"--layout glue-spark packs wheels as they are; leave out --{stray}, and name own code with --project"
        )
    settings = GlueSettings(pip_install=frozenset(names(said, "pip-install") or ()))
    outer = one(said, "outer-folder")
    return settings if outer is None else replace(settings, outer_folder=outer)


def job_of(said: Mapping[str, Given]) -> GlueJob | None:
    """What is uploaded for a Glue job, and which one is changed; None where nobody says any.

    Raises:
        UsageError: the bundle is not for Glue, a script is not there, or they have no places of their own.
    """
    stray = next((name for name in JOB_OPTIONS if name in said), None)
    if stray is None:
        return None
    if layout_of(said) not in {Layout.GLUE_RAY, Layout.GLUE_SPARK}:
        raise UsageError(f"--{stray} is about a job of AWS Glue; add --layout glue-ray or glue-spark")
    from lambda_pack.model.delivery import GlueJob, S3Target

    uri, scripts = one(said, "script-s3-uri"), paths(said, "entry-script") or ()
    missing = next((script for script in scripts if not script.is_file()), None)
    if missing is not None:
        raise UsageError(f"the entry script {missing.as_posix()!r} is not there; name a file")
    target = None if uri is None else S3Target.parse(uri)
    if target is not None and not scripts:
        raise UsageError("--script-s3-uri without --entry-script uploads nothing; name the script")
    if len({script.name for script in scripts}) < len(scripts):
        raise UsageError("two entry scripts have one name, and would have one key; rename one of them")
    if target is not None and len(scripts) > 1 and not (not target.key or target.key.endswith("/")):
        raise UsageError("several entry scripts need a folder: end --script-s3-uri with '/'")
    return GlueJob(scripts, target, one(said, "glue-job"))
