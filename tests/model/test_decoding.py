"""Values out of JSON, while other threads read theirs."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.processes import run

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.model.decoding import from_json
sys.setswitchinterval(1e-6)
together = Barrier(8)
def read(number):
    together.wait()
    return from_json(b"[]", list[BinaryFile])
with ThreadPoolExecutor(8) as threads:
    assert list(threads.map(read, range(8))) == [[]] * 8
"""


def test_eight_threads_meet_a_class_at_once(tmp_path: Path) -> None:
    """Unguarded, one in three of these processes ends with a segmentation fault."""

    def ended(_number: int) -> int:
        return run((sys.executable, "-c", PROGRAM), {"PYTHONPATH": sys.path[-1]}, folder=tmp_path).exit_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ended, range(6))) == [0] * 6
