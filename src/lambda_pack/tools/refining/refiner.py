"""The port `Refiner`: `strip` and an interpreter of the target's version, each looked for once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lambda_pack.model.targets import Target
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.refining.compiling import compiled, interpreter_for
from lambda_pack.tools.refining.stripping import Stripper

__all__ = ["BundleRefiner"]


class BundleRefiner:
    """Runs programs of this machine in a scratch folder; no code of packages runs."""

    def __init__(
        self, scratch: Path, *, environ: Mapping[str, str], interpreter: Path | None, may_install_python: bool
    ) -> None:
        """`interpreter` is used instead of looking for one."""
        self._scratch = scratch
        self._environ = environ
        self._interpreter = interpreter
        self._may_install = may_install_python
        self._strippers: dict[str, Stripper] = {}

    def strip(self, content: bytes, target: Target) -> bytes | None:
        """See `lambda_pack.ports.Refiner`."""
        machine = target.architecture.machine
        if machine not in self._strippers:
            self._strippers[machine] = Stripper.find(machine, package_environment(self._environ))
        return self._strippers[machine].strip(content, self._scratch)

    def compile(self, sources: Mapping[str, bytes], target: Target) -> Mapping[str, bytes]:
        """See `lambda_pack.ports.Refiner`."""
        python = interpreter_for(
            target.runtime.python, named=self._interpreter, environ=self._environ, may_install=self._may_install
        )
        return compiled(sources, python, self._scratch, environment=package_environment(self._environ))
