"""Eight runs with one cache at the same time, one of them killed in the middle."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess  # noqa: TID251  # one of them is to be killed, all the others run meanwhile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from lambda_pack.tools.network.cache_upkeep import clear
from tests.end_to_end.workplace import Workplace, files_below
from tests.support.faults import Slow
from tests.support.packages import make_sdist, make_wheel

RUNS = 8


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """Needs six wheels that arrive slowly, and one that is built here."""
    names = [f"part{number}" for number in range(6)]
    for name in names:
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl", files={f"{name}.txt": name * 5000})
    make_sdist(work.index.folder, "raw", "1.0", project_table=True)
    work.write("requirements.txt", *names, "raw")
    return work


def begin(work: Workplace, number: int) -> subprocess.Popen[bytes]:
    """One run, in a group of its own."""
    command = work.command("pack", "-o", work.folder.parent / f"dist-{number}")
    return subprocess.Popen(  # noqa: S603  # our own command
        [str(word) for word in command],
        cwd=work.folder,
        env=dict(work.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def kill_while_it_fetches(work: Workplace, process: subprocess.Popen[bytes]) -> None:
    """End it with everything that it has started, when something is arriving in the cache."""
    # What is noted in the cache passes through that folder, too, and is gone at once: a wheel stays there for a while.
    while process.poll() is None and not (work.index.asked("*.whl") and files_below(work.cache / "partial")):
        time.sleep(0.01)
    assert process.poll() is None, "it was to be killed in the middle, and ended before"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def damaged(cache: Path) -> list[str]:
    """The files of the cache that are not what their address says: files/sha256/ab/DIGEST/name."""
    files = [path for path in (cache / "files" / "sha256").rglob("*") if path.is_file()]
    assert len(files) > RUNS - 1
    return [str(path) for path in files if hashlib.sha256(path.read_bytes()).hexdigest() != path.parent.name]


def test_eight_runs_share_a_cache_and_one_of_them_dies(shop: Workplace) -> None:
    shop.index.misbehave("*.whl", Slow(0.05, chunk=4000))
    victim, *others = [begin(shop, number) for number in range(RUNS)]
    try:
        kill_while_it_fetches(shop, victim)
        said = [process.communicate(timeout=300)[0].decode() for process in others]
    finally:
        for process in (victim, *others):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    assert victim.returncode == -signal.SIGKILL
    assert [process.returncode for process in others] == [0] * (RUNS - 1), said
    zips = [next((shop.folder.parent / f"dist-{number}").glob("*.zip")) for number in range(1, RUNS)]
    assert len({path.read_bytes() for path in zips}) == 1
    assert not list((shop.folder.parent / "dist-0").glob("[!.]*")), "all or nothing"
    assert not damaged(shop.cache)
    shop.index.forget()
    later = shop.packed()
    assert later.bytes == zips[0].read_bytes()
    assert not shop.index.asked("*.whl"), "everything is there"
    (built,) = (package["build"] for package in later.report["packages"] if package["build"])
    assert built["cached"]


def test_what_a_killed_run_has_left_is_swept_away_a_day_later(shop: Workplace) -> None:
    shop.index.misbehave("*.whl", Slow(0.2, chunk=1000))
    victim = begin(shop, 0)
    kill_while_it_fetches(shop, victim)
    remains = list((shop.cache / "partial").iterdir())
    assert remains
    shop.index.behave()
    for path in remains:
        os.utime(path, (0, 0))

    shop.packed()

    assert not files_below(shop.cache / "partial")
    assert not damaged(shop.cache)


@pytest.mark.proof
def test_a_cache_that_is_cleared_while_packing(shop: Workplace) -> None:
    """Nothing is unmet because another program has cleared the cache; 8 of 8 runs were, once."""
    stop, cleared = Event(), []

    def clear_it() -> None:
        while not stop.is_set():
            cleared.append(clear(shop.cache))
            time.sleep(0.005)

    with ThreadPoolExecutor(1) as pool:
        clearing = pool.submit(clear_it)
        try:
            for number in range(8):
                process = begin(shop, number)
                output, _ = process.communicate()
                assert process.returncode == 0, output.decode()
        finally:
            stop.set()
        clearing.result()
    assert sum(one.files for one in cleared) > 8 * RUNS
