"""Building in a container: what the host cannot build for the target, or only against a glibc that is too new.

The container sees the unpacked source, a pip, and the wheels that the build requires, fetched here before. It gets no
folder of this machine, none of its variables, and no credential.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.building import Build
from lambda_pack.model.choices import BuilderName, BuildNetwork
from lambda_pack.model.stock import Attempt
from lambda_pack.model.targets import Architecture, Target
from lambda_pack.model.urls import masked
from lambda_pack.tools.building import compilers
from lambda_pack.tools.building.backends import BuildSystem, read_build_system
from lambda_pack.tools.building.jobs import BuildSettings, Job, Made
from lambda_pack.tools.building.libraries import INSIDE
from lambda_pack.tools.building.sources import is_fetched_by_pip, shown
from lambda_pack.tools.building.wheelhouse import Wheelhouse
from lambda_pack.tools.containers import Container, Engine, Image, find_engine
from lambda_pack.tools.environment import STEADY
from lambda_pack.tools.pip.options import config_options, knows_cooldowns
from lambda_pack.tools.pip.program import our_pip
from lambda_pack.tools.process import Completed

__all__ = ["ContainerBench", "default_image"]

# Where everything lies in the container: always there, so that compilers write the same paths each time.
_ROOM = "/lambda-pack"

# Finds the interpreter: on PATH, or where the manylinux images keep theirs.
_SEARCH = """
for python in python{0}.{1} /opt/python/cp{0}{1}-cp{0}{1}*/bin/python python3 python; do
  if "$python" -c 'import sys; sys.exit(sys.version_info[:2] != ({0}, {1}))' 2>/dev/null; then
    command -v "$python" && exit 0
  fi
done
exit 1
"""


def default_image(target: Target) -> str:
    """AWS's own image for builds: https://gallery.ecr.aws/sam/build-python3.13, read 2026-11-26."""
    python = "{}.{}".format(*target.runtime.python)
    return f"public.ecr.aws/sam/build-python{python}:latest-{target.architecture.value}"


class ContainerBench:
    """The `Bench` of containers, over docker or podman."""

    name = BuilderName.CONTAINER

    def __init__(self, wheelhouse: Wheelhouse, *, environ: Mapping[str, str], settings: BuildSettings) -> None:
        self._wheelhouse = wheelhouse
        self._environ = environ
        self._settings = settings
        self._lock = threading.Lock()
        self._images: dict[tuple[str, Architecture], Image | LambdaPackError] = {}

    @cached_property
    def engine(self) -> Engine | None:
        """What runs containers here, if anything does."""
        return find_engine(self._environ)

    @property
    def pinned(self) -> str | None:
        """The digest of the image, where its name has it."""
        _, _, digest = (self._settings.building.image or "").partition("@")
        return digest or None

    def digest(self, job: Job) -> str | None:
        """The digest of the image that the job's container is of; where its name has none, the image is fetched.

        None where that fails: the build itself will say so.
        """
        if self.pinned or self.engine is None:
            return self.pinned
        try:
            return self._image(self.engine, job).digest
        except LambdaPackError:
            return None

    def takes_dates(self, job: Job) -> bool:  # noqa: ARG002  # the protocol's
        """See `lambda_pack.tools.building.jobs.Bench`."""
        # What the container's build requires is fetched here, by our own pip.
        return knows_cooldowns(our_pip().version)

    def make(self, job: Job) -> Made | Attempt:
        """See `lambda_pack.tools.building.jobs.Bench`."""
        building = self._settings.building
        if self.engine is None:
            return job.attempt("no container engine answers; install docker or podman, or start its daemon")
        if is_fetched_by_pip(job.source):
            return job.attempt(f"{shown(job.source)} cannot be brought into a container: only git's commits can")
        architecture = job.target.architecture
        image = self._image(self.engine, job)
        network = building.network is BuildNetwork.DEFAULT
        with self.engine.container(image, architecture, network=network) as container:
            return _Visit(job, container, image, self._settings, self._wheelhouse, _deadline(building.timeout)).made()

    def _image(self, engine: Engine, job: Job) -> Image:
        """Return the image of a job; each is asked for once in a run, also one that cannot be had."""
        key = self._settings.building.image or default_image(job.target), job.target.architecture
        with self._lock:
            if key not in self._images:
                try:
                    self._images[key] = engine.image(*key, option="--build-image")
                except LambdaPackError as error:
                    self._images[key] = error
            found = self._images[key]
        if isinstance(found, LambdaPackError):
            raise LambdaPackError(str(found), log=found.log)
        return found


def _deadline(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout


class _Visit(Struct):
    """One build in one container; `log` grows with each program that ran."""

    job: Job
    container: Container
    image: Image
    settings: BuildSettings
    wheelhouse: Wheelhouse
    deadline: float | None
    log: str = ""

    def made(self) -> Made | Attempt:
        """The build."""
        try:
            return self._made()
        except _StepError as failure:
            failed = self.job.attempt(f"{failure} in {self.image.name}", log=self.log, command=self._shown())
            return replace(failed, timed_out=isinstance(failure, _LateError))

    def _made(self) -> Made | Attempt:
        for command in self.settings.building.before:
            self._run(["sh", "-c", command], f"--before-build {command!r} failed")
        python = self._python()
        system = read_build_system(self.job.project / self.job.inner)
        wheels = self._furnish(python, system)
        self._work(python, "wheel", "the build failed", wheels)
        out = self.job.folder / "container"
        self.container.get(f"{_ROOM}/out", out)
        built = sorted(out.glob("*.whl"))
        if len(built) != 1:
            raise _StepError(f"the build made {len(built)} wheels instead of one")
        libraries = out / "libraries"
        build = Build(BuilderName.CONTAINER, self.image.name, self.image.digest)
        if self._ask(python, "libraries", {"wheel": f"{_ROOM}/out/{built[0].name}", "folder": f"{_ROOM}/libraries"}):
            self.container.get(f"{_ROOM}/libraries", libraries)
        return Made(built[0], build, self._shown(), self.log, libraries=libraries if libraries.is_dir() else None)

    def _python(self) -> str:
        major, minor = self.job.target.runtime.python
        found = self._run(["sh", "-c", _SEARCH.format(major, minor)], f"there is no Python {major}.{minor}")
        return found.output.strip().splitlines()[-1]

    def _furnish(self, python: str, system: BuildSystem) -> dict[str, Any]:
        """Bring in everything that the build needs; the settings of the scripts that use it."""
        folder, target = self.job.folder / "wheelhouse", self.job.target
        name = self.job.source.pin.name
        isolates = self.settings.building.isolates(name)
        requires = list(system.requires) if isolates else []
        self.wheelhouse.fill(folder, requires, target, self.job.limits)
        config = dict(self.settings.config_for(name))
        known = {
            "pip": f"{_ROOM}/pip",
            "wheelhouse": f"{_ROOM}/wheelhouse",
            "project": str(PurePosixPath(_ROOM, "project", PurePath(self.job.inner))),
            "requires": requires,
            "backend": system.backend,
            "path": list(system.path),
            "config": config,
            "answer": f"{_ROOM}/answer.json",
            "out": f"{_ROOM}/out",
            "options": [*(() if isolates else ("--no-build-isolation",)), *config_options(config.items())],
            "compiler": self.job.has_compiler,
            "environment": {**STEADY, "PYTHONHASHSEED": "0"},
        }
        self._run(["mkdir", "-p", *(f"{_ROOM}/{place}" for place in ("out", "libraries", "pip"))], "it has no mkdir")
        self.container.put(self.job.project, f"{_ROOM}/project")
        self.container.put(folder, f"{_ROOM}/wheelhouse")
        self.container.put(self.wheelhouse.pip(target) / "pip", f"{_ROOM}/pip/pip")
        self.container.put(INSIDE, f"{_ROOM}/inside.py")
        self.container.put(Path(compilers.__file__), f"{_ROOM}/compilers.py")
        if isolates:
            self._work(python, "requires", "the backend did not say what it requires", known)
            self._fetch_more(folder)
        return known

    def _fetch_more(self, folder: Path) -> None:
        """What the backend itself asks for, known only when it has been asked."""
        answer = self.job.folder / "answer.json"
        if not self.container.get(f"{_ROOM}/answer.json", answer):
            return
        more = json.loads(answer.read_text(encoding="utf-8"))
        if more:
            self.wheelhouse.fill(folder, more, self.job.target, self.job.limits)
            for wheel in folder.iterdir():
                self.container.put(wheel, f"{_ROOM}/wheelhouse/{wheel.name}")

    def _work(self, python: str, what: str, complaint: str, settings: Mapping[str, Any]) -> None:
        path = self.job.folder / f"{what}.json"
        path.write_text(json.dumps(settings), encoding="utf-8")
        self.container.put(path, f"{_ROOM}/{what}.json")
        self._run([python, f"{_ROOM}/inside.py", what, f"{_ROOM}/{what}.json"], complaint)

    def _ask(self, python: str, what: str, settings: Mapping[str, Any]) -> bool:
        """The same where a failure is an answer."""
        try:
            self._work(python, what, "", settings)
        except _StepError:
            return False
        return True

    def _run(self, command: Sequence[str], complaint: str) -> Completed:
        left = None if self.deadline is None else max(self.deadline - time.monotonic(), 0.1)
        ended = self.container.run(command, timeout=left)
        self.log += ended.log
        if ended.timed_out:
            raise _LateError(f"the build did not end within {self.settings.building.timeout:g} seconds")
        if ended.status != 0:
            raise _StepError(complaint)
        return ended

    def _shown(self) -> str:
        version = "{}.{}".format(*self.job.target.runtime.python)
        return f"python{version} -m pip wheel --no-deps {masked(shown(self.job.source))}"


class _StepError(Exception):
    """A program in the container failed; its output is in the log."""


class _LateError(_StepError):
    """It was ended at the time limit of the build."""
