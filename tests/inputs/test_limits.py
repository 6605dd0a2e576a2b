"""Inputs that would take minutes or gigabytes are refused, or read in no time; here in small."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml
from lambda_pack.inputs.located import Located
from lambda_pack.inputs.whole_files import read_whole
from lambda_pack.inputs.yaml_documents import located, parse_yaml
from lambda_pack.model.globs import check_stars
from lambda_pack.model.input_limits import FILE_SIZE, KEY_PARTS, NESTING
from lambda_pack.model.selection import Selection
from tests.inputs.locks import read


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Fail a test that needs more than two seconds of the processor."""
    began = time.process_time()
    yield
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * (NESTING.most + 1), r"f\.yml:1:103: the file has more than 100 levels of nesting"),
        ("a: &a [*a]", "the alias 'a' is unknown here, or repeats itself"),
        ("a: *b", "the alias 'b' is unknown here"),
        (
            "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
            "more than 400,000 values",
        ),
        ("a: {<<: 3}", "'<<' takes a mapping, not a scalar"),
    ],
    ids=["deep", "circle", "unknown", "doubling", "merged"],
)
def test_yaml(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_located(text)


def read_located(text: str) -> Located:
    """Read a document that is not empty."""
    node = parse_yaml(text, "f.yml")
    assert node is not None
    return located(node, "f.yml")


def test_aliases_and_anchors_as_people_write_them() -> None:
    top = read_located("a: &x {b: [1, 2]}\nc: *x\nd: {<<: *x, e: 1}\n").value
    assert isinstance(top, dict)
    assert top.keys() == {"a", "c", "d"}


@pytest.mark.parametrize("key", ["a." * (KEY_PARTS.most + 1) + "a = 1", '["a".' + '"a" . ' * KEY_PARTS.most + "a]"])
def test_dotted_keys(tmp_path: Path, key: str) -> None:
    (tmp_path / "x.toml").write_text(key)
    with pytest.raises(UsageError, match="more than 100 parts in one key"):
        read_toml(tmp_path / "x.toml", what_now="correct it")


def test_long_texts_are_no_keys(tmp_path: Path) -> None:
    text = f"a = '{'a' * 500_000}'\nb = '{'.' * 500_000}'\nc = '{'a ' * 200_000}'\n"
    (tmp_path / "x.toml").write_text(text)
    assert read_toml(tmp_path / "x.toml", what_now="correct it").keys() == {"a", "b", "c"}


@pytest.mark.parametrize("table", ["[dependency-groups]", "[tool.poetry.group]"])
def test_groups_are_read_once(tmp_path: Path, table: str) -> None:
    """A chain of groups that include the next one twice is a million readings otherwise."""
    if "poetry" in table:
        lines = [f"[tool.poetry.group.g{n}]\ninclude-groups = ['g{n + 1}', 'g{n + 1}']" for n in range(20)]
        lines += ["[tool.poetry.group.g20.dependencies]\nsix = '*'"]
    else:
        lines = [
            table,
            *(f"g{n} = [{{include-group = 'g{n + 1}'}}, {{include-group = 'g{n + 1}'}}]" for n in range(20)),
        ]
        lines += ["g20 = ['six']"]
    (tmp_path / "pyproject.toml").write_text("\n".join(["[project]", "name = 'x'", "dependencies = []", *lines]))

    found = read(tmp_path, Selection(groups=("g0",)))

    assert [str(line.name) for line in found.written.requested] == ["six"]


def test_extras_that_name_each_other_are_followed_once(tmp_path: Path) -> None:
    names = [f"e{number}" for number in range(12)]
    everything = f"shop[{','.join(names)}]"
    extras = "".join(f"{name} = ['{everything}', 'six']\n" for name in names)
    (tmp_path / "pyproject.toml").write_text(
        f"[project]\nname = 'shop'\ndependencies = []\n[project.optional-dependencies]\n{extras}"
    )

    found = read(tmp_path, Selection(extras=("e0",)))

    assert {str(line) for line in found.written.requested} == {"six"}


def test_stars() -> None:
    check_stars(["**/*/**", "*_*.py", "a/**/b/*.txt"])
    with pytest.raises(UsageError, match="more than 4 stars in one part"):
        check_stars(["*a*a*a*a*a"])
    with pytest.raises(UsageError, match=r"more than 4 parts \*\*"):
        check_stars(["**/a/**/b/**/c/**/d/**"])


def test_a_large_file(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file:
        file.truncate(FILE_SIZE.most + 1)  # it takes no room on the disk
    with pytest.raises(UsageError, match=r"'.*x' has more than 33,554,432 bytes, the limit of what is read"):
        read_whole(tmp_path / "x")


def test_a_device() -> None:
    with pytest.raises(UsageError, match="not a regular file"):
        read_whole(Path("/dev/zero"))
