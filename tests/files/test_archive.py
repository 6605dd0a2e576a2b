"""The zip: the same bytes for the same bundle, and what the standard library reads back."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import EXECUTABLE, OWN, PLAIN, Entry
from lambda_pack.files.headers import Head, central_header, end_of_archive, local_header
from lambda_pack.files.outlet import after, open_outlet, write_each, write_gathered
from tests.files.bundles import bundle_of, composed, contents, interrupted, made, unzipped
from tests.support.processes import run
from tests.support.wheels import make_wheel

segments = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8
).filter(lambda segment: segment not in {".", ".."})
# One level of folders whose names no file has: a file is never a folder too.
trees = st.dictionaries(
    st.one_of(segments.map("f-{}".format), st.tuples(segments, segments).map("d-{0[0]}/{0[1]}".format)),
    st.binary(max_size=300),
    max_size=12,
)


def incompressible(size: int) -> bytes:
    """The same bytes each time, which no compressor makes smaller."""
    return hashlib.shake_256(b"seed").digest(size)


@given(tree=trees)
def test_what_is_written_is_what_was_meant(tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes]) -> None:
    folder = tmp_path_factory.mktemp("zip")
    found = unzipped(bundle_of(tree), folder)
    assert {name: content for name, (content, _) in found.items()} == tree
    assert list(found) == sorted(tree)


@given(tree=trees, data=st.data())
def test_composing_equals_unpacking(
    tmp_path_factory: pytest.TempPathFactory, tree: dict[str, bytes], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("wheels")
    shares: dict[str, dict[str, bytes]] = {"a": {}, "b": {}, "c": {}}
    for path, content in tree.items():
        shares[data.draw(st.sampled_from("abc"))][path] = content
    methods = {name: data.draw(st.sampled_from([0, 8, 12, 14])) for name in shares}
    wheels = [
        make_wheel(folder, f"{name}-1.0-py3-none-any.whl", files=files, compression=methods[name])
        for name, files in shares.items()
        if files
    ]
    archives = set()
    for order in (wheels, wheels[::-1]):
        with composed(*order) as bundle:
            found = {name: content for name, (content, _) in unzipped(bundle, folder).items()}
            assert found == contents(bundle)
        archives.add((folder / "out.zip").read_bytes())
    assert {name: content for name, content in found.items() if ".dist-info/" not in name} == tree
    assert len(archives) == 1


def test_the_archive_says_what_it_is(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"a.py": b"a" * 5000}, executable=["a.py"])
    own = [made("big.txt", b"abc" * 9000), made("random", incompressible(999)), made("ü.txt", mode=EXECUTABLE)]
    with composed(wheel, own=own) as bundle:
        archive = write_zip(bundle, tmp_path / "new" / "out.zip")
        assert archive.unzipped_size == bundle.unzipped_size
    data = archive.path.read_bytes()
    assert (archive.size, archive.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    with zipfile.ZipFile(archive.path) as opened:
        infos = {info.filename: info for info in opened.infolist()}
    assert archive.entries == len(infos)
    assert {info.date_time for info in infos.values()} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.create_system for info in infos.values()} == {3}
    assert {info.flag_bits for name, info in infos.items() if name.isascii()} == {0}
    assert infos["ü.txt"].flag_bits == 0x800
    assert [infos[name].external_attr >> 16 for name in ("a.py", "ü.txt", "big.txt")] == [0o100755, 0o100755, 0o100644]
    assert [infos[name].compress_type for name in ("a.py", "big.txt", "random", "ü.txt")] == [8, 8, 0, 0]
    assert all(not info.extra for info in infos.values())


def test_data_descriptors_become_sizes(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"a.py": b"a" * 5000}, streamed=True)
    with composed(wheel) as bundle:
        unzipped(bundle, tmp_path)
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(tmp_path / "out.zip") as after:
        assert before.getinfo("a.py").flag_bits & 8
        assert not after.getinfo("a.py").flag_bits & 8
    assert (tmp_path / "out.zip").read_bytes()[18:22] != b"\0\0\0\0"


def test_more_than_65535_members(tmp_path: Path) -> None:
    files = {f"n/{number}": b"" for number in range(65_536)}
    assert unzipped(bundle_of(files), tmp_path).keys() == files.keys()


def test_beyond_four_gibibytes(tmp_path: Path) -> None:
    # The disk holds next to nothing of it: the hole is sparse.
    hole, far = 5 << 30, tmp_path / "far.zip"
    head, big = Head(b"x.py", PLAIN, 0, 0x8CDC1683, 1, 1), Head(b"hole", PLAIN, 0, 0, hole, hole)
    with far.open("wb") as file:
        file.write(local_header(big))
        file.seek(hole, os.SEEK_CUR)
        offset = file.tell()
        file.write(local_header(head) + b"x")
        begin = file.tell()
        size = file.write(central_header(big, 0) + central_header(head, offset))
        file.write(end_of_archive(2, size, begin))
    with zipfile.ZipFile(far) as archive:
        assert archive.read("x.py") == b"x"
        assert archive.getinfo("hole").file_size == hole
        with archive.open("hole") as hidden:
            assert hidden.read(9) == bytes(9)
    far.unlink()


SCRIPT = """
import os, sys
from pathlib import Path
os.umask(int(sys.argv[3], 8))
from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import compose
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.files.source import read_source
from lambda_pack.model.packages import Pin
wheels = [(Pin.parse(path.name[0], "1.0"), path) for path in Path(sys.argv[1]).glob("*.whl")]
with OpenWheels() as opened:
    bundle = compose([opened.open(path, pin) for pin, path in wheels], read_source(Path(sys.argv[2])))
    print(write_zip(bundle, Path("out.zip")).sha256)
"""


def test_any_machine_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in "abc":
        make_wheel(tmp_path / "wheels", f"{name}-1.0-py3-none-any.whl", compression=14 if name == "a" else 8)
    own = tmp_path / "own"
    own.mkdir()
    for name in ("z.py", "a.py", "ü.py"):
        (own / name).write_text("x = 1\n" * 100, "utf-8")
    digests = set()
    for number, (zone, locale, mask) in enumerate(
        [("UTC", "C", "022"), ("Asia/Tokyo", "C.UTF-8", "077"), ("America/Lima", "POSIX", "000")]
    ):
        folder = tmp_path / f"run{number}"
        folder.mkdir()
        os.utime(own / "a.py", (number * 1e8, number * 1e8))
        environment = {
            "TZ": zone,
            "LC_ALL": locale,
            "PYTHONHASHSEED": str(number),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        done = run((sys.executable, "-c", SCRIPT, tmp_path / "wheels", own, mask), environment, folder=folder)
        assert done.exit_code == 0, done.text
        digests.add(done.output)
    assert len(digests) == 1


@given(sizes=st.lists(st.integers(0, 200_000), max_size=30))
def test_there_is_one_way_to_write(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    folder = tmp_path_factory.mktemp("outlet")
    buffers = [incompressible(size) for size in sizes]
    for name, write in (("gathered", write_gathered), ("each", write_each)):
        digest = hashlib.sha256()
        with FileIO(folder / name, "w") as file, open_outlet(file, digest, write) as outlet:
            for buffer in buffers:
                outlet.add(buffer)
            assert outlet.position == sum(sizes)
        assert (folder / name).read_bytes() == b"".join(buffers)
        assert digest.digest() == hashlib.sha256(b"".join(buffers)).digest()


@given(group=st.lists(st.binary(max_size=5)), written=st.integers(0, 50))
def test_what_the_system_did_not_take_is_left(group: list[bytes], written: int) -> None:
    assert b"".join(after(group, written)) == b"".join(group)[written:]


def test_a_buffer_larger_than_a_system_call_takes(tmp_path: Path) -> None:
    buffer = bytes(65 << 20)
    with FileIO(tmp_path / "large", "w") as file, open_outlet(file, hashlib.sha256()) as outlet:
        outlet.add(buffer)
    assert (tmp_path / "large").stat().st_size == len(buffer)


def test_a_digest_of_less_than_was_written_is_no_digest(tmp_path: Path) -> None:
    with FileIO(tmp_path / "file", "w") as file:
        (tmp_path / "file").unlink()
        (tmp_path / "file").touch()
        with (
            pytest.raises(OSError, match="shorter than what was written"),
            open_outlet(file, hashlib.sha256()) as outlet,
        ):
            outlet.add(b"x")


@contextmanager
def full_disk(at: int) -> Iterator[None]:
    """Files of this process cannot grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    bundle = bundle_of({"a": incompressible(3_000_000)})
    (tmp_path / "out.zip").write_text("before")
    with (
        full_disk(1_000_000),
        pytest.raises(LambdaPackError, match=r"cannot be written .* and is as it was; make room"),
    ):
        write_zip(bundle, tmp_path / "out.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]
    assert (tmp_path / "out.zip").read_text() == "before"


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    bundle = interrupted(incompressible(9_000_000))
    with pytest.raises(KeyboardInterrupt):
        write_zip(bundle, tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "longer"])
def test_an_own_file_that_changes_leaves_nothing_behind(tmp_path: Path, content: str | None) -> None:
    own = tmp_path / "own.py"
    own.write_text("x")
    entry = Entry("own.py", own, PLAIN, OWN, 1)
    own.unlink() if content is None else own.write_text(content)
    with pytest.raises(UsageError, match=r"own\.py' (cannot be read|changed while it was being packed)"):
        write_zip(Bundle((entry,)), tmp_path / "out" / "out.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_in_its_place_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.zip").mkdir()
    with pytest.raises(LambdaPackError, match=r"out\.zip' cannot be written"):
        write_zip(bundle_of({"a": b""}), tmp_path / "out.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["out.zip"]
