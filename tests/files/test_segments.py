"""A zip from its segments: the same bytes again, or a digest that says they are not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.files.archive import write_zip
from lambda_pack.files.segments import read_segments, segments_of, write_segments
from tests.files.bundles import composed, made
from tests.support.wheels import make_wheel

CONTENTS = st.binary(max_size=300)


@given(
    wheels=st.lists(st.lists(CONTENTS, max_size=4), max_size=3),
    own=st.lists(CONTENTS, max_size=3),
    compression=st.sampled_from([0, 8, 12, 14]),
)
def test_segments_give_the_same_archive(
    tmp_path_factory: pytest.TempPathFactory, wheels: list[list[bytes]], own: list[bytes], compression: int
) -> None:
    folder = tmp_path_factory.mktemp("segments")
    paths = [
        make_wheel(
            folder,
            f"w{number}-1.0-py3-none-any.whl",
            files={f"w{number}/{at}.py": content for at, content in enumerate(contents)},
            compression=compression,
        )
        for number, contents in enumerate(wheels)
    ]
    code = [made(f"own/{number}.py", content) for number, content in enumerate(own)]
    with composed(*paths, own=code) as bundle:
        facts = write_zip(bundle, folder / "first.zip")
        found = segments_of(bundle, folder / "first.zip")
        assert found is not None
        segments, archives = found
        sources = [(str(archive.path), len(archive.view)) for archive in archives]

    read = read_segments(segments.encoded())
    assert write_segments(read, sources, str(folder / "second.zip")) == facts.sha256
    assert (folder / "second.zip").read_bytes() == (folder / "first.zip").read_bytes()


def test_what_no_wheel_has_is_kept_up_to_a_limit(tmp_path: Path) -> None:
    large = made("large.bin", hashlib.shake_256(b"seed").digest(33 << 20))
    with composed(own=[large]) as bundle:
        write_zip(bundle, tmp_path / "first.zip")
        assert segments_of(bundle, tmp_path / "first.zip") is None


def test_another_wheel_is_another_archive(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl", files={"six.py": b"six" * 100}, compression=0)
    with composed(wheel) as bundle:
        facts = write_zip(bundle, tmp_path / "first.zip")
        found = segments_of(bundle, tmp_path / "first.zip")
    assert found is not None
    segments, size = found[0], wheel.stat().st_size
    wheel.write_bytes(wheel.read_bytes().replace(b"sixsix", b"saxsax"))

    assert write_segments(segments, [(str(wheel), size)], str(tmp_path / "second.zip")) != facts.sha256
    wheel.write_bytes(wheel.read_bytes()[:-1])
    with pytest.raises(ValueError, match="another size"):
        write_segments(segments, [(str(wheel), size)], str(tmp_path / "third.zip"))


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    nothing = read_segments(bytes(8))
    with pytest.raises(FileExistsError):
        write_segments(nothing, [], str(tmp_path / "there"))
    assert (tmp_path / "there").read_bytes() == b"mine"
