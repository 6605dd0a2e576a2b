"""Whether a wheel that was built on this machine may enter the bundle, and why not."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, replace
from typing import TypeAlias

from packaging.tags import Tag

from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, Misfit, Reason, judge

__all__ = ["Host", "judge_built"]

_Glibc: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that builds: `system` and `machine` as Python's `platform` names them; musl systems have no glibc."""

    system: str
    machine: str
    glibc: _Glibc | None

    @classmethod
    def here(cls) -> Host:
        """This machine."""
        return cls(platform.system(), platform.machine(), _glibc())

    def cannot_compile_for(self, target: Target) -> str | None:
        """In words why nothing that is compiled here can run there; None where it may."""
        if (self.system, self.machine) == ("Linux", target.architecture.machine):
            return None
        machine = target.architecture.machine
        return f"not compiled: this machine is {self.system} on {self.machine}, the target Linux on {machine}"


def judge_built(wheel: Wheel, target: Target, *, pin: Pin, host: Host, foreign: str | None) -> Fits | str:
    """The verdict with its evidence, or in words why the wheel does not count.

    `foreign` is the interpreter's version where it is not the target's: then only a pure wheel can be trusted.
    """
    if not pin.is_met_by(wheel.pin):
        return f"the build made {wheel.pin} instead of {pin}"
    runtime = target.runtime
    if foreign and not wheel.is_pure:
        return (
            f"{wheel.filename} was built with Python {foreign}, because no Python {_dotted(runtime.python)} was found;"
            " install one"
        )
    match judge(wheel, target):
        case Fits(rank):
            return Fits(rank, "built here, pure Python" if wheel.is_pure else "built here, for the platform it names")
        case Misfit(reason=Reason.UNPROVEN) if all(tag.platform == f"linux_{host.machine}" for tag in wheel.tags):
            return _judge_native(wheel, target, host)
        case Misfit(detail=detail):
            return f"{wheel.filename}, built here, {detail}"


def _judge_native(wheel: Wheel, target: Target, host: Host) -> Fits | str:
    """`linux_x86_64` says nothing about glibc, but it was linked here: to this machine's."""
    runtime = target.runtime
    if host.system != "Linux" or host.glibc is None:
        return f"{wheel.filename} was built on a machine without glibc; use a container build"
    built, has = _dotted(host.glibc), _dotted(runtime.glibc)
    if host.glibc > runtime.glibc:
        return (
            f"built for glibc {built} here; {runtime.name} has {has}: use a container build or an older build machine"
        )
    promised = f"manylinux_{host.glibc[0]}_{host.glibc[1]}_{host.machine}"
    tags = frozenset(Tag(tag.interpreter, tag.abi, promised) for tag in wheel.tags)
    match judge(replace(wheel, tags=tags), target):
        case Fits(rank):
            return Fits(rank, f"built here against glibc {built}")
        case Misfit(detail=detail):
            return f"{wheel.filename}, built here, {detail}"


def _glibc() -> _Glibc | None:
    if sys.platform == "win32" or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return None
    try:
        # 'glibc 2.36'; distributions write things like '2.36-9+deb12' elsewhere, never here.
        major, minor = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()[1].split(".")[:2]
        return int(major), int(minor)
    except (OSError, IndexError, ValueError):
        return None


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
