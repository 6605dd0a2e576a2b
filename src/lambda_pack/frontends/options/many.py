"""The options that are about many functions, of which no function has settings."""

from __future__ import annotations

import argparse

from lambda_pack.frontends.options.option import values_of
from lambda_pack.model.choices import PlanFormat

__all__ = ["add_many_options", "add_plan_options"]


def add_many_options(parser: argparse.ArgumentParser) -> None:
    """Give `pack` what makes it pack many; the other options then count for every one of them."""
    group = parser.add_argument_group("many functions (docs/many-functions.md)")
    group.add_argument(
        "--all",
        action="store_true",
        help="pack every function and layer that lambda-pack.yml names, or [tool.lambda-pack] of pyproject.toml",
    )
    _add_only(group)
    group.add_argument(
        "--template",
        "--sam",
        dest="template",
        metavar="FILE",
        help="pack the functions and layers of an AWS SAM or CloudFormation template, a serverless.yml or a cdk.out, "
        "and write it with the places of the zips",
    )
    group.add_argument(
        "--output-template-file",
        dest="output-template-file",
        metavar="FILE",
        help="where the template is written (default: NAME.packaged beside it)",
    )


def add_plan_options(parser: argparse.ArgumentParser) -> None:
    """Give `plan` its options."""
    group = parser.add_argument_group("which functions, and how they are listed")
    _add_only(group)
    group.add_argument(
        "--changed-since",
        dest="changed-since",
        metavar="REVISION",
        help="those alone whose inputs changed since this revision of git",
    )
    group.add_argument(
        "--format",
        metavar="FORMAT",
        default=PlanFormat.TEXT.value,
        help=f"how the plan is printed (default: {PlanFormat.TEXT.value}): {', '.join(values_of(PlanFormat))}",
    )
    group.add_argument(
        "--jobs",
        metavar="COUNT",
        help="jobs of the matrix at most (default: 256, GitHub's limit); beyond that a job has several bundles",
    )


def _add_only(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="function or layer to pack, or one of its bundles by NAME-RUNTIME-ARCHITECTURE",
    )
