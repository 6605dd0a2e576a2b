from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.errors import IndexUnavailable, IntegrityError, UsageError
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.model.requirements import proofs_in
from lambda_pack.tools.network.index_urls import index_urls, public_index
from tests.support.faults import Damage, MissingHash, NoRange, Protect, Refuse, Slow, WrongHash
from tests.support.index import LoopbackIndex
from tests.support.packages import make_sdist, make_wheel
from tests.tools.network.fetching import Bench, bench

DEMO = canonicalize_name("demo")
OTHER = canonicalize_name("other")
NAME = "demo-1.0-py3-none-any.whl"


def names(tools: Bench, *wanted: str) -> list[str]:
    return [file.filename for file in tools.index.files([canonicalize_name(name) for name in wanted])]


def test_both_forms_of_a_page_give_the_same_files(tmp_path: Path) -> None:
    make_wheel(tmp_path / "f", NAME, requires_python=">=3.9")
    make_sdist(tmp_path / "f", "demo", "1.0")
    found = []
    for form in ("json", "html"):
        with (
            LoopbackIndex(tmp_path / "f", form="json" if form == "json" else "html") as index,
            bench(IndexSettings(index.url), None) as tools,
        ):
            files = tools.index.files([DEMO])
            found.append([(file.filename, file.hashes, file.requires_python, type(file)) for file in files])
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_indexes_are_merged_and_the_first_file_of_a_name_wins(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, NAME)
    make_wheel(tmp_path / "second", NAME, files={"different.py": ""})
    make_wheel(tmp_path / "second", "demo-2.0-py3-none-any.whl")
    with LoopbackIndex(tmp_path / "second") as second, bench(IndexSettings(index.url, (second.url,)), None) as tools:
        files = tools.index.files([DEMO])
        assert [file.filename for file in files] == [NAME, "demo-2.0-py3-none-any.whl"]
        assert files[0].url == index.file_url(NAME)


def test_the_first_index_that_knows_a_name_has_all_of_it_where_asked_so(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, NAME)
    make_wheel(index.folder, "other-1.0-py3-none-any.whl")
    make_wheel(tmp_path / "second", "demo-2.0-py3-none-any.whl")
    with LoopbackIndex(tmp_path / "second") as second:
        settings = IndexSettings(index.url, (second.url,), strategy=IndexStrategy.FIRST_INDEX)
        assert index_urls(settings) == (second.url, index.url)
        with bench(settings, None) as tools:
            assert names(tools, "demo", "other") == ["demo-2.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("status", [404, 410])
def test_an_unknown_name_yields_nothing(index: LoopbackIndex, status: int) -> None:
    index.misbehave("/simple/*", Refuse(status, times=None))
    with bench(IndexSettings(index.url), None) as tools:
        assert not tools.index.files([DEMO])


def test_a_forbidden_name_is_another_indexs_or_an_error(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(tmp_path / "second", NAME)
    index.misbehave("/simple/*", Refuse(403, times=None))
    with LoopbackIndex(tmp_path / "second") as second, bench(IndexSettings(index.url, (second.url,)), None) as tools:
        assert names(tools, "demo") == [NAME]
        assert "another index" in tools.listener.notes[0]
        with pytest.raises(IndexUnavailable, match="403"):
            names(tools, "other")


def test_an_index_that_wants_a_login_is_an_error(index: LoopbackIndex) -> None:
    index.misbehave("*", Protect("me", "right"))
    with bench(IndexSettings(index.url_with("me", "wrong-one")), None) as tools:
        with pytest.raises(IndexUnavailable, match="login") as caught:
            names(tools, "demo")
        assert "wrong-one" not in str(caught.value)


def test_passing_faults_pass(index: LoopbackIndex) -> None:
    make_wheel(index.folder, NAME)
    index.misbehave("/simple/demo/", Refuse(502, times=2), Slow(0.01))
    with bench(IndexSettings(index.url), None) as tools:
        assert names(tools, "demo") == [NAME]


def test_each_page_is_fetched_once_a_run(index: LoopbackIndex) -> None:
    make_wheel(index.folder, NAME)
    with bench(IndexSettings(index.url), None) as tools:
        assert names(tools, "demo", "demo") == names(tools, "demo") == [NAME]
    assert len(index.asked("/simple/demo/")) == 1


def test_no_index_asks_nobody(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(tmp_path / "links", NAME)
    settings = IndexSettings(index.url, no_index=True, find_links=(str(tmp_path / "links"),))
    with bench(settings, None) as tools:
        assert names(tools, "demo", "other") == [NAME]
    assert not index.requests


@pytest.mark.parametrize("kind", ["folder", "folder-url", "file", "page", "page-on-disk"])
def test_each_kind_of_find_links_place(index: LoopbackIndex, tmp_path: Path, kind: str) -> None:
    path = make_wheel(index.folder, NAME)
    make_wheel(index.folder, "unasked-1.0-py3-none-any.whl")
    page = tmp_path / "links.html"
    page.write_text(f'<a href="index/{NAME}">demo</a>')
    places = {
        "folder": str(index.folder),
        "folder-url": index.folder.as_uri(),
        "file": str(path),
        "page": index.files_url,
        "page-on-disk": page.as_uri(),
    }
    with bench(IndexSettings(no_index=True, find_links=(places[kind],)), None) as tools:
        (file,) = tools.index.files([DEMO])
        assert isinstance(file, Wheel)
        assert tools.downloads.fetch([file])[file].read_bytes() == path.read_bytes()


def test_a_find_links_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    settings = IndexSettings(no_index=True, find_links=(str(tmp_path / "nowhere"),))
    with bench(settings, None) as tools, pytest.raises(UsageError, match="find-links"):
        names(tools, "demo")


def test_an_index_on_disk(tmp_path: Path) -> None:
    path = make_wheel(tmp_path / "files", NAME)
    (tmp_path / "simple/demo").mkdir(parents=True)
    (tmp_path / "simple/demo/index.html").write_text(f'<a href="../../files/{NAME}">x</a>')
    with bench(IndexSettings((tmp_path / "simple").as_uri()), None) as tools:
        (file,) = tools.index.files([DEMO, OTHER])
        assert file.url == path.as_uri()


@pytest.mark.parametrize("fault", [None, NoRange()], ids=["ranges", "no-ranges"])
@pytest.mark.parametrize("offered", [True, False], ids=["pep-658", "no-pep-658"])
def test_metadata_is_had_as_cheaply_as_the_index_allows(
    tmp_path: Path, fault: NoRange | None, *, offered: bool
) -> None:
    # Large, so that the parts at the end are not all of it.
    files = {f"demo/{number}.bin": bytes(range(256)) * 40 for number in range(40)}
    make_wheel(tmp_path / "f", NAME, files=files, requires=["other>=2"], compression=0)
    with LoopbackIndex(tmp_path / "f", metadata=offered) as index:
        if fault:
            index.misbehave(NAME, fault)
        for _ in range(2):
            with bench(IndexSettings(index.url), tmp_path / "cache") as tools:
                (wheel,) = tools.index.files([DEMO])
                assert isinstance(wheel, Wheel)
                assert b"Requires-Dist: other>=2" in tools.index.metadata([wheel])[wheel]
        asked = [request.path.rsplit("/", 1)[-1] for request in index.requests if "/files/" in request.path]
        whole = [request for request in index.asked(NAME) if request.status == 200]
        assert asked[0] == (f"{NAME}.metadata" if offered else NAME)
        assert bool(whole) is (fault is not None and not offered)
        # Without ranges the first answer is broken off, and asked for again whole. The second run asked for nothing.
        assert len(asked) == (2 if fault and not offered else 1)


@pytest.mark.parametrize("fault", [None, NoRange()], ids=["ranges", "no-ranges"])
def test_the_size_of_what_is_not_fetched(tmp_path: Path, fault: NoRange | None) -> None:
    path = make_wheel(tmp_path / "f", NAME, files={"demo.bin": bytes(400_000)}, compression=0)
    with zipfile.ZipFile(path) as archive:
        sizes = {one.filename: one.file_size for one in archive.infolist()}
    expected = sum(sizes.values()) - sizes["demo-1.0.dist-info/RECORD"]
    with LoopbackIndex(tmp_path / "f") as index:
        if fault:
            index.misbehave(NAME, fault)
        for _ in range(2):
            with bench(IndexSettings(index.url), tmp_path / "cache") as tools:
                (wheel,) = tools.index.files([DEMO])
                assert isinstance(wheel, Wheel)
                assert tools.index.sizes([wheel]) == {wheel: None if fault else expected}
        # What is known is asked once; and never the whole file.
        assert len(index.asked(NAME)) == (2 if fault else 1)


def test_a_size_that_cannot_be_had_stops_nothing(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, NAME)
    index.misbehave("/files/*", Refuse(404, times=None))
    here = Wheel.parse(make_wheel(tmp_path / "here", NAME).as_uri())
    gone = Wheel.parse((tmp_path / "gone" / NAME).as_uri())
    with bench(IndexSettings(index.url), None) as tools:
        (wheel,) = tools.index.files([DEMO])
        assert isinstance(wheel, Wheel)
        sizes = tools.index.sizes([wheel, here, gone])
        assert (sizes[wheel], sizes[gone]) == (None, None)
        assert (sizes[here] or 0) > 100


def test_metadata_far_from_the_end_is_found(tmp_path: Path) -> None:
    name = "demo-1.0.dist-info/METADATA"
    text = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n\n" + "long " * 60_000
    files: dict[str, str | bytes] = {name: text, **{f"z/{number}.bin": bytes(9000) for number in range(20)}}
    make_wheel(tmp_path / "f", NAME, files=files, compression=0)
    with (
        LoopbackIndex(tmp_path / "f", metadata=False) as plain,
        bench(IndexSettings(plain.url), None) as tools,
    ):
        (wheel,) = tools.index.files([DEMO])
        assert isinstance(wheel, Wheel)
        assert tools.index.metadata([wheel])[wheel] == text.encode()
        assert all(request.status == 206 for request in plain.asked(NAME))


def test_metadata_that_is_not_what_was_promised_is_refused(index: LoopbackIndex) -> None:
    make_wheel(index.folder, NAME)
    index.misbehave("*.metadata", Damage())
    with bench(IndexSettings(index.url), None) as tools:
        wheels = [file for file in tools.index.files([DEMO]) if isinstance(file, Wheel)]
        with pytest.raises(IntegrityError, match="metadata"):
            tools.index.metadata(wheels)


def test_metadata_that_cannot_be_had_is_an_error(index: LoopbackIndex) -> None:
    make_wheel(index.folder, NAME)
    index.misbehave("/files/*", Refuse(404, times=None))
    with bench(IndexSettings(index.url), None) as tools:
        wheels = [file for file in tools.index.files([DEMO]) if isinstance(file, Wheel)]
        with pytest.raises(IndexUnavailable, match="404"):
            tools.index.metadata(wheels)


def test_what_a_page_promises_is_kept(index: LoopbackIndex) -> None:
    make_wheel(index.folder, NAME)
    make_wheel(index.folder, "other-1.0-py3-none-any.whl")
    index.misbehave(NAME, WrongHash())
    index.misbehave("other-*", MissingHash())
    with bench(IndexSettings(index.url), None) as tools:
        demo, other = (file for file in tools.index.files([DEMO, OTHER]) if isinstance(file, Wheel))
        with pytest.raises(IntegrityError):
            tools.downloads.fetch([demo])
        assert other.hashes == ()
        assert tools.downloads.fetch([other])


def test_no_credential_reaches_the_cache(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, NAME)
    index.misbehave("*", Protect("me", "topsecret"))
    with bench(IndexSettings(index.url_with("me", "topsecret")), tmp_path / "cache") as tools:
        (wheel,) = tools.index.files([DEMO])
        tools.downloads.fetch([wheel])
        assert "topsecret" not in wheel.url
    for path in (tmp_path / "cache").rglob("*"):
        assert "topsecret" not in str(path)
        assert path.is_dir() or b"topsecret" not in path.read_bytes()


def test_importing_the_index_does_not_import_its_heavy_parts() -> None:
    # In this process they may be there already: only another one can tell.
    from tests.support.processes import run

    rooms = "lambda_pack.tools.network.index, lambda_pack.tools.network.downloads"
    program = f"import sys, {rooms}; print('urllib3' in sys.modules)"
    assert run((sys.executable, "-c", program), {}, folder=Path.cwd()).output.strip() == "False"


@pytest.mark.network
def test_the_public_index_answers(tmp_path: Path) -> None:
    settings = IndexSettings(timeout=60)
    assert index_urls(settings) == (public_index(),)
    with bench(settings, tmp_path) as tools:
        files = tools.index.files([canonicalize_name("six"), canonicalize_name("no-such-name-" + "x" * 30)])
        assert {type(file) for file in files} == {Wheel, Sdist}
        wheel = next(file for file in files if file.filename == "six-1.16.0-py2.py3-none-any.whl")
        assert isinstance(wheel, Wheel)
        assert b"Name: six" in tools.index.metadata([wheel])[wheel]
        path = tools.downloads.fetch([wheel])[wheel]
        assert path.stat().st_size == 11053
        assert proofs_in(wheel.hashes)
