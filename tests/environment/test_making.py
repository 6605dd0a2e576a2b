"""The environment of `entrypoint`: made from any index that pip could use, in parts, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import pty
import shutil
import socket
import subprocess  # noqa: TID251  # a terminal
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.checkouts import Checkout, locked, make_checkout
from tests.support.faults import Redirect, Rule, Slow
from tests.support.index import LoopbackIndex
from tests.support.processes import run
from tests.support.sources import make_sdist
from tests.support.tls import serve_over_tls
from tests.support.wheels import make_wheel

READY = "1.0|lambda-pack\n"


@pytest.fixture
def checkout(tmp_path: Path, index: LoopbackIndex, clean_environment: Mapping[str, str]) -> Checkout:
    """A checkout whose lock names `snowflake`."""
    return make_checkout(tmp_path, index, clean_environment)


def static_index(folder: Path, *wheels: Path, has_digests: bool = True) -> Path:
    """A folder in the form of PEP 503, as a web server or a file system has it."""
    for wheel in wheels:
        page = folder / "simple" / wheel.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        digest = f"#sha256={hashlib.sha256(wheel.read_bytes()).hexdigest()}" if has_digests else ""
        page.write_text(f'<!doctype html><a href="../../files/{wheel.name}{digest}">{wheel.name}</a>', "utf-8")
        (folder / "files").mkdir(exist_ok=True)
        shutil.copy(wheel, folder / "files")
    return folder / "simple"


def test_each_package_takes_two_requests_and_no_pip(checkout: Checkout, index: LoopbackIndex) -> None:
    done = checkout.start()

    assert (done.output, len(done.errors.splitlines())) == (READY, 1)
    assert [request.path for request in index.requests] == [
        "/simple/snowflake/",
        "/files/snowflake-1.0-py3-none-any.whl",
    ]
    assert not list(checkout.cache.rglob("pyvenv.cfg"))


@pytest.mark.parametrize("variable", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "pip.conf"])
def test_an_index_with_an_authority_of_its_own(
    variable: str, checkout: Checkout, index: LoopbackIndex, tmp_path: Path
) -> None:
    authority = tmp_path / "authority.pem"
    static_index(tmp_path / "served", index.folder / "snowflake-1.0-py3-none-any.whl")
    with serve_over_tls(tmp_path / "served", authority) as url:
        settings = {"PIP_INDEX_URL": f"{url}/simple/"}
        if variable == "pip.conf":
            settings["PIP_CONFIG_FILE"] = ""
            configuration = tmp_path / "home" / ".config" / "pip" / "pip.conf"
            configuration.parent.mkdir(parents=True)
            configuration.write_text(f"[global]\ncert = {authority}\n", "utf-8")
        else:
            settings[variable] = str(authority)
        began = time.monotonic()
        done = checkout.start(**settings)

    assert (done.output, len(done.errors.splitlines())) == (READY, 1), done.errors
    assert time.monotonic() - began < 15


def test_an_authority_that_nothing_names_is_refused_with_the_reason(
    checkout: Checkout, index: LoopbackIndex, tmp_path: Path
) -> None:
    static_index(tmp_path / "served", index.folder / "snowflake-1.0-py3-none-any.whl")
    with serve_over_tls(tmp_path / "served", tmp_path / "authority.pem") as url:
        done = checkout.start(PIP_INDEX_URL=f"{url}/simple/")

    assert done.exit_code == 5
    assert "CERTIFICATE_VERIFY_FAILED" in done.errors
    assert not checkout.made()


def test_a_package_may_be_on_the_second_index_alone(checkout: Checkout, index: LoopbackIndex, tmp_path: Path) -> None:
    with LoopbackIndex(tmp_path / "first") as first:
        done = checkout.start(PIP_INDEX_URL=first.url, PIP_EXTRA_INDEX_URL=index.url)

        assert done.output == READY, done.errors
        assert [request.path for request in first.requests] == ["/simple/snowflake/"]


def test_a_file_with_another_hash_on_the_first_index_is_passed_over(
    checkout: Checkout, index: LoopbackIndex, tmp_path: Path
) -> None:
    with LoopbackIndex(tmp_path / "first") as first:
        make_wheel(first.folder, "snowflake-1.0-py3-none-any.whl", files={"snowflake/other.py": b""})
        done = checkout.start(PIP_INDEX_URL=first.url, PIP_EXTRA_INDEX_URL=index.url)

        assert done.output == READY, done.errors
        assert not first.asked("*.whl")


@pytest.mark.parametrize("form", ["html", "json"])
def test_both_forms_of_pages_are_read(form: str, checkout: Checkout, index: LoopbackIndex) -> None:
    with LoopbackIndex(index.folder, form="html" if form == "html" else "json") as other:
        assert checkout.start(PIP_INDEX_URL=other.url).errors.count("\n") == 1


@pytest.mark.parametrize("kind", ["folder", "file URL", "index of files", "pages without digests"])
def test_wheels_may_be_on_the_disk(kind: str, checkout: Checkout, index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = index.folder / "snowflake-1.0-py3-none-any.whl"
    simple = static_index(tmp_path / "static", wheel, has_digests=kind != "pages without digests")
    settings = {
        "folder": {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index.folder)},
        "file URL": {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index.folder.as_uri()},
        "index of files": {"PIP_INDEX_URL": simple.as_uri()},
        "pages without digests": {"PIP_INDEX_URL": simple.as_uri()},
    }[kind]

    done = checkout.start(**settings)

    assert (done.output, len(done.errors.splitlines())) == (READY, 1), done.errors
    assert index.requests == ()


@pytest.mark.parametrize("variable", ["PIP_PROXY", "http_proxy"])
def test_a_proxy_is_asked(variable: str, checkout: Checkout, index: LoopbackIndex) -> None:
    done = checkout.start(
        PIP_INDEX_URL="http://index.example/simple/", PIP_TRUSTED_HOST="index.example", **{variable: index.host}
    )

    assert done.output == READY, done.errors
    assert index.requests[0].path == "http://index.example/simple/snowflake/"


@pytest.mark.parametrize("place", ["URL", "netrc"])
def test_a_login_goes_where_it_belongs(place: str, checkout: Checkout, index: LoopbackIndex, tmp_path: Path) -> None:
    with LoopbackIndex(tmp_path / "pages", files_at=index.files_url) as pages:
        for wheel in index.folder.glob("*.whl"):
            shutil.copy(wheel, pages.folder)
        url = pages.url_with("me", "p@ss/word") if place == "URL" else pages.url.replace("127.0.0.1", "localhost")
        netrc = tmp_path / "netrc"
        netrc.write_text("machine localhost login me password p@ss/word\n", "utf-8")
        netrc.chmod(0o600)
        done = checkout.start(PIP_INDEX_URL=url, NETRC=str(netrc))

        assert done.output == READY, done.errors
        assert pages.requests[0].authorization == "Basic bWU6cEBzcy93b3Jk"
        assert [request.authorization for request in index.requests] == [None], "another host gets no login"


def test_a_host_that_is_not_trusted_is_not_reached_through_one_that_is(
    checkout: Checkout, index: LoopbackIndex
) -> None:
    rules = [Rule("*.whl", Redirect(f"{index.host}{{path}}"))]
    with LoopbackIndex(index.folder, rules=rules) as trusted:
        url = trusted.url.replace("127.0.0.1", "localhost")
        done = checkout.start(PIP_INDEX_URL=url, PIP_TRUSTED_HOST="localhost")

    assert "and pip's trusted-host names only one of them" in done.errors


def test_odd_links_on_a_page_are_passed_over(checkout: Checkout, index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = index.folder / "snowflake-1.0-py3-none-any.whl"
    pages = static_index(tmp_path, wheel)
    page = pages / "snowflake" / "index.html"
    odd = '<a href="../../files/snowflake-1.0.whl">snowflake-1.0.whl</a>'
    without_digest = page.read_text("utf-8").partition("#")[0] + '">again</a>'
    page.write_text(odd + without_digest + page.read_text("utf-8"), "utf-8")

    done = checkout.start(PIP_INDEX_URL=pages.as_uri())

    assert (done.output, len(done.errors.splitlines())) == (READY, 1), done.errors


def test_a_file_that_changed_on_its_way_is_refused(checkout: Checkout, index: LoopbackIndex) -> None:
    wheel = index.folder / "snowflake-1.0-py3-none-any.whl"
    with LoopbackIndex(index.folder.parent / "good") as good:
        shutil.copy(wheel, good.folder)
        make_wheel(index.folder, wheel.name, files={"snowflake/evil.py": b""})
        with LoopbackIndex(good.folder, files_at=index.files_url) as lying:
            done = checkout.start(PIP_INDEX_URL=lying.url)

    assert done.exit_code == 5
    assert "another hash than the lock says" in done.errors
    assert not checkout.made()


def test_a_package_without_a_wheel_is_built_by_pip_and_that_is_said(checkout: Checkout, index: LoopbackIndex) -> None:
    (index.folder / "snowflake-1.0-py3-none-any.whl").unlink()
    checkout.lock.write_text(locked(make_sdist(index.folder, "snowflake", "1.0")), "utf-8")

    done = checkout.start()

    assert done.output == READY, done.errors
    assert "installing its packages with pip: no index has a wheel of snowflake 1.0 for this Python" in done.errors


def test_no_network_is_said_soon(checkout: Checkout) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/simple/"
        began = time.monotonic()
        done = checkout.start(PIP_INDEX_URL=url)

    assert (done.exit_code, done.output) == (5, "")
    assert "Connection refused" in done.errors
    assert "look at" in done.errors
    assert time.monotonic() - began < 30
    assert not checkout.made()


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written_is_said(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "home").chmod(0o500)

    done = checkout.start(XDG_CACHE_HOME="")

    assert done.exit_code == 2
    assert "set LAMBDA_PACK_ENVIRONMENTS to a folder of your own" in done.errors


def test_a_home_that_is_no_folder_is_said(checkout: Checkout) -> None:
    done = checkout.start(XDG_CACHE_HOME="", HOME=os.devnull)

    assert done.exit_code == 2
    assert "set LAMBDA_PACK_ENVIRONMENTS to a folder of your own" in done.errors


def test_eight_at_once_make_one_environment(checkout: Checkout, index: LoopbackIndex) -> None:
    index.misbehave("snowflake-1.0-py3-none-any.whl", Slow(0.3))
    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(lambda _: checkout.start("need", "deliver"), range(8)))

    assert [end.output for end in ends] == ["1.0|lambda-pack|need|deliver\n2.0\n"] * 8, [end.errors for end in ends]
    assert len(index.asked("snowflake-*.whl")) == len(index.asked("hailstone-*.whl")) == 1


def test_a_part_is_fetched_when_it_is_needed_and_kept(checkout: Checkout, index: LoopbackIndex) -> None:
    checkout.start()
    assert not index.asked("/simple/hailstone/")

    first, second = checkout.start("need", "deliver"), checkout.start("need", "deliver")

    assert first.output == second.output == "1.0|lambda-pack|need|deliver\n2.0\n", first.errors
    assert len(index.asked("hailstone-*.whl")) == 1
    assert checkout.made("deliver") == checkout.made()


def test_a_part_that_cannot_be_fetched_ends_the_run_as_a_network_error(
    checkout: Checkout, index: LoopbackIndex
) -> None:
    checkout.start()
    (index.folder / "hailstone-2.0-py3-none-any.whl").unlink()

    done = checkout.start("need", "deliver")

    assert done.exit_code == 5
    assert "the part 'deliver' of lambda-pack's environment could not be made" in done.errors
    assert "No matching distribution found for hailstone" in done.errors
    assert not checkout.made("deliver")


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [("uv 0.13.0 (abc 2026-01-01)", True), ("uv 1.2.3", True), ("uv 0.12.9", False), ("pyenv: uv: not found", False)],
)
def test_a_good_uv_on_path_is_used_and_none_is_fetched(
    answer: str, checkout: Checkout, index: LoopbackIndex, tmp_path: Path, *, is_good: bool
) -> None:
    program = tmp_path / "bin" / "uv"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{answer}'\n", "utf-8")
    program.chmod(0o755)
    path = os.pathsep.join([str(program.parent), checkout.environment["PATH"]])

    done = checkout.start("find-uv", PATH=path)

    assert done.output.splitlines()[1:] == [str(program) if is_good else "the one that was fetched"], done.errors
    assert len(index.asked("uv-*.whl")) == (0 if is_good else 1)


def test_uv_is_fetched_once_while_the_environment_is_made(checkout: Checkout, index: LoopbackIndex) -> None:
    index.misbehave("snowflake-1.0-py3-none-any.whl", Slow(0.5))

    first = checkout.start("pack", "-r", "requirements.txt")
    second = checkout.start("find-uv")

    assert first.exit_code == 0, first.errors
    assert second.output.splitlines()[1:] == ["the one that was fetched"], second.errors
    assert len(index.asked("uv-*.whl")) == 1
    assert first.errors.count("\n") == 1, "what goes on in the background says nothing"


@pytest.mark.parametrize(
    "words", [("pack", "-r", "pylock.toml"), ("pack", "-r", "r.txt", "--resolver=pip"), ("audit", "x.txt"), ("pack",)]
)
def test_uv_is_not_fetched_where_it_may_not_be_needed(
    words: tuple[str, ...], checkout: Checkout, index: LoopbackIndex
) -> None:
    checkout.start(*words)

    assert not index.asked("/simple/uv/")


def test_what_is_installed_beside_the_interpreter_has_no_part_in_it(checkout: Checkout, tmp_path: Path) -> None:
    run((sys.executable, "-m", "venv", "--without-pip", tmp_path / "other"), checkout.environment, folder=tmp_path)
    (site,) = (tmp_path / "other").glob("lib/python*/site-packages")
    for name in ("snowflake", "lambda_pack", "script"):
        (site / f"{name}.py").write_text("raise SystemExit('hostile')", "utf-8")
    (site / "sitecustomize.py").write_text("raise SystemExit('hostile')", "utf-8")
    python = str(tmp_path / "other" / "bin" / "python")
    starter = (python, "-I", "-S", checkout.folder / "entrypoint")

    done = run(starter, checkout.environment, folder=tmp_path)

    assert done.output == READY, done.errors


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists")
@pytest.mark.parametrize("place", ["the environments", "an environment", "above them"])
def test_an_environment_that_others_can_change_is_not_run(place: str, checkout: Checkout) -> None:
    assert checkout.start().exit_code == 0
    (environment,) = checkout.made()
    folders = {"the environments": environment.parent, "an environment": environment, "above them": checkout.cache}
    folders[place].chmod(0o777)

    done = checkout.start()

    assert (done.exit_code, done.output) == (2, "")
    assert f"other users can write to {str(folders[place])!r}" in done.errors


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give a folder away")
def test_an_environment_that_another_user_planted_is_not_run(checkout: Checkout) -> None:
    assert checkout.start().exit_code == 0
    (environment,) = checkout.made()
    os.chown(environment, 12345, -1)

    done = checkout.start()

    assert (done.exit_code, done.output) == (2, "")
    assert "belongs to another user (uid 12345)" in done.errors


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root can give a checkout away")
def test_who_owns_the_checkout_may_own_the_environment(checkout: Checkout) -> None:
    checkout.start()
    os.chown(checkout.folder, 12345, -1)  # a job's container runs as root in folders of the runner's user
    os.chown(checkout.made()[0], 12345, -1)

    assert checkout.start().output == READY


def test_nothing_that_is_made_can_be_changed_by_others(checkout: Checkout) -> None:
    command = ("/bin/sh", "-c", f'umask 0; exec "{sys.executable}" "$0"', checkout.folder / "entrypoint")

    assert run(command, checkout.environment, folder=checkout.folder).output == READY
    (environment,) = checkout.made()
    open_to_all = [path for path in (environment, *environment.rglob("*.py")) if path.stat().st_mode & 0o022]
    assert not open_to_all


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals")
def test_a_terminal_shows_how_far_it_is(checkout: Checkout, index: LoopbackIndex) -> None:
    index.misbehave("snowflake-1.0-py3-none-any.whl", Slow(0.3))
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603  # our own entrypoint
        [sys.executable, checkout.folder / "entrypoint"],
        env=dict(checkout.environment),
        stderr=theirs,
        stdout=subprocess.DEVNULL,
    ) as process:
        process.wait(60)
    os.close(theirs)
    text = os.read(ours, 100_000).decode()
    os.close(ours)

    assert "fetching: 0 of 1 packages" in text
    assert text.endswith("\r\x1b[K"), "the line is gone in the end"
