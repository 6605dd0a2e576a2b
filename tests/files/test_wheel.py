"""A wheel is opened by looking at what is there."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.files.wheel import LARGEST_METADATA, means, open_wheel
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.tools.network.wheel_metadata import read_metadata
from tests.support.wheels import make_wheel

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("streamed", [False, True])
def test_members_are_read_whatever_their_compression(tmp_path: Path, method: int, *, streamed: bool) -> None:
    files = {"six.py": b"x = 1\n" * 500_000, "empty.py": b"", "ünï.txt": b"\0"}
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl", files=files, compression=method, streamed=streamed)
    with open_wheel(wheel) as archive:
        found = {member.name: member.read() for member in archive.members}
        archive.verify_record()
        assert archive.digest() == hashlib.sha256(wheel.read_bytes()).hexdigest()
        assert archive.metadata().startswith(b"Metadata-Version")
    assert {name: found[name] for name in files} == files


def test_an_archive_of_more_than_65535_members_is_read(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "a") as archive:
        for number in range(65_540):
            archive.writestr(f"n/{number}", b"")
    with open_wheel(wheel) as opened:
        assert len(opened.members) > 65_540


@pytest.mark.parametrize(
    ("stem", "name", "version", "expected"),
    [
        ("foo_bar-1.0", "foo-bar", "1.0", True),
        ("Foo.Bar-1.0", "foo-bar", "1.0", True),
        ("foo-bar-1.0", "foo-bar", "1.0", True),
        ("foo_bar-1.0.0", "foo-bar", "1", True),
        ("foo-1.0+local_1", "foo", "1.0+local.1", True),
        ("foo-1.0_1", "foo", "1.0.post1", True),
        ("foo-2.0", "foo", "1.0", False),
        ("foo_bar-1.0", "foo", "1.0", False),
        ("foo", "foo", "1.0", False),
        ("foo-bar", "foo", "1.0", False),
    ],
)
def test_a_folder_means_a_pin(stem: str, name: str, version: str, *, expected: bool) -> None:
    assert means(stem, Pin.parse(name, version)) is expected


def test_any_version_will_do_while_it_is_unknown() -> None:
    assert means("foo-1.0", Pin(Pin.parse("foo", "1").name, None))
    assert not means("foo-bar", Pin(Pin.parse("foo", "1").name, None))


def test_the_name_in_the_cache_does_not_matter_when_the_pin_is_known(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl").rename(tmp_path / "0a1b2c")
    with open_wheel(wheel, Pin.parse("six", "1.0")) as archive:
        assert archive.dist_info == "six-1.0.dist-info"
    with pytest.raises(UsageError, match="'0a1b2c' is not the name of a wheel"), open_wheel(wheel):
        pass


def test_another_package_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl")
    with (
        pytest.raises(IntegrityError, match=r"is not six==2\.0: its metadata folder is 'six-1\.0\.dist-info'"),
        open_wheel(wheel, Pin.parse("six", "2.0")),
    ):
        pass


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"x.py": "", "y-1.0.dist-info/METADATA": ""}, "must have one .dist-info folder but has 2"),
    ],
)
def test_one_metadata_folder_is_needed(tmp_path: Path, files: dict[str, str], message: str) -> None:
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files=files)
    with pytest.raises(IntegrityError, match=message), open_wheel(wheel):
        pass


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "has no 'x-1.0.dist-info/RECORD'"),
        ("", "'x.py' in 'x-1.0-py3-none-any.whl' has no hash in RECORD"),
        ("x.py,sha256=AAAA,0\n", "'x.py' in .* is not what its hash in RECORD says"),
        ("x.py,md5=AAAA,0\n", "'x.py' in .* has a hash of the kind 'md5' in RECORD, which proves nothing"),
        ("x.py,,\n", "'x.py' in .* has no hash in RECORD"),
        ('x.py,"a\n', "has a damaged RECORD"),
    ],
)
def test_a_record_that_does_not_prove_the_content(tmp_path: Path, record: str | None, message: str) -> None:
    files = {"x.py": "pass\n"} | ({} if record is None else {"x-1.0.dist-info/RECORD": record})
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files=files, record=record is not None)
    with open_wheel(wheel) as archive, pytest.raises(IntegrityError, match=message):
        archive.verify_record()


def test_a_file_that_the_record_lists_must_be_there(tmp_path: Path) -> None:
    whole = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files={"x.py": "", "y.py": ""})
    lacking = tmp_path / "lacking" / whole.name
    lacking.parent.mkdir()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(lacking, "w") as target:
        for name in source.namelist():
            if name != "y.py":
                target.writestr(name, source.read(name))
    with open_wheel(lacking) as archive, pytest.raises(IntegrityError, match=r"lacks 'y\.py', which its RECORD lists"):
        archive.verify_record()


@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=3))
def test_whatever_is_damaged_is_refused_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[float, int]]
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    wheel = make_wheel(folder, "x-1.0-py3-none-any.whl", files={"x.py": b"a" * 100, "y.py": b"b"})
    with open_wheel(wheel) as archive:
        before = {member.name: member.read() for member in archive.members}
    data = bytearray(wheel.read_bytes())
    for place, change in flips:
        data[int(place * len(data))] ^= change
    wheel.write_bytes(data)
    try:
        with open_wheel(wheel) as archive:
            archive.verify_record()
            after = {member.name: member.read() for member in archive.members}
    except IntegrityError as error:
        assert wheel.name in str(error)  # noqa: PT017  # which damage is harmless is not known before
    else:
        assert after == before


def test_metadata_that_unpacks_to_more_than_any_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl", metadata_extra="X: " + "a" * LARGEST_METADATA + "\n")
    with open_wheel(wheel) as archive, pytest.raises(IntegrityError, match="which no METADATA has"):
        archive.metadata()
    with pytest.raises(IntegrityError, match="a METADATA larger than any is"):
        read_metadata(Wheel.parse(wheel.as_uri()), wheel)
