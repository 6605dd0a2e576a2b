"""Makes a private environment from a lock with hashes, for `entrypoint`: `environment.py ENVIRONMENT LOCK MARKER`.

Where uv is on PATH it does the work. Otherwise pip installs the uv that the lock names and that one does the rest, in
half of the time that pip would take; where uv cannot (an index that only pip's configuration knows), pip goes on alone.

A virtual environment cannot be moved, so it is made in place, under a lock that the installers hold too: one process
makes it, the others wait, and after a kill nobody begins before the last installer has ended. MARKER is written last.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

__all__ = ["Refusal", "make"]

USAGE, NETWORK, INTERRUPTED = 2, 5, 130  # as in lambda_pack.errors, which cannot be imported yet
LOG_LINES = 20
BITS_32 = 2**32

# Packages may be built from source here (a new Python before its wheels are out), and a build runs their code: it sees
# what it takes to reach an index, and neither secrets nor settings that would send packages elsewhere (PIP_TARGET …).
KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|USERPROFILE|TMPDIR|TEMP|TMP|LANG|LC_\w+|XDG_\w+|SYSTEM(ROOT|DRIVE)|WINDIR|COMSPEC|PATHEXT"
    r"|(LOCAL|PROGRAM)?(APP)?DATA|NETRC|DBUS_SESSION_BUS_ADDRESS|(HTTPS?|ALL|NO|FTP)_PROXY|SSL_CERT_(FILE|DIR)"
    r"|(REQUESTS|CURL)_CA_BUNDLE"
    r"|PIP_(INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|TRUSTED_HOST|CERT|CLIENT_CERT|PROXY|(DEFAULT_)?TIMEOUT|RETRIES"
    r"|CONFIG_FILE|CACHE_DIR|NO_CACHE_DIR|KEYRING_PROVIDER|USE_FEATURE)"
    r"|UV_((DEFAULT_|EXTRA_)?INDEX(_\w+)?|FIND_LINKS|NO_INDEX|INSECURE_HOST|HTTP_\w+|NATIVE_TLS|SYSTEM_CERTS|CONFIG_FILE"
    r"|NO_CONFIG|CACHE_DIR|NO_CACHE|KEYRING_PROVIDER|LINK_MODE|OFFLINE|CONCURRENT_\w+)",
    re.IGNORECASE,
)


class Refusal(Exception):  # noqa: N818  # reads as what it is
    """The environment cannot be made; the message says why and what to do now."""

    def __init__(self, message: str, code: int) -> None:
        """`code` becomes the exit code."""
        super().__init__(message)
        self.code = code


class Installer:
    """Runs the programs that fill one environment and keeps what they say."""

    def __init__(self, environment: Path, held: int) -> None:
        """`held` is the descriptor of the lock file; installers inherit it, so the lock outlives this process."""
        self.environment = environment
        self.python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.log: list[str] = []
        self._settings = {
            **{name: value for name, value in os.environ.items() if KEPT.fullmatch(name)},
            "PIP_USER": "0",
            "PIP_REQUIRE_VIRTUALENV": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        self._held = held

    def succeeds(self, command: Sequence[str | Path]) -> bool:
        """Runs a program without input, in the environments' folder: no project's settings are near."""
        try:
            finished = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._settings,
                cwd=self.environment.parent,
                pass_fds=() if os.name == "nt" else (self._held,),
                check=False,
            )
        except OSError as error:
            self.log.append(f"{command[0]}: {error}")
            return False
        text = re.sub(r"://[^/@\s]+@", "://****@", finished.stdout.decode("utf-8", "replace"))
        self.log += text.splitlines()[-LOG_LINES:]
        return finished.returncode == 0

    def uv_fills(self, uv: str | Path, lock: Path, *options: str) -> bool:
        """Lets uv install exactly the lock."""
        sync = ["pip", "sync", "--quiet", "--no-progress", "--require-hashes", *options]
        return self.succeeds([uv, *sync, "--python", self.python, lock])

    def pip_fills(self, pip: Path, lock: Path, *options: str | Path) -> bool:
        """Lets pip install what the lock names."""
        fixed = ["--quiet", "--no-input", "--no-deps", "--no-compile", "--ignore-installed", "--require-hashes"]
        return self.succeeds([self.python, "-I", pip, "install", *fixed, *options, "-r", lock])


def make(environment: Path, lock: Path, marker: Path) -> None:
    """Makes the environment unless another process has made it meanwhile.

    Raises:
        Refusal: it cannot be made.
    """
    content = lock.read_bytes()
    environment.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with only_one(environment.with_name(environment.name + ".lock")) as held:
        installer = Installer(environment, held)
        if marker.is_file() and marker.read_bytes() == content and os.access(installer.python, os.X_OK):
            return
        tell(f"making its environment in {str(environment)!r} (once)")
        shutil.rmtree(environment, ignore_errors=True)
        try:
            fill(installer, lock)
        except BaseException:
            shutil.rmtree(environment, ignore_errors=True)
            raise
        half_written = marker.with_suffix(".new")
        half_written.write_bytes(content)
        half_written.replace(marker)


def fill(installer: Installer, lock: Path) -> None:
    """Tries the quick ways first."""
    uv = shutil.which("uv")
    venv = ["venv", "--quiet", "--no-project", "--python", sys.executable]
    if uv and installer.succeeds([uv, *venv, installer.environment]) and installer.uv_fills(uv, lock):
        return
    pip = make_without_packages(installer.environment)
    if pip_and_its_uv_fill(installer, pip, lock):
        return
    end = "\n  ".join(installer.log[-LOG_LINES:])
    raise Refusal(
        f"the packages of {str(lock)!r} could not be installed; look at the end of the log below, then at the network "
        f"and at pip's index settings ('pip config list')\n  {end}",
        NETWORK,
    )


def pip_and_its_uv_fill(installer: Installer, pip: Path, lock: Path) -> bool:
    """Lets pip install the uv of the lock, and that one the rest; pip does the rest itself where uv cannot."""
    pin = re.search(r"^uv==.*\n(?:[ \t].*\n)*", lock.read_text("utf-8"), re.MULTILINE)
    if pin is None:
        return installer.pip_fills(pip, lock)
    uv_alone = installer.environment / "uv-alone.lock"
    uv_alone.write_text(pin.group(), "utf-8")
    uv = installer.python.with_name("uv.exe" if os.name == "nt" else "uv")
    options: list[str | Path] = []
    wheels = wheel_platform()
    if wheels:
        # pip judges each of uv's six thousand files against what fits: hundreds of tags, unless one platform is named.
        apart = installer.environment / "uv-alone"
        uv = apart / "bin" / "uv"
        options = ["--only-binary", ":all:", "--platform", wheels, "--target", apart]
    if not installer.pip_fills(pip, uv_alone, *options):
        return False
    filled = installer.uv_fills(uv, lock, "--no-cache") or installer.pip_fills(pip, lock)
    shutil.rmtree(installer.environment / "uv-alone", ignore_errors=True)
    return filled


def wheel_platform() -> str | None:
    """The platform of uv's wheel for this machine, where it is one of the two that nearly everybody has."""
    machine = platform.machine() if platform.libc_ver()[0] == "glibc" else ""
    return f"manylinux2014_{machine}" if machine in {"x86_64", "aarch64"} and sys.maxsize > BITS_32 else None


def make_without_packages(environment: Path) -> Path:
    """Makes an empty environment; returns a pip that can fill it: the interpreter's own, else ensurepip's."""
    try:
        import venv  # Debian may have taken it out

        venv.EnvBuilder(clear=True, symlinks=os.name != "nt").create(environment)
    except ImportError as error:
        raise Refusal(without_pip(str(error)), USAGE) from error
    own = importlib.util.find_spec("pip")
    if own and own.origin and (runner := Path(own.origin).with_name("__pip-runner__.py")).is_file():
        return runner
    ensurepip = importlib.util.find_spec("ensurepip")
    folders = [Path(ensurepip.origin).parent / "_bundled"] if ensurepip and ensurepip.origin else []
    folders += [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    for wheel in (wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))):
        return wheel / "pip"
    raise Refusal(without_pip("neither pip nor ensurepip is there"), USAGE)


def without_pip(reason: str) -> str:
    """What to do on a Python that was split up by its distribution."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"{sys.executable!r} cannot make an environment: {reason}; on Debian and Ubuntu install python{version}-venv, "
        "or put uv on PATH, or use another Python"
    )


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[int]:
    """Holds the lock file; the system lets go of it when the last process that has it open ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not taken(descriptor):
            tell("waiting for another process that is making the environment")
            while not taken(descriptor):
                time.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def taken(descriptor: int) -> bool:
    """Whether the lock is ours now."""
    try:
        if sys.platform == "win32":
            import msvcrt  # not on POSIX

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # not on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def tell(text: str) -> None:
    """Says it where it disturbs nobody's output."""
    sys.stderr.write(f"lambda-pack: {text}\n")
    sys.stderr.flush()


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    environment, lock = Path(arguments[0]), Path(arguments[1])
    try:
        make(environment, lock, environment / arguments[2])
    except Refusal as refusal:
        tell(f"error: {refusal}")
        return refusal.code
    except OSError as error:
        tell(f"error: cannot make {str(environment)!r}: {error}; set LAMBDA_PACK_ENVIRONMENTS to a folder of your own")
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
