"""A set of files that takes the place of an older one: whole at every moment, and nothing left behind for ever."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.leftovers import claimed_folder, sweep
from lambda_pack.files.staging import publish, staging_beside
from lambda_pack.model.product import SCRATCH_PREFIX
from tests.support.processes import run

SOURCE = Path(__file__).parents[2] / "src"
NAMES = ("api.pylock.toml", "api.report.json", "api.zip")
# Publishes, and ends like a killed process at the Nth thing that it does to the disk.
KILLED = """
import os, sys
from lambda_pack.files.staging import publish, staging_beside
left = int(sys.argv[2])
def watch(event, arguments):
    global left
    if event in {"os.rename", "os.link", "os.mkdir", "os.rmdir", "os.remove"}:
        left -= 1
        if left == 0:
            os._exit(9)
with staging_beside(sys.argv[1]) as staging:
    for name in sys.argv[3:]:
        with open(os.path.join(staging, name), "w") as file:
            file.write("new")
    sys.addaudithook(watch)
    publish(staging, sys.argv[1])
"""


def contents(folder: Path) -> dict[str, str]:
    """The files that are not hidden."""
    return {path.name: path.read_text() for path in folder.iterdir() if not path.name.startswith(".")}


def laid(folder: Path, text: str) -> Path:
    """A folder with a whole set in it."""
    folder.mkdir(exist_ok=True)
    for name in NAMES:
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("moment", range(1, 12))
def test_killed_at_any_moment_every_file_is_there_and_whole(tmp_path: Path, moment: int) -> None:
    output = laid(tmp_path / "out", "old")

    command = (sys.executable, "-c", KILLED, output, str(moment), *NAMES)
    done = run(command, {"PYTHONPATH": str(SOURCE)}, folder=tmp_path)

    found = contents(output)
    assert found.keys() == set(NAMES)
    assert set(found.values()) <= {"old", "new"}
    assert found["api.zip"] == "old" or set(found.values()) == {"new"}, "the zip is the last"
    assert done.exit_code in {0, 9}, done.text
    with staging_beside(str(output)) as staging:
        laid(Path(staging), "newer")
        publish(staging, str(output))
    assert set(contents(output).values()) == {"newer"}, "the next run mends it"


def test_what_cannot_take_its_place_leaves_the_older_set(tmp_path: Path) -> None:
    output = laid(tmp_path / "out", "old")
    (output / "api.zip").unlink()
    (output / "api.zip").mkdir()

    with staging_beside(str(output)) as staging:
        laid(Path(staging), "new")
        with pytest.raises(LambdaPackError, match="cannot be written"):
            publish(staging, str(output))

    assert {name: (output / name).read_text() for name in NAMES[:2]} == dict.fromkeys(NAMES[:2], "old")
    assert [path.name for path in output.iterdir() if path.name.startswith(".")] == []


def leftover(folder: Path, name: str, *, seconds: float = 3600) -> Path:
    """A folder as a killed run leaves it, last written so long ago."""
    path = folder / name
    path.mkdir()
    (path / "api.zip").write_text("half")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - seconds))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
def test_the_next_run_sweeps_what_killed_ones_have_left(tmp_path: Path) -> None:
    abandoned, young = leftover(tmp_path, f"{SCRATCH_PREFIX}1"), leftover(tmp_path, f"{SCRATCH_PREFIX}2", seconds=1)
    other = leftover(tmp_path, "mine")
    (tmp_path / f"{SCRATCH_PREFIX}3").symlink_to(other)
    living = leftover(tmp_path, f"{SCRATCH_PREFIX}4")

    with claimed_folder(str(living)):
        sweep(str(tmp_path), SCRATCH_PREFIX)
        assert (abandoned.exists(), young.exists(), living.exists()) == (False, True, True)
    assert (other / "api.zip").exists()
    sweep(str(tmp_path), SCRATCH_PREFIX)
    assert not living.exists()


def test_a_folder_that_is_not_there_is_swept_in_vain(tmp_path: Path) -> None:
    sweep(str(tmp_path / "nowhere"), SCRATCH_PREFIX)
