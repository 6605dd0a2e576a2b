"""Installs locked packages with uv or pip, into a folder or into a virtual environment.

A folder is filled in this way where wheels cannot simply be fetched.
Virtual environments are for developers (script/test, script/lock, benchmarks): they need programs. Where uv is on PATH
it does the work. Otherwise pip installs the uv that the lock names and that one does the rest, in half of the time that
pip would take; where uv cannot (an index that only pip's configuration knows), pip goes on alone.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from script.environment.keeping import NETWORK, USAGE, Refusal, tell
from script.environment.settings import Settings, bundled_pips, own_pip

__all__ = ["Installer", "fill_folder", "fill_virtual_environment", "python_of"]

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


class Installer:
    """Runs the programs that fill one folder and keeps what they write."""

    def __init__(self, folder: Path, held: int, settings: Settings) -> None:
        """`held` is the descriptor of the lock file; installers inherit it, so the lock outlives this process."""
        self.folder = folder
        self.log: list[str] = []
        self._held = held
        self._settings = {
            **{name: value for name, value in os.environ.items() if KEPT.fullmatch(name)},
            "PIP_USER": "0",
            "PIP_REQUIRE_VIRTUALENV": "0",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        if settings.certificates:  # uv does not read pip's name for it, and tries for 20 s
            self._settings.setdefault("SSL_CERT_FILE", settings.certificates[0])

    def succeeds(self, command: Sequence[str | Path]) -> bool:
        """Run a program without input, in the environments' folder: no project's settings are near."""
        try:
            finished = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._settings,
                cwd=self.folder.parent,
                pass_fds=() if os.name == "nt" else (self._held,),
                check=False,
            )
        except OSError as error:
            self.log.append(f"{command[0]}: {error}")
            return False
        text = re.sub(r"://\S*@", "://****@", finished.stdout.decode("utf-8", "replace"))
        self.log += text.splitlines()[-LOG_LINES:]
        return finished.returncode == 0

    def fail_fast(self) -> None:
        """Let programs try only once: no index has answered a moment ago."""
        self._settings |= {
            "PIP_RETRIES": "0",
            "UV_HTTP_RETRIES": "0",
            "PIP_DEFAULT_TIMEOUT": "5",
            "UV_HTTP_TIMEOUT": "5",
        }

    def refusal(self, what: str, reason: str) -> Refusal:
        """Return the error for a folder that could not be filled."""
        end = "\n  ".join([*([reason] if reason else []), *self.log[-LOG_LINES:]])
        return Refusal(
            f"the packages of {what} could not be installed; look at the end of the log below, then at the network "
            f"and at pip's index settings ('pip config list')\n  {end}",
            NETWORK,
        )


_PIP = ("install", "--quiet", "--no-input", "--no-deps", "--no-compile", "--ignore-installed", "--require-hashes")
_UV = ("--quiet", "--no-progress", "--require-hashes")


def fill_folder(installer: Installer, lock: Path, settings: Settings, reason: str) -> None:
    """Install a lock into a folder, with uv where one is on PATH and pip's settings name no index, else with pip.

    `reason` says why wheels could not simply be fetched.

    Raises:
        Refusal: neither could.
    """
    uv = None if settings.are_named else shutil.which("uv")
    target: list[str | Path] = ["--target", installer.folder]
    if uv:
        tell(f"installing its packages with uv: {reason}")
        command = [uv, "pip", "install", "--no-deps", *_UV, *target, "--python", sys.executable, "-r", lock]
        if installer.succeeds(command):
            return
    pip = find_pip()
    tell(f"installing its packages with pip: {reason}")
    if not installer.succeeds([sys.executable, "-I", pip, *_PIP, *target, "-r", lock]):
        raise installer.refusal(repr(str(lock)), reason)


def fill_virtual_environment(installer: Installer, lock: Path) -> None:
    """Make a virtual environment and install the lock into it, by the quickest way that works.

    Raises:
        Refusal: no way works.
    """
    uv, python = shutil.which("uv"), python_of(installer.folder)
    venv = ["venv", "--quiet", "--no-project", "--python", sys.executable]
    if uv and installer.succeeds([uv, *venv, installer.folder]) and uv_syncs(installer, uv, lock):
        return
    try:
        import venv as standard  # Debian may have taken it out

        standard.EnvBuilder(clear=True, symlinks=os.name != "nt").create(installer.folder)
    except ImportError as error:
        raise Refusal(without_pip(str(error)), USAGE) from error
    if not pip_and_its_uv_fill(installer, [python, "-I", find_pip()], lock):
        raise installer.refusal(repr(str(lock)), "")


def uv_syncs(installer: Installer, uv: str | Path, lock: Path, *options: str) -> bool:
    """Let uv install exactly the lock into a virtual environment."""
    return installer.succeeds([uv, "pip", "sync", *_UV, *options, "--python", python_of(installer.folder), lock])


def pip_and_its_uv_fill(installer: Installer, pip: Sequence[str | Path], lock: Path) -> bool:
    """Let pip install the uv of the lock, and that one the rest; pip does the rest itself where uv cannot."""
    pin = re.search(r"^uv==.*\n(?:[ \t].*\n)*", lock.read_text("utf-8"), re.MULTILINE)
    if pin is None:
        return installer.succeeds([*pip, *_PIP, "-r", lock])
    uv_alone = installer.folder / "uv-alone.lock"
    uv_alone.write_text(pin.group(), "utf-8")
    uv = python_of(installer.folder).with_name("uv.exe" if os.name == "nt" else "uv")
    options: list[str | Path] = []
    wheels = wheel_platform()
    if wheels:
        # pip judges each of uv's six thousand files against what fits: hundreds of tags, unless one platform is named.
        apart = installer.folder / "uv-alone"
        uv = apart / "bin" / "uv"
        options = ["--only-binary", ":all:", "--platform", wheels, "--target", apart]
    if not installer.succeeds([*pip, *_PIP, *options, "-r", uv_alone]):
        return False
    filled = uv_syncs(installer, uv, lock, "--no-cache") or installer.succeeds([*pip, *_PIP, "-r", lock])
    shutil.rmtree(installer.folder / "uv-alone", ignore_errors=True)
    return filled


def python_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wheel_platform() -> str | None:
    """Return the platform of uv's wheel for this machine, where it is one of the two that nearly everybody has."""
    machine = platform.machine() if platform.libc_ver()[0] == "glibc" else ""
    return f"manylinux2014_{machine}" if machine in {"x86_64", "aarch64"} and sys.maxsize > BITS_32 else None


def find_pip() -> Path:
    """Return a pip that can be run: the interpreter's own, else ensurepip's.

    Raises:
        Refusal: this Python has no pip.
    """
    own = own_pip()
    if own and (runner := own / "__pip-runner__.py").is_file():
        return runner
    for wheel in bundled_pips():
        return wheel / "pip"
    raise Refusal(without_pip("neither pip nor ensurepip is there"), USAGE)


def without_pip(reason: str) -> str:
    """Return what to do on a Python that was split up by its distribution."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"{sys.executable!r} cannot install packages: {reason}; on Debian and Ubuntu install python{version}-venv, "
        "or put uv on PATH, or use another Python"
    )
