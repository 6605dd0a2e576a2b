"""Makes the environment of `entrypoint`, one part at a time, from a lock with hashes.

A part is a folder for `sys.path`: the wheels of the lock, fetched by their hashes with the standard library and
unpacked, several at once; no pip, no virtual environment. Where that does not do (a package without a wheel for this
Python, an index that cannot be read), pip or uv fills the folder, and a line says so.

Each part is made beside its place and renamed, under a lock that installers hold too, so that it is whole or absent
however many processes want it and whenever one is killed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from script.environment.keeping import INTERRUPTED, USAGE, Refusal, only_one, tell
from script.environment.lock import UnknownMarkerError, part_text, read_packages

__all__ = ["MARKER", "main", "make_part", "make_virtual_environment"]

MARKER = "made-from.lock"
_UV_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_MEGABYTE = 1_000_000
_OTHERS_WRITE = 0o022


def make_part(environment: Path, lock: Path, part: str) -> None:
    """Make one part of an environment unless another process has made it meanwhile.

    Raises:
        Refusal: it cannot be made.
    """
    text = lock.read_text("utf-8")
    _make_folder(environment)
    place = environment / part
    with only_one(environment / f".{part}.lock") as held:
        if _is_made(place, text):
            return
        _begin(environment, part)
        shutil.rmtree(place, ignore_errors=True)
        for left in environment.glob(f".{part}-*"):  # of processes that were killed: the lock is ours now
            shutil.rmtree(left, ignore_errors=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{part}-", dir=environment))
        try:
            _fill(beside, part_text(text, part), held)
            if part == "core":
                _note_index(beside)
            (beside / MARKER).write_text(text, "utf-8")
            beside.chmod(0o755)  # the image's environment is made by root, for any user to run
            beside.rename(place)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise


def make_virtual_environment(environment: Path, lock: Path) -> None:
    """Make a virtual environment with all packages of a lock; it cannot be moved, so its marker is written last.

    Raises:
        Refusal: it cannot be made.
    """
    from script.environment.installers import Installer, fill_virtual_environment, python_of
    from script.environment.settings import read_settings

    text = lock.read_text("utf-8")
    _make_folder(environment.parent)
    with only_one(environment.with_name(environment.name + ".lock")) as held:
        if _is_made(environment, text) and os.access(python_of(environment), os.X_OK):
            return
        tell(f"making its environment in {str(environment)!r} (once)")
        shutil.rmtree(environment, ignore_errors=True)
        try:
            fill_virtual_environment(Installer(environment, held, read_settings()), lock)
        except BaseException:
            shutil.rmtree(environment, ignore_errors=True)
            raise
        half_written = environment / f"{MARKER}.new"
        half_written.write_text(text, "utf-8")
        half_written.replace(environment / MARKER)


def _make_folder(folder: Path) -> None:
    """Make a folder that only its owner can change, whatever the umask."""
    os.umask(os.umask(0) | _OTHERS_WRITE)
    folder.mkdir(parents=True, exist_ok=True)


def _is_made(place: Path, text: str) -> bool:
    try:
        return (place / MARKER).read_text("utf-8") == text
    except OSError:
        return False


def _begin(environment: Path, part: str) -> None:
    if part == "core":
        tell(f"making its environment in {str(environment)!r} (once)")
    else:
        tell(f"adding {part!r} to its environment (once)")


def _fill(folder: Path, text: str, held: int) -> None:
    from script.environment.settings import read_settings

    try:
        from script.environment.wheels import UnsuitedError, install_wheels
    except ImportError as error:  # ssl or zlib, in a Python that was built without them
        raise Refusal(f"{sys.executable!r} cannot fetch packages: {error}; use another Python", USAGE) from error
    settings = read_settings()
    is_network, reason = False, ""
    if not settings.are_named and shutil.which("uv") and any(os.environ.get(name) for name in _UV_INDEXES):
        reason = "the index is named in uv's settings alone"
    elif not settings.indexes and not settings.find_links:
        reason = "there is no pip to say which index is the default"
    if reason:
        _install(folder, text, held, reason, is_network=False)
        return
    try:
        packages = read_packages(text)
        progress = _Progress(len(packages))
        try:
            install_wheels(packages, folder, settings, progress.show)
        finally:
            progress.clear()
    except UnknownMarkerError as error:
        reason = str(error)
    except UnsuitedError as error:
        reason, is_network = str(error), error.is_network
    else:
        return
    _install(folder, text, held, reason, is_network=is_network)


def _install(folder: Path, text: str, held: int, reason: str, *, is_network: bool) -> None:
    """Let uv or pip do what could not be done directly."""
    from script.environment.installers import Installer, fill_folder
    from script.environment.settings import read_settings

    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    settings = read_settings()
    installer = Installer(folder, held, settings)
    if is_network:
        installer.fail_fast()
    lock = folder.with_name(folder.name + ".txt")
    lock.write_text(text, "utf-8")
    try:
        fill_folder(installer, lock, settings, reason)
    finally:
        lock.unlink()


def _note_index(folder: Path) -> None:
    """Write down which index pip asks by default, for packs: pip itself is in another part."""
    from script.environment.settings import default_index

    index = default_index()
    if index is not None:
        (folder / "default-index").write_text(index, "utf-8")


class _Progress:
    """One line on a terminal that says how far it is."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._is_shown = sys.stderr.isatty()
        self._last = 0.0

    def show(self, done: int, size: int) -> None:
        """Renew the line, ten times a second at most."""
        if self._is_shown and time.monotonic() - self._last > 0.1:  # noqa: PLR2004  # seconds
            self._last = time.monotonic()
            line = f"{done} of {self._total} packages, {size / _MEGABYTE:.1f} MB"
            sys.stderr.write(f"\r\x1b[Klambda-pack: fetching: {line}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._is_shown and self._last:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _end_with_parent(parent: int) -> None:
    """Watch the process that started us in the background: what it does not wait for any more is not needed."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def main(arguments: Sequence[str]) -> int:
    """Return the exit code.

    Arguments: FOLDER LOCK PART [PARENT [early]]. PARENT is the process that waits for the part: when it ends, so do we.
    `early` says that the part may not be needed: nothing is written to standard error, and a uv on PATH may do.
    """
    environment, lock, part, *rest = arguments
    if "early" in rest:
        if part == "resolve" and shutil.which("uv"):
            return 0  # lambda-pack itself finds out whether that one is good
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  # for the life of the process
    if rest and os.name != "nt":
        threading.Thread(target=_end_with_parent, args=(int(rest[0]),), daemon=True).start()
    return _make(Path(environment), Path(lock), part)


def _make(environment: Path, lock: Path, part: str) -> int:
    try:
        if part == "all":
            make_virtual_environment(environment, lock)
        else:
            make_part(environment, lock, part)
    except Refusal as refusal:
        tell(f"error: {refusal}")
        return refusal.code
    except OSError as error:
        tell(f"error: cannot make {str(environment)!r}: {error}; set LAMBDA_PACK_ENVIRONMENTS to a folder of your own")
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
