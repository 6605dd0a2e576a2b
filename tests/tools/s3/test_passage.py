"""A passage reads as the bytes it is made of, from any place, and holds no more than a piece of them."""

from __future__ import annotations

import tracemalloc
from io import BytesIO
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.model.delivery import Delivery, S3Target
from lambda_pack.tools.s3.passage import read_passage
from lambda_pack.tools.s3.store import S3Store
from lambda_pack.tools.s3.upload import Sizes
from tests.support.fakes import RecordingNarrator
from tests.tools.s3.buckets import make_parcel
from tests.tools.s3.scripted import Reply, Scripted


@given(st.binary(max_size=64), st.integers(0, 70), st.integers(0, 70), st.lists(st.integers(0, 70), max_size=4))
def test_a_passage_is_a_slice(content: bytes, begin: int, length: int, seeks: list[int]) -> None:
    expected = BytesIO(content[begin : begin + length])
    length = len(expected.getvalue())
    told: list[int] = []
    passage = read_passage(BytesIO(content), begin, length, told=told.append)

    for position in seeks:
        assert passage.seek(position) == expected.seek(position)
        assert passage.read(7) == expected.read(7)
        assert passage.tell() == expected.tell()
    passage.seek(0)
    assert passage.read() == expected.getvalue()
    assert passage.seek(0, 2) == length
    assert all(0 <= amount <= max([length, *seeks]) for amount in told)


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    parcel = make_parcel(tmp_path, 48 << 20)

    with Scripted(lambda seen: Reply(404 if seen.method == "HEAD" else 200)) as server:
        store = S3Store(RecordingNarrator(), sizes=Sizes(whole=1 << 30))
        tracemalloc.start()
        store.deliver(parcel, Delivery(S3Target("code", "a.zip"), endpoint=server.endpoint))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert server.seen[-1].size == parcel.size
    assert peak < 40 << 20, f"{peak:,} bytes, of which boto3 itself takes about 20 MB"
