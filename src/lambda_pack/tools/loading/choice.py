"""Which interpreter loads a bundle: what the user asked for, else what is there."""

from __future__ import annotations

import platform
import shutil
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
from lambda_pack.tools.loading.container import default_image, open_container_seat
from lambda_pack.tools.loading.seats import DirectSeat, Seat

__all__ = ["Chosen", "choose_seat", "sysroot_folder"]


class Chosen(Struct, frozen=True):
    """A seat; `note` says what loading there does not prove."""

    seat: Seat
    note: str | None = None


# AWS's arm64 machines are Graviton2 and newer; Arm calls that core Neoverse N1.
_PROCESSORS: Final = MappingProxyType({Architecture.ARM64: ("-cpu", "neoverse-n1"), Architecture.X86_64: ()})
_PLACES: Final = ("usr/bin", "usr/local/bin", "var/lang/bin")
# The releases of Debian that have a Python of a runtime's version, for whoever must make a sysroot.
_DEBIAN: Final = MappingProxyType({(3, 9): "bullseye", (3, 11): "bookworm", (3, 13): "trixie"})
_DEBIAN_ARCHITECTURES: Final = MappingProxyType({Architecture.ARM64: "arm64", Architecture.X86_64: "amd64"})


def choose_seat(request: VerifyRequest, target: Target, *, cache: Path, environ: Mapping[str, str]) -> Chosen:
    """This machine's interpreter, else an emulated one for which everything is there, else a container.

    Emulation comes before containers because finding out is quick, and starting is quicker.

    Raises:
        UsageError: nothing here can load it; what to install is said for each way.
        IndexUnavailable: nothing here can, and the image of a container was asked for and not had.
    """
    ways: Mapping[LoadWith, Callable[[], Chosen | str]] = {
        LoadWith.HOST: lambda: _host(request, target, environ),
        LoadWith.QEMU: lambda: _qemu(request, target, cache, environ),
        LoadWith.CONTAINER: lambda: _container(request, target, environ),
    }
    asked = ways if request.means is LoadWith.AUTO else {request.means: ways[request.means]}
    refusals, failure = [], None
    for means, way in asked.items():
        try:
            outcome = way()
        except UsageError:
            raise
        except LambdaPackError as error:
            outcome, failure = str(error), error
        if isinstance(outcome, Chosen):
            return outcome
        refusals.append(f"{means.value}: {outcome}")
    message = f"nothing here can load a bundle for {target}; " + "; ".join(refusals)
    if failure is not None:
        raise IndexUnavailable(message, log=failure.log) from failure
    raise UsageError(message)


def sysroot_folder(cache: Path, target: Target) -> Path:
    """Where a sysroot is looked for that nobody named."""
    return cache / "sysroots" / str(target)


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
    machine = target.architecture.machine
    names = (f"qemu-{machine}-static", f"qemu-{machine}")
    emulator = next(filter(None, (shutil.which(name, path=environ.get("PATH")) for name in names)), None)
    if emulator is None:
        return f"{names[0]} is not on PATH: install qemu-user-static"
    sysroot = (request.sysroot or sysroot_folder(cache, target)).absolute()
    python = next((path for place in _PLACES if (path := sysroot / place / target.runtime.name).is_file()), None)
    if python is None:
        return (
            f"no {target.runtime.name} in {str(sysroot)!r}: {_how_to_make(sysroot, target)}, or name one with --sysroot"
        )
    command = (emulator, *_PROCESSORS[target.architecture], "-L", str(sysroot), str(python))
    seat = DirectSeat(
        command,
        f"{target.runtime.name} of {sysroot}, emulated by {Path(emulator).name}",
        clients=tuple(str(path) for path in (sysroot / "var/runtime",) if path.is_dir()),
    )
    return Chosen(seat, "the system's libraries are those of the sysroot")


def _how_to_make(sysroot: Path, target: Target) -> str:
    release = _DEBIAN.get(target.runtime.python)
    if release is None:
        return f"unpack an image there that has {target.runtime.name} for {target.architecture.value}"
    return (
        f"make it with 'mmdebstrap --variant=extract --architectures={_DEBIAN_ARCHITECTURES[target.architecture]} "
        f"--include=base-files,ca-certificates,libstdc++6,zlib1g,{target.runtime.name} {release} {sysroot}'"
    )


def _container(request: VerifyRequest, target: Target, environ: Mapping[str, str]) -> Chosen | str:
    engine = find_engine(environ)
    if engine is None:
        return "neither docker nor podman answers: start one of them"
    image = request.image or default_image(target)
    return Chosen(open_container_seat(engine, image, target))
