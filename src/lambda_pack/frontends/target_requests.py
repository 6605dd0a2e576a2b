"""From what the user said about runtime, architecture and layout to a target, and to what else Glue is told."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.values import choice, names, one
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given
from lambda_pack.model.glue import DEFAULT_GLUE_VERSION, GLUE_VERSIONS, RAY, GlueSettings
from lambda_pack.model.targets import GLUE_RUNTIMES, Target

__all__ = ["glue_of", "layout_of", "target_of"]

_FOR_RAY = ("outer-folder", "pip-install")


def layout_of(said: Mapping[str, Given]) -> Layout | None:
    """The layout; a runtime of Glue's says it, too.

    Raises:
        UsageError: it is unknown, or for another runtime.
    """
    layout, runtime = choice(said, "layout", Layout), one(said, "runtime")
    if runtime not in GLUE_RUNTIMES:
        return layout
    its_own = Layout.GLUE_RAY if runtime == RAY else Layout.GLUE_SPARK
    if layout not in {None, its_own}:
        raise UsageError(f"{runtime} is a runtime of Glue and takes --layout {its_own.value}; leave out --runtime")
    return its_own


def target_of(said: Mapping[str, Given]) -> Target:
    """The target; the layouts for Glue say it by themselves.

    Raises:
        UsageError: no runtime is named, a name is unknown, or the layout is for another target.
    """
    layout, architecture = layout_of(said), one(said, "architecture")
    runtime = _runtime(said, layout)
    row = GLUE_RUNTIMES.get(runtime)
    if row is not None and architecture is None:
        return Target(row, row.architectures[0])
    return Target.parse(runtime) if architecture is None else Target.parse(runtime, architecture)


def _runtime(said: Mapping[str, Given], layout: Layout | None) -> str:
    runtime, version = one(said, "runtime"), one(said, "glue-version")
    if version is not None and layout is not Layout.GLUE_SPARK:
        raise UsageError("--glue-version is about --layout glue-spark; leave out one of them or add the other")
    if layout is Layout.GLUE_RAY:
        its_own = RAY
    elif layout is Layout.GLUE_SPARK:
        if version is not None and version not in GLUE_VERSIONS:
            raise UsageError(f"{version!r} is not a glue-version; choose one of: {', '.join(GLUE_VERSIONS)}")
        if version is None and runtime is not None and runtime in GLUE_RUNTIMES:
            return runtime
        its_own = GLUE_VERSIONS[version or DEFAULT_GLUE_VERSION]
    elif runtime is None:
        raise UsageError("which runtime? name it with --runtime, for example --runtime python3.13")
    else:
        return runtime
    if runtime not in {None, its_own}:
        row = GLUE_RUNTIMES[its_own]
        python = "{}.{}".format(*row.python)
        raise UsageError(
            f"--layout {layout.value} is for Python {python} on {row.architectures[0].value} alone, not for "
            f"{runtime} ({said['runtime'].source}); leave out --runtime"
        )
    return its_own


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
