from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.pylock import read_pylock_file

HEAD = 'lock-version = "1.0"\ncreated-by = "a test"\n'
WHEEL = 'name = "demo-1.0-py3-none-any.whl"\nurl = "https://x.example/demo-1.0-py3-none-any.whl"'


def lock(wheel: str = WHEEL, package: str = "") -> str:
    """A lock of one package with one wheel."""
    return (
        f'{HEAD}[[packages]]\nname = "demo"\nversion = "1.0"\n{package}\n'
        f'[[packages.wheels]]\n{wheel}\n[packages.wheels.hashes]\nsha256 = "{"00" * 32}"\n'
    )


def written(folder: Path, text: str) -> Path:
    """The lock on disk."""
    path = folder / "pylock.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_lock_is_read(tmp_path: Path) -> None:
    (package,) = read_pylock_file(written(tmp_path, lock())).packages
    assert package.name == "demo"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "is not TOML"),
        ("x = " + "[" * 100_000, "is not TOML"),
        (HEAD.replace("1.0", "2.0"), "is not a lock"),
        (lock(WHEEL.replace("x.example", "[::")), "is neither URL nor file name; lock again"),
        (lock(package='index = "http://["'), "is neither URL nor file name; lock again"),
        (lock(WHEEL.replace("x.example", "\\u001b[31m")), r"x1b\[31m/.* is neither URL nor file name; lock again"),
        (lock(WHEEL.replace("none-any", "none-\\u001bany", 1)), r"x1bany.* of 'demo' is neither URL nor file name"),
        (lock(WHEEL.replace("x.example", "me:secret@[")), r"https://\*\*\*\*@\["),
    ],
)
def test_what_is_no_lock_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_pylock_file(written(tmp_path, text))
    assert "\x1b" not in str(caught.value)


def test_a_lock_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        read_pylock_file(tmp_path / "pylock.toml")
