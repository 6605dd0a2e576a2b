"""Which pip runs under which interpreter, and how it is told what to do without telling every user of the machine."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging.tags import Tag

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import masked
from lambda_pack.tools.parts import Part, need
from lambda_pack.tools.pip.options import index_options
from lambda_pack.tools.process import Completed, run, tail

__all__ = ["SCRATCH", "Pip", "Work", "fetch_pip", "our_pip", "pretended"]

# What readers see in place of a folder that is gone when they read.
SCRATCH = "<scratch>"

_SHIM = Path(__file__).with_name("shim.py")
# No questions, no colours, and none of the machine's configuration: index settings are read in one place.
_QUIET = ("--no-input", "--no-color", "--disable-pip-version-check")


class Pip(Struct, frozen=True):
    """A pip: `folder` holds the package, `python` what its `Requires-Python` says."""

    folder: Path
    version: str
    python: str

    def supports(self, python: tuple[int, int]) -> bool:
        """Whether it runs under this version of Python; any patch level of it will do."""
        from packaging.specifiers import SpecifierSet

        return SpecifierSet(self.python).contains(f"{python[0]}.{python[1]}.99")

    def run(
        self,
        arguments: Sequence[str],
        *,
        interpreter: Path,
        environment: Mapping[str, str],
        work: Work,
    ) -> Completed:
        """Run one command of pip's. `arguments` may hold credentials: they are neither in `ps` nor in the environment.

        (pip itself shows index URLs in `ps` while it fetches a build's requirements.)
        """
        settings = {
            "folder": str(self.folder),
            "arguments": [*arguments, *_QUIET],
            "target": work.target,
            "installer": work.installer,
            "outcome": str(work.outcome) if work.outcome else None,
        }
        # What a killed build leaves behind goes with the scratch folder.
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work.scratch))
        # Only we can read it, and the shim deletes it before pip starts.
        handle, path = tempfile.mkstemp(dir=work.scratch, prefix="pip-", suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        try:
            return run(
                [str(interpreter), "-I", str(_SHIM), path],
                environment={**environment, **temporary, "PIP_CONFIG_FILE": os.devnull},
                folder=work.scratch,
                timeout=work.timeout,
            )
        finally:
            Path(path).unlink(missing_ok=True)


class Work(Struct, frozen=True):
    """Around one command of pip's: where, how long (seconds), as whom, and where to write how it ended.

    `installer` is what fills build environments in the place of pip: see `lambda_pack.tools.building.requirements`.
    """

    scratch: Path
    timeout: float | None = None
    target: Mapping[str, Any] | None = None
    outcome: Path | None = None
    installer: Mapping[str, Any] | None = None


def pretended(target: Target, tags: Iterable[Tag]) -> dict[str, Any]:
    """What the shim needs to know of a machine that pip shall believe to run on, with these tags, best first."""
    return {
        "environment": dict(target.environment),
        "python": target.runtime.python_full_version,
        "tags": [(tag.interpreter, tag.abi, tag.platform) for tag in tags],
        "without": [],
    }


def our_pip() -> Pip:
    """The pip that was installed with us.

    Raises:
        LambdaPackError: there is none.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    need(Part.BUILD)
    try:
        found = distribution("pip")
    except PackageNotFoundError as error:
        raise LambdaPackError(f"there is no pip beside {sys.executable!r}; install lambda-pack again") from error
    return _pip_in(Path(str(found.locate_file(""))))


def fetch_pip(
    python: tuple[int, int], into: Path, *, indexes: IndexSettings, environment: Mapping[str, str], scratch: Path
) -> Pip:
    """The last pip that supports this version of Python, in a new folder: `Requires-Python` on the index chooses it.

    Raises:
        LambdaPackError: the index has none, or cannot be reached.
    """
    version = f"{python[0]}.{python[1]}"
    arguments = ["install", "--target", str(into), "--no-deps", "--only-binary=:all:", "--no-compile", "--no-cache-dir"]
    arguments += ["--python-version", version, "--progress-bar", "off", *index_options(indexes), "pip"]
    ended = our_pip().run(
        arguments, interpreter=Path(sys.executable), environment=environment, work=Work(scratch, timeout=300)
    )
    if ended.status != 0:
        raise LambdaPackError(
            f"no pip for Python {version} could be fetched; make one available on the index",
            log=tail(masked(ended.log)),
        )
    return _pip_in(into)


def _pip_in(folder: Path) -> Pip:
    from importlib.metadata import distributions

    found = next(found for found in distributions(name="pip", path=[str(folder)]))
    return Pip(folder, found.version, found.metadata["Requires-Python"] or ">=3.7")
