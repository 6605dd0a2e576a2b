"""What looks wrong with own code, and what only looks so."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from lambda_pack.files.entries import PLAIN, Entry
from lambda_pack.files.oversights import find_oversights
from lambda_pack.model.packages import Pin
from lambda_pack.model.targets import Target
from tests.files.bundles import made

TARGET = Target.parse("python3.12")


def found(files: Mapping[str, bytes], handler: str | None = None, *, prefix: str = "") -> list[str]:
    """The warnings; files of `pkg==1` are those below `+`."""
    pin = Pin.parse("pkg", "1")
    entries = [
        Entry(prefix + path[1:], content, PLAIN, pin, len(content))
        if path.startswith("+")
        else made(prefix + path, content)
        for path, content in files.items()
    ]
    return list(find_oversights(entries, TARGET, prefix=prefix, handler=handler))


@pytest.mark.parametrize(
    ("source", "is_there"),
    [
        ("def handler(event, context): ...", True),
        ("handler = make()", True),
        ("handler: object = make()", True),
        ("a, (b, handler) = make()", True),
        ("if True:\n    handler = 1\n", True),
        ("try:\n    from fast import handler\nexcept ImportError:\n    handler = None\n", True),
        ("from x import y as handler", True),
        ("import handler", True),
        ("import x.handler", False),
        ("class handler: ...", True),
        ("from x import *", True),
        ("def __getattr__(name): ...", True),
        ("globals()['handler'] = 1", True),
        ("def make():\n    global handler\n    handler = 1\n", True),
        ("if (handler := make()): ...", True),
        ("def other():\n    handler = 1\n", False),
        ("class Other:\n    def handler(self): ...\n", False),
        ("print(handler)", False),
        ("", False),
        ("this is no python", True),  # it may be for a newer one than ours
    ],
)
@pytest.mark.parametrize("path", ["app.py", "app/__init__.py"])
def test_a_handler(source: str, path: str, *, is_there: bool) -> None:
    warnings = found({path: source.encode()}, "app.handler")
    assert warnings == ([] if is_there else [f"the handler 'app.handler' is not there: {path} binds no 'handler'"])


@pytest.mark.parametrize(
    ("handler", "says"),
    [
        ("app.handler", None),
        ("shop/api.handler", None),
        ("shop.api.handler", None),
        ("fast.handler", None),
        ("gone.handler", "nothing in the bundle is the module 'gone'"),
        ("handler", "is not MODULE.FUNCTION"),
        ("app.", "is not MODULE.FUNCTION"),
        ("app.coroutine", "is a coroutine function"),
        ("+", "is not MODULE.FUNCTION"),
    ],
)
@pytest.mark.parametrize("prefix", ["", "python/"])
def test_where_a_handler_is(handler: str, says: str | None, prefix: str) -> None:
    code = b"def handler(event, context): ...\nasync def coroutine(event, context): ...\n"
    files = {"app.py": code, "+shop/api.py": code, "fast.cpython-312-x86_64-linux-gnu.so": b""}
    warnings = found(files, handler, prefix=prefix)
    assert len(warnings) == (says is not None)
    assert says is None or says in warnings[0]


@pytest.mark.parametrize(
    ("path", "content", "is_one"),
    [
        (".env", b"", True),
        (".env.production", b"", True),
        (".env.example", b"", False),
        ("deep/id_rsa", b"", True),
        ("deep/id_rsa.pub", b"", False),
        ("server.pem", b"words", True),
        ("ca.pem", b"-----BEGIN CERTIFICATE-----\n", False),
        ("both.pem", b"-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----\n", True),
        ("server.key", b"-----BEGIN PRIVATE KEY-----\n", True),
        (".aws/credentials", b"", True),
        (".aws/config", b"", True),
        ("credentials.json", b"", True),
        ("credentials.py", b"", False),
        ("service-account-prod.json", b"", True),
        (".npmrc", b"", True),
        ("terraform.tfstate", b"", True),
        ("keys.py", b"", False),
        ("environment.py", b"", False),
        ("+certifi/cacert.pem", b"", False),
    ],
)
def test_secrets(path: str, content: bytes, *, is_one: bool) -> None:
    warnings = found({path: content})
    assert len(warnings) == is_one
    assert all("looks like a secret" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["json.py"], "hides the standard library's json"),
        (["json/__init__.py"], "hides the standard library's json"),
        (["json/data.json"], None),
        (["deep/json.py"], None),
        (["+json.py"], None),
        (["imp.py"], None),  # gone since 3.12
        (["requests.py", "+requests/__init__.py"], "is never imported: the package requests of pkg==1 comes first"),
        (["six/__init__.py", "+six.py"], "hides six.py of pkg==1"),
        (["google/mine.py", "+google/cloud/__init__.py"], None),
        (["google/__init__.py", "+google/__init__.py"], None),
    ],
)
def test_names_that_hide_others(files: list[str], says: str | None) -> None:
    warnings = found(dict.fromkeys(files, b""))
    assert len(warnings) == (says is not None)
    assert says is None or says in warnings[0]
