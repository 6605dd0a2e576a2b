"""What came of loading a bundle, as people and machines read it; and what may be asked for."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.verification import verification_json, verification_text
from lambda_pack.frontends.verify_requests import verify_request_of
from lambda_pack.model.loading import (
    VERIFICATION_VERSION,
    Answered,
    Failed,
    Invocation,
    Loaded,
    LoadWith,
    Skipped,
    Verification,
    VerifyRequest,
)
from lambda_pack.model.targets import Target
from tests.frontends.snapshots import check_snapshot

TRACEBACK = """\
Traceback (most recent call last):
  File "/var/task/app.py", line 3, in <module>
    import numpy
  File "/var/task/numpy/__init__.py", line 9, in <module>
    from numpy import _core
ImportError: /var/task/numpy/_core.so: cannot open shared object file: No such file or directory"""
VERIFICATION = Verification(
    Path("dist/shop-python3.13-arm64.zip"),
    Target.parse("python3.13", "arm64"),
    "python3.13 of a sysroot, emulated by qemu-aarch64-static",
    (
        *(Skipped(f"tool-{number}.py", "no name that an import statement can have") for number in range(10)),
        Loaded("app"),
        Loaded("six"),
        Failed(
            "numpy",
            TRACEBACK.splitlines()[-1],
            TRACEBACK,
            file="/var/task/numpy/__init__.py",
            package="numpy 2.4.0",
        ),
        Failed("_fast", "SystemExit: the import was ended by SIGSEGV"),
        Answered("app.handler", '{"statusCode": 200, "body": "\x1b[31m"}'),
    ),
    ("the system's libraries are those of the sysroot",),
)
SAID: dict[str, Any] = {
    **dict.fromkeys(("runtime", "architecture", "python", "cache-dir", "handler", "event", "with", "image", "sysroot")),
    "timeout": None,
    "submodules": False,
    "layer": [],
    "env": [],
    "skip": [],
    "archive": "x.zip",
}


@pytest.mark.parametrize("verbose", [False, True])
def test_text(*, verbose: bool) -> None:
    text = verification_text(VERIFICATION, verbose=verbose)

    check_snapshot(f"verification{'-verbose' if verbose else ''}.txt", text)
    assert "\x1b" not in text


def test_many_failures_are_listed_with_few_tracebacks() -> None:
    many = tuple(Failed(f"pkg.m{number}", "ValueError: x", "the trace") for number in range(20))
    verification = replace(VERIFICATION, outcomes=many)

    assert verification_text(verification).count("| the trace") == 8
    assert verification_text(verification).count("failed: pkg.m") == 20
    assert verification_text(verification, verbose=True).count("| the trace") == 20


def test_json() -> None:
    schema = json.loads(
        files("lambda_pack").joinpath("schemas", f"verification-{VERIFICATION_VERSION}.schema.json").read_text("utf-8")
    )
    Draft202012Validator.check_schema(schema)
    text = verification_json(VERIFICATION)

    check_snapshot("verification.json", text)
    Draft202012Validator(schema).validate(json.loads(text))


def test_what_nobody_said_keeps_its_default() -> None:
    assert verify_request_of(SAID) == VerifyRequest(Path("x.zip"))


def test_what_was_said(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"a": 1}', "utf-8")
    said = {"runtime": "python3.13", "architecture": "arm64", "with": "qemu", "timeout": "1.5", "env": ["A=b=c", "D="]}
    said |= {"layer": ["1.zip", "2.zip"], "skip": ["x"], "handler": "app.handler", "event": str(event)}

    assert verify_request_of({**SAID, **said}) == VerifyRequest(
        Path("x.zip"),
        Target.parse("python3.13", "arm64"),
        layers=(Path("1.zip"), Path("2.zip")),
        invocation=Invocation("app.handler", '{"a": 1}'),
        means=LoadWith.QEMU,
        timeout=1.5,
        variables={"A": "b=c", "D": ""},
        skip=frozenset({"x"}),
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"architecture": "arm64"}, "--architecture without a runtime"),
        ({"runtime": "python2.7"}, "'python2.7' is not a Lambda runtime"),
        ({"with": "luck"}, "'luck' is nothing to load with; choose one of: auto, clean-root, host, container, qemu"),
        ({"timeout": "soon"}, "'soon' is no number of seconds"),
        ({"timeout": "nan"}, "'nan' is no number of seconds"),
        ({"timeout": "-1"}, "'-1' is no number of seconds"),
        ({"event": "e.json"}, "--event without a handler"),
        ({"handler": "app.handler", "event": "missing.json"}, "'missing.json' cannot be read"),
        ({"handler": "app.handler", "event": __file__}, "is not JSON"),
        ({"env": ["TABLE"]}, "--env='TABLE' is not KEY=VALUE"),
    ],
)
def test_what_cannot_be_understood(said: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        verify_request_of({**SAID, **said})
