"""The entrypoint makes its environment once, whoever starts it, from wherever, however often at a time."""

from __future__ import annotations

import hashlib
import os
import pwd
import signal
import subprocess  # noqa: TID251  # to kill a start in the middle, with all that it started
import sys
import sysconfig
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import findpython
import pytest
import uv
from msgspec.structs import replace

from lambda_pack import __version__
from tests.support.checkouts import Checkout, make_checkout
from tests.support.faults import Slow
from tests.support.index import LoopbackIndex
from tests.support.processes import run
from tests.support.sources import make_sdist

HOUSE = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path, index: LoopbackIndex, clean_environment: Mapping[str, str]) -> Checkout:
    """A checkout whose lock names `snowflake`."""
    return make_checkout(tmp_path, index, clean_environment)


def only_for_pip(checkout: Checkout, index: LoopbackIndex) -> None:
    """Change the lock's package to one that has no wheel: pip has to build it."""
    index.folder.joinpath("snowflake-1.0-py3-none-any.whl").unlink()
    sdist = make_sdist(index.folder, "snowflake", "1.0")
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    (checkout.folder / "requirements.lock").write_text(f"snowflake==1.0 --hash=sha256:{digest}\n", "utf-8")


def files_below(folder: Path) -> list[Path]:
    """All that is in a folder."""
    return sorted(folder.rglob("*"))


def test_the_first_use_makes_the_environment_and_the_second_starts_at_once(
    checkout: Checkout, index: LoopbackIndex
) -> None:
    first = checkout.start("pack", "-r", "a b.txt")
    index.forget()
    second = checkout.start("pack", "-r", "a b.txt")

    assert (first.exit_code, first.output) == (0, "1.0|lambda-pack|pack|-r|a b.txt\n"), first.errors
    assert first.errors == f"lambda-pack: making its environment in {str(checkout.made()[0])!r} (once)\n"
    assert (second.exit_code, second.output, second.errors) == (0, first.output, "")
    assert index.requests == ()


def test_two_at_once_make_one_environment(checkout: Checkout) -> None:
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda _: checkout.start(), range(2)))

    assert [end.output for end in ends] == ["1.0|lambda-pack\n"] * 2, [end.errors for end in ends]
    assert sum("making its environment" in end.errors for end in ends) == 1


def test_a_start_that_was_killed_is_made_good(checkout: Checkout, index: LoopbackIndex) -> None:
    index.misbehave("snowflake-1.0-py3-none-any.whl", Slow(30))
    killed = subprocess.Popen(  # noqa: S603  # our own entrypoint
        [sys.executable, checkout.folder / "entrypoint"], env=dict(checkout.environment), start_new_session=True
    )
    deadline = time.monotonic() + 30
    while not index.asked("/simple/snowflake/") and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    index.behave()

    assert not checkout.made()
    assert list(checkout.cache.glob("lambda-pack/environments/*/.core-*")), "it was killed in the middle"
    assert checkout.start().output == "1.0|lambda-pack\n"
    assert not list(checkout.cache.glob("lambda-pack/environments/*/.core-*")), "what was left is swept"


def test_another_lock_gets_another_environment(checkout: Checkout) -> None:
    checkout.start()
    lock = checkout.folder / "requirements.lock"
    lock.write_bytes(b"# changed\n" + lock.read_bytes())

    assert checkout.start().output == "1.0|lambda-pack\n"
    assert len(checkout.made()) == 2


def test_a_part_without_its_marker_is_made_again(checkout: Checkout) -> None:
    checkout.start()
    (checkout.made()[0] / "core" / "made-from.lock").unlink()

    assert checkout.start().output == "1.0|lambda-pack\n"


def test_nothing_is_written_into_the_checkout_when_bytecode_is_unwanted(checkout: Checkout) -> None:
    before = files_below(checkout.folder)

    assert checkout.start(PYTHONDONTWRITEBYTECODE="1").exit_code == 0
    assert files_below(checkout.folder) == before
    assert list(checkout.made()[0].rglob("pycache/**/snowflake*.pyc")), "it starts quickly all the same"


@pytest.mark.parametrize(
    "unkind",
    [
        {"PYTHONPATH": "{hostile}"},
        {"VIRTUAL_ENV": "{hostile}", "UV_SYSTEM_PYTHON": "1", "UV_PYTHON": "2.7"},
        {"PIP_TARGET": "{hostile}", "PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_BINARY": ":all:"},
        {"PIP_CONSTRAINT": "{hostile}/none.txt", "PIP_DRY_RUN": "1", "PIP_QUIET": "0", "PIP_PREFIX": "{hostile}"},
    ],
    ids="+".join,
)
def test_settings_that_would_lead_astray_do_not(checkout: Checkout, tmp_path: Path, unkind: Mapping[str, str]) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name in ("subprocess", "shutil", "venv", "snowflake", "lambda_pack"):
        (hostile / f"{name}.py").write_text("raise SystemExit('hostile')", "utf-8")
    settings = {name: value.replace("{hostile}", str(hostile)) for name, value in unkind.items()}

    astray = replace(checkout, environment={**checkout.environment, **settings})

    assert astray.start().output == "1.0|lambda-pack\n"
    assert len(list(hostile.iterdir())) == 5


def test_it_works_through_a_symlink_from_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    link, elsewhere = tmp_path / "bin" / "lambda-pack", tmp_path / "elsewhere"
    link.parent.mkdir()
    elsewhere.mkdir()
    link.symlink_to(os.path.relpath(checkout.folder / "entrypoint", link.parent))

    done = run((sys.executable, link), checkout.environment, folder=elsewhere)

    assert done.output == "1.0|lambda-pack\n", done.errors
    assert not files_below(elsewhere)


def test_a_checkout_that_cannot_be_written_is_enough(checkout: Checkout) -> None:
    for path in (*files_below(checkout.folder), checkout.folder):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert checkout.start().output == "1.0|lambda-pack\n"
    finally:
        checkout.folder.chmod(0o755)
        for path in files_below(checkout.folder):
            path.chmod(path.stat().st_mode | 0o200)


def test_what_cannot_be_installed_is_said_with_the_end_of_the_log(checkout: Checkout, index: LoopbackIndex) -> None:
    lock = checkout.folder / "requirements.lock"
    lock.write_text(f"snowflake==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")

    done = checkout.start(PIP_INDEX_URL=index.url_with("somebody", "very-secret"))

    assert (done.exit_code, done.output) == (5, "")
    assert "could not be installed" in done.errors
    assert "DO NOT MATCH THE HASHES" in done.errors
    assert "very-secret" not in done.errors
    assert not list(checkout.cache.glob("lambda-pack/environments/*/*core*/*"))


def test_a_folder_that_cannot_be_made_is_said(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = checkout.start(LAMBDA_PACK_ENVIRONMENTS=str(tmp_path / "file" / "below"))

    assert done.exit_code == 2
    assert "set LAMBDA_PACK_ENVIRONMENTS to a folder of your own" in done.errors


def test_a_checkout_without_its_lock_is_said(checkout: Checkout) -> None:
    (checkout.folder / "requirements.lock").unlink()

    done = checkout.start()

    assert done.exit_code == 2
    assert "is this a whole checkout?" in done.errors


def test_a_python_without_pip_uses_the_one_of_ensurepip(
    checkout: Checkout, index: LoopbackIndex, tmp_path: Path
) -> None:
    pytest.importorskip("ensurepip", reason="this Python came without ensurepip")
    only_for_pip(checkout, index)
    run((sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"), checkout.environment, folder=tmp_path)

    assert checkout.start(python=str(tmp_path / "bare" / "bin" / "python")).output == "1.0|lambda-pack\n"


def test_a_python_without_any_pip_is_told_what_to_install(
    checkout: Checkout, index: LoopbackIndex, tmp_path: Path
) -> None:
    if sysconfig.get_config_var("WHEEL_PKG_DIR"):
        pytest.skip("this Python finds a pip in a folder of its distribution")
    only_for_pip(checkout, index)
    without = (
        "import sys; sys.modules['pip'] = sys.modules['ensurepip'] = None; sys.path.insert(0, sys.argv.pop(1)); "
        "from script.environment.making import main; sys.exit(main(sys.argv[1:]))"
    )
    arguments = (checkout.folder, tmp_path / "made", checkout.folder / "requirements.lock", "core")

    done = run((sys.executable, "-c", without, *arguments), checkout.environment, folder=tmp_path)

    assert done.exit_code == 2
    assert f"install python{sys.version_info.major}.{sys.version_info.minor}-venv" in done.errors
    assert not list((tmp_path / "made").glob("*core*/*"))


@pytest.mark.parametrize(
    ("settings", "folder"),
    [
        ({"HOME": "/h"}, "/h/.cache/lambda-pack/environments"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/lambda-pack/environments"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "relative"}, "/h/.cache/lambda-pack/environments"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x", "RUNNER_TEMP": "/r"}, "/r/lambda-pack/environments"),
        ({"RUNNER_TEMP": "/r", "RUNNER_TOOL_CACHE": "/t"}, "/r/lambda-pack/environments"),
        (
            {"RUNNER_TEMP": "/r", "RUNNER_TOOL_CACHE": "/t", "RUNNER_ENVIRONMENT": "self-hosted"},
            "/t/lambda-pack/environments",
        ),
        ({"RUNNER_TEMP": "/r", "LAMBDA_PACK_ENVIRONMENTS": "/own"}, "/own"),
        ({}, str(Path(f"~{pwd.getpwuid(os.getuid()).pw_name}").expanduser() / ".cache/lambda-pack/environments")),
    ],
)
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has other folders")
def test_where_environments_lie(settings: Mapping[str, str], folder: str, tmp_path: Path) -> None:
    ask = "import runpy, sys; print(runpy.run_path(sys.argv[1])['environments']())"

    done = run((sys.executable, "-c", ask, HOUSE / "entrypoint"), settings, folder=tmp_path)

    assert done.output.strip() == folder, done.errors


@pytest.mark.network
def test_a_python_that_is_too_old_is_told_so(tmp_path: Path, clean_environment: Mapping[str, str]) -> None:
    old = [str(found.executable) for found in findpython.find_all(minor=6) + findpython.find_all(minor=8)]
    if not old:
        pytest.skip("no Python 3.6 or 3.8 on this machine")
    for python in old:
        done = run((python, HOUSE / "entrypoint", "--version"), clean_environment, folder=tmp_path)

        assert (done.exit_code, done.output) == (2, "")
        assert "is too old, lambda-pack itself needs 3.11 or newer" in done.errors


@pytest.mark.network
@pytest.mark.parametrize("with_uv", [True, False])
def test_the_real_lock(tmp_path: Path, *, with_uv: bool) -> None:
    path = [str(Path(uv.find_uv_bin()).parent)] if with_uv else []
    settings = {  # the machine's own way to its index, whatever that is
        **{name: value for name, value in os.environ.items() if name not in {"RUNNER_TEMP", "VIRTUAL_ENV"}},  # noqa: TID251
        "PATH": os.pathsep.join([*path, "/usr/bin", "/bin"]),
        "XDG_CACHE_HOME": str(tmp_path),
        "LAMBDA_PACK_ENVIRONMENTS": "",
    }
    command = (sys.executable, HOUSE / "entrypoint", "--version")

    first, second = (run(command, settings, folder=tmp_path) for _ in range(2))

    assert first.exit_code == second.exit_code == 0, first.errors + second.errors
    assert __version__ in second.output
    assert second.errors == ""
