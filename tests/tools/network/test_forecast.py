"""What was wanted the last time is hashed ahead, and trusted no more than what is hashed when it is asked for."""

import hashlib
import threading
from pathlib import Path

import pytest

from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Wheel
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.downloads import HttpDownloads
from lambda_pack.tools.network.forecast import Forecast
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel
from tests.tools.network.fetching import Bench, bench

NAME = "demo-1.0-py3-none-any.whl"
QUESTION = "python3.13-x86_64 requirements.txt"
SETTINGS = IndexSettings(no_index=True)


def offered(index: LoopbackIndex) -> Wheel:
    content = make_wheel(index.folder, NAME).read_bytes()
    return Wheel.parse(index.file_url(NAME), hashes=(("sha256", hashlib.sha256(content).hexdigest()),))


def foreseen(cache: Cache, question: str = QUESTION) -> Forecast:
    """A forecast that has hashed and opened all it will."""
    with OpenWheels() as wheels:
        forecast = Forecast(cache, question, wheels)
        for thread in threading.enumerate():
            if thread.name == "forecast":
                thread.join()
    return forecast


def with_forecast(tools: Bench) -> HttpDownloads:
    return HttpDownloads(tools.session, tools.cache, narrator=tools.listener, forecast=foreseen(tools.cache))


def test_the_files_of_the_last_run_are_hashed_ahead(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    with bench(SETTINGS, tmp_path / "cache") as tools:
        path = with_forecast(tools).fetch([wheel])[wheel]
        assert foreseen(tools.cache).digest(path, "sha256") == hashlib.sha256(path.read_bytes()).hexdigest()
        assert foreseen(tools.cache, "another question").digest(path, "sha256") is None


def test_a_damaged_file_is_noticed_by_a_forecast_too(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    with bench(SETTINGS, tmp_path / "cache") as tools:
        path = with_forecast(tools).fetch([wheel])[wheel]
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        again = with_forecast(tools).fetch([wheel])[wheel]
        assert again.read_bytes() == whole
        assert len(tools.listener.notes) == 1


@pytest.mark.parametrize("entry", [b"", b"{", b"[1]", b'[["sha256"]]', b"null"])
def test_a_damaged_entry_foresees_nothing(tmp_path: Path, entry: bytes) -> None:
    with Cache(tmp_path) as cache:
        cache.store("forecasts", QUESTION, entry)
        assert foreseen(cache).digest(tmp_path / "x.whl", "sha256") is None


def test_a_file_that_is_gone_is_left_to_who_asks(index: LoopbackIndex, tmp_path: Path) -> None:
    wheel = offered(index)
    with bench(SETTINGS, tmp_path / "cache") as tools:
        with_forecast(tools).fetch([wheel])[wheel].unlink()
        assert with_forecast(tools).fetch([wheel])[wheel].is_file()
