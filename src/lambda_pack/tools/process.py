"""The one place that starts programs: no shell, no input, a session of their own that ends with us.

It is loaded before uv is started, so it imports little: no msgspec, no pathlib.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess  # noqa: TID251  # this is the place
import sys
from collections import deque
from contextlib import contextmanager, suppress
from threading import Lock, Thread, Timer
from typing import TYPE_CHECKING, NamedTuple

from lambda_pack.errors import LambdaPackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

__all__ = ["Completed", "Running", "clean_up", "end_all", "own_environment", "run", "started", "tail"]

# What a build writes has no limit; what we remember of it has (lines).
_REMEMBERED = 5_000
# How long an asked program may take to tidy up before it is killed, and its heirs may hold our pipes (seconds).
_GRACE = 2.0
# When a program is watched over, so that it ends with us even if we are killed (seconds).
_SOON = 0.5
# What a terminal obeys rather than shows: package code writes the logs that we print.
_CONTROLS = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]"
)


# Lines `+ GROUP` and `- GROUP` say which groups of processes live.
_WATCH = """
trap "" INT TERM HUP
groups=
while read -r sign group; do
    rest=
    for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done
    groups=$rest
    [ "$sign" = - ] || groups="$groups $group"
done
for group in $groups; do kill -s TERM -- "-$group"; done 2>/dev/null
[ -z "$groups" ] || sleep 1
for group in $groups; do kill -s KILL -- "-$group"; done 2>/dev/null
"""


class Completed(NamedTuple):
    """A program that ended. `output` is its stdout; `log` has both streams' last lines in the order they arrived.

    The log has no control characters. `status` is negative when a signal ended it; `timed_out` says that the signal
    was ours.
    """

    command: tuple[str, ...]
    status: int
    output: str
    log: str
    timed_out: bool = False


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path | str | None = None,
    timeout: float | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program to its end; every status is the caller's to judge.

    `environment` is all that the program sees of ours. `timeout` is in seconds. `on_line` hears each line of both
    streams, one at a time but from other threads. Whatever interrupts us ends the program and all that it started.

    Raises:
        LambdaPackError: the program could not be started.
    """
    with started(command, environment=environment, folder=folder, on_line=on_line) as running:
        return running.finish(timeout)


class Running:
    """A program that was started; `finish` waits for its end."""

    def __init__(self, command: tuple[str, ...], process: subprocess.Popen[str], transcript: _Transcript) -> None:
        self.command = command
        self._process = process
        self._transcript = transcript
        self._readers = transcript.follow(process)

    def finish(self, timeout: float | None = None) -> Completed:
        """What came of it; after `timeout` seconds it is ended."""
        timed_out = False
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            _end(self._process)
        for reader in self._readers:
            reader.join(_GRACE)
        if any(reader.is_alive() for reader in self._readers):
            # Something that the program left behind still holds its pipes.
            _end(self._process)
            for reader in self._readers:
                reader.join()
        output, log = "".join(self._transcript.output), "".join(self._transcript.log)
        return Completed(self.command, self._process.returncode, output, log, timed_out=timed_out)


@contextmanager
def started(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path | str | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Iterator[Running]:
    """A program that runs beside us; when the block is left and it has not ended, it is ended. See `run`.

    Raises:
        LambdaPackError: the program could not be started.
    """
    command = tuple(command)
    process = _start(command, environment, folder)
    with _lock:
        _living.add(process)
    # Most programs end sooner.
    guarding = Timer(_SOON, _guarded, (process.pid,))
    guarding.daemon = True
    guarding.start()
    try:
        yield Running(command, process, _Transcript(on_line))
    except BaseException:
        _end(process)
        raise
    finally:
        guarding.cancel()
        guarding.join()
        if process.poll() is None:
            _end(process)
        _released(process.pid)
        with _lock:
            _living.discard(process)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def clean_up(command: Sequence[str], *, environment: Mapping[str, str], timeout: float) -> None:
    """Run a program that tidies up after another: `end_all` leaves it alone, and how it ends changes nothing.

    `timeout` is in seconds. It may be missing altogether.
    """
    with suppress(LambdaPackError), _start(tuple(command), environment, None) as process:
        try:
            process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process)


def own_environment() -> Mapping[str, str]:
    """Return all that we see ourselves, for programs of our own that reach an index as `entrypoint` does."""
    return os.environ  # noqa: TID251  # this is the place


def tail(text: str, lines: int = 40) -> str:
    r"""The last lines of a text, the way a report shows the end of a log.

    >>> tail("a\nb\nc\n", lines=2)
    'b\nc'
    """
    return "\n".join(text.rstrip().splitlines()[-lines:])


def end_all() -> None:
    """End every program that `run` started and that still runs: for a pool whose main thread was interrupted."""
    with _lock:
        living = tuple(_living)
    for process in living:
        _end(process)


_living: set[subprocess.Popen[str]] = set()
_lock = Lock()
_watching = Lock()
_watchers: list[int] = []


def _guarded(group: int) -> None:
    """From now on this group of processes ends with us, even if we are killed; on POSIX alone.

    PR_SET_PDEATHSIG would end the program alone, not the compilers that it has started, and also when a thread ends.
    """
    if sys.platform != "win32":
        _tell(f"+ {group}\n")


def _released(group: int) -> None:
    """Say that the group has ended: its number may soon be that of another."""
    if _watchers:
        _tell(f"- {group}\n")


def _tell(line: str) -> None:
    try:
        with _watching:
            if not _watchers:
                _watchers.append(_watcher())
            os.write(_watchers[0], line.encode())
    except OSError:
        # There is no shell, or it was ended: then nothing is guarded.
        return


def _watcher() -> int:
    """Start a shell that waits for the end of a pipe; no way to die can prevent that this ends."""
    listening, speaking = os.pipe()
    shell = subprocess.Popen(  # noqa: S603  # a fixed program of the system's
        ("/bin/sh", "-c", _WATCH),
        env={"PATH": os.defpath},
        stdin=listening,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(listening)
    # It outlives us by design: without this, Popen would warn that it still runs.
    shell.returncode = 0
    return speaking


class _Transcript:
    """Collects both streams while they arrive."""

    def __init__(self, on_line: Callable[[str], None] | None) -> None:
        self.output: list[str] = []
        self.log: deque[str] = deque(maxlen=_REMEMBERED)
        self._on_line = on_line
        self._lock = Lock()

    def follow(self, process: subprocess.Popen[str]) -> tuple[Thread, ...]:
        """Two running threads that end with their streams."""
        streams = ((process.stdout, self.output), (process.stderr, None))
        readers = tuple(Thread(target=self._read, args=stream, daemon=True) for stream in streams)
        for reader in readers:
            reader.start()
        return readers

    def _read(self, stream: IO[str], kept: list[str] | None) -> None:
        for line in stream:
            with self._lock:
                plain = _CONTROLS.sub("", line)
                self.log.append(plain)
                if kept is not None:
                    kept.append(line)
                if self._on_line:
                    self._on_line(plain.rstrip("\n"))


def _start(
    command: tuple[str, ...], environment: Mapping[str, str], folder: Path | str | None
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(  # noqa: S603  # no shell; the commands are ours
            command,
            env=dict(environment),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            # Without a terminal of its own nothing can stop and ask for a password.
            start_new_session=True,
            creationflags=_GROUP,
        )
    except OSError as error:
        raise LambdaPackError(
            f"cannot start {command[0]!r}: {error.strerror or error}; check that it is installed and executable"
        ) from error


if sys.platform == "win32":
    _GROUP = subprocess.CREATE_NEW_PROCESS_GROUP

    def _end(process: subprocess.Popen[str]) -> None:
        """End the program and what it started."""
        taskkill = os.path.join(os.environ["SYSTEMROOT"], "System32", "taskkill.exe")  # noqa: TID251  # this is the place
        subprocess.run(  # noqa: S603  # a fixed program of the system's
            [taskkill, "/T", "/F", "/PID", str(process.pid)], check=False, capture_output=True
        )
        process.wait()

else:
    _GROUP = 0  # `start_new_session` does it

    def _end(process: subprocess.Popen[str]) -> None:
        """End the program and what it started: asked first, then forced."""
        _signal(process, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        # The group may outlive its leader.
        _signal(process, signal.SIGKILL)
        process.wait()

    def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
        try:
            # The session's leader gave its own number to the group.
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            # Nobody is left; macOS calls that a lack of permission.
            return
