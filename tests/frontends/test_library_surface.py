"""What the library promises, and `pack`, called as Python programs call it."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import lambda_pack
from lambda_pack import PackRequest, PythonPipDependencyBuilder, Target, UnmetDependencies, pack
from lambda_pack.model.given import Given
from lambda_pack.model.report import Unmet
from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import contents, files_below
from tests.frontends.projects import write_requirements
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel
from tests.support.processes import run

pytestmark = pytest.mark.usefixtures("machine")


def test_the_signature_is_that_of_the_seed_to_the_letter() -> None:
    signature = inspect.signature(PythonPipDependencyBuilder.build_dependencies)
    parameters = [(one.name, one.default, one.kind) for one in signature.parameters.values()]
    usual, needed = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    assert parameters == [
        ("self", needed, usual),
        ("artifacts_dir_path", needed, usual),
        ("requirements_path", needed, usual),
        ("runtime", needed, usual),
        ("ui", None, usual),
        ("config", None, usual),
    ]


def test_what_is_promised_can_be_imported() -> None:
    for name in lambda_pack.__all__:
        assert getattr(lambda_pack, name) is not None
    with pytest.raises(AttributeError, match="'lambda_pack' has no attribute 'unheard_of'"):
        lambda_pack.unheard_of  # noqa: B018  # asking is the point


def test_importing_it_is_light(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    code = "import sys, lambda_pack; print(sorted(n for n in sys.modules if n.startswith('lambda_pack')))"
    done = run((COMMAND[0], "-c", code), clean_environment, folder=tmp_path)
    assert done.output == "['lambda_pack', 'lambda_pack.model', 'lambda_pack.model.product']\n"


def test_pack_gives_a_report(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, "six-1.0-py3-none-any.whl")
    request = PackRequest(
        Target.parse("python3.13", "arm64"),
        (write_requirements(tmp_path, "six"),),
        name="shop",
        options={"index-url": Given((index.url,), "this test")},
        use_cache=False,
    )

    report = pack(request)

    assert report.archive is not None
    assert "six.py" in contents(report.archive.path)
    assert [str(package.pin) for package in report.packages] == ["six==1.0"]
    assert files_below(tmp_path / "dist") == [
        f"shop-python3.13-arm64.{kind}" for kind in ("pylock.toml", "report.json", "zip")
    ]


def test_pack_raises_what_is_missing(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, "fast-1.0-cp313-cp313-win_amd64.whl")
    options = {"index-url": Given((index.url,), "this test")}
    request = PackRequest(
        Target.parse("python3.13"), (write_requirements(tmp_path, "fast"),), options=options, use_cache=False
    )

    with pytest.raises(UnmetDependencies) as raised:
        pack(request)

    (missing,) = raised.value.missing
    assert isinstance(missing, Unmet)
    assert (str(missing.pin), missing.origin) == ("fast==1.0", "requirements.txt:1")
    assert "is for Windows" in str(raised.value)
    assert not (tmp_path / "dist").exists()
