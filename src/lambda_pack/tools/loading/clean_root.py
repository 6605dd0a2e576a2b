"""A clean root: nothing but a sysroot's system and the bundle, where Lambda has it, in namespaces of their own.

It is entered with bubblewrap, or by root with unshare and chroot. The function runs as the user `nobody`, without a
network; it can write to /tmp alone. There is no /dev/shm, which Lambda's users report to be missing there, too.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from lambda_pack.model.loading import Rooms
from lambda_pack.model.targets import Architecture, Target
from lambda_pack.tools.environment import function_environment
from lambda_pack.tools.loading.seats import (
    CLIENT,
    FLAGS,
    LAYERS,
    PROGRAMS,
    TASK,
    TEMPORARY,
    Places,
    aws_clients,
    bundle_file,
    bundle_mounts,
    lambda_places,
)
from lambda_pack.tools.process import Completed, run, tail

__all__ = ["CleanRootSeat", "Sysroot", "emulator_of", "find_sysroot", "open_clean_root"]

_PLACES: Final = ("usr/bin", "usr/local/bin", "var/lang/bin")
_EMULATOR: Final = "/var/lambda-pack/qemu"
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
# Folders of a system that are empty in an image, or made anew.
_NOT_SHOWN: Final = frozenset({"boot", "dev", "home", "media", "mnt", "opt", "proc", "run", "srv", "sys", "tmp", "var"})
# Of AWS's images: Python, and its client of the Runtime API.
_SHOWN_OF_VAR: Final = ("lang", "runtime")
_NOBODY: Final = "65534"
# AWS's arm64 machines are Graviton2 and newer; Arm calls that core Neoverse N1.
_PROCESSORS: Final[Mapping[Architecture, tuple[str, ...]]] = {
    Architecture.ARM64: ("-cpu", "neoverse-n1"),
    Architecture.X86_64: (),
}
# Where a system's own programs are, as `sh` has it without variables.
_SYSTEM_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
# In seconds: an emulated interpreter takes some to start.
_TIMEOUT: Final = 60.0


class Sysroot(Struct, frozen=True):
    """A folder with a system's files; `python` is the path of the runtime's interpreter below it."""

    folder: Path
    python: str

    @property
    def is_aws(self) -> bool:
        """Whether these are the files of AWS's image of a runtime."""
        return self.python.startswith("var/lang/") and (self.folder / "var/runtime").is_dir()

    @property
    def system(self) -> str | None:
        """Whose libraries it has, as `Seat` says it."""
        return None if self.is_aws else "the sysroot"


def find_sysroot(folder: Path, target: Target) -> Sysroot | None:
    """Return the sysroot in a folder; None where it has no interpreter of the target's version."""
    pythons = (f"{place}/{target.runtime.name}" for place in _PLACES)
    python = next((path for path in pythons if (folder / path).is_file()), None)
    return Sysroot(folder.absolute(), python) if python else None


def emulator_of(target: Target, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the command of a statically linked qemu for the target's architecture; empty if it is not installed."""
    machine = target.architecture.machine
    names = (f"qemu-{machine}-static", f"qemu-{machine}")
    found = next(filter(None, (shutil.which(name, path=environ.get("PATH")) for name in names)), None)
    return (found, *_PROCESSORS[target.architecture]) if found else ()


class _Mount(Struct, frozen=True):
    """A file or folder of this machine, and where the function sees it."""

    source: Path
    place: str


class CleanRootSeat(Struct, frozen=True):
    """A new root for each start. `entrance` is the program that makes it: bwrap, or unshare for root."""

    sysroot: Sysroot
    target: Target
    entrance: str
    emulator: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """See `Seat`."""
        emulated = f", emulated by {Path(self.emulator[0]).name}" if self.emulator else ""
        entered = Path(self.entrance).name
        return f"{self.target.runtime.name} in a clean root of {self.sysroot.folder}, made by {entered}{emulated}"

    @property
    def system(self) -> str | None:
        """See `Seat`."""
        return self.sysroot.system

    @property
    def clients(self) -> tuple[str, ...]:
        """See `Seat`."""
        if not self.sysroot.is_aws:
            return ()
        return aws_clients(self.target.runtime.name)

    def places(self, rooms: Rooms, client: Path | None) -> Places:
        """See `Seat`."""
        del rooms
        return lambda_places(self.clients, client)

    def file(self, path: str, rooms: Rooms) -> Path:
        """See `Seat`."""
        return bundle_file(path, rooms) or self.sysroot.folder / path.lstrip("/")

    def run(
        self,
        arguments: Sequence[str],
        rooms: Rooms,
        client: Path | None,
        *,
        environment: Mapping[str, str],
        seconds: float,
    ) -> Completed:
        """See `Seat`."""
        mounts = [_Mount(rooms.programs, PROGRAMS), *([_Mount(client, CLIENT)] if client else [])]
        mounts += [_Mount(outside, place) for outside, place in bundle_mounts(rooms)]
        # A bundle without layers has no folder of theirs.
        mounts = [mount for mount in mounts if mount.source.is_dir()]
        root = rooms.programs.with_name("root")
        root.mkdir(exist_ok=True)
        command = self.command(arguments, mounts, root, environment)
        return run(command, environment={"PATH": _SYSTEM_PATH}, folder=root, timeout=seconds)

    def command(
        self, arguments: Sequence[str], mounts: Sequence[_Mount], root: Path, environment: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Return the command that starts the interpreter with these arguments; `root` is an empty folder."""
        emulator = (_EMULATOR, *self.emulator[1:]) if self.emulator else ()
        inside = (*emulator, f"/{self.sysroot.python}", *FLAGS, *arguments)
        shown = [*_system_mounts(self.sysroot.folder), *mounts]
        if self.emulator:
            shown.append(_Mount(Path(self.emulator[0]).resolve(), _EMULATOR))
        links = tuple(_links(self.sysroot.folder))
        if Path(self.entrance).name == "bwrap":
            return (self.entrance, *_bubblewrap(shown, links, environment), *inside)
        script = "\n".join(_script(shown, links, root))
        variables = shlex.join(f"{name}={value}" for name, value in environment.items())
        # `env` looks for a program where the function would.
        chroot = (
            f'exec env -i {variables} "$(command -v chroot)" --userspec={_NOBODY}:{_NOBODY} {shlex.quote(str(root))}'
        )
        # Without `ip`, a network of its own would lack the loopback that the Runtime API needs.
        network = ("--net",) if shutil.which("ip", path=_SYSTEM_PATH) else ()
        options = ("--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", *network)
        return (self.entrance, *options, "/bin/sh", "-euc", f"{script}\n{chroot} {shlex.join(inside)}")

    def why_not(self, root: Path) -> str | None:
        """Return why it cannot be entered here; None where it can. `root` is an empty folder."""
        # AWS's Python finds its own libpython by LD_LIBRARY_PATH.
        environment = function_environment(self.target.runtime.name, task=TASK, layers=LAYERS, temporary=TEMPORARY)
        command = self.command(("-c", "pass"), [], root, environment)
        tried = run(command, environment={"PATH": _SYSTEM_PATH}, timeout=_TIMEOUT)
        return None if tried.status == 0 else f"{Path(self.entrance).name} fails: {tail(tried.log, 1) or tried.status}"


def open_clean_root(
    sysroot: Sysroot, target: Target, emulator: tuple[str, ...], *, environ: Mapping[str, str]
) -> CleanRootSeat | str:
    """Return a seat in a clean root that was entered once, or why no clean root can be entered."""
    entrances = [shutil.which("bwrap", path=environ.get("PATH"))]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        entrances.append(shutil.which("unshare", path=environ.get("PATH")))
    refusals = []
    for entrance in filter(None, entrances):
        seat = CleanRootSeat(sysroot, target, entrance, emulator)
        with tempfile.TemporaryDirectory(prefix="lambda-pack-") as root:
            why = seat.why_not(Path(root))
        if why is None:
            return seat
        refusals.append(why)
    return "; ".join(refusals) or "bwrap is not on PATH: install bubblewrap"


def _system_mounts(sysroot: Path) -> Iterator[_Mount]:
    """The folders of the system itself."""
    for path in sorted(sysroot.iterdir()):
        if path.is_dir() and not path.is_symlink() and path.name not in _NOT_SHOWN:
            yield _Mount(path, f"/{path.name}")
    for name in _SHOWN_OF_VAR:
        if (sysroot / "var" / name).is_dir():
            yield _Mount(sysroot / "var" / name, f"/var/{name}")


def _links(sysroot: Path) -> Iterator[tuple[str, str]]:
    """Target and place of each symbolic link at the system's top: lib is one to usr/lib."""
    for path in sorted(sysroot.iterdir()):
        if path.is_symlink():
            yield str(path.readlink()), f"/{path.name}"
    yield "/proc/self/fd", "/dev/fd"


def _bubblewrap(
    mounts: Sequence[_Mount], links: Sequence[tuple[str, str]], environment: Mapping[str, str]
) -> Iterator[str]:
    """Options of bwrap (https://man7.org/linux/man-pages/man1/bwrap.1.html), whose root is an empty tmpfs."""
    yield from ("--unshare-all", "--unshare-user", "--uid", _NOBODY, "--gid", _NOBODY, "--die-with-parent")
    yield from ("--proc", "/proc", "--tmpfs", TEMPORARY, "--dir", TASK, "--dir", LAYERS)
    for name in _DEVICES:
        yield from ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    for mount in mounts:
        yield from ("--ro-bind", str(mount.source), mount.place)
    for target, place in links:
        yield from ("--symlink", target, place)
    for name, value in environment.items():
        yield from ("--setenv", name, value)
    yield from ("--remount-ro", "/", "--chdir", TASK)


def _script(mounts: Sequence[_Mount], links: Sequence[tuple[str, str]], root: Path) -> Iterator[str]:
    """The same in the words of a shell, run by root in namespaces of its own: what it mounts ends with them."""

    def inside(place: str) -> str:
        return shlex.quote(f"{root}{place}")

    yield "if command -v ip >/dev/null; then ip link set lo up; fi"
    yield f"mount -t tmpfs -o mode=755 tmpfs {inside('')}"
    yield f"mkdir -p {inside('/proc')} {inside('/dev')} {inside(TEMPORARY)} {inside(TASK)} {inside(LAYERS)}"
    yield f"mount -t proc proc {inside('/proc')}"
    yield f"mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs {inside(TEMPORARY)}"
    for name in _DEVICES:
        yield f": > {inside(f'/dev/{name}')}; mount --bind /dev/{name} {inside(f'/dev/{name}')}"
    for mount in mounts:
        make = "mkdir -p" if mount.source.is_dir() else "touch"
        source = shlex.quote(str(mount.source))
        yield f"{make} {inside(mount.place)}; mount --bind -o ro {source} {inside(mount.place)}"
    for target, place in links:
        yield f"ln -s {shlex.quote(target)} {inside(place)}"
    yield f"mount -o remount,ro {inside('')}"
