"""Which interpreter loads a bundle: what the user asked for, else what is there."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from lambda_pack.errors import IndexUnavailable, LambdaPackError, UsageError
from lambda_pack.model.loading import LoadWith, VerifyRequest
from lambda_pack.model.targets import Architecture, Target
from lambda_pack.tools.containers import find_engine
from lambda_pack.tools.interpreters import find_interpreter, version_of
from lambda_pack.tools.loading.clean_root import Sysroot, emulator_of, find_sysroot, open_clean_root
from lambda_pack.tools.loading.container import default_image, open_container_seat
from lambda_pack.tools.loading.seats import DirectSeat, Seat

__all__ = ["Chosen", "choose_seat", "sysroot_folder"]


class Chosen(Struct, frozen=True):
    """A seat; `note` says what loading there does not prove."""

    seat: Seat
    note: str | None = None


# The releases of Debian that have a Python of a runtime's version, for whoever must make a sysroot.
_DEBIAN: Final = MappingProxyType(
    {(3, 9): "bullseye", (3, 11): "bookworm", (3, 13): "trixie", (3, 14): "forky", (3, 15): "forky"}
)
# Debian's security updates for bullseye are listed and no longer there (seen 2026-11-28); mmdebstrap adds that archive.
_WITHOUT_SECURITY: Final = """--setup-hook='sed -i /security/d "$1"/etc/apt/sources.list' """
_DEBIAN_ARCHITECTURES: Final = MappingProxyType({Architecture.ARM64: "arm64", Architecture.X86_64: "amd64"})


def choose_seat(request: VerifyRequest, target: Target, *, cache: Path, environ: Mapping[str, str]) -> Chosen:
    """A clean root, else this machine's interpreter, else an emulated one for which all is there, else a container.

    In a clean root nothing of this machine can be mistaken for the runtime's. Emulation comes before containers because
    finding out is quick, and starting is quicker.

    Raises:
        UsageError: nothing here can load it; what to install is said for each way.
        IndexUnavailable: nothing here can, and the image of a container was asked for and not had.
    """
    ways: Mapping[LoadWith, Callable[[], Chosen | str]] = {
        LoadWith.CLEAN_ROOT: lambda: _clean_root(request, target, cache, environ),
        LoadWith.HOST: lambda: _host(request, target, environ),
        LoadWith.QEMU: lambda: _qemu(request, target, cache, environ),
        LoadWith.CONTAINER: lambda: _container(request, target, environ),
    }
    asked = ways if request.means is LoadWith.AUTO else {request.means: ways[request.means]}
    refusals: dict[str, list[str]] = {}
    failure = None
    for means, way in asked.items():
        try:
            outcome = way()
        except UsageError:
            raise
        except LambdaPackError as error:
            outcome, failure = str(error), error
        if isinstance(outcome, Chosen):
            return outcome
        refusals.setdefault(outcome, []).append(means.value)
    reasons = "; ".join(f"{', '.join(names)}: {why}" for why, names in refusals.items())
    message = f"nothing here can load a bundle for {target}; {reasons}"
    if failure is not None:
        raise IndexUnavailable(message, log=failure.log) from failure
    raise UsageError(message)


def sysroot_folder(cache: Path, target: Target) -> Path:
    """Where a sysroot is looked for that nobody named."""
    return cache / "sysroots" / str(target)


def _clean_root(request: VerifyRequest, target: Target, cache: Path, environ: Mapping[str, str]) -> Chosen | str:
    if sys.platform != "linux":
        return f"this is {platform.system()}"
    if request.interpreter is not None:
        return "--python names an interpreter of this machine"
    sysroot = _sysroot(request, target, cache)
    if isinstance(sysroot, str):
        return sysroot
    emulator: tuple[str, ...] = ()
    if platform.machine() != target.architecture.machine:
        emulator = emulator_of(target, environ)
        if not emulator:
            return f"qemu-{target.architecture.machine}-static is not on PATH: install qemu-user-static"
    seat = open_clean_root(sysroot, target, emulator, environ=environ)
    return seat if isinstance(seat, str) else Chosen(seat, _sysroot_note(sysroot))


def _sysroot(request: VerifyRequest, target: Target, cache: Path) -> Sysroot | str:
    folder = (request.sysroot or sysroot_folder(cache, target)).absolute()
    return find_sysroot(folder, target) or (
        f"no {target.runtime.name} in {str(folder)!r}: {_how_to_make(folder, target)}, or name one with --sysroot"
    )


def _sysroot_note(sysroot: Sysroot) -> str | None:
    return None if sysroot.is_aws else "the system's libraries are those of the sysroot"


def _host(request: VerifyRequest, target: Target, environ: Mapping[str, str]) -> Chosen | str:
    wanted, (major, minor) = target.architecture.machine, target.runtime.python
    machine = platform.machine()
    if sys.platform != "linux" or machine != wanted:
        return f"this is {platform.system()} on {machine}"
    found = request.interpreter or find_interpreter(target.runtime.python, environ=environ)
    if found is None:
        return f"no Python {major}.{minor} was found: install one, or name it with --python"
    if request.interpreter and version_of(found, environ=environ) != target.runtime.python:
        raise UsageError(f"{str(found)!r} is no Python {major}.{minor}; name one that is with --python")
    return Chosen(DirectSeat((str(found),), f"{target.runtime.name} of this machine ({found})"), _glibc_note(target))


def _glibc_note(target: Target) -> str | None:
    name, version = platform.libc_ver()
    ours = tuple(map(int, version.split(".")[:2])) if name == "glibc" else ()
    if ours == target.runtime.glibc:
        return None
    theirs = ".".join(map(str, target.runtime.glibc))
    return f"this machine has {name or 'no'} {version or 'glibc'}, {target.runtime.name} has glibc {theirs}"


def _qemu(request: VerifyRequest, target: Target, cache: Path, environ: Mapping[str, str]) -> Chosen | str:
    emulator = emulator_of(target, environ)
    if not emulator:
        return f"qemu-{target.architecture.machine}-static is not on PATH: install qemu-user-static"
    sysroot = _sysroot(request, target, cache)
    if isinstance(sysroot, str):
        return sysroot
    seat = DirectSeat(
        (*emulator, "-L", str(sysroot.folder), str(sysroot.folder / sysroot.python)),
        f"{target.runtime.name} of {sysroot.folder}, emulated by {Path(emulator[0]).name}",
        clients=tuple(str(path) for path in (sysroot.folder / "var/runtime",) if path.is_dir()),
        system=sysroot.system,
    )
    return Chosen(seat, _sysroot_note(sysroot))


def _how_to_make(sysroot: Path, target: Target) -> str:
    release = _DEBIAN.get(target.runtime.python)
    if release is None:
        return f"unpack an image there that has {target.runtime.name} for {target.architecture.value}"
    hook = _WITHOUT_SECURITY if release == "bullseye" else ""
    return (
        f"make it with `mmdebstrap --variant=extract --architectures={_DEBIAN_ARCHITECTURES[target.architecture]} "
        f"{hook}--include=base-files,ca-certificates,libstdc++6,zlib1g,{target.runtime.name} {release} {sysroot}`"
    )


def _container(request: VerifyRequest, target: Target, environ: Mapping[str, str]) -> Chosen | str:
    engine = find_engine(environ)
    if engine is None:
        return "neither docker nor podman answers: start one of them"
    image = request.image or default_image(target)
    return Chosen(open_container_seat(engine, image, target))
