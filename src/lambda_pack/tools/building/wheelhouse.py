"""What a build in a container requires, fetched here for the target: the container has no index and no login."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.building import BuildLimits
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import masked
from lambda_pack.tools.building.jobs import BuildSettings
from lambda_pack.tools.pip.options import date_options, index_options, write_constraints
from lambda_pack.tools.pip.program import Pip, Work, fetch_pip, our_pip, pretended
from lambda_pack.tools.process import tail

__all__ = ["Wheelhouse"]


class Wheelhouse:
    """Fetches wheels as pip would choose them on the target."""

    def __init__(self, scratch: Path, *, environment: Mapping[str, str], settings: BuildSettings) -> None:
        """`environment` is the allow-listed one, though nothing of a package is run here: only wheels are fetched."""
        self._scratch = scratch
        self._environment = environment
        self._settings = settings
        self._pips: dict[tuple[int, int], Pip] = {}
        self._lock = Lock()

    def fill(self, folder: Path, requires: Sequence[str], target: Target, limits: BuildLimits) -> None:
        """Put the wheels of these requirements, and of what they require, within the limits, into the folder.

        Raises:
            LambdaPackError: one of them has no wheel for the target, or could not be fetched.
        """
        folder.mkdir(exist_ok=True)
        if not requires:
            return
        with tempfile.TemporaryDirectory(dir=self._scratch, prefix="requires-") as name:
            scratch = Path(name)
            wanted = scratch / "requirements.txt"
            wanted.write_text("".join(f"{line}\n" for line in requires), encoding="utf-8")
            arguments = ["download", "--dest", str(folder), "--only-binary", ":all:", "--progress-bar", "off"]
            places = index_options(self._settings.indexes)
            arguments += ["--no-cache-dir", "--requirement", str(wanted), *places]
            constraints = write_constraints(self._settings.constraints, scratch, limits.constraints)
            arguments += date_options(limits.before, self._settings.indexes.cooldown)
            arguments += ["--constraint", str(constraints)] if constraints else []
            ended = our_pip().run(
                arguments,
                interpreter=Path(sys.executable),
                environment=self._environment,
                work=Work(scratch, timeout=600, target=pretended(target, target.tags)),
            )
        if ended.status != 0:
            raise LambdaPackError(
                f"what the build requires ({', '.join(requires)}) could not be fetched as wheels for {target}",
                log=tail(masked(ended.log)),
            )

    def pip(self, target: Target) -> Path:
        """The folder that holds a pip for the target's Python."""
        python, ours = target.runtime.python, our_pip()
        if ours.supports(python):
            return ours.folder
        with self._lock:
            if python not in self._pips:
                into = Path(tempfile.mkdtemp(dir=self._scratch, prefix="pip-"))
                indexes = self._settings.indexes
                self._pips[python] = fetch_pip(
                    python, into, indexes=indexes, environment=self._environment, scratch=into
                )
            return self._pips[python].folder
