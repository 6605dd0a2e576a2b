"""What stands in a URL."""

from __future__ import annotations

import pytest

from lambda_pack.model.urls import filename_of, without_credentials


@pytest.mark.parametrize(
    ("url", "filename"),
    [
        ("https://x.example/a/foo-1.0.tar.gz", "foo-1.0.tar.gz"),
        ("https://x.example/foo-1.0.tar.gz?token=1#sha256=00", "foo-1.0.tar.gz"),
        ("https://x.example/foo-1.0%2Bcpu.tar.gz", "foo-1.0+cpu.tar.gz"),
        ("file:///with%20space/foo.zip", "foo.zip"),
        ("https://x.example", ""),
    ],
)
def test_file_names(url: str, filename: str) -> None:
    assert filename_of(url) == filename


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a", "https://x.example/a"),
        ("https://me:secret@x.example:8/a?b=c#d", "https://x.example:8/a?b=c"),
        ("https://me:se@cret@x.example/a@b", "https://x.example/a@b"),
        ("git+ssh://git@x.example/a.git@v1", "git+ssh://x.example/a.git@v1"),
        ("file:///a/b", "file:///a/b"),
    ],
)
def test_credentials_go(url: str, expected: str) -> None:
    assert without_credentials(url) == expected
