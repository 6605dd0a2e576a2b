"""The port `Builder`: permission, memory, the benches in their order, and what became of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.errors import IndexUnavailable, IntegrityError, LambdaPackError
from lambda_pack.model.building import BuildLimits
from lambda_pack.model.choices import BuilderName, BuildNetwork
from lambda_pack.model.old_builds import cause_of, next_limits
from lambda_pack.model.packages import Checkout, Pin, Sdist, Source, Wheel, place_of
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import masked, path_of
from lambda_pack.tools.building.backends import read_build_system
from lambda_pack.tools.building.container import ContainerBench
from lambda_pack.tools.building.finishing import finished, is_hollow, wheel_at
from lambda_pack.tools.building.host import HostBench
from lambda_pack.tools.building.jobs import Bench, BuildSettings, Fetch, Job, Made
from lambda_pack.tools.building.memory import BuiltWheels, Memories
from lambda_pack.tools.building.retagging import retagged
from lambda_pack.tools.building.sources import KeptSources, unpack
from lambda_pack.tools.building.wheelhouse import Wheelhouse
from lambda_pack.tools.environment import checkout_environment, package_environment
from lambda_pack.tools.process import end_all

__all__ = ["SourceBuilder"]


class SourceBuilder:
    """Builds on this machine, in containers, or in both."""

    def __init__(
        self,
        scratch: Path,
        fetch: Fetch,
        *,
        environ: Mapping[str, str],
        memories: Memories,
        settings: BuildSettings | None = None,
    ) -> None:
        """`scratch` must live as long as the wheels are needed; `fetch` gives an sdist whose digest was checked.

        `environ` is everything that we see; builds get the allow-listed part of it, or nothing.
        """
        self._scratch = scratch
        self._fetch = KeptSources(fetch, scratch)
        self._environ = environ
        self._settings = settings or BuildSettings()
        self._environment = package_environment(environ)
        self._memory = BuiltWheels(memories.cache, self._settings, environ)
        self._shared = memories.shared
        wheelhouse = Wheelhouse(scratch, environment=self._environment, settings=self._settings)
        self._host = HostBench(scratch, environ=environ, settings=self._settings)
        self._container = ContainerBench(wheelhouse, environ=environ, settings=self._settings)
        self._hollow: set[Pin] = set()
        self._outcomes_by_job: dict[tuple[object, ...], tuple[Accepted | Attempt, ...]] = {}

    def build(self, sources: Sequence[Source], target: Target, *, compiler: bool) -> Sequence[Accepted | Attempt]:
        """See `lambda_pack.ports.Builder`. All cores are used, and an interruption ends every build."""
        if not sources:
            return ()
        workers = self._settings.workers or os.cpu_count() or 1
        pool = ThreadPoolExecutor(min(workers, len(sources)), thread_name_prefix="build")
        futures = [pool.submit(self._outcomes, source, target, compiler=compiler) for source in sources]
        try:
            return tuple(outcome for future in futures for outcome in future.result())
        except BaseException:
            if self._shared is not None:
                self._shared.stop()
            _end(futures)
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def as_pure(self, wheel: Wheel) -> Wheel:
        """See `lambda_pack.ports.Builder`."""
        return wheel_at(retagged(path_of(wheel.url), "any", python="py3", environment=self._environment))

    def _outcomes(self, source: Source, target: Target, *, compiler: bool) -> tuple[Accepted | Attempt, ...]:
        folder = Path(tempfile.mkdtemp(dir=self._scratch, prefix="job-"))
        job = Job(source, target, folder / "source", folder, compiler)
        refusal = self._settings.building.permission.refusal(source.pin.name)
        if refusal:
            # Nobody asks for what is refused; a promise is kept where code would run, all the same.
            return (job.attempt(f"not built: it {refusal}"),)
        if not compiler and source.pin in self._hollow:
            # Nothing was compiled with a compiler: without one the same comes out, and step 6 has it already.
            return ()
        try:
            with self._settings.spans(f"build {source.filename}"):
                return self._built_once(job)
        except (IndexUnavailable, IntegrityError):
            raise
        except LambdaPackError as error:
            # One package that cannot be built is no reason to stop the others: step 7 reports them all.
            return (job.attempt(masked(str(error)), log=error.log),)
        except OSError as error:
            return (job.attempt(f"the source cannot be read: {masked(str(error))}"),)

    def _built_once(self, job: Job) -> tuple[Accepted | Attempt, ...]:
        """Build, unless this run has done so: resolving may have needed the metadata that only the wheel has."""
        key = place_of(job.source), job.source.pin.name, job.target, job.has_compiler
        if key not in self._outcomes_by_job:
            self._outcomes_by_job[key] = tuple(self._built(job))
        # The version may be known by now.
        return tuple(replace(outcome, pin=job.source.pin) for outcome in self._outcomes_by_job[key])

    def _built(self, job: Job) -> Iterator[Accepted | Attempt]:
        archive = self._fetch(job.source) if isinstance(job.source, Sdist) else None
        benches = self._benches(job)
        if (recalled := self._recalled(job, archive, benches)) is not None:
            yield recalled
            return
        cloning = checkout_environment(self._environ) if isinstance(job.source, Checkout) else {}
        inner = unpack(job.source, job.project, fetch=self._fetch, environment={**self._environment, **cloning})
        job = replace(job, inner=inner)
        if (pointless := self._pointless(job)) is not None:
            yield job.attempt(pointless)
            return
        for bench in benches:
            if bench is not benches[0] and self._container.engine is None:
                # Nobody asked for a container; what is said about this machine is what helps.
                return
            outcomes = tuple(self._tries(bench, job, archive))
            yield from outcomes
            if isinstance(outcomes[-1], Accepted) or job.source.pin in self._hollow:
                return
            if any(cause_of(outcome.log) for outcome in outcomes if isinstance(outcome, Attempt)):
                # It has the same cause in every place.
                return

    def _tries(self, bench: Bench, job: Job, archive: Path | None) -> Iterator[Accepted | Attempt]:
        """Build with today's build requirements, then with those of the source's day, as long as that can help."""
        outcome = self._found_or_made(bench, job, archive)
        yield outcome
        logs, tried = [], list[BuildLimits]()
        while isinstance(outcome, Attempt) and self._may_limit(outcome, job):
            logs.append(outcome.log)
            uploaded = self._uploaded(job.source) if not tried and bench.takes_dates(job) else None
            limits = next_limits(logs, uploaded=uploaded, python=job.target.runtime.python, tried=tried)
            if limits is None:
                return
            tried.append(limits)
            self._settings.note(f"{job.source.pin}: {outcome.detail}; it is built again with {limits}")
            outcome = self._found_or_made(bench, replace(job, limits=limits), archive)
            if isinstance(outcome, Accepted) and (key := self._memory.key(job, bench.name, archive)) is not None:
                self._memory.keep_limits(limits, key)
            yield outcome

    def _may_limit(self, failure: Attempt, job: Job) -> bool:
        """Return whether older build requirements could help: an isolated build ran and failed by itself.

        Where no command ran the place was not ready, such as a container whose image cannot be had.
        """
        is_isolated = self._settings.building.isolates(job.source.pin.name)
        has_run = bool(failure.command and failure.log) and not failure.timed_out
        return is_isolated and has_run and failure.wheel is None

    def _uploaded(self, source: Source) -> datetime | None:
        return self._settings.uploaded(source) if isinstance(source, Sdist) else None

    def _recalled(self, job: Job, archive: Path | None, benches: Sequence[Bench]) -> Accepted | None:
        """What was built before, here or elsewhere, as far as no image must be fetched to know."""
        if self._settings.building.rebuild:
            return None
        keys = [key for bench in benches if (key := self._memory.key(job, bench.name, archive))]
        keys += [key for bench in benches if (key := self._limited_key(bench, job, archive))]
        known = next(filter(None, (self._memory.recall(job, key) for key in keys)), None)
        if known is not None:
            return known
        at_once = [bench for bench in benches if bench is self._host or self._container.pinned]
        return next(filter(None, (self._found(bench, job, archive) for bench in at_once)), None)

    def _limited_key(self, bench: Bench, job: Job, archive: Path | None) -> str | None:
        """The key of the wheel that an earlier run could only build within limits."""
        key = self._memory.key(job, bench.name, archive)
        limits = self._memory.limits(key) if key else None
        return self._memory.key(replace(job, limits=limits), bench.name, archive) if limits else None

    def _found(self, bench: Bench, job: Job, archive: Path | None, *, may_wait: bool = False) -> Accepted | None:
        """What another machine has built, or is building where we `may_wait`; kept here as well from now on."""
        local, shared = self._memory.key(job, bench.name, archive), self._shared_key(bench, job, archive)
        if self._shared is None or local is None or shared is None:
            return None
        found = self._shared.claim(job, shared) if may_wait else self._shared.recall(job, shared)
        if found is not None:
            self._memory.keep(found, local)
        return found

    def _shared_key(self, bench: Bench, job: Job, archive: Path | None) -> str | None:
        """Under which the others find it: an image's name may mean another image tomorrow, or to them."""
        if self._shared is None:
            return None
        if bench is self._host:
            return self._memory.key(job, bench.name, archive)
        image = self._container.digest(job)
        return self._memory.key(job, bench.name, archive, image=image) if image else None

    def _found_or_made(self, bench: Bench, job: Job, archive: Path | None) -> Accepted | Attempt:
        asks_late = bench is self._container and self._container.pinned is None
        if not self._settings.building.rebuild:
            if asks_late and (found := self._found(bench, job, archive)):
                return found
            if (awaited := self._found(bench, job, archive, may_wait=True)) is not None:
                return awaited
        shared = self._shared_key(bench, job, archive)
        try:
            return self._made_and_kept(bench, job, archive, shared)
        finally:
            if self._shared is not None and shared:
                self._shared.give_up(shared)

    def _made_and_kept(self, bench: Bench, job: Job, archive: Path | None, shared: str | None) -> Accepted | Attempt:
        outcome = self._made(bench, job)
        if not isinstance(outcome, Accepted) or (key := self._memory.key(job, bench.name, archive)) is None:
            return outcome
        outcome = self._memory.remember(outcome, key)
        return self._shared.remember(outcome, job, shared) if self._shared is not None and shared else outcome

    def _benches(self, job: Job) -> Sequence[Bench]:
        """Where to try, in order."""
        building = self._settings.building
        if building.builder is BuilderName.CONTAINER or building.network is BuildNetwork.NONE:
            # On this machine nothing keeps a build off the network.
            return (self._container,)
        if building.builder is BuilderName.HOST or not job.has_compiler:
            return (self._host,)
        return (self._host, self._container)

    def _pointless(self, job: Job) -> str | None:
        """In words why this step cannot help, where that is known without a build."""
        if not job.has_compiler:
            needs = read_build_system(job.project / job.inner).needs_compiler
            return f"not built without a compiler: {needs} in any case" if needs else None
        benches = self._benches(job)
        if self._host not in benches:
            return None
        foreign = self._settings.host.cannot_compile_for(job.target)
        if foreign and (len(benches) == 1 or self._container.engine is None):
            # What is pure anyway is so without a compiler, too: step 5 finds that out, and minutes are saved.
            return foreign
        return None

    def _made(self, bench: Bench, job: Job) -> Accepted | Attempt:
        folder = Path(tempfile.mkdtemp(dir=job.folder, prefix=f"{bench.name.value}-"))
        job = replace(job, folder=folder)
        try:
            made = bench.make(job)
            if isinstance(made, Made):
                made = replace(made, build=replace(made.build, limits=job.limits or None))
                outcome = finished(made, job, environment=self._environment)
            else:
                outcome = _with_cause(made, job)
        except (IndexUnavailable, IntegrityError):
            raise
        except LambdaPackError as error:
            return _with_cause(job.attempt(masked(str(error)), log=error.log), job)
        if isinstance(outcome, Attempt) and outcome.wheel is not None and is_hollow(outcome.wheel):
            self._hollow.add(job.source.pin)
        return outcome


def _with_cause(failure: Attempt, job: Job) -> Attempt:
    """The failure in words that say why, where its log shows a known cause, and with which limits it was tried."""
    cause = cause_of(failure.log)
    detail = f"{failure.detail}: {cause}" if cause is not None else failure.detail
    return (
        replace(failure, detail=f"with {job.limits}, {detail}", limits=job.limits)
        if job.limits
        else replace(failure, detail=detail)
    )


def _end(futures: Sequence[Future[tuple[Accepted | Attempt, ...]]]) -> None:
    """End every running build; those that have not begun never will."""
    for future in futures:
        future.cancel()
    while wait(futures, timeout=0.1).not_done:
        # A worker may have been between two programs.
        end_all()
