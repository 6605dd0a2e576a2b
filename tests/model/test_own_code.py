"""What --source takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.own_code import OwnCode


@pytest.mark.parametrize(
    ("text", "path", "prefix"),
    [
        ("src", "src", ""),
        ("src:lib", "src", "lib/"),
        ("src:shop/api/", "src", "shop/api/"),
        ("app.py:shop", "app.py", "shop/"),
        ("/opt/code:lib", "/opt/code", "lib/"),
        (r"C:\code", r"C:\code", ""),
        ("C:/code", "C:/code", ""),
        (r"C:\code:lib", r"C:\code", "lib/"),
        ("c:/code:lib/deep", "c:/code", "lib/deep/"),
        ("a:lib", "a", "lib/"),
        (r"\\server\share:lib", r"\\server\share", "lib/"),
    ],
)
def test_a_place_and_where_it_goes(text: str, path: str, prefix: str) -> None:
    assert OwnCode.parse(text) == OwnCode(Path(path), prefix)


@pytest.mark.parametrize("text", ["src:", ":lib", "src:/lib", "src:../lib", "src:a//b", "src:a/./b", r"src:a\b", ":"])
def test_a_folder_that_leads_out(text: str) -> None:
    with pytest.raises(UsageError, match="is not DIR:FOLDER"):
        OwnCode.parse(text)
