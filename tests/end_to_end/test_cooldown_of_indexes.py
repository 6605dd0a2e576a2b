"""A cooldown holds where indexes have rules, too: the view that tools then see says when files were uploaded."""

from __future__ import annotations

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_a_cooldown_holds_in_a_view(work: Workplace, resolver: str) -> None:
    with LoopbackIndex(work.folder.parent / "private") as private:
        private.add(make_wheel(private.folder, "lib-1.0-py3-none-any.whl"), uploaded="2023-01-01T00:00:00Z")
        private.add(make_wheel(private.folder, "lib-2.0-py3-none-any.whl"), uploaded="2026-01-01T00:00:00Z")
        make_wheel(work.index.folder, "lib-99.0-py3-none-any.whl")
        project = '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["lib"]\n'
        index = f'[[tool.uv.index]]\nname = "corp"\nurl = "{private.url}"\nexplicit = true\n'
        work.write("pyproject.toml", project, index, '[tool.uv.sources]\nlib = { index = "corp" }')
        done = work.packed("--resolver", resolver, extra={"UV_EXCLUDE_NEWER": "2024-01-01T00:00:00Z"})
        assert done.closure == {"lib": "1.0"}
