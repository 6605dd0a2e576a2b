"""Bundles for AWS Glue."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option
from lambda_pack.model.glue import DEFAULT_GLUE_VERSION, GLUE_VERSIONS, GlueSettings

__all__ = ["GLUE"]

GLUE = Group.of(
    "AWS Glue (docs/glue.md)",
    Option(
        "outer-folder",
        "the one folder at the root of a zip for Ray",
        metavar="NAME",
        default=GlueSettings().outer_folder,
    ),
    Option("pip-install", "packages that Ray's own pip installs, outside of the zip", Kind.MANY, metavar="NAMES"),
    Option("glue-version", "of Spark", choices=tuple(GLUE_VERSIONS), default=DEFAULT_GLUE_VERSION),
    Option("entry-script", "script to upload; the first is the job's (with --s3-uri)", Kind.MANY, metavar="FILE"),
    Option("script-s3-uri", "where the scripts go (default: beside the zip)", metavar="URI"),
    Option("glue-job", "set zip, packages and script in this job, and nothing else, at the end", metavar="NAME"),
    only_pack=True,
)
