"""Requirements files, held against pip's own parser: the same values, from the same text."""

from __future__ import annotations

import codecs
import optparse
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.utils import canonicalize_name
from pip._internal.exceptions import PipError
from pip._internal.index.collector import LinkCollector
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
from pip._internal.req.req_install import InstallRequirement

from lambda_pack.errors import UsageError
from lambda_pack.inputs.requirements import RequirementsFile, read_constraints, read_requirements
from lambda_pack.model.requirements import Requested

# The pip that Python 3.11 brings along warns of its own old library.
pytestmark = pytest.mark.filterwarnings("ignore:pkg_resources is deprecated:DeprecationWarning")

SHA256 = "0123456789abcdef" * 4
OTHER_SHA256 = "fedcba9876543210" * 4
SHA512 = "0123456789abcdef" * 8


@dataclass(frozen=True)
class Asked:
    """One requirement or constraint in the terms that pip and we share."""

    name: str | None
    extras: frozenset[str]
    specifier: str
    url: str | None
    marker: str | None
    hashes: frozenset[str]
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Said:
    """Everything a file says, in the terms that pip and we share."""

    requested: tuple[Asked, ...]
    constraints: tuple[Asked, ...]
    indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    no_index: bool
    trusted_hosts: tuple[str, ...]
    no_binary: frozenset[str]
    only_binary: frozenset[str]
    prefer_binary: bool


DEFAULT_INDEX = "https://default.example/simple"


def said_by_pip(path: Path) -> Said:
    """What pip reads; variables come from the environment of the process."""
    with PipSession() as session:
        scope = SearchScope.create(find_links=[], index_urls=[DEFAULT_INDEX], no_index=False)
        finder = PackageFinder.create(
            link_collector=LinkCollector(session=session, search_scope=scope),
            selection_prefs=SelectionPreferences(allow_yanked=True),
        )
        options = optparse.Values({"require_hashes": False, "no_require_hashes": False, "features_enabled": []})
        parsed = list(parse_requirements(str(path), session, finder=finder, options=options))
        lines = [install_req_from_parsed_requirement(line, config_settings=None) for line in parsed]
        # pip 25 and older hand a requirement its settings outside of the parser.
        given_settings = [(line.options or {}).get("config_settings") or {} for line in parsed]
        asked = [(line.constraint, asked_of_pip(line, own)) for line, own in zip(lines, given_settings, strict=True)]
        return Said(
            requested=tuple(value for is_constraint, value in asked if not is_constraint),
            constraints=tuple(value for is_constraint, value in asked if is_constraint),
            indexes=tuple(finder.index_urls),
            find_links=tuple(finder.find_links),
            no_index=finder.search_scope.no_index,
            trusted_hosts=tuple(host for host, _ in session.pip_trusted_origins),
            no_binary=frozenset(finder.format_control.no_binary),
            only_binary=frozenset(finder.format_control.only_binary),
            prefer_binary=finder.prefer_binary,
        )


def asked_of_pip(line: InstallRequirement, own: Mapping[str, str]) -> Asked:
    """A line of pip's. It names an archive by its metadata, later, and a wheel `name==version`: the URL decides."""
    url = line.link.url if line.link else None
    return Asked(
        name=canonicalize_name(line.req.name) if line.req and not is_archive(url) else None,
        extras=frozenset(line.extras),
        specifier="" if url or line.req is None else str(line.req.specifier),
        url=url,
        marker=str(Marker(str(line.markers))) if line.markers else None,
        hashes=frozenset(f"{kind}:{digest}" for kind, digests in line.hash_options.items() for digest in digests),
        settings=tuple(sorted((key, value) for key, value in own.items())),
    )


def said_by_us(path: Path, environ: Mapping[str, str]) -> Said:
    """What we read, in pip's terms."""
    found = read_requirements([path], environ)
    indexes = () if found.no_index else (found.index_url or DEFAULT_INDEX, *found.extra_index_urls)
    return Said(
        requested=tuple(asked_of_us(line) for line in found.requested),
        constraints=tuple(asked_of_us(line) for line in found.constraints),
        indexes=indexes,
        find_links=found.find_links,
        no_index=found.no_index,
        trusted_hosts=found.trusted_hosts,
        no_binary=found.files.no_binary,
        only_binary=found.files.only_binary,
        prefer_binary=found.files.prefer_binary,
    )


def asked_of_us(line: Requested) -> Asked:
    """See `asked_of_pip`."""
    requirement = line.requirement
    url = requirement.url if requirement else line.url
    marker = requirement.marker if requirement else line.marker
    return Asked(
        name=None if is_archive(url) else line.name,
        extras=frozenset(requirement.extras) if requirement else line.extras,
        specifier="" if requirement is None else str(requirement.specifier),
        url=url,
        marker=str(Marker(str(marker))) if marker else None,
        hashes=frozenset(f"{kind}:{digest}" for kind, digest in line.hashes),
        settings=tuple(sorted(line.config_settings)),
    )


def is_archive(url: str | None) -> bool:
    """Whether a file's name, rather than the line, says what the package is called."""
    return url is not None and url.partition("#")[0].endswith((".whl", ".zip", ".tar.gz"))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with everything that the lines below name. It is the current one: pip's relative paths begin there."""
    folder = tmp_path / "project"
    for path in ("setup.py", "lib/pyproject.toml", "has space/pyproject.toml", "plain/pyproject.toml"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("")
    for path in ("made-1.0-py3-none-any.whl", "made-1.0.tar.gz", "sub/made-2.0-cp313-cp313-linux_x86_64.whl"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text("")
    (folder / "base.txt").write_text("base==1.0\n-c limits.txt\n")
    (folder / "limits.txt").write_text("limited<2\nbase<3\n")
    (folder / "sub" / "nested.txt").write_text("nested==1\n-r ../base.txt\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TOKEN", "from-the-environment")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("UNSET", raising=False)
    return folder


ENVIRON = {"TOKEN": "from-the-environment", "EMPTY": ""}

# Each is a whole file that pip accepts.
ACCEPTED = [
    pytest.param("", id="empty"),
    pytest.param("# only\n   # comments\n\n\t\n", id="only comments"),
    pytest.param("six", id="no newline at the end"),
    pytest.param("six\r\nattrs\r\n", id="Windows line ends"),
    pytest.param("six\rattrs", id="old Mac line ends"),
    pytest.param("six # why\nattrs\n", id="comment after a requirement"),
    pytest.param("six==\\\n1.16\n", id="continued within a specifier"),
    pytest.param("six \\\n    ==1.16\n", id="continued with an indent"),
    pytest.param("six==1.16 \\\n  # a comment ends it\nattrs\n", id="a comment in a continued line"),
    pytest.param("# a comment goes no further \\\nsix\n", id="a backslash in a comment"),
    pytest.param("six # a comment that \\\nhides this\nattrs\n", id="a backslash in a trailing comment"),
    pytest.param("six==1.16 \\", id="a backslash at the end of the file"),
    pytest.param("six==1.16 \\\n\nattrs\n", id="a continued line that is empty"),
    pytest.param("\\\nsix\n", id="a line of a backslash alone"),
    pytest.param("  six  \n", id="spaces around"),
    pytest.param("Foo.Bar_baz==1.0", id="a name in another spelling"),
    pytest.param("six>=1.0,!=1.5,<2 ; python_version >= '3.8'", id="marker"),
    pytest.param('six;platform_machine=="aarch64" and sys_platform!="win32"', id="marker without spaces"),
    pytest.param("uvicorn[standard,extra_one]>=0.20", id="extras"),
    pytest.param("six (>=1.0)", id="parentheses"),
    pytest.param("six===1.16.0", id="arbitrary equality"),
    pytest.param("six ~= 1.16", id="compatible release"),
    pytest.param("six @ https://x.example/six-1.16.0-py2.py3-none-any.whl", id="name and URL"),
    pytest.param("six @ https://x.example/six.zip ; python_version > '3'", id="name, URL and marker"),
    pytest.param("six @ https://x.example/six.zip; python_version > '3'", id="a semicolon on the URL"),
    pytest.param("six[a]@https://x.example/six.zip", id="name, extra and URL without spaces"),
    pytest.param("https://x.example/six-1.16.0-py2.py3-none-any.whl", id="URL of a wheel"),
    pytest.param("https://x.example/six-1.16.0.tar.gz ; os_name == 'posix'", id="URL of an sdist with a marker"),
    pytest.param("https://x.example/six-1.16.0.tar.gz; os_name == 'posix'", id="URL, semicolon, marker"),
    pytest.param(f"https://x.example/six-1.16.0.tar.gz#sha256={SHA256}", id="URL with a digest"),
    pytest.param("https://x.example/archive/main.zip#egg=Six&subdirectory=src", id="URL with an egg"),
    pytest.param("git+https://x.example/six.git@v1#egg=six", id="git"),
    pytest.param("git+ssh://git@x.example/six.git", id="git without a name"),
    pytest.param("six @ git+https://x.example/six.git@main#subdirectory=src", id="name and git"),
    pytest.param("-e git+https://x.example/six.git#egg=six", id="editable git"),
    pytest.param("hg+https://x.example/six#egg=six\nsvn+https://x.example/six#egg=two", id="other systems"),
    pytest.param("./lib", id="folder"),
    pytest.param("lib/", id="folder by its slash"),
    pytest.param("./lib[fast,slow]", id="folder with extras"),
    pytest.param("./lib ; python_version < '4'", id="folder with a marker"),
    pytest.param("./lib;python_version<'4'", id="folder with a marker, no space"),
    pytest.param(".", id="this folder"),
    pytest.param("-e .", id="editable"),
    pytest.param("-e ./lib[fast]", id="editable with extras"),
    pytest.param("-e lib", id="editable by a plain word"),
    pytest.param("--editable=lib/", id="editable, long"),
    pytest.param("-e 'has space'", id="editable, quoted"),
    pytest.param("lib", id="a plain word is a name even where there is such a folder"),
    pytest.param("made-1.0-py3-none-any.whl", id="wheel by file name"),
    pytest.param("./made-1.0-py3-none-any.whl", id="wheel by path"),
    pytest.param("sub/made-2.0-cp313-cp313-linux_x86_64.whl", id="wheel below"),
    pytest.param("made-1.0.tar.gz", id="sdist by file name"),
    pytest.param("./made-1.0.tar.gz[fast]", id="sdist with an extra"),
    pytest.param(f"six==1.16 --hash=sha256:{SHA256}", id="hash"),
    pytest.param(f"six==1.16 --hash sha256:{SHA256}", id="hash after a space"),
    pytest.param(
        f"six==1.16 \\\n --hash=sha256:{SHA256} \\\n --hash=sha512:{SHA512}\n", id="hashes as pip-compile writes"
    ),
    pytest.param("six --config-settings=a=b -C 'c=d e'", id="config settings"),
    pytest.param("-i https://x.example/simple", id="index"),
    pytest.param("--index-url=https://x.example/simple\n--extra-index-url https://y.example\n", id="indexes"),
    pytest.param("--extra-index-url https://y.example --extra-index-url https://z.example", id="two on one line"),
    pytest.param("--pypi-url https://x.example/simple", id="old name of the index option"),
    pytest.param("-ihttps://x.example/simple", id="short option and value in one"),
    pytest.param("--index-url https://me:${TOKEN}@x.example/simple", id="variable"),
    pytest.param("--index-url https://${UNSET}${EMPTY}x.example/${lower}$TOKEN/simple", id="variables left alone"),
    pytest.param("--no-index\n--find-links https://x.example/files", id="no index"),
    pytest.param("--no-index\n--index-url https://x.example/simple", id="no index stays"),
    pytest.param("--index-url https://x.example/simple\n--no-index", id="no index at last"),
    pytest.param("-f sub\n-f nowhere", id="find links: below the file where there is such a folder"),
    pytest.param("--trusted-host x.example --trusted-host y.example", id="trusted hosts"),
    pytest.param("--no-binary six,Foo_Bar\n--only-binary :all:", id="kinds of files"),
    pytest.param("--only-binary :all:\n--no-binary six", id="kinds of files, a name outside"),
    pytest.param("--no-binary :all: --only-binary six --no-binary :none:", id="kinds of files on one line"),
    pytest.param("--prefer-binary --pre", id="switches"),
    pytest.param("-r base.txt", id="include"),
    pytest.param("-rbase.txt\nsix", id="include without a space"),
    pytest.param("--requirement sub/nested.txt", id="include of an include, relative to each file"),
    pytest.param("-c limits.txt\nsix", id="constraints"),
    pytest.param("--constraint=limits.txt", id="constraints, long"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_a_file_says_what_pip_reads_in_it(project: Path, text: str) -> None:
    file = project / "requirements.txt"
    file.write_bytes(text.encode())
    assert said_by_us(file, ENVIRON) == said_by_pip(file)


REFUSED = [
    "six ==",
    "six = 1.0",
    "six==1.0[extra]",
    "[extra]",
    "six ; not a marker",
    "./lib ; not a marker",
    "six one two",
    "--unknown",
    "--index-url",
    "six --hash",
    "six --hash=sha256",
    f"six --hash=md5:{SHA256[:32]}",
    "six --hash='sha256:unclosed",
    "-e nowhere",
    "-e six==1.0",
    "./nowhere",
    "nowhere/below",
    "nowhere-1.0.tar.gz",
    "six-is-no-wheel.whl",
    "https://x.example/six-is-no-wheel.whl",
    "-r nowhere.txt",
    "-c nowhere.txt",
    "-r requirements.txt",
]

# pip finds out later; or, in old versions, never, or by running out of stack.
LATE = {"./nowhere", "nowhere-1.0.tar.gz", "-r requirements.txt", "six ==", "six==1.0[extra]"}


@pytest.mark.parametrize("text", REFUSED)
def test_what_pip_refuses_is_refused_with_its_place(project: Path, text: str) -> None:
    file = project / "requirements.txt"
    file.write_text(f"attrs\n{text}\n")
    with pytest.raises(UsageError) as refusal:
        read_requirements([file], {})
    assert "requirements.txt:2: " in str(refusal.value) or "'" in str(refusal.value)


@pytest.mark.parametrize("text", sorted({*REFUSED} - LATE))
def test_those_lines_are_refused_by_pip_too(project: Path, text: str) -> None:
    file = project / "requirements.txt"
    file.write_text(f"attrs\n{text}\n")
    with pytest.raises((PipError, ValueError, AssertionError)):
        said_by_pip(file)


@pytest.mark.parametrize(
    "text", ["-c limits.txt -i https://x.example", "-r limits.txt -c limits.txt", "--pre -r limits.txt"]
)
def test_what_pip_drops_beside_an_included_file_is_refused(project: Path, text: str) -> None:
    file = project / "requirements.txt"
    file.write_text(text)
    with pytest.raises(UsageError, match="stand alone"):
        read_requirements([file], {})


PARTS = st.sampled_from(
    [
        "six",
        "attrs==1.0",
        "a[b]>=1",
        "#",
        " #",
        "# note",
        "\\",
        "\\\\",
        "\\\n",
        "\n",
        "\r\n",
        " ",
        " ; os_name=='posix'",
        f" --hash=sha256:{SHA256}",
        "--pre",
        "-c limits.txt",
        "${TOKEN}",
        "${UNSET}",
        "-i https://x.example",
        "\x0c",
        "-",
    ]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(PARTS, max_size=12))
def test_any_arrangement_of_lines_says_what_pip_reads_in_it(project: Path, parts: list[str]) -> None:
    text = "".join(parts)
    file = project / "requirements.txt"
    file.write_bytes(text.encode())
    try:
        ours = said_by_us(file, ENVIRON)
    except UsageError:
        return  # what we refuse is told; what we read must be what pip reads
    assert once(ours) == once(said_by_pip(file))


def once(said: Said) -> Said:
    """The same without repeated lines: a file that is included twice is read once here, and twice by pip."""
    requested, constraints = (tuple(dict.fromkeys(lines)) for lines in (said.requested, said.constraints))
    return replace(said, requested=requested, constraints=constraints)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param(b"six\n", "six", id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + b"six\n", "six", id="UTF-8 with a mark"),
        pytest.param("six\n".encode("utf-16"), "six", id="UTF-16 as Windows PowerShell writes"),
        pytest.param(codecs.BOM_UTF16_BE + "six\n".encode("utf-16-be"), "six", id="UTF-16, the other way round"),
        pytest.param(b"# -*- coding: latin-1 -*-\nsix # caf\xe9\n", "six", id="coding line"),
        pytest.param(
            b"#!/bin/sh\n# vim: set fileencoding=cp1252 : coding=cp1252\nsix # \x80\n", "six", id="second line"
        ),
        pytest.param(codecs.BOM_UTF8 + b"\n# coding: latin-1\nsix\n", "six", id="a mark beats a coding line"),
        pytest.param("# café\nsix\n".encode(), "six", id="UTF-8 in a comment"),
    ],
)
def test_encodings_are_those_of_pip(project: Path, content: bytes, name: str) -> None:
    file = project / "requirements.txt"
    file.write_bytes(content)
    found = read_requirements([file], {})
    assert [line.name for line in found.requested] == [name]
    assert said_by_us(file, {}).requested == said_by_pip(file).requested


@pytest.mark.parametrize(
    "content", [b"six # caf\xe9\n", b"# coding: nonsense\nsix\n", b"# coding: hex\nsix\n", b"\xff\xfes"]
)
def test_a_file_that_is_not_text_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "requirements.txt"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"requirements\.txt' is not text: .*; save it as UTF-8"):
        read_requirements([file], {})


def read(tmp_path: Path, **files: str) -> RequirementsFile:
    """What `main.txt` says, with the other files beside it."""
    for name, text in files.items():
        (tmp_path / f"{name}.txt").write_text(text)
    return read_requirements([tmp_path / "main.txt"], {})


def test_relative_paths_begin_at_the_file_not_at_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pip they begin at the current folder: the difference that is wanted (case 11)."""
    (tmp_path / "inner" / "lib").mkdir(parents=True)
    (tmp_path / "inner" / "inner.txt").write_text("./lib\n-e lib\nlib @ file:lib\n")
    monkeypatch.chdir("/")
    found = read(tmp_path, main="-r inner/inner.txt")
    expected = (tmp_path / "inner" / "lib").as_uri()
    urls = [line.requirement.url if line.requirement else line.url for line in found.requested]
    assert urls == [expected] * 3


def test_a_line_remembers_the_file_and_the_number_it_begins_at(tmp_path: Path) -> None:
    found = read(tmp_path, main="# one\nsix \\\n  >=1\n\n-r other.txt\nattrs\n", other="\nidna\n")
    places = [(str(line.name), line.origin.line, Path(line.origin.file).name) for line in found.requested]
    assert places == [("six", 2, "main.txt"), ("idna", 2, "other.txt"), ("attrs", 6, "main.txt")]


def test_a_file_below_a_symlink_lies_where_the_symlink_is(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "blob").write_text("-r beside.txt\n")
    (tmp_path / "shared.txt").symlink_to(tmp_path / "store" / "blob")
    found = read(tmp_path, main="-r shared.txt", beside="six")
    assert [line.name for line in found.requested] == ["six"]


def test_circles_end_with_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"main\.txt' includes itself; remove the -r or -c"):
        read(tmp_path, main="-r other.txt", other="-c main.txt")


def test_a_constraint_never_adds_a_package(tmp_path: Path) -> None:
    """Here we side with uv: pip takes the `-r` inside a constraints file for requirements."""
    found = read(tmp_path, main="six\n-c limits.txt", limits="-r more.txt\nattrs<2", more="idna<3")
    assert [line.name for line in found.requested] == ["six"]
    assert [line.name for line in found.constraints] == ["idna", "attrs"]
    assert [line.name for line in read_constraints([tmp_path / "limits.txt"], {})] == ["idna", "attrs"]


@pytest.mark.parametrize(
    ("text", "message"),
    [("six[a]<2", "a constraint cannot have extras"), ("git+https://x.example/six.git", "a constraint needs a name")],
)
def test_a_constraint_has_a_name_and_no_extras(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=rf"limits\.txt:1: {message}"):
        read(tmp_path, main="-c limits.txt", limits=text)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"main": "six==1"}, False),
        ({"main": "--require-hashes\nsix==1"}, True),
        ({"main": f"six==1 --hash=sha256:{SHA256}\nattrs==1"}, True),
        ({"main": "six==1\n-c limits.txt", "limits": f"six==1 --hash=sha256:{SHA256}"}, True),
    ],
    ids=["none", "asked for", "one requirement has one", "a constraint has one"],
)
def test_one_hash_asks_for_all(tmp_path: Path, files: dict[str, str], *, expected: bool) -> None:
    assert read(tmp_path, **files).require_hashes is expected


def test_several_files_are_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("six\n--pre\n")
    (tmp_path / "b.txt").write_text("attrs\n--extra-index-url https://x.example\n")
    found = read_requirements([tmp_path / "a.txt", tmp_path / "b.txt"], {})
    assert [line.name for line in found.requested] == ["six", "attrs"]
    assert found.files.all_releases == {":all:"}
    assert found.extra_index_urls == ("https://x.example",)


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "--pre\n", "-c limits.txt\n"])
def test_nothing_asked_for_is_empty(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, main=text, limits="six<2").is_empty


def test_a_missing_include_names_who_includes_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.txt', included by '.*main\.txt' does not exist"):
        read(tmp_path, main="-r nowhere.txt")


@pytest.mark.parametrize("line", ["-r https://x.example/r.txt", "--constraint http://x.example/c.txt"])
def test_an_include_over_the_network_is_refused_in_so_many_words(tmp_path: Path, line: str) -> None:
    with pytest.raises(UsageError, match="is a URL; download the file and name it here"):
        read(tmp_path, main=line)


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_requirements([tmp_path], {})


@pytest.mark.parametrize(
    "line", ["--oops https://me:${SECRET}@x.example", "six @ https://me:${SECRET}@x.example/six-1 oops"]
)
def test_an_error_tells_no_password(tmp_path: Path, line: str) -> None:
    (tmp_path / "main.txt").write_text(line)
    with pytest.raises(UsageError) as refusal:
        read_requirements([tmp_path / "main.txt"], {"SECRET": "hunter2"})
    assert "hunter2" not in str(refusal.value)


def test_each_include_is_read_once(tmp_path: Path) -> None:
    """A chain of files that include the next one twice is a million readings otherwise."""
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n-r {number + 1}.txt\n-c {number + 1}.txt\n")
    (tmp_path / "20.txt").write_text("six\n")

    found = read_requirements([tmp_path / "0.txt"], {})

    assert [str(line) for line in found.requested] == ["six"]
    assert [str(line) for line in found.constraints] == ["six"]


def test_a_chain_of_includes_has_an_end(tmp_path: Path) -> None:
    for number in range(150):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")

    with pytest.raises(UsageError, match="more than 100 levels of nesting"):
        read_requirements([tmp_path / "0.txt"], {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("six" + " " * 300_000, "more than 262,144 characters"),
        ("six \\\n" * 80_000, "more than 262,144 characters"),
        ("six" + " --pre" * 5_000, "more than 4,000 options"),
        ("six" + " " * 50_000 + "x", "Invalid requirement"),
        (" " * 100_000 + "#", ""),
        ("six\n" * 8_000, ""),
    ],
    ids=["long", "continued", "options", "spaces", "comment", "lines"],
)
def test_long_lines_are_read_in_no_time_or_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "requirements.txt").write_text(text)
    began = time.process_time()
    if message:
        with pytest.raises(UsageError, match=message) as refused:
            read_requirements([tmp_path / "requirements.txt"], {})
        assert len(str(refused.value)) < 1_200
    else:
        read_requirements([tmp_path / "requirements.txt"], {})
    assert time.process_time() - began < 2


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "requirements.txt")

    with pytest.raises(UsageError, match="not a regular file"):
        read_requirements([tmp_path / "requirements.txt"], {})
