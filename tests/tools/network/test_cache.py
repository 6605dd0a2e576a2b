from __future__ import annotations

import hashlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from lambda_pack.errors import IntegrityError
from lambda_pack.tools.network.cache import Cache, default_cache_folder
from lambda_pack.tools.network.cache_upkeep import clear
from tests.support.processes import run

CONTENT = b"content"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def fill(cache: Cache, content: bytes = CONTENT) -> Path:
    with cache.partial() as partial:
        partial.write_bytes(content)
        return cache.put(partial, "sha256", hashlib.sha256(content).hexdigest(), "a.whl")


def test_what_was_put_is_found_by_its_digest(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        path = fill(cache)
    assert path == tmp_path / "files" / "sha256" / DIGEST[:2] / DIGEST / "a.whl"
    with Cache(tmp_path) as later:
        assert later.get("sha256", DIGEST, "a.whl") == path
        assert later.get("sha256", DIGEST, "b.whl") is None
        assert later.get("sha256", "0" * 64, "a.whl") is None
        later.discard(path)
        assert later.get("sha256", DIGEST, "a.whl") is None
    assert not list((tmp_path / "partial").iterdir())


def test_nothing_is_written_before_something_is_kept(tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        assert cache.get("sha256", DIGEST, "a.whl") is None
        assert cache.entry("pages", "key") is None
    assert not (tmp_path / "cache").exists()


def test_a_partial_file_that_is_not_put_is_gone(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        with cache.partial() as partial:
            partial.write_bytes(b"half")
        assert not partial.exists()
        abandoned = cache.partial()
        path = abandoned.__enter__()
        assert path.exists()
    assert not path.exists()


def test_remains_of_killed_runs_are_swept(tmp_path: Path) -> None:
    old, new = tmp_path / "partial/old", tmp_path / "partial/new"
    old.parent.mkdir()
    old.write_bytes(b"")
    new.write_bytes(b"")
    two_days_ago = time.time() - 172_800
    os.utime(old, (two_days_ago, two_days_ago))
    with Cache(tmp_path) as cache:
        fill(cache)
    assert list(old.parent.iterdir()) == [new]


def test_entries_are_found_by_kind_and_key(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.store("pages", "https://x.example/", b"page")
        assert cache.entry("pages", "https://x.example/") == b"page"
        assert cache.entry("metadata", "https://x.example/") is None
    assert "x.example" not in "".join(str(path) for path in tmp_path.rglob("*"))


def test_what_cannot_be_remembered_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "pages").write_bytes(b"")
    with Cache(tmp_path) as cache:
        cache.store("pages", "key", b"page")
        assert cache.entry("pages", "key") is None


def test_a_temporary_cache_is_gone_afterwards() -> None:
    with Cache(None) as cache:
        path = fill(cache)
        assert cache.get("sha256", DIGEST, "a.whl") == path
    assert not path.exists()


def test_where_the_folder_cannot_be_written_to_a_temporary_one_is_used(tmp_path: Path) -> None:
    # A file where the folder should be refuses root, too, which permissions do not.
    (tmp_path / "partial").write_bytes(b"")
    old = tmp_path / "files" / "sha256" / DIGEST[:2] / DIGEST / "a.whl"
    old.parent.mkdir(parents=True)
    old.write_bytes(CONTENT)
    with Cache(tmp_path) as cache:
        assert cache.get("sha256", DIGEST, "a.whl") == old
        new = fill(cache, b"new")
        assert not new.is_relative_to(tmp_path)
        assert cache.get("sha256", hashlib.sha256(b"new").hexdigest(), "a.whl") == new
        cache.store("pages", "key", b"page")
        assert cache.entry("pages", "key") == b"page"
    assert not new.exists()


@pytest.mark.parametrize(
    ("algorithm", "digest", "name"),
    [("sha256", DIGEST, "../a.whl"), ("sha256", DIGEST, ".."), ("sha256", "../../etc", "a"), ("../x", DIGEST, "a")],
)
def test_no_name_leads_out_of_the_cache(tmp_path: Path, algorithm: str, digest: str, name: str) -> None:
    with Cache(tmp_path) as cache, pytest.raises(IntegrityError):
        cache.get(algorithm, digest, name)


def test_discard_touches_only_what_is_in_the_cache(tmp_path: Path) -> None:
    outside = tmp_path / "mine.whl"
    outside.write_bytes(b"")
    with Cache(tmp_path / "cache") as cache:
        cache.discard(outside)
    assert outside.exists()


PROGRAM = """
import hashlib, sys
from pathlib import Path
from lambda_pack.tools.network.cache import Cache
with Cache(Path(sys.argv[1])) as cache:
    for number in range(200):
        content = b"%d" % (number % 20) * 20_000
        digest = hashlib.sha256(content).hexdigest()
        path = cache.get("sha256", digest, "a.whl")
        if path is None or number % 3 == 0:
            with cache.partial() as partial:
                partial.write_bytes(content)
                path = cache.put(partial, "sha256", digest, "a.whl")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
"""


def test_processes_share_one_cache(tmp_path: Path) -> None:
    command = (sys.executable, "-c", PROGRAM, tmp_path / "cache")
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(run, command, {}, folder=tmp_path) for _ in range(2)]
        assert [run.result().text for run in runs] == ["", ""]
    assert len(list((tmp_path / "cache/files").rglob("a.whl"))) == 20


def test_the_default_folder_is_the_users() -> None:
    folder = default_cache_folder()

    assert folder is not None
    assert folder.name in {"lambda-pack", "Cache"}


def test_a_cache_that_is_cleared_all_the_time(tmp_path: Path) -> None:
    """Neither a file that arrives nor a folder that was just made is missed."""
    stop = Event()

    def clear_it() -> None:
        while not stop.is_set():
            clear(tmp_path)

    with ThreadPoolExecutor(1) as pool, Cache(tmp_path) as cache:
        clearing = pool.submit(clear_it)
        try:
            for number in range(40):
                fill(cache, str(number).encode())
                cache.store("pages", str(number), b"x")
                assert cache.entry("pages", str(number)) in {b"x", None}
        finally:
            stop.set()
        clearing.result()


def test_entries_of_others_are_not_believed(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.store("audits", "key", b"good")
        (path,) = (path for path in (tmp_path / "audits").rglob("*") if path.is_file())
        assert cache.entry("audits", "key") == b"good"
        path.chmod(0o666)
        assert cache.entry("audits", "key") is None
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_bytes(b"planted")
        elsewhere.chmod(0o600)
        path.unlink()
        path.symlink_to(elsewhere)
        assert cache.entry("audits", "key") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")
def test_entries_of_another_user_are_not_believed(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.store("audits", "key", b"planted")
        (path,) = (path for path in (tmp_path / "audits").rglob("*") if path.is_file())
        os.chown(path, 54321, -1)
        assert cache.entry("audits", "key") is None


def test_a_cache_that_others_can_write_to_is_used_by_copies(tmp_path: Path) -> None:
    """A file that somebody exchanges after it was hashed is not the file that is used."""
    shared = tmp_path / "shared"
    with Cache(shared) as cache:
        place = fill(cache)
    shared.chmod(0o777)
    with Cache(shared) as cache:
        used = cache.get("sha256", DIGEST, "a.whl")
        assert used is not None
        assert not used.is_relative_to(shared)
        place.unlink()
        place.write_bytes(b"another")
        assert used.read_bytes() == CONTENT
        new = fill(cache, b"new")
        assert not new.is_relative_to(shared)
        assert new.read_bytes() == b"new"
    assert not used.exists()


def test_what_cannot_be_read_is_missing(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        path = fill(cache)
        path.unlink()
        path.mkdir()
        assert cache.get("sha256", DIGEST, "a.whl") is None
        path.rmdir()
        path.symlink_to("nowhere")
        assert cache.get("sha256", DIGEST, "a.whl") is None
        assert fill(cache).read_bytes() == CONTENT
