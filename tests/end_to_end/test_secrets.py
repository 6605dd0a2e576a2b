"""Credentials reach the index and nobody else: not what is said, not what is written, not the code of packages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace, contents
from tests.frontends.schema import valid_report
from tests.support.faults import Protect, Refuse
from tests.support.packages import build_events, make_project, make_sdist, make_wheel

USER, PASSWORD = "deploy", "s3cret-0f-m1ne"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIA-for-nobody",
    "AWS_SECRET_ACCESS_KEY": "aws-for-nobody",
    "AWS_SESSION_TOKEN": "session-for-nobody",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/for-nobody",
    "GITHUB_TOKEN": "ghs-for-nobody",
    "ACTIONS_RUNTIME_TOKEN": "runtime-for-nobody",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "oidc-for-nobody",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "url-for-nobody",
    "NPM_CONFIG__AUTH": "auth-for-nobody",
    "TWINE_PASSWORD": "twine-for-nobody",
    "DATABASE_URL": "postgres-for-nobody",
}


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project on a private index."""
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.index.misbehave("*", Protect(USER, PASSWORD))
    work.write("requirements.txt", "six")
    return work


def files(work: Workplace) -> Iterator[tuple[str, bytes]]:
    """Everything a run may have written, caches of ours and of uv and pip included, with the content of zips."""
    for path in work.folder.parent.rglob("*"):
        if path.is_file() and not path.is_relative_to(work.index.folder):
            yield str(path), path.read_bytes()
            if path.suffix == ".zip":
                yield from contents(path).items()


def assert_secret(work: Workplace, text: str) -> None:
    """Neither the text nor any file has it, as it is or as a header says it."""
    for secret in (PASSWORD, BASIC):
        assert secret not in text
        assert not [name for name, content in files(work) if secret in name or secret.encode() in content]


@pytest.mark.parametrize(("resolver", "place"), [("uv", "command line"), ("uv", "pip.conf"), ("pip", "variable")])
def test_credentials_of_an_index_are_nowhere(shop: Workplace, resolver: str, place: str) -> None:
    url = shop.index.url_with(USER, PASSWORD)
    arguments = ["--resolver", resolver, "-v"]
    extra = {}
    match place:
        case "command line":
            arguments += ["--index-url", url]
        case "variable":
            extra = {"PIP_EXTRA_INDEX_URL": url}
        case _:
            settings = shop.folder.parent / "pip.conf"
            settings.write_text(f"[global]\nextra-index-url = {url}\n", encoding="utf-8")
            extra = {"PIP_CONFIG_FILE": str(settings)}

    packed = shop.packed(*arguments, extra=extra)

    if place == "pip.conf":
        (shop.folder.parent / "pip.conf").unlink()
    assert packed.closure == {"six": "1.0"}
    assert "****@127.0.0.1" in packed.said.errors
    assert_secret(shop, packed.said.text)


def test_nor_in_errors(shop: Workplace) -> None:
    shop.index.misbehave("/simple/*", Refuse(500, times=None))

    done = shop.pack("-v", "--index-url", shop.index.url_with(USER, PASSWORD))

    assert done.exit_code == 5
    assert_secret(shop, done.text)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_code_of_packages_sees_no_secret(shop: Workplace, resolver: str, tmp_path: Path) -> None:
    events = tmp_path / "events"
    make_sdist(shop.index.folder, "dump", "1.0", build_backend="dump-environment", report_to=events)
    shop.write("requirements.txt", "dump", "six")
    url = shop.index.url_with(USER, PASSWORD)

    packed = shop.packed(
        *("--resolver", resolver, "--index-url", url),
        extra={**SECRETS, "PIP_EXTRA_INDEX_URL": url, "UV_DEFAULT_INDEX": url, "CC": "cc"},
    )

    seen = build_events(events)
    assert {event.hook for event in seen} == {"metadata", "wheel"}, "both resolving and building ran its code"
    for event in seen:
        assert not SECRETS.keys() & event.environment.keys()
        values = " ".join(event.environment.values())
        assert "for-nobody" not in values
        assert PASSWORD not in values
        assert "PATH" in event.environment
    assert b"for-nobody" not in contents(packed.zip)["dump_environment.json"]


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize("place", ["requirement", "find-links"])
def test_a_login_in_a_url_reaches_what_it_is_for(work: Workplace, resolver: str, place: str) -> None:
    """Pip's report leaves the login out of the URL it names."""
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.index.misbehave("*", Protect("me", "pa55word-of-mine"))
    files = work.index.files_url.replace("http://", "http://me:pa55word-of-mine@")
    lines = {
        "requirement": [f"six @ {files}six-1.0-py3-none-any.whl"],
        "find-links": ["--no-index", f"--find-links {files}", "six"],
    }
    work.write("requirements.txt", *lines[place])

    packed = work.packed("--resolver", resolver)

    assert packed.closure == {"six": "1.0"}
    assert "pa55word" not in packed.said.text


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_with_no_build_no_code_of_a_package_runs(work: Workplace, resolver: str, tmp_path: Path) -> None:
    """Neither that of an index's source, nor of a folder, nor of a commit, and the rest is decided all the same."""
    events = tmp_path / "events"
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    make_sdist(work.index.folder, "lonely", "1.0", report_to=events)
    for folder in ("inner", "edited"):
        make_project(work.folder / folder, folder, report_to=events)
    make_sdist(work.folder, "named", "1.0", report_to=events)
    lines = ["six", "lonely", "./inner", "-e ./edited", f"named @ {(work.folder / 'named-1.0.tar.gz').as_uri()}"]
    work.write("requirements.txt", *lines)

    done = work.pack("--resolver", resolver, "--no-build", "--allow-unmet", "--json")

    assert done.exit_code == 3, done.text
    report = valid_report(done.output)
    assert [package["name"] for package in report["packages"]] == ["six"]
    assert {one["name"] for one in report["unmet"]} == {"lonely", "inner", "edited", "named"}
    for one in report["unmet"]:
        assert "--no-build lets no code of packages run" in one["reason"]
    assert not build_events(events)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_only_build_lets_the_code_of_one_run(work: Workplace, resolver: str, tmp_path: Path) -> None:
    for name in ("wanted", "other"):
        make_sdist(work.index.folder, name, "1.0", report_to=tmp_path / name)
    work.write("requirements.txt", "wanted", "other")

    done = work.pack("--resolver", resolver, "--only-build", "wanted", "--allow-unmet", "--json")

    report = valid_report(done.output)
    assert [package["name"] for package in report["packages"]] == ["wanted"]
    assert [one["name"] for one in report["unmet"]] == ["other"]
    assert build_events(tmp_path / "wanted")
    assert not build_events(tmp_path / "other")


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_a_token_in_a_query_is_shown_nowhere(work: Workplace, resolver: str) -> None:
    """A lock needs the URL as it is, so it is written there, and that is said."""
    wheel = make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.write("requirements.txt", f"six @ {work.index.file_url(wheel.name)}?token={PASSWORD}")

    packed = work.packed("--resolver", resolver, "-v")
    said = work.run(*work.command("pack", "--json", "--force", "--resolver", resolver))

    assert "token=****" in packed.said.text
    assert "the lock has a token or signature in 1 URLs" in packed.said.errors
    for text in (packed.said.text, said.text, *(path.read_text() for path in work.folder.rglob("*.report.json"))):
        assert PASSWORD not in text
    pages = [path for path in (work.cache / "pages").rglob("*") if path.is_file()]
    assert not [path for path in pages if PASSWORD.encode() in path.read_bytes()]
