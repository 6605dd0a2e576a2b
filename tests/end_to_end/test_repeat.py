"""The same command for the same inputs comes to the same without being thought through; anything else does not."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace, files_below
from tests.support.packages import make_wheel
from tests.support.processes import Finished
from tests.support.sources import make_sdist

STEM = "shop-python3.13-arm64"
REPEATED = "so it was only written again"
UNCHANGED = "nothing has changed since it was packed: shop"


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project with requirements and own code that was packed; its output is gone."""
    make_wheel(work.index.folder, "six-1.17.0-py3-none-any.whl", files={"six.py": b"six"})
    work.write("requirements.txt", "-r more.txt")
    work.write("more.txt", "six")
    work.write("code/app.py", "import six")
    work.write("code/.lambdapackignore", "*.txt")
    (work.folder / "code/here").mkdir()
    (work.folder / "code/link").symlink_to("here")
    assert REPEATED not in packed(work).output
    return work


def packed(shop: Workplace, *options: str, extra: dict[str, str] | None = None) -> Finished:
    """The pack, after its output was taken away."""
    for file in (shop.folder / "dist").glob("*"):
        file.unlink()
    done = shop.pack("-r", "requirements.txt", "--source", "code", "-o", "dist", *options, extra=extra or {})
    assert done.exit_code == 0, done.text
    return done


def outputs(shop: Workplace) -> dict[str, bytes]:
    """Each file, the report without its seconds."""
    files = {path.name: path.read_bytes() for path in (shop.folder / "dist").iterdir()}
    report = json.loads(files[f"{STEM}.report.json"])
    assert report.pop("timings")
    return {**files, f"{STEM}.report.json": json.dumps(report).encode()}


def test_what_is_written_again_is_the_same(shop: Workplace) -> None:
    before = outputs(shop)
    again = packed(shop)

    assert REPEATED in again.output
    assert outputs(shop) == before
    assert {path.name for path in (shop.folder / "dist").iterdir()} == set(before)
    assert list(shop.temporary.iterdir()) == []


def test_the_summary_says_the_same(shop: Workplace) -> None:
    packed(shop, "--force")
    first = packed(shop, "--force").output.splitlines()
    again = packed(shop).output.splitlines()

    assert [line for line in again if REPEATED not in line] == [line for line in first if " in step " not in line]


def test_what_is_in_its_place_is_left_there(shop: Workplace) -> None:
    file = shop.folder / "dist" / f"{STEM}.zip"
    before = file.stat()
    again = shop.pack("-r", "requirements.txt", "--source", "code", "-o", "dist")

    assert UNCHANGED in again.output
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("kind", ["zip", "report.json", "pylock.toml"])
def test_what_was_damaged_in_its_place_is_written_again(shop: Workplace, kind: str) -> None:
    before, file = outputs(shop), shop.folder / "dist" / f"{STEM}.{kind}"
    file.write_bytes(file.read_bytes()[:-3] + b"xxx")
    again = shop.pack("-r", "requirements.txt", "--source", "code", "-o", "dist")

    assert REPEATED in again.output
    assert outputs(shop) == before


def test_warnings_are_told_again(shop: Workplace) -> None:
    shop.write("code/.env", "SECRET=1")
    first, second = packed(shop), packed(shop)
    quiet, quiet_again = packed(shop, "-q"), packed(shop, "-q")

    told = [line for line in first.errors.splitlines() if line.startswith("warning: ")]
    assert any(".env" in line for line in told)
    assert REPEATED in second.output
    assert second.errors.splitlines() == told
    assert quiet.errors == quiet_again.errors == ""
    assert REPEATED in quiet_again.output
    assert ".env" in quiet_again.output


def test_uv_is_asked_each_time(shop: Workplace) -> None:
    assert REPEATED in packed(shop).output
    make_wheel(shop.index.folder, "six-1.18.0-py3-none-any.whl")
    newer = packed(shop)

    assert REPEATED not in newer.output
    assert "1.18.0" in (shop.folder / "dist" / f"{STEM}.pylock.toml").read_text("utf-8")
    assert REPEATED in packed(shop).output


def _written(name: str, *lines: str) -> Callable[[Workplace], None]:
    def write(shop: Workplace) -> None:
        shop.write(name, *lines)

    write.__qualname__ = f"{name} {' '.join(lines)}"
    return write


def _gone(name: str) -> Callable[[Workplace], None]:
    def remove(shop: Workplace) -> None:
        (shop.folder / name).unlink()

    remove.__qualname__ = f"no {name}"
    return remove


def _executable(shop: Workplace) -> None:
    (shop.folder / "code/app.py").chmod(0o755)


def _led_elsewhere(shop: Workplace) -> None:
    (shop.folder / "code/there").mkdir()
    packed(shop)
    (shop.folder / "code/link").unlink()
    (shop.folder / "code/link").symlink_to("there")


def _damaged_wheel(shop: Workplace) -> None:
    (wheel,) = (shop.cache / "files").rglob("six-*.whl")
    content = wheel.read_bytes()
    data = content.index(b"six.py") + len("six.py")
    wheel.write_bytes(content[:data] + bytes([content[data] ^ 1]) + content[data + 1 :])


def _lost_wheel(shop: Workplace) -> None:
    (wheel,) = (shop.cache / "files").rglob("six-*.whl")
    wheel.unlink()


def _damaged_recipe(shop: Workplace) -> None:
    (recipe,) = (path for path in (shop.cache / "recipes").rglob("*") if path.is_file())
    recipe.write_bytes(recipe.read_bytes()[:-9] + bytes(9))


def _shortened_recipe(shop: Workplace) -> None:
    (recipe,) = (path for path in (shop.cache / "recipes").rglob("*") if path.is_file())
    recipe.write_bytes(recipe.read_bytes()[:30])


@pytest.mark.parametrize(
    "change",
    [
        _written("requirements.txt", "six<2"),
        _written("more.txt", "six", "# again"),
        _written("code/app.py", "import six  # again"),
        _written("code/other.py", "import six"),
        _written("code/here/deep.py", "import six"),
        _written("code/.lambdapackignore", "app.py"),
        _gone("code/.lambdapackignore"),
        _gone("code/app.py"),
        _executable,
        _led_elsewhere,
        _damaged_wheel,
        _lost_wheel,
        _damaged_recipe,
        _shortened_recipe,
    ],
    ids=lambda change: getattr(change, "__qualname__", "change"),
)
def test_what_has_changed_is_packed(shop: Workplace, change: Callable[[Workplace], None]) -> None:
    assert REPEATED in packed(shop).output
    change(shop)
    changed = packed(shop)
    after = outputs(shop)
    again = packed(shop)

    assert REPEATED not in changed.output
    assert REPEATED in again.output
    assert outputs(shop) == after


@pytest.mark.parametrize("place", ["pip.conf", "home/.config/uv/uv.toml", "shop/pyproject.toml"])
def test_settings_that_appear_count(shop: Workplace, place: str) -> None:
    """Of pip, of uv, and ours: files that were looked for in vain."""
    extra = {"PIP_CONFIG_FILE": str(shop.folder.parent / "pip.conf")}
    for repeated in (False, True):
        assert (REPEATED in packed(shop, extra=extra).output) is repeated
    file = shop.folder.parent / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("", "utf-8")
    assert REPEATED not in packed(shop, extra=extra).output


@pytest.mark.parametrize("extra", [{"PIP_TIMEOUT": "9"}, {"ANYTHING": "at all"}])
def test_another_environment_is_another_pack(shop: Workplace, extra: dict[str, str]) -> None:
    assert REPEATED not in packed(shop, extra=extra).output
    assert REPEATED in packed(shop, extra=extra).output


@pytest.mark.parametrize("option", ["--layout=layer", "--exclude=*.py", "--name=other", "--prefer=newest"])
def test_other_words_are_another_pack(shop: Workplace, option: str) -> None:
    assert REPEATED not in packed(shop, option).output
    assert REPEATED in packed(shop, option).output


@pytest.mark.parametrize("option", ["--json", "-v", "--force", "--no-cache", "--resolver=pip", "--profile=trace.json"])
def test_what_is_never_repeated(shop: Workplace, option: str) -> None:
    for _ in range(2):
        assert REPEATED not in packed(shop, option).text


def test_what_a_table_forces_is_never_repeated(shop: Workplace) -> None:
    shop.write("pyproject.toml", "[tool.lambda-pack]", "force = true")
    for _ in range(2):
        assert REPEATED not in packed(shop).output


def test_a_cache_that_a_table_names_has_no_recipes(shop: Workplace) -> None:
    """They are looked for before the table is read."""
    shop.write("pyproject.toml", "[tool.lambda-pack]", 'cache-dir = "elsewhere"')
    command = [
        word for word in shop.command("pack", "-r", "requirements.txt") if word not in {"--cache-dir", shop.cache}
    ]
    before = set(files_below(shop.folder.parent / "caches"))
    for _ in range(2):
        assert shop.run(*command).exit_code == 0
    assert not [name for name in files_below(shop.folder.parent) if "/recipes/" in name and "elsewhere" in name]
    assert not [name for name in set(files_below(shop.folder.parent / "caches")) - before if "recipes" in name]


def test_a_recipe_that_somebody_planted_is_not_run(shop: Workplace) -> None:
    """Whoever can write to a cache may not say what is run: sealed with another secret it is none."""
    assert REPEATED in packed(shop).output
    (Path(shop.environment["HOME"]) / ".local/state/lambda-pack/recipes.secret").write_bytes(bytes(32))
    assert REPEATED not in packed(shop).output


def test_a_netrc_that_was_mended_is_read_again(shop: Workplace) -> None:
    netrc = Path(shop.environment["HOME"]) / ".netrc"
    netrc.write_text("machine", "utf-8")
    assert "no login is taken from" in packed(shop).errors
    netrc.unlink()
    assert "no login is taken from" not in packed(shop).errors


def test_a_home_that_appears_counts(shop: Workplace) -> None:
    home = shop.folder.parent / "new-home"
    extra = {"HOME": str(home), "XDG_STATE_HOME": str(shop.folder.parent / "state")}
    for repeated in (False, True):
        assert (REPEATED in packed(shop, extra=extra).output) is repeated
    home.mkdir()
    assert REPEATED not in packed(shop, extra=extra).output


def test_an_own_wheel_is_compared_and_left_as_it_is(shop: Workplace) -> None:
    wheel = make_wheel(shop.folder / "wheels", "own-1.0-py3-none-any.whl", files={"own.py": b"own"})
    shop.write("more.txt", "./wheels/own-1.0-py3-none-any.whl")
    assert REPEATED not in packed(shop).output
    os.utime(wheel, (1, 1))
    assert REPEATED in packed(shop).output
    assert wheel.stat().st_mtime == 1
    # In its directory, which is not copied.
    content = wheel.read_bytes()
    wheel.write_bytes(content[:-1] + b"x")
    assert REPEATED not in shop.pack("-r", "requirements.txt", "--source", "code", "-o", "dist").text


def test_a_lock_whose_files_an_index_must_name_is_not_repeated(shop: Workplace) -> None:
    lock = tomllib.loads((shop.folder / "dist" / f"{STEM}.pylock.toml").read_text("utf-8"))
    (digest,) = lock["packages"][0]["wheels"][0]["hashes"].values()
    document = {
        "_meta": {"pipfile-spec": 6, "sources": []},
        "default": {"six": {"version": "==1.17.0", "hashes": [f"sha256:{digest}"]}},
    }
    shop.write("Pipfile.lock", json.dumps(document))
    for _ in range(2):
        done = shop.pack("Pipfile.lock", "-o", "locked", "--force")
        assert done.exit_code == 0, done.text
    assert REPEATED not in shop.pack("Pipfile.lock", "-o", "other").output
    assert REPEATED not in shop.pack("Pipfile.lock", "-o", "other").output


@pytest.mark.parametrize(
    ("lines", "options", "secret"),
    [
        (["--extra-index-url {login}", "six"], [], b"hunter2"),
        (["--extra-index-url {index}?token=hunter2", "six"], [], b"hunter2"),
        (["--extra-index-url {index}/0123456789abcdef/", "six"], [], b"0123456789abcdef"),
        (["six"], ["--config-settings=token=hunter2"], b"hunter2"),
    ],
)
def test_what_may_be_a_secret_is_not_kept(shop: Workplace, lines: list[str], options: list[str], secret: bytes) -> None:
    login = shop.index.url.replace("//", "//user:hunter2@")
    shop.write("more.txt", *(line.format(login=login, index=shop.index.url.rstrip("/")) for line in lines))
    for _ in range(2):
        assert REPEATED not in packed(shop, *options).output
    recipes = [path for path in (shop.cache / "recipes").rglob("*") if path.is_file()]
    assert recipes
    assert not any(secret in path.read_bytes() for path in recipes)


def test_what_had_to_be_built_is_not_repeated(shop: Workplace) -> None:
    make_sdist(shop.index.folder, "built", "1.0")
    shop.write("more.txt", "built")
    for _ in range(2):
        assert REPEATED not in packed(shop).output
