"""From a request to what the steps need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.commands.orders import Order, read_order
from lambda_pack.errors import UsageError
from lambda_pack.model.given import Given
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import Target

LOCK = 'lock-version = "1.0"\ncreated-by = "a test"\npackages = []\n'


def ordered(folder: Path, *paths: str, name: str | None = None, **options: str) -> Order:
    """The order for requirements in a folder, on a machine without settings."""
    request = PackRequest(
        Target.parse("python3.13"),
        tuple(folder / path for path in paths),
        name=name,
        options={key.replace("_", "-"): Given((value,), "the command line") for key, value in options.items()},
    )
    environ = {"PIP_CONFIG_FILE": os.devnull, "XDG_CONFIG_DIRS": str(folder)}
    return read_order(request, environ, home=folder)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder called shop."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "requirements.txt").write_text("six>=1\n--pre\n", encoding="utf-8")
    (folder / "more.txt").write_text("idna\n", encoding="utf-8")
    (folder / "pylock.toml").write_text(LOCK, encoding="utf-8")
    return folder


def test_requirements_are_read_with_the_settings_around_them(shop: Path) -> None:
    (shop / "limits.txt").write_text("six<2\n", encoding="utf-8")

    order = ordered(shop, "requirements.txt", "more.txt", index_url="https://x.example/simple", constraint="limits.txt")

    assert order.lock is None
    assert [str(line) for line in order.requirements.requested] == ["six>=1", "idna"]
    assert order.requirements.indexes.index_url == "https://x.example/simple"
    assert order.requirements.files.all_releases
    assert order.requirements.folder == shop
    assert {setting.name: setting.source for setting in order.settings} == {
        "index-url": "the command line",
        "constraint": "the command line",
        "all-releases": "the requirements file",
    }


@pytest.fixture(autouse=True)
def here(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative constraints begin where the command runs."""
    monkeypatch.chdir(shop)


def test_constraints_limit_what_is_allowed(shop: Path) -> None:
    (shop / "limits.txt").write_text("six<2\n", encoding="utf-8")
    order = ordered(shop, "requirements.txt", constraint="limits.txt")
    assert str(order.requirements.allowed(canonicalize_name("six"))) == "<2,>=1"


@pytest.mark.parametrize("name", ["pylock.toml", "pylock.dev.toml", "shop-python3.13-arm64.pylock.toml"])
def test_a_lock_is_not_resolved(shop: Path, name: str) -> None:
    (shop / name).write_text(LOCK, encoding="utf-8")
    order = ordered(shop, name)
    assert order.lock is not None
    assert order.requirements.requested == ()


@pytest.mark.parametrize("paths", [("pylock.toml", "requirements.txt"), ("requirements.txt", "pylock.toml")])
def test_a_lock_has_no_company(shop: Path, paths: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="is a lock and must be the only input"):
        ordered(shop, *paths)


def test_nothing_asked_for_is_nothing_to_resolve(shop: Path) -> None:
    (shop / "empty.txt").write_text("# nothing\n", encoding="utf-8")
    order = ordered(shop, "empty.txt")
    assert order.lock is not None
    assert not order.lock.packages


@pytest.mark.parametrize(("name", "expected"), [(None, "shop"), ("front-door", "front-door"), ("été_2.0", "été_2.0")])
def test_the_name(shop: Path, name: str | None, expected: str) -> None:
    assert ordered(shop, "requirements.txt", name=name).name == expected


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "a\\b", "a:b", "what?", "a\0b", '"a"'])
def test_names_that_no_file_may_have(shop: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be part of a file name; choose letters.* for --name"):
        ordered(shop, "requirements.txt", name=name)


def test_settings_are_shown_without_credentials(shop: Path) -> None:
    order = ordered(shop, "requirements.txt", index_url="https://me:secret@x.example/simple")
    assert "secret" not in str(order.settings)
    assert order.requirements.indexes.index_url == "https://me:secret@x.example/simple"


def test_projects_of_ones_own(shop: Path) -> None:
    for folder in ("one", "two", "three"):
        (shop / folder).mkdir()
        name = "Same" if folder != "one" else "other"
        (shop / folder / "pyproject.toml").write_text(f"[project]\nname = '{name}'\n", "utf-8")

    order = projects(shop, "one", "two", "one")
    assert [project.pin.name for project in order.requirements.projects] == ["other", "same"]
    assert "has no [build-system] in its pyproject.toml" in order.warnings[-1]
    with pytest.raises(UsageError, match="two projects of yours are called 'same'"):
        projects(shop, "two", "three")


def projects(shop: Path, *names: str) -> Order:
    request = PackRequest(
        Target.parse("python3.13"), (shop / "requirements.txt",), projects=tuple(shop / name for name in names)
    )
    return read_order(request, {}, home=shop / "home")
