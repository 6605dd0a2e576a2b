from __future__ import annotations

import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambda_pack.tools.building.steady import steady_folder

# Other runs of these tests may be under way.
KEY = f"of-a-test-of-lambda-pack-{os.getpid()}"


def test_it_has_one_path_and_is_gone_afterwards(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        with steady_folder(KEY, otherwise=tmp_path) as folder:
            assert not list(folder.iterdir())
            (folder / "file").touch()
            seen.append(folder)
    assert seen[0] == seen[1]
    assert seen[0].parent == Path(tempfile.gettempdir())
    assert not seen[0].exists()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of POSIX")
def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    with steady_folder(KEY, otherwise=tmp_path) as folder:
        assert folder.stat().st_mode & 0o077 == 0


def test_another_build_of_the_same_source_is_waited_for(tmp_path: Path) -> None:
    seen = []

    def build() -> None:
        with steady_folder(KEY, otherwise=tmp_path) as folder:
            assert not list(folder.iterdir())
            (folder / "file").touch()
            time.sleep(0.2)
            seen.append(folder)

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(build) for _ in range(3)]:
            future.result()
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_two_at_a_time_do_not_meet(tmp_path: Path) -> None:
    with (
        steady_folder(KEY, otherwise=tmp_path) as first,
        steady_folder(KEY, otherwise=tmp_path, max_wait=0.2) as second,
    ):
        assert second.is_relative_to(tmp_path)
        assert first != second


def test_what_a_killed_run_has_left_is_cleared_away(tmp_path: Path) -> None:
    with steady_folder(KEY, otherwise=tmp_path) as folder:
        path = folder
    path.mkdir()
    (path / "rest").touch()
    os.utime(path, (0, 0))
    with steady_folder(KEY, otherwise=tmp_path) as again:
        assert again == path
        assert not list(again.iterdir())
    assert not path.exists()
