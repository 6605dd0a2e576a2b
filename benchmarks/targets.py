"""What is packed for. The facts are lambda-pack's own: its installed package is asked, not a second table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from benchmarks.processes import Step, output_of

__all__ = ["Target", "ask_target"]

_QUESTION = """
import json, os, sys
from lambda_pack.model.targets import Target
from lambda_pack.tools.interpreters import find_interpreter
target = Target.parse(*sys.argv[1:])
python = tuple(int(part) for part in target.runtime.name.removeprefix("python").split("."))
found = find_interpreter(python, environ=os.environ)
facts = {"glibc_minor": target.runtime.glibc[1], "machine": target.architecture.machine}
more = {"tags": [str(tag) for tag in target.tags], "markers": target.environment}
print(json.dumps({**facts, **more, "interpreter": str(found) if found else ""}))
"""

# The levels that uv has a platform for, in 2.x: see `uv pip install --help`.
_UV_LEVELS = (17, 28, *range(31, 41))
# Wheels below manylinux2014 are covered by it: pip accepts the older ones with it.
_MANYLINUX2014 = 17


class Target(Struct, frozen=True):
    """`glibc_minor` is x in glibc 2.x; `interpreter` a Python of the runtime's version on this machine, if any.

    `tags` are all that fit, best first; `markers` the marker environment (PEP 508).
    """

    runtime: str
    architecture: str
    glibc_minor: int
    machine: str
    interpreter: Path | None
    tags: tuple[str, ...] = ()
    markers: Mapping[str, str] = {}

    @property
    def version(self) -> str:
        """The minor version of Python: '3.13'."""
        return self.runtime.removeprefix("python")

    @property
    def uv_platform(self) -> str:
        """The nearest of uv's platforms that needs no newer glibc.

        >>> Target("python3.11", "arm64", 26, "aarch64", None).uv_platform
        'aarch64-manylinux_2_17'
        """
        level = max(level for level in _UV_LEVELS if level <= self.glibc_minor)
        return f"{self.machine}-manylinux_2_{level}"

    @property
    def pip_platforms(self) -> tuple[str, ...]:
        """All that pip has to be told: a newer level does not bring the older ones along."""
        levels = [f"manylinux_2_{level}_{self.machine}" for level in range(self.glibc_minor, _MANYLINUX2014 - 1, -1)]
        return (*levels, f"manylinux2014_{self.machine}")


def ask_target(python: Path, runtime: str, architecture: str, *, environment: Mapping[str, str]) -> Target:
    """The target, as the lambda_pack installed for `python` knows it.

    Raises:
        Failed: it does not know it.
    """
    question = Step((str(python), "-c", _QUESTION, runtime, architecture), python.parent)
    facts = json.loads(output_of(question, environment))
    return Target(
        runtime,
        architecture,
        facts["glibc_minor"],
        facts["machine"],
        Path(facts["interpreter"]) if facts["interpreter"] else None,
        tags=tuple(facts["tags"]),
        markers=facts["markers"],
    )
