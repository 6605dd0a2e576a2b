"""What a report does not say: secrets, and where on this machine something lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.commands.orders import Order
from lambda_pack.commands.places import seen_from, without_folder
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.reports import report_of
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.report import ArchiveFacts, FileOnOffer, PackedPackage, Report, ToBuild, Unmet
from lambda_pack.model.report_json import report_json
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Attempt, Stock
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.outcome import Outcome
from tests.frontends.schema import valid_report
from tests.support.fakes import RecordingNarrator

TARGET = Target.parse("python3.13")
PIN = Pin(canonicalize_name("mine"), None)
SHOP = Path("/somewhere/shop")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/somewhere/shop/lib", "lib"),
        ("/somewhere/shop", "."),
        ("/somewhere/other", "../other"),
        ("file:///somewhere/shop/wheels/a%20b-1.0-py3-none-any.whl", "wheels/a b-1.0-py3-none-any.whl"),
        ("https://x.example/somewhere/shop/lib", "https://x.example/somewhere/shop/lib"),
        ("git+https://x.example/a.git@abc", "git+https://x.example/a.git@abc"),
        ("six-1.0.tar.gz", "six-1.0.tar.gz"),
    ],
)
def test_places_are_seen_from_the_project(place: str, expected: str) -> None:
    assert seen_from(SHOP, place) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Processing /somewhere/shop/lib", "Processing lib"),
        ("Processing file:///somewhere/shop/lib", "Processing lib"),
        ("in /somewhere/shopping/lib", "in /somewhere/shopping/lib"),
        ("nothing", "nothing"),
    ],
)
def test_texts_lose_the_folder(text: str, expected: str) -> None:
    assert without_folder(SHOP, text) == expected
    assert without_folder(Path("/"), text) == text


def reported(project: Path, secret: str) -> Report:
    """A run in which everything has the project's folder and a secret in it."""
    attempt = Attempt(
        PIN,
        4,
        f"{project}/lib failed with {secret}",
        command=f"pip wheel {project}/lib",
        log=f"File {project}/lib/setup.py: {secret}",
        wheel=Wheel.parse((project / "mine-1.0-py3-none-any.whl").as_uri()),
    )
    package = PackedPackage(
        Pin.parse("six", "1.0"),
        "six-1.0-py3-none-any.whl",
        (project / "six.whl").as_uri(),
        "ab" * 32,
        1,
        is_verified=True,
    )
    outcome = Outcome(
        Stock(TARGET, attempts=(attempt,)),
        unmet=(
            Unmet(
                PIN,
                (),
                f"{project}/requirements.txt:1",
                "it fails",
                (FileOnOffer(f"{project}/lib", "source", "source, to be built"),),
                (attempt,),
                ("help",),
            ),
        ),
        archive=ArchiveFacts(project / "dist" / "shop.zip", 1, 1, 1, "cd" * 32),
        packages=(package,),
        to_build=(ToBuild(PIN, f"{project}/lib", "there is no wheel"),),
    )
    recorder = Recorder(RecordingNarrator())
    recorder.warn(f"{project}/lib has {secret}")
    request = PackRequest(TARGET, (project / "requirements.txt",))
    order = Order(request, "shop", Requirements(project), None, ())
    return report_of(order, outcome, recorder, lambda text: text.replace(secret, "****"))


def test_a_report_has_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = reported(tmp_path, "hunter2")
    text = report_json(report)

    document = valid_report(text)
    assert str(tmp_path) not in text
    assert "hunter2" not in text
    assert document["archive"]["path"] == "dist/shop.zip"
    assert document["unmet"][0]["origin"] == "requirements.txt:1"
    assert document["unmet"][0]["attempts"] == document["attempts"]
    assert document["attempts"][0]["log"] == "File lib/setup.py: ****"
    assert document["packages"][0]["url"] == "six.whl"
    assert document["warnings"] == ["lib has ****"]


def test_it_names_the_tools_that_were_at_work(tmp_path: Path) -> None:
    assert {name for name, _ in reported(tmp_path, "hunter2").tools} == {"lambda-pack", "python", "uv"}


def test_an_archive_outside_of_the_project_is_where_the_user_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    archive = reported(tmp_path, "hunter2").archive

    assert archive is not None
    assert archive.path == tmp_path / "dist" / "shop.zip"
