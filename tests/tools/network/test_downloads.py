from __future__ import annotations

import _thread
import hashlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from lambda_pack.errors import IndexUnavailable, IntegrityError, Interrupted, LambdaPackError
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Hashes, Wheel
from lambda_pack.tools.network.downloads import HttpDownloads
from tests.support.faults import Cut, Damage, Fault, NoRange, Protect, Redirect, Refuse, Slow, WrongLength
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel
from tests.tools.network.fetching import bench

NAME = "demo-1.0-py3-none-any.whl"
# Stored and not compressible, so that there is something to cut.
PAYLOAD = b"".join(hashlib.sha256(bytes([number % 256, number // 256])).digest() for number in range(20_000))


def offered(index: LoopbackIndex) -> Wheel:
    path = make_wheel(index.folder, NAME, files={"demo.bin": PAYLOAD}, compression=0)
    return Wheel.parse(index.file_url(NAME), hashes=(("sha256", digest(path)),))


def digest(path: Path, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


def settings(retries: int = 3) -> IndexSettings:
    return IndexSettings(no_index=True, retries=retries)


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_fetched_once(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    with bench(settings(), tmp_path / "cache") as tools:
        path = tools.downloads.fetch([wheel, wheel])[wheel]
        assert digest(path) == wheel.hashes[0][1]
        assert tools.listener.progressed[-1] == (NAME, path.stat().st_size, path.stat().st_size)
        assert [done == total for _, done, total in tools.listener.progressed].count(True) == 1
    with bench(settings(), tmp_path / "cache") as tools:
        assert tools.downloads.fetch([wheel]) == {wheel: path}
    assert len(index.asked(NAME)) == 1


def test_what_was_begun_ahead_is_not_fetched_again(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Slow(0.001))
    with bench(settings(), tmp_path / "cache") as tools:
        tools.downloads.begin([wheel, wheel])
        assert digest(tools.downloads.fetch([wheel])[wheel]) == wheel.hashes[0][1]
        tools.downloads.begin([wheel])
    assert len(index.asked(NAME)) == 1


def test_what_failed_ahead_is_told_by_who_asks_for_it(index: LoopbackIndex, tmp_path: Path) -> None:
    gone = Wheel.parse(index.file_url(make_wheel(index.folder, "gone-1.0-py3-none-any.whl").name))
    index.misbehave("gone-*", Refuse(404, times=None))
    with bench(settings(), tmp_path / "cache") as tools:
        tools.downloads.begin([gone])
        with pytest.raises(IndexUnavailable, match="status 404"):
            tools.downloads.fetch([gone])


def test_what_was_begun_in_vain_ends_with_the_session(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Slow(20))
    begun = time.monotonic()
    with bench(settings(), tmp_path / "cache") as tools:
        tools.downloads.begin([wheel])
        while not index.asked(NAME):
            time.sleep(0.01)
    assert time.monotonic() - begun < 5
    assert not left(tmp_path / "cache")


@pytest.mark.parametrize(
    ("faults", "requests", "ranges"),
    [
        ([Refuse(500, times=2)], 3, 0),
        ([Refuse(429, times=1, retry_after=7)], 2, 0),
        ([Cut(200_000)], 2, 1),
        ([Cut(200_000, times=2)], 3, 2),
        ([Cut(200_000), NoRange()], 2, 1),
        ([Cut(0)], 2, 0),
        ([Slow(0.001)], 1, 0),
        ([WrongLength(10, times=1)], 3, 1),
    ],
    ids=["500-twice", "429", "cut", "cut-twice", "cut-without-range", "cut-at-once", "slow", "announces-too-much"],
)
def test_passing_faults_pass(
    index: LoopbackIndex, tmp_path: Path, faults: list[Fault], requests: int, ranges: int
) -> None:
    wheel = offered(index)
    index.misbehave(NAME, *faults)
    with bench(settings(), tmp_path / "cache") as tools:
        path = tools.downloads.fetch([wheel])[wheel]
    assert digest(path) == wheel.hashes[0][1]
    assert len(index.asked(NAME)) == requests
    assert len([request for request in index.asked(NAME) if request.range]) == ranges
    assert left(tmp_path / "cache") == [path]


def test_a_server_that_says_when_to_come_back_is_heard(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Refuse(503, times=1, retry_after=7), Refuse(503, times=1, retry_after=9999))
    with bench(settings(), tmp_path / "cache") as tools:
        tools.downloads.fetch([wheel])
        assert tools.pauses == [7.0, 30.0]


@pytest.mark.parametrize("fault", [Refuse(500, times=None), Cut(1000, times=None)], ids=["500", "cut"])
def test_patience_ends(index: LoopbackIndex, tmp_path: Path, fault: Fault) -> None:
    wheel = offered(index)
    index.misbehave(NAME, fault, NoRange())
    with bench(settings(retries=2), tmp_path / "cache") as tools, pytest.raises(IndexUnavailable, match="3 tries"):
        tools.downloads.fetch([wheel])
    assert len(index.asked(NAME)) == 3
    assert not left(tmp_path / "cache")


def test_a_file_that_is_not_what_was_promised_is_refused(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Damage())
    with bench(settings(), tmp_path / "cache") as tools, pytest.raises(IntegrityError) as caught:
        tools.downloads.fetch([wheel])
    assert NAME in str(caught.value)
    assert f"expected sha256:{wheel.hashes[0][1]}" in str(caught.value)
    assert f"{index.files_url}{NAME}" in str(caught.value)
    assert not left(tmp_path / "cache")


def test_parts_that_do_not_belong_together_are_fetched_in_one_piece(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    # The first answer is damaged within what arrives of it, and the rest of it is then resumed from a sound one.
    index.misbehave(NAME, Damage(times=1), Cut(500_000, times=1))
    with bench(settings(), tmp_path / "cache") as tools:
        path = tools.downloads.fetch([wheel])[wheel]
    assert digest(path) == wheel.hashes[0][1]


def test_a_damaged_cached_file_is_thrown_away_and_fetched_again(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    with bench(settings(), tmp_path / "cache") as tools:
        path = tools.downloads.fetch([wheel])[wheel]
    path.write_bytes(path.read_bytes()[:-1])
    with bench(settings(), tmp_path / "cache") as tools:
        again = tools.downloads.fetch([wheel])[wheel]
        assert tools.listener.notes == [f"{NAME} in the cache is damaged: thrown away, and fetched again"]
    assert digest(again) == wheel.hashes[0][1]
    assert len(index.asked(NAME)) == 2


@pytest.mark.parametrize(
    ("hashes", "fits"),
    [
        (lambda path: (("sha256", digest(path)),), True),
        (lambda path: (("sha512", digest(path, "sha512")),), True),
        (lambda path: (("sha256", "0" * 64), ("sha256", digest(path))), True),
        (lambda path: (("md5", "0" * 32), ("sha256", digest(path))), True),
        (lambda path: (("md5", digest(path, "md5")), ("sha256", "0" * 64)), False),
        (lambda path: (("md5", digest(path, "md5")),), True),
        (lambda _path: (("md5", "0" * 32),), False),
        (lambda _path: (), True),
        (lambda path: (("blake2b", digest(path, "blake2b")),), True),
        (lambda _path: (("blake2b", "0" * 128),), False),
        (lambda path: (("sha3_256", digest(path, "sha3_256")),), True),
        (lambda _path: (("sha3_256", "0" * 64),), False),
        (lambda path: (("crc32", "00"), ("sha256", digest(path))), True),
        (lambda _path: (("crc32", "00"),), False),
        (lambda _path: (("", ""),), False),
        (lambda _path: (("shake_256", "00"),), False),
        (lambda _path: (("sha256", ""),), False),
    ],
)
@pytest.mark.parametrize("local", [False, True], ids=["http", "file"])
def test_which_digests_count(
    index: LoopbackIndex, tmp_path: Path, hashes: Callable[[Path], Hashes], *, fits: bool, local: bool
) -> None:
    offered(index)
    source = index.folder / NAME
    wheel = Wheel.parse(source.as_uri() if local else index.file_url(NAME), hashes=hashes(source))
    with bench(settings(), tmp_path / "cache") as tools:
        if not fits:
            with pytest.raises(IntegrityError):
                tools.downloads.fetch([wheel])
            return
        path = tools.downloads.fetch([wheel])[wheel]
        assert (path == source) is local


@pytest.mark.parametrize("local", [False, True], ids=["http", "file"])
def test_a_promise_that_cannot_be_checked_is_said(index: LoopbackIndex, tmp_path: Path, *, local: bool) -> None:
    offered(index)
    url = (index.folder / NAME).as_uri() if local else index.file_url(NAME)
    with bench(settings(), tmp_path / "cache") as tools:
        with pytest.raises(
            IntegrityError, match="is promised by 'crc32:00' alone, which cannot be checked; lock again"
        ):
            tools.downloads.fetch([Wheel.parse(url, hashes=(("crc32", "00"),))])
        assert not index.asked(NAME)


def test_a_missing_local_file_is_said(tmp_path: Path) -> None:
    wheel = Wheel.parse((tmp_path / NAME).as_uri())
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable, match="not a file"):
        tools.downloads.fetch([wheel])


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    wheel = Wheel.parse((tmp_path / NAME).as_uri(), hashes=(("sha256", "00" * 32),))
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable, match="not a file"):
        tools.downloads.fetch([wheel])


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_does_not_pass_is_not_tried_again(index: LoopbackIndex, status: int) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Refuse(status, times=None))
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable, match=f"status {status}"):
        tools.downloads.fetch([wheel])
    assert len(index.asked(NAME)) == 1


@pytest.mark.parametrize("place", ["url", "index", "netrc", "keyring"])
def test_each_source_of_credentials_opens_the_door(index: LoopbackIndex, place: str) -> None:
    wheel = offered(index)
    index.misbehave("*", Protect("me", "p@ss/word"))
    url = index.file_url(NAME)
    if place == "url":
        url = url.replace("http://", "http://me:p%40ss%2Fword@")
    if place == "keyring":
        url = url.replace("http://", "http://me@")
    with bench(
        IndexSettings(index_url=index.url_with("me", "p@ss/word") if place == "index" else index.url),
        None,
        netrc={"127.0.0.1": ("me", "p@ss/word")} if place == "netrc" else {},
        keyring=(lambda _place, _user: "p@ss/word") if place == "keyring" else None,
    ) as tools:
        tools.downloads.fetch([Wheel.parse(url, hashes=wheel.hashes)])


def test_a_refusal_says_how_to_log_in_and_hides_what_was_tried(index: LoopbackIndex) -> None:
    offered(index)
    index.misbehave("*", Protect("me", "right"))
    url = index.file_url(NAME).replace("http://", "http://me:wrongword@") + "?signature=verysecret"
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable) as caught:
        tools.downloads.fetch([Wheel.parse(url)])
    assert "netrc" in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
    assert "wrongword" not in str(caught.value)
    assert "verysecret" not in str(caught.value)


def test_a_login_is_not_carried_to_another_host(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    with LoopbackIndex(tmp_path / "gate") as gate:
        gate.misbehave("/files/*", Protect("me", "secret"), Redirect(index.host + "{path}"))
        url = gate.file_url(NAME).replace("http://", "http://me:secret@")
        with bench(settings(), None) as tools:
            tools.downloads.fetch([Wheel.parse(url, hashes=wheel.hashes)])
        assert [request.status for request in gate.requests] == [302]
        assert gate.requests[0].authorization
    assert [request.authorization for request in index.asked(NAME)] == [None]


def test_a_login_is_carried_along_on_the_same_host(index: LoopbackIndex) -> None:
    wheel = offered(index)
    index.misbehave("*", Protect("me", "secret"))
    index.misbehave("/elsewhere/*", Redirect(f"/files/{NAME}"))
    url = f"{index.host}/elsewhere/{NAME}".replace("http://", "http://me:secret@")
    with bench(settings(), None) as tools:
        tools.downloads.fetch([Wheel.parse(url, hashes=wheel.hashes)])


@pytest.mark.parametrize("location", ["https://[", "http://127.0.0.1:port/", "http://127.0.0.1:99999/"])
def test_a_redirect_to_nowhere_is_said(index: LoopbackIndex, location: str) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Redirect(location))
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable, match="not a URL"):
        tools.downloads.fetch([wheel])


def test_redirects_in_a_circle_end(index: LoopbackIndex) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Redirect("{path}"))
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable, match="redirected"):
        tools.downloads.fetch([wheel])


@pytest.mark.parametrize("url", ["http://index.invalid/", "ftp://index.invalid/", "git+https://index.invalid/"])
def test_what_is_not_encrypted_is_refused_before_anything_is_sent(url: str) -> None:
    with bench(settings(), None) as tools, pytest.raises(IndexUnavailable, match=r"not encrypted|cannot be fetched"):
        tools.downloads.fetch([Wheel.parse(url + NAME)])


def test_a_proxy_is_used_unless_the_host_is_excepted(index: LoopbackIndex) -> None:
    wheel = offered(index)
    environ = {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "example.org, 127.0.0.1"}
    with bench(settings(), None, environ=environ) as tools:
        tools.downloads.fetch([wheel])
    # The loopback index answers whatever path it is asked; the proxy form of a request has the whole URL as its path.
    with bench(settings(retries=0), None, environ={"HTTP_PROXY": index.host}) as tools, pytest.raises(IndexUnavailable):
        tools.downloads.fetch([Wheel.parse(f"http://127.0.0.9:1/nowhere/{NAME}")])
    assert index.requests[-1].path == f"http://127.0.0.9:1/nowhere/{NAME}"


def test_the_first_error_ends_the_others(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Slow(0.2, chunk=4096))
    make_wheel(index.folder, "gone-1.0-py3-none-any.whl")
    index.misbehave("gone-*", Refuse(404, times=None))
    gone = Wheel.parse(index.file_url("gone-1.0-py3-none-any.whl"))
    begun = time.monotonic()
    with bench(settings(), tmp_path / "cache") as tools, pytest.raises(IndexUnavailable, match="status 404"):
        tools.downloads.fetch([wheel, gone])
    assert time.monotonic() - begun < 5
    assert not left(tmp_path / "cache")


def test_a_stopped_session_ends_at_once(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    index.misbehave(NAME, Slow(20))
    with bench(settings(), tmp_path / "cache") as tools:
        threading.Timer(0.5, tools.session.stop).start()
        begun = time.monotonic()
        with pytest.raises(Interrupted):
            tools.downloads.fetch([wheel])
        assert time.monotonic() - begun < 5
    assert not left(tmp_path / "cache")


def test_a_cache_that_takes_nothing_is_said(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    blocked = tmp_path / "cache" / "files" / "sha256"
    blocked.parent.mkdir(parents=True)
    blocked.write_bytes(b"")
    with bench(settings(), tmp_path / "cache") as tools, pytest.raises(LambdaPackError, match="--cache-dir"):
        tools.downloads.fetch([wheel])


def test_an_interrupt_ends_all_downloads_at_once(index: LoopbackIndex, tmp_path: Path) -> None:
    wheels = [offered(index)]
    other = make_wheel(index.folder, "other-1.0-py3-none-any.whl")
    wheels.append(Wheel.parse(index.file_url(other.name), hashes=(("sha256", digest(other)),)))
    index.misbehave("*.whl", Slow(20))
    with bench(settings(), tmp_path / "cache") as tools:
        begun = time.monotonic()
        threading.Timer(0.5, _thread.interrupt_main).start()
        with pytest.raises(KeyboardInterrupt):
            tools.downloads.fetch(wheels)
        assert time.monotonic() - begun < 5
    assert not left(tmp_path / "cache")


def test_the_size_in_a_lock_is_compared(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    size = (index.folder / NAME).stat().st_size
    with bench(settings(), tmp_path / "cache") as tools:
        downloads = HttpDownloads(tools.session, tools.cache, narrator=tools.listener, compares_sizes=True)
        right, wrong = replace(wheel, size=size), replace(wheel, size=size + 1)
        assert downloads.fetch([right])[right].is_file()
        with pytest.raises(IntegrityError, match=f"has {size} bytes, and the lock says {size + 1}"):
            downloads.fetch([wrong])
        assert tools.downloads.fetch([wrong])[wrong].is_file(), "an index may be wrong about it"
