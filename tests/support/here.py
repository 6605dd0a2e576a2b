"""The target that the machine and the interpreter of the tests can load themselves."""

from __future__ import annotations

import platform
import sys

import pytest

from lambda_pack.model.targets import RUNTIMES, Target

__all__ = ["our_target"]


def our_target() -> Target:
    """Ours; skips, and says why, where Lambda has no runtime like it."""
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"} or runtime not in RUNTIMES:
        pytest.skip(f"no bundle loads here: {runtime} on {platform.system()} {platform.machine()} is no runtime")
    return Target.parse(runtime, platform.machine())
