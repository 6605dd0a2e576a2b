"""Building with pip: isolated PEP 517 builds, with an interpreter of the target's version."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from packaging.utils import InvalidWheelFilename, NormalizedName

from lambda_pack.errors import IndexUnavailable, IntegrityError, LambdaPackError
from lambda_pack.model.packages import Checkout, Sdist, Source, Wheel
from lambda_pack.model.requirements import IndexSettings
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import masked
from lambda_pack.tools.built_wheels import Host, judge_built
from lambda_pack.tools.compilers import without_compilers
from lambda_pack.tools.environment import checkout_environment, package_environment
from lambda_pack.tools.interpreters import find_interpreter, version_of
from lambda_pack.tools.pip.options import config_options, index_options
from lambda_pack.tools.pip.program import SCRATCH, Pip, Work, fetch_pip, our_pip
from lambda_pack.tools.pip.sources import prepared, shown
from lambda_pack.tools.process import end_all, tail

__all__ = ["BuildSettings", "PipBuilder"]

# pip's wheel cache is bypassed: it would answer step 5 with the wheel of step 4.
_WHEEL = ("wheel", "--no-deps", "--no-cache-dir", "--progress-bar", "off")


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How things are built. `timeout` is for each build, in seconds.

    `config` holds PEP 517 settings for all packages, `package_config` for single ones. `interpreter` is used instead of
    looking for one of the target's version.
    """

    indexes: IndexSettings = field(default_factory=IndexSettings)
    config: tuple[tuple[str, str], ...] = ()
    package_config: Mapping[NormalizedName, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    interpreter: Path | None = None
    timeout: float | None = None
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    host: Host = field(default_factory=Host.here)


class PipBuilder:
    """The port `Builder` over `pip wheel`."""

    def __init__(
        self,
        scratch: Path,
        fetch: Callable[[Sdist], Path],
        *,
        environ: Mapping[str, str],
        settings: BuildSettings | None = None,
    ) -> None:
        """`scratch` must live as long as the wheels are needed; `fetch` gives an sdist whose digest was checked.

        `environ` is everything that we see; builds get the allow-listed part of it.
        """
        self._scratch = scratch
        self._fetch = fetch
        self._environ = environ
        self._settings = settings or BuildSettings()
        self._pips: dict[tuple[int, int], Pip] = {}
        self._lock = Lock()

    def build(self, sources: Sequence[Source], target: Target, *, compiler: bool) -> Sequence[Accepted | Attempt]:
        """One outcome for each source, in order; all cores are used, and an interruption ends every build."""
        if not sources:
            return ()
        pool = ThreadPoolExecutor(min(self._settings.workers, len(sources)), thread_name_prefix="build")
        futures = [pool.submit(self._outcome, source, target, compiler=compiler) for source in sources]
        try:
            return tuple(future.result() for future in futures)
        except BaseException:
            _end(futures)
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _outcome(self, source: Source, target: Target, *, compiler: bool) -> Accepted | Attempt:
        folder = Path(tempfile.mkdtemp(dir=self._scratch, prefix="build-"))
        job = _Job(source, target, folder=folder, has_compiler=compiler)
        pointless = self._settings.host.cannot_compile_for(target) if compiler else None
        if pointless:
            # What is pure anyway is so without a compiler, too: step 5 finds that out, and minutes are saved.
            return job.attempt(pointless)
        try:
            return self._build(self._with_interpreter(job))
        except (IndexUnavailable, IntegrityError):
            raise
        except LambdaPackError as error:
            # One package that cannot be built is no reason to stop the others: step 7 reports them all.
            return job.attempt(masked(str(error)), log=error.log)
        except OSError as error:
            return job.attempt(f"the source cannot be read: {masked(str(error))}")

    def _with_interpreter(self, job: _Job) -> _Job:
        """The job with the interpreter that the user named, else one of the target's version, else our own."""
        wanted, named = job.target.runtime.python, self._settings.interpreter
        found = named or find_interpreter(wanted, environ=self._environ)
        actual = version_of(named, environ=self._environ) if named else wanted if found else sys.version_info[:2]
        foreign = None if actual == wanted else f"{actual[0]}.{actual[1]}"
        return replace(job, interpreter=found or job.interpreter, foreign=foreign)

    def _build(self, job: _Job) -> Accepted | Attempt:
        environment = self._environment(job)
        pip = self._pip(job, environment)
        settings = self._settings
        config = (*settings.config, *settings.package_config.get(job.source.pin.name, ()))
        out = job.folder / "wheels"
        ended = pip.run(
            [
                *(*_WHEEL, "--wheel-dir", str(out), *config_options(config), *index_options(settings.indexes)),
                prepared(job.source, scratch=job.folder, fetch=self._fetch),
            ],
            interpreter=job.interpreter,
            environment=environment,
            work=Work(job.folder, settings.timeout),
        )
        command = masked(" ".join((f"python{job.version} -m pip", *_WHEEL, *config_options(config))))
        job = replace(job, command=f"{command} {shown(job.source)}")
        if ended.timed_out:
            return job.attempt(f"the build did not end within {settings.timeout:g} seconds", log=ended.log)
        if ended.status != 0:
            return job.attempt(f"the build with Python {job.version} failed", log=ended.log)
        return self._judged(job, sorted(out.glob("*.whl")), ended.log)

    def _judged(self, job: _Job, built: Sequence[Path], log: str) -> Accepted | Attempt:
        if len(built) != 1:
            return job.attempt(f"the build made {len(built)} wheels instead of one", log=log)
        digest = hashlib.sha256(built[0].read_bytes()).hexdigest()
        try:
            wheel = Wheel.parse(built[0].as_uri(), hashes=(("sha256", digest),))
        except InvalidWheelFilename:
            return job.attempt(f"the build made {built[0].name!r}, which is not a wheel's name", log=log)
        pin = job.source.pin
        verdict = judge_built(wheel, job.target, pin=pin, host=self._settings.host, foreign=job.foreign)
        if isinstance(verdict, str):
            return job.attempt(verdict, log=log, wheel=wheel)
        return Accepted(pin, wheel, verdict)

    def _environment(self, job: _Job) -> dict[str, str]:
        cloning = checkout_environment(self._environ) if isinstance(job.source, Checkout) else {}
        # The order of sets ends up in some generated files.
        environment = package_environment(self._environ, extra={**cloning, "PYTHONHASHSEED": "0"})
        return environment if job.has_compiler else without_compilers(environment, job.folder / "path")

    def _pip(self, job: _Job, environment: Mapping[str, str]) -> Pip:
        """Ours where it supports the interpreter, else the last one that does; fetched once."""
        pip, python = our_pip(), job.target.runtime.python
        if job.foreign or pip.supports(python):
            return pip
        with self._lock:
            if python not in self._pips:
                into = Path(tempfile.mkdtemp(dir=self._scratch, prefix="pip-"))
                self._pips[python] = fetch_pip(
                    python, into, indexes=self._settings.indexes, environment=environment, scratch=into
                )
            return self._pips[python]


@dataclass(frozen=True, slots=True)
class _Job:
    """One source on its way to a wheel; `foreign` is the interpreter's version where the target's was not found."""

    source: Source
    target: Target
    folder: Path
    has_compiler: bool
    interpreter: Path = field(default_factory=lambda: Path(sys.executable))
    foreign: str | None = None
    command: str = ""

    @property
    def version(self) -> str:
        return self.foreign or "{}.{}".format(*self.target.runtime.python)

    def attempt(self, detail: str, *, log: str = "", wheel: Wheel | None = None) -> Attempt:
        end = tail(masked(log)).replace(str(self.folder), SCRATCH)
        step = 4 if self.has_compiler else 5
        return Attempt(self.source.pin, step, detail, command=self.command, log=end, wheel=wheel)


def _end(futures: Sequence[Future[Accepted | Attempt]]) -> None:
    """End every running build; those that have not begun never will."""
    for future in futures:
        future.cancel()
    while wait(futures, timeout=0.1).not_done:
        # A worker may have been between two programs.
        end_all()
