"""From what the user said about runtime, architecture and layout to a target."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_pack.errors import UsageError
from lambda_pack.frontends.values import choice, one
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given
from lambda_pack.model.glue import DEFAULT_GLUE_VERSION, GLUE_VERSIONS, RAY
from lambda_pack.model.targets import GLUE_RUNTIMES, Target

__all__ = ["layout_of", "target_of"]


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
