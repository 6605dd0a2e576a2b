"""From a wheel as its backend left it to one that may enter the bundle: judged by its contents, grafted, retagged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename

from lambda_pack.files.binaries import wheel_binaries
from lambda_pack.model.audit import glibc_needed, judge_binaries
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.model.building import Grafted
from lambda_pack.model.findings import Concern, Finding, errors_in
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import path_of
from lambda_pack.model.verdicts import Fits, Misfit, Reason, judge
from lambda_pack.tools.building.grafting import graft
from lambda_pack.tools.building.jobs import Job, Made
from lambda_pack.tools.building.retagging import retagged

__all__ = ["Refusal", "finished", "is_hollow", "judge_built", "wheel_at"]

_FROM_ELSEWHERE = frozenset({Concern.MISSING, Concern.DOUBTFUL})


class Refusal(Struct, frozen=True):
    """Why a wheel that was built does not count; `missing` are libraries that only the machine that built has."""

    detail: str
    missing: tuple[str, ...] = ()


def finished(made: Made, job: Job, *, environment: Mapping[str, str]) -> Accepted | Attempt:
    """The wheel if it loads on the target, with what it lacks grafted into it and under a name that says where it runs.

    `environment` is the allow-listed one: auditwheel and wheel run, but nothing of the package.
    """
    try:
        wheel = wheel_at(made.wheel)
    except InvalidWheelFilename:
        return _failed(made, job, f"the build made {made.wheel.name!r}, which is not a wheel's name")
    verdict = _judged(wheel, made, job)
    grafted: Sequence[Grafted] = ()
    if isinstance(verdict, Refusal) and verdict.missing:
        path, grafted = graft(made, job, environment=environment)
        wheel = wheel_at(path)
        verdict = _judged(wheel, made, job)
    if isinstance(verdict, Refusal):
        return _failed(made, job, verdict.detail, wheel)
    build = replace(made.build, grafted=tuple(grafted))
    if not wheel.is_pure and isinstance(judge(wheel, job.target), Misfit):
        build = replace(build, retagged_from=made.wheel.name)
        path = retagged(made.wheel.with_name(wheel.filename), _promise(job.target), environment=environment)
        wheel = wheel_at(path)
    return Accepted(job.source.pin, wheel, verdict, build)


def wheel_at(path: Path) -> Wheel:
    """A wheel of this disk, with its digest.

    Raises:
        InvalidWheelFilename: its name is not one of a wheel.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel.parse(path.as_uri(), hashes=(("sha256", digest),))


def is_hollow(wheel: Wheel) -> bool:
    """Whether a wheel names a platform and has nothing of any: step 6 accepts it."""
    return not wheel.is_pure and not wheel_binaries(path_of(wheel.url))


def judge_built(
    wheel: Wheel, binaries: Sequence[BinaryFile], target: Target, *, pin: Pin, foreign: str | None
) -> Fits | Refusal:
    """Whether a wheel that was built for a target loads there, by its contents where its tags promise nothing.

    `foreign` is the interpreter's version where it is not the target's: then only a pure wheel can be trusted.
    """
    if not pin.is_met_by(wheel.pin):
        return Refusal(f"the build made {wheel.pin} instead of {pin}")
    if foreign and not wheel.is_pure and binaries:
        wanted = "{}.{}".format(*target.runtime.python)
        return Refusal(
            f"{wheel.filename} was built with Python {foreign}, because no Python {wanted} was found; install one, or "
            "let uv do so with --python-install"
        )
    match judge(wheel if wheel.is_pure else _promised(wheel, target), target):
        case Misfit(detail=detail):
            return Refusal(f"{wheel.filename}, built here, {detail}")
        case Fits(rank) if not binaries and wheel.is_pure:
            return Fits(rank, "built here, pure Python")
        case Fits() if not binaries:
            return Refusal(f"{wheel.filename} names a platform and holds no binary")
        case Fits(rank):
            return _judge_contents(binaries, target, rank)


def _judge_contents(binaries: Sequence[BinaryFile], target: Target, rank: int) -> Fits | Refusal:
    findings = judge_binaries({"": binaries}, target)[""]
    missing = dict.fromkeys(one.library for one in findings if one.library and one.concern in _FROM_ELSEWHERE)
    errors = errors_in(findings)
    if missing or errors:
        return Refusal(_in_words(errors or findings), tuple(missing))
    level = glibc_needed(binaries, target)
    needs = f"needs glibc {'.'.join(map(str, level))}" if level else "needs no particular glibc"
    return Fits(rank, f"built here, {needs}")


def _in_words(findings: Sequence[Finding]) -> str:
    first, more = findings[0], len(findings) - 1
    rest = f", and {more} more of this kind" if more else ""
    return f"built here, {first.path} {first.detail}{rest}"


def _judged(wheel: Wheel, made: Made, job: Job) -> Fits | Refusal:
    binaries = wheel_binaries(made.wheel.with_name(wheel.filename))
    return judge_built(wheel, binaries, job.target, pin=job.source.pin, foreign=made.foreign)


def _promised(wheel: Wheel, target: Target) -> Wheel:
    """The wheel under the name that it gets if its contents keep what the name promises."""
    machine = target.architecture.machine
    if isinstance(misfit := judge(wheel, target), Misfit) and misfit.reason in {Reason.UNPROVEN, Reason.GLIBC}:
        tags = frozenset(
            Tag(tag.interpreter, tag.abi, _promise(target)) for tag in wheel.tags if machine in tag.platform
        )
        return replace(wheel, tags=tags)
    return wheel


def _promise(target: Target) -> str:
    """The platform that was proven: the level of the image whose libraries the binaries were held against.

    Their own need of glibc may be lower, but a level also promises what other libraries are there, and those were
    looked for in this image alone.
    """
    return "manylinux_{}_{}_{}".format(*target.runtime.glibc, target.architecture.machine)


def _failed(made: Made, job: Job, detail: str, wheel: Wheel | None = None) -> Attempt:
    attempt = job.attempt(detail, log=made.log, command=made.command, wheel=wheel)
    return replace(attempt, build=made.build)
