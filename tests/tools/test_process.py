"""Programs that end well, badly, late, or never."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError
from lambda_pack.tools.process import end_all, run, started, tail

WAITING = "import time, pathlib, sys; pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
# Starts a child that writes to its file until it is ended, and waits for it.
PARENT = """
import subprocess, sys
child = '''
import pathlib, sys, time
while True:
    pathlib.Path(sys.argv[1]).write_text(str(time.monotonic()))
    time.sleep(0.02)
'''
subprocess.Popen([sys.executable, "-c", child, sys.argv[1]]).wait()
"""


def python(code: str, *arguments: object) -> list[str]:
    """The command that runs it."""
    return [sys.executable, "-c", code, *map(str, arguments)]


def until(condition: Callable[[], bool]) -> None:
    """Waits for it, at most half a minute."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_quiet(path: Path) -> bool:
    """Whether nobody writes to it any more."""
    before = path.read_bytes()
    time.sleep(0.3)
    return path.read_bytes() == before


def test_both_streams_and_the_status_are_kept(tmp_path: Path) -> None:
    lines: list[str] = []
    code = "import os, sys; print(os.getcwd()); print('été', file=sys.stderr); raise SystemExit(7)"
    done = run(python(code), environment={"PYTHONUTF8": "1"}, folder=tmp_path, on_line=lines.append)
    assert (done.status, done.output, done.timed_out) == (7, f"{tmp_path}\n", False)
    assert sorted(done.log.splitlines()) == sorted(lines) == sorted([str(tmp_path), "été"])


def test_only_the_given_environment_is_seen() -> None:
    done = run(python("import os; print(os.environ.get('HOME'), os.environ['ONLY'])"), environment={"ONLY": "this"})
    assert done.output == "None this\n"


def test_there_is_nobody_to_ask() -> None:
    assert run(python("import sys; print(repr(sys.stdin.read()))"), environment={}).output == "''\n"


def test_bytes_that_are_no_text_do_no_harm() -> None:
    done = run(python(r"import sys; sys.stdout.buffer.write(b'a\xffb\n')"), environment={})
    assert done.output == "a\ufffdb\n"


def test_a_program_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(LambdaPackError, match=r"cannot start 'no-such-program': .*; check that it is installed"):
        run(["no-such-program"], environment={})


def test_after_the_timeout_the_whole_family_is_ended(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    begun = time.monotonic()
    done = run(python(PARENT, heartbeat), environment={}, timeout=1.5)
    assert done.timed_out
    assert done.status != 0
    assert time.monotonic() - begun < 30
    assert is_quiet(heartbeat)


def test_a_program_that_nobody_waits_for_ends_with_the_block(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    with started(python(PARENT, heartbeat), environment={}):
        until(heartbeat.is_file)
    assert is_quiet(heartbeat)


def test_a_program_is_finished_later() -> None:
    with started(python("print('done')"), environment={}) as running:
        ended = running.finish()
        assert running.finish() == ended
    assert (ended.status, ended.output) == (0, "done\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows closes inherited pipes otherwise")
def test_what_a_program_leaves_behind_does_not_keep_us(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"
    done = run(python(PARENT.replace(".wait()", "")), environment={}, timeout=60)
    assert (done.status, done.timed_out) == (1, False), "without an argument it fails at once"
    done = run(python(PARENT.replace(".wait()", ""), heartbeat), environment={}, timeout=60)
    assert (done.status, done.timed_out) == (0, False)
    assert not heartbeat.exists() or is_quiet(heartbeat)


def test_all_that_runs_can_be_ended_from_another_thread(tmp_path: Path) -> None:
    marker = tmp_path / "begun"
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(run, python(WAITING, marker), environment={})
        until(marker.exists)
        end_all()
        assert future.result(timeout=30).status != 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to threads")
def test_an_interruption_ends_the_whole_family(tmp_path: Path) -> None:
    heartbeat, ours = tmp_path / "heartbeat", threading.get_ident()

    def interrupt() -> None:
        until(heartbeat.exists)
        signal.pthread_kill(ours, signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(python(PARENT, heartbeat), environment={})
    assert is_quiet(heartbeat)


def test_the_end_of_a_log_is_its_last_lines() -> None:
    assert tail("".join(f"{number}\n" for number in range(100))).splitlines() == [str(n) for n in range(60, 100)]
    assert tail("") == ""


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07rest", "rest"),
        ("\x1b]8;;http://x.example\x1b\\link", "link"),
        ("\x9b2Jerased\x08\x7f", "erased"),
        ("one\u2028two\ttab", "onetwo\ttab"),
        ("naïve 日本 ✓", "naïve 日本 ✓"),
    ],
)
def test_a_log_cannot_write_on_a_terminal(said: str, logged: str) -> None:
    heard: list[str] = []
    code = "import sys; sys.stdout.buffer.write(sys.argv[1].encode())"
    ended = run(python(code, said), environment={}, on_line=heard.append)
    assert (ended.log, ended.output, heard) == (logged, said, [logged])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are POSIX's")
def test_programs_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """With all that they have started: a killed build must not go on compiling."""
    heartbeat = tmp_path / "heartbeat"
    killed = "import os, threading; threading.Timer(1.2, os.kill, (os.getpid(), 9)).start()"
    code = f"{killed}; from lambda_pack.tools.process import run; run({python(PARENT, heartbeat)!r}, environment={{}})"

    done = run(python(code), environment={"PYTHONPATH": os.pathsep.join(sys.path)})

    assert done.status == -signal.SIGKILL
    assert heartbeat.exists()
    time.sleep(1.5)  # it is asked first, and a second later forced
    assert is_quiet(heartbeat)
