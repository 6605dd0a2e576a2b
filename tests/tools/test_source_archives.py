from __future__ import annotations

import io
import json
import os
import stat
import sys
import sysconfig
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import lambda_pack
from lambda_pack.tools.building.archives import HAS_FILTERS, unpack_tar
from tests.support.processes import run

# Debian 12's own Python, the oldest that README promises: tarfile has no filters there.
SYSTEM_PYTHON = "/usr/bin/python3"
WITHOUT_FILTERS = range(4)

Member = Mapping[str, Any]

FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE

HOSTILE: Mapping[str, tuple[Member, ...]] = {
    "above": ({"name": "../outside"},),
    "above-in-the-middle": ({"name": "lib/../../outside"},),
    "dots-that-stay-inside": ({"name": "lib/../inside"},),
    "absolute": ({"name": "/no-such-folder/outside"},),
    "link-above": ({"name": "lib/link", "type": LINK, "linkname": "../../outside"},),
    "link-to-absolute": ({"name": "lib/link", "type": LINK, "linkname": "/etc/hostname"},),
    "hard-link-above": ({"name": "lib/link", "type": HARD, "linkname": "../outside"},),
    "hard-link-to-absolute": ({"name": "lib/link", "type": HARD, "linkname": "/etc/hostname"},),
    "through-two-links": (
        {"name": "a", "type": LINK, "linkname": "."},
        {"name": "a/b", "type": LINK, "linkname": ".."},
        {"name": "a/b/outside"},
    ),
    "link-through-a-link": (
        {"name": "d", "type": FOLDER},
        {"name": "d/e", "type": FOLDER},
        {"name": "up", "type": LINK, "linkname": "d/e"},
        {"name": "up/out", "type": LINK, "linkname": "../../.."},
    ),
    "pipe": ({"name": "lib/pipe", "type": tarfile.FIFOTYPE},),
    "character-device": ({"name": "lib/null", "type": tarfile.CHRTYPE},),
    "block-device": ({"name": "lib/disk", "type": tarfile.BLKTYPE},),
}

HARMLESS: tuple[Member, ...] = (
    {"name": "lib", "type": FOLDER, "mode": 0o777},
    {"name": "./lib/setup.py", "mode": 0o666},
    {"name": "lib/configure", "mode": 0o6777},
    {"name": "lib/only-others-may-start-it", "mode": 0o011},
    {"name": "lib/sub/deep.txt", "mode": 0o000},
    {"name": "lib/here", "type": LINK, "linkname": "setup.py"},
    {"name": "lib/sub/up", "type": LINK, "linkname": "../setup.py"},
    {"name": "lib/twin", "type": HARD, "linkname": "lib/setup.py"},
)


def tar(folder: Path, members: tuple[Member, ...]) -> Path:
    """An archive with these members, of an owner that this machine does not have."""
    path = folder / "lib-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as opened:
        for number, member in enumerate(members):
            info = tarfile.TarInfo(member["name"])
            info.type, info.linkname = member.get("type", FILE), member.get("linkname", "")
            info.mode, info.uid, info.gid = member.get("mode", 0o644), 54321, 54321
            content = f"harmless {number}".encode() if info.isreg() else b""
            info.size = len(content)
            opened.addfile(info, io.BytesIO(content))
    return path


def tree(folder: Path) -> dict[str, tuple[str | None, int | None, bool]]:
    """Everything in a folder: contents, links, permissions, owners."""
    found: dict[str, tuple[str | None, int | None, bool]] = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else None
        mode = None if path.is_symlink() else stat.S_IMODE(state.st_mode)
        found[path.relative_to(folder).as_posix()] = (content, mode, state.st_uid == os.getuid())
    return found


def with_python_filter(archive: Path, into: Path) -> None:
    unpack_tar(archive, into, filtered=True)


def without_python_filter(archive: Path, into: Path) -> None:
    unpack_tar(archive, into, filtered=False)


def with_system_python(archive: Path, into: Path) -> None:
    """The same under the Python of the system, with the packages of this one: both are 3.11."""
    program = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[1:3]\n"
        "from lambda_pack.tools.building.archives import unpack_tar; unpack_tar(*map(Path, sys.argv[3:]))"
    )
    ours, packages = Path(lambda_pack.__file__).parents[1], sysconfig.get_path("purelib")
    done = run((SYSTEM_PYTHON, "-I", "-c", program, ours, packages, archive, into), {}, folder=archive.parent)
    if "tarfile.ExtractError" in done.text:
        raise tarfile.ExtractError(done.text)
    assert done.exit_code == 0, done.text


def system_python() -> tuple[int, ...]:
    """Its version; nothing where the system has none."""
    if not Path(SYSTEM_PYTHON).exists():
        return ()
    program = "import json, sys; print(json.dumps(sys.version_info[:3]))"
    return tuple(json.loads(run((SYSTEM_PYTHON, "-I", "-c", program), {}, folder=Path(__file__).parent).output))


needs_filters = pytest.mark.skipif(
    not HAS_FILTERS, reason="this Python has no filters: the other branch is the only one"
)
needs_old_python = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or system_python()[:2] != (3, 11) or system_python()[2] not in WITHOUT_FILTERS,
    reason=f"{SYSTEM_PYTHON} is not 3.11.0 to 3.11.3, or our packages are for another Python",
)
WAYS = [
    pytest.param(with_python_filter, id="filter", marks=needs_filters),
    pytest.param(without_python_filter, id="no-filter"),
    pytest.param(with_system_python, id="system", marks=[pytest.mark.slow, needs_old_python]),
]


@pytest.mark.parametrize("unpacked", WAYS)
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_member_is_refused(tmp_path: Path, case: str, unpacked: Callable[[Path, Path], None]) -> None:
    (tmp_path / "room").mkdir()
    archive = tar(tmp_path, HOSTILE[case])
    with pytest.raises(
        tarfile.ExtractError, match=r"leads out of the archive|is neither a file nor a folder nor a link"
    ):
        unpacked(archive, tmp_path / "room" / "into")
    assert not list(tmp_path.rglob("outside"))
    assert {path.name for path in tmp_path.iterdir()} == {"room", archive.name}
    assert not any(stat.S_ISFIFO(path.lstat().st_mode) for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("unpacked", WAYS)
def test_what_is_harmless_comes_out_the_same(tmp_path: Path, unpacked: Callable[[Path, Path], None]) -> None:
    unpacked(tar(tmp_path, HARMLESS), tmp_path / "into")
    found = tree(tmp_path / "into")
    assert found["lib/configure"] == ("harmless 2", 0o755, True)
    assert found["lib/setup.py"] == ("harmless 1", 0o644, True)
    assert found["lib/only-others-may-start-it"] == ("harmless 3", 0o600, True)
    assert found["lib/sub/deep.txt"] == ("harmless 4", 0o600, True)
    assert found["lib/here"] == ("setup.py", None, True)
    assert found["lib/sub/up"] == ("../setup.py", None, True)
    assert found["lib/twin"] == ("harmless 1", 0o644, True)
    # Nobody else may write, and we may look into every folder.
    assert all(mode is None or (mode & 0o022 == 0 and mode & 0o600 == 0o600) for _, mode, _ in found.values())


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    archive = tar(tmp_path, HARMLESS)
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises((tarfile.TarError, EOFError)):
        unpack_tar(archive, tmp_path / "into")
