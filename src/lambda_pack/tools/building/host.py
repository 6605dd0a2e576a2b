"""Building on this machine: `pip wheel` under an interpreter of the target's version."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.model.building import Build
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.stock import Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import masked
from lambda_pack.tools.building.compilers import without_compilers
from lambda_pack.tools.building.jobs import BuildSettings, Job, Made
from lambda_pack.tools.building.libraries import collect_libraries
from lambda_pack.tools.building.sources import copied, is_fetched_by_pip, shown
from lambda_pack.tools.building.steady import steady_folder
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.interpreters import find_interpreter, install_interpreter, version_of
from lambda_pack.tools.pip.options import (
    config_options,
    constraint_options,
    date_options,
    index_options,
    knows_cooldowns,
    permission_options,
    write_constraints,
)
from lambda_pack.tools.pip.program import Pip, Work, fetch_pip, our_pip
from lambda_pack.tools.process import Completed

__all__ = ["HostBench"]

# pip's wheel cache is bypassed: it would answer step 5 with the wheel of step 4.
_WHEEL = ("wheel", "--no-deps", "--no-cache-dir", "--progress-bar", "off")


class _Python(Struct, frozen=True):
    """The interpreter that builds; `foreign` is its version where it is not the target's."""

    path: Path
    version: tuple[int, int]
    foreign: str | None


class HostBench:
    """The `Bench` of this machine."""

    name = BuilderName.HOST

    def __init__(self, scratch: Path, *, environ: Mapping[str, str], settings: BuildSettings) -> None:
        self._scratch = scratch
        self._environ = environ
        self._settings = settings
        self._pips: dict[tuple[int, int], Pip] = {}
        self._lock = Lock()

    def takes_dates(self, job: Job) -> bool:
        """See `lambda_pack.tools.building.jobs.Bench`."""
        python = self._python(job.target)
        return knows_cooldowns(self._pip(python, self._environment(job, job.folder / "dates")).version)

    def make(self, job: Job) -> Made | Attempt:
        """See `lambda_pack.tools.building.jobs.Bench`."""
        python = self._python(job.target)
        if (late := self._without_cooldown(job, python)) is not None:
            return late
        key = hashlib.sha256(f"{shown(job.source)} {job.target} {job.step}".encode()).hexdigest()[:16]
        with steady_folder(key, otherwise=job.folder) as folder:
            environment = self._environment(job, folder)
            ended = self._run(job, python, folder=folder, environment=environment)
            log = ended.log.replace(str(folder), "<build>")
            command = self._shown(job, python)
            version = "{}.{}".format(*python.version)
            if ended.timed_out:
                limit = self._settings.building.timeout
                late = job.attempt(f"the build did not end within {limit:g} seconds", log=log, command=command)
                return replace(late, timed_out=True)
            if ended.status != 0:
                return job.attempt(f"the build with Python {version} failed", log=log, command=command)
            built = sorted((folder / "wheels").glob("*.whl"))
            if len(built) != 1:
                return job.attempt(f"the build made {len(built)} wheels instead of one", log=log, command=command)
            wheel = _kept(built[0], job.folder)
            libraries = collect_libraries(wheel, job.folder, interpreter=python.path, environment=environment)
        return Made(wheel, Build(BuilderName.HOST), command, log, python.foreign, libraries)

    def _without_cooldown(self, job: Job, python: _Python) -> Attempt | None:
        """Why there is no build: only a pip that is too old for a cooldown runs with this Python."""
        if not self._settings.indexes.cooldown or not self._settings.building.isolates(job.source.pin.name):
            return None
        version = self._pip(python, self._environment(job, job.folder / "cooldown")).version
        if knows_cooldowns(version):
            return None
        return job.attempt(f"not built: pip {version} cannot limit build requirements to a cooldown")

    def _python(self, target: Target) -> _Python:
        """The interpreter that the user named, else one of the target's version, else our own."""
        wanted, named = target.runtime.python, self._settings.interpreter
        found = named or find_interpreter(wanted, environ=self._environ)
        if found is None and self._settings.building.may_install_python:
            with self._lock:
                found = install_interpreter(wanted, environ=self._environ)
        actual = version_of(named, environ=self._environ) if named else wanted if found else sys.version_info[:2]
        foreign = None if actual == wanted else f"{actual[0]}.{actual[1]}"
        return _Python(found or Path(sys.executable), actual, foreign)

    def _environment(self, job: Job, folder: Path) -> dict[str, str]:
        # The order of sets ends up in some generated files.
        environment = package_environment(self._environ, extra={"PYTHONHASHSEED": "0"})
        return environment if job.has_compiler else without_compilers(environment, folder / "path")

    def _run(self, job: Job, python: _Python, *, folder: Path, environment: Mapping[str, str]) -> Completed:
        settings = self._settings
        pip = self._pip(python, environment)
        written = write_constraints(settings.constraints, folder, job.limits.constraints)
        constraints, extra = constraint_options(written, pip.version)
        is_project = not is_fetched_by_pip(job.source)
        project = copied(job, folder / "project").as_uri() if is_project else job.source.filename
        arguments = [
            *(*_WHEEL, "--wheel-dir", str(folder / "wheels"), *self._options(job)),
            *(
                *constraints,
                *index_options(settings.indexes),
                *date_options(job.limits.before, settings.indexes.cooldown),
                *permission_options(settings.building.permission),
                project,
            ),
        ]
        return pip.run(
            arguments,
            interpreter=python.path,
            environment={**environment, **extra},
            work=Work(folder, settings.building.timeout, installer=self._installer(job, written)),
        )

    def _installer(self, job: Job, constraints: Path | None) -> Mapping[str, Any] | None:
        """Return how uv installs what the build requires; None where pip does.

        pip does where a date limits it: it says what an index without dates lacks.
        """
        settings = self._settings
        if settings.installer is None or job.limits.before:
            return None
        return settings.installer.settings(settings.indexes, constraints, settings.building.permission)

    def _options(self, job: Job) -> Sequence[str]:
        name = job.source.pin.name
        isolation = () if self._settings.building.isolates(name) else ("--no-build-isolation",)
        return (*isolation, *config_options(self._settings.config_for(name)))

    def _shown(self, job: Job, python: _Python) -> str:
        version = "{}.{}".format(*python.version)
        return f"{masked(' '.join((f'python{version} -m pip', *_WHEEL, *self._options(job))))} {shown(job.source)}"

    def _pip(self, python: _Python, environment: Mapping[str, str]) -> Pip:
        """Ours where it supports the interpreter, else the last one that does; fetched once."""
        pip = our_pip()
        if python.foreign or pip.supports(python.version):
            return pip
        with self._lock:
            if python.version not in self._pips:
                into = Path(tempfile.mkdtemp(dir=self._scratch, prefix="pip-"))
                self._pips[python.version] = fetch_pip(
                    python.version, into, indexes=self._settings.indexes, environment=environment, scratch=into
                )
            return self._pips[python.version]


def _kept(wheel: Path, folder: Path) -> Path:
    """The wheel where it stays when the build's folder goes."""
    place = folder / "built"
    place.mkdir(exist_ok=True)
    return Path(shutil.move(wheel, place / wheel.name))
