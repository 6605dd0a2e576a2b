"""How uv is called, and what its endings mean, with a program in its place that says what it was told to say."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from lambda_pack.errors import IndexUnavailable, LambdaPackError, UnmetDependencies
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.targets import Target
from lambda_pack.tools.uv_resolver import UvResolver

TARGET = Target.parse("python3.13")


def resolver(folder: Path, script: str) -> UvResolver:
    """A resolver whose uv is this shell script."""
    uv = folder / "uv"
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(0o755)
    scratch = folder / "scratch"
    scratch.mkdir()
    return UvResolver(Requirements(folder), str(uv), Path(sys.executable), {"PATH": "/usr/bin:/bin"}, scratch)


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ("error: No solution found when resolving dependencies", 1, UnmetDependencies),
        ("error: Failed to build `x==1`\n  cause: it broke\n         error: Failed to fetch", 1, UnmetDependencies),
        ("error: Failed to fetch: http://127.0.0.1:9/x.whl.metadata\n  cause: 404", 1, IndexUnavailable),
        ("error: Failed to download `x`\n  cause: Failed to fetch: http://127.0.0.1:9/x", 1, IndexUnavailable),
        ("error: Git operation failed\n  cause: failed to clone", 1, IndexUnavailable),
        ("error: Received some unexpected JSON from `http://127.0.0.1:9/x/`", 1, IndexUnavailable),
        ("error: Request failed after 5 retries", 2, IndexUnavailable),
    ],
)
def test_what_an_ending_means(tmp_path: Path, said: str, status: int, error: type[LambdaPackError]) -> None:
    with pytest.raises(error) as caught:
        resolver(tmp_path, f"printf '%s\\n' {shlex.quote(said)} >&2; exit {status}").resolve(TARGET, at_most={})
    assert said in caught.value.log


def test_what_uv_leaves_behind_goes_with_the_scratch_folder(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        resolver(tmp_path, 'echo "$TMPDIR $TEMP $TMP"; exit 2').resolve(TARGET, at_most={})
    assert caught.value.log.split() == [str(tmp_path / "scratch")] * 3
