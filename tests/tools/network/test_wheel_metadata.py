from __future__ import annotations

import io
from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.tools.network.wheel_metadata import read_metadata, read_size
from tests.support.packages import make_wheel


def test_damaged_wheels_are_named(tmp_path: Path) -> None:
    """Whatever byte of a wheel is another, its metadata is read, or the wheel is refused by its name."""
    path = make_wheel(tmp_path, "lib-1.0-py3-none-any.whl")
    wheel = Wheel(Pin.parse("lib", "1.0"), path.name, path.as_uri())
    whole = path.read_bytes()
    refused = []
    for place in range(0, len(whole), 3):
        damaged = whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :]
        for read in (read_metadata, read_size):
            try:
                read(wheel, io.BytesIO(damaged))
            except IntegrityError as error:
                refused.append(str(error))
    assert refused
    assert all("'lib-1.0-py3-none-any.whl'" in text for text in refused)


@pytest.mark.parametrize("content", [b"", b"PK", b"Not found"])
def test_what_is_no_wheel_is_named(content: bytes) -> None:
    wheel = Wheel(Pin.parse("lib", "1.0"), "lib-1.0-py3-none-any.whl", "https://x.example/lib-1.0-py3-none-any.whl")
    with pytest.raises(IntegrityError, match=r"lib-1.0-py3-none-any.whl"):
        read_metadata(wheel, io.BytesIO(content))
