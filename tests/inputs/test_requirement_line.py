"""Single lines, as tables: what one line becomes, and what it is refused with."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker

from lambda_pack.errors import UsageError
from lambda_pack.inputs.requirement_line import Include, Option, parse_line
from lambda_pack.model.requirements import Origin, Requested

ORIGIN = Origin("r.txt", 7)
SHA256 = "ab" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the line's file lies."""
    for path in ("lib", "a#b", "per%20cent", "wheels"):
        (tmp_path / path).mkdir()
    for path in ("my lib-1.0.tar.gz", "made-1.0+cpu-py3-none-any.whl", "made-1.0.tgz", "blob"):
        (tmp_path / path).write_text("")
    (tmp_path / "linked-1.0-py3-none-any.whl").symlink_to(tmp_path / "blob")
    return tmp_path


def one(text: str, folder: Path) -> Requested:
    """The only value of a line, a requirement."""
    (value,) = parse_line(text, origin=ORIGIN, folder=folder)
    assert isinstance(value, Requested)
    assert value.origin == ORIGIN
    return value


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("-i https://x.example", (Option("index-url", "https://x.example"),)),
        ("--pre --no-index", (Option("no-index"), Option("pre"))),
        ("--extra-index-url A --extra-index-url=B", (Option("extra-index-url", "A"), Option("extra-index-url", "B"))),
        ("--trusted-host a --trusted-host b:8", (Option("trusted-host", "a"), Option("trusted-host", "b:8"))),
        ("--no-binary :all:", (Option("no-binary", ":all:"),)),
        ("--only-binary=a,b --prefer-binary", (Option("only-binary", "a,b"), Option("prefer-binary"))),
        ("--require-hashes", (Option("require-hashes"),)),
        ("-f https://x.example/files", (Option("find-links", "https://x.example/files"),)),
        ("-f nowhere", (Option("find-links", "nowhere"),)),
    ],
)
def test_options(folder: Path, text: str, values: tuple[Option, ...]) -> None:
    assert parse_line(text, origin=ORIGIN, folder=folder) == values


@pytest.mark.parametrize(
    ("text", "path", "constraint"),
    [
        ("-r a.txt", "a.txt", False),
        ("--requirement=sub/a.txt", "sub/a.txt", False),
        ("-c ../c.txt", "../c.txt", True),
        ("-r 'with space.txt'", "with space.txt", False),
    ],
)
def test_includes_lie_beside_the_file(folder: Path, text: str, path: str, *, constraint: bool) -> None:
    assert parse_line(text, origin=ORIGIN, folder=folder) == (Include(folder / path, constraint),)


def test_an_include_may_be_a_file_url(folder: Path) -> None:
    url = (folder / "with space.txt").as_uri()
    assert parse_line(f"-r {url}", origin=ORIGIN, folder=folder) == (
        Include(folder / "with space.txt", constraint=False),
    )


def test_find_links_below_the_file_becomes_absolute(folder: Path) -> None:
    assert parse_line("-f wheels", origin=ORIGIN, folder=folder) == (Option("find-links", str(folder / "wheels")),)


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        ("./lib", None, "lib"),
        ("lib/../lib", None, "lib"),
        ("-e lib", None, "lib"),
        ("-e .", None, "."),
        ("file:lib", None, "lib"),
        ("lib @ ./lib", "lib", "lib"),
        ("lib @ file:lib", "lib", "lib"),
        ("./a#b", None, "a#b"),
        ("./per%20cent", None, "per%20cent"),
        ("./my lib-1.0.tar.gz", None, "my lib-1.0.tar.gz"),
        ("made-1.0.tgz", None, "made-1.0.tgz"),
        ("./made-1.0+cpu-py3-none-any.whl", "made", "made-1.0+cpu-py3-none-any.whl"),
        ("./linked-1.0-py3-none-any.whl", "linked", "linked-1.0-py3-none-any.whl"),
    ],
)
def test_paths_begin_at_the_file(folder: Path, text: str, name: str | None, path: str) -> None:
    line = one(text, folder)
    assert line.name == name
    assert (line.requirement.url if line.requirement else line.url) == (folder / path).as_uri()


def test_the_name_of_a_url_may_be_an_egg_with_extras(folder: Path) -> None:
    """Files of older times have them; today's pip refuses them."""
    line = one("git+https://x.example/a.git@v1#egg=Foo[b,a]&subdirectory=s ; os_name == 'posix'", folder)
    assert line.requirement is not None
    assert (line.name, line.requirement.extras) == ("foo", {"a", "b"})
    assert str(line.requirement.marker) == 'os_name == "posix"'
    assert line.requirement.url == "git+https://x.example/a.git@v1#egg=Foo[b,a]&subdirectory=s"


@pytest.mark.parametrize(
    "text",
    [
        f"six==1 --hash=sha256:{SHA256}",
        f"six==1 --hash=sha256:{SHA256.upper()}",
        f"six==1\t--hash  sha256:{SHA256}",
        f"-e ./lib --hash=sha256:{SHA256}",
    ],
)
def test_hashes_are_lower_case_pairs(folder: Path, text: str) -> None:
    assert one(text, folder).hashes == (("sha256", SHA256),)


def test_config_settings_keep_their_order_and_repetitions(folder: Path) -> None:
    line = one("six -C a=1 --config-settings b= --config-setting a=2=3", folder)
    assert line.config_settings == (("a", "1"), ("b", ""), ("a", "2=3"))


@pytest.mark.parametrize("text", ["./lib[b,a] ; os_name == 'posix'", "./lib[ a , b ];os_name=='posix'"])
def test_a_path_keeps_extras_and_marker(folder: Path, text: str) -> None:
    line = one(text, folder)
    assert line.extras == {"a", "b"}
    assert line.marker == Marker("os_name == 'posix'")
    assert str(line).startswith(f"{(folder / 'lib').as_uri()}[a,b] ; os_name")


@pytest.mark.parametrize(
    "text", ["../shared", "-e ../shared", "file:../shared", "shared @ file:../shared", "-e ../shared[a]"]
)
def test_a_path_that_is_not_beside_the_file_begins_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "service" / "function").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    monkeypatch.chdir(tmp_path / "service")
    line = one(text, tmp_path / "service" / "function")
    assert (tmp_path / "shared").as_uri() in str(line)


def test_a_path_beside_the_file_comes_before_one_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "function" / "lib").mkdir(parents=True)
    (tmp_path / "lib").mkdir()
    monkeypatch.chdir(tmp_path)
    assert (tmp_path / "function" / "lib").as_uri() in str(one("./lib", tmp_path / "function"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "boto3=1.19.99",
            r"^r.txt:7: Invalid requirement: 'boto3=1.19.99': Expected .*; '=' is not an operator, write '=='",
        ),
        ("six[a] = 1", r"Invalid requirement: 'six\[a\] = 1': .* write '=='"),
        ("six = 1", r"Invalid requirement: 'six = 1': .* write '=='"),
        ("six ;", r"Invalid requirement: 'six ;': Expected a marker variable or quoted string$"),
        ("./lib ; nonsense", "not a marker: 'nonsense'"),
        ("./nowhere", r"does not exist; a relative path begins at the requirements file"),
        ("six @ ./nowhere", r"does not exist; a relative path begins at the requirements file"),
        ("nowhere-1.0-py3-none-any.whl", "does not exist"),
        ("https://x.example/a b-1.0.tar.gz", "a space in it; write %20"),
        ("https://x.example/no-wheel.whl", "'no-wheel.whl' is not a valid wheel file name"),
        ("six --hash=md5:00", "use sha256, sha384 or sha512"),
        ("six --hash=sha256:00", "does not hold 64 hexadecimal digits"),
        ("six --hash=sha256", "does not hold 64 hexadecimal digits"),
        (f"--hash=sha256:{SHA256}", "--hash stands alone; end the line of its requirement with a backslash"),
        ("six -C novalue", "'novalue' is not KEY=VALUE"),
        ("six -C =value", "'=value' is not KEY=VALUE"),
        ("six --hash='unclosed", "No closing quotation; quote the value"),
        ("--find-link x", "'--find-link' is not an option of a requirements line"),
        ("-e six", "'six' is neither a folder nor a URL; -e takes nothing else"),
        ("-e ./lib ; os_name == 'posix'", "';' is not an option of a requirements line"),
        ("-r https://x.example/r.txt", "is a URL; download the file and name it here"),
    ],
)
def test_refusals_say_where_and_what(folder: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refusal:
        parse_line(text, origin=ORIGIN, folder=folder)
    assert str(refusal.value).startswith("r.txt:7: ")
    assert repr(text) in str(refusal.value)
