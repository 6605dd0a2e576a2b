"""`upload` knows what it uploads from the report beside it, or from its name; `deliver` from the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import Struct, field
from msgspec.structs import replace

from lambda_pack.commands.upload import deliver, upload
from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.model.delivery import Delivered, Delivery, Parcel, S3Target
from lambda_pack.model.report import ArchiveFacts, LayerFacts, Report
from lambda_pack.model.report_json import report_json
from lambda_pack.model.targets import Target
from tests.frontends.schema import valid_report
from tests.support.fakes import RecordingNarrator
from tests.tools.s3.buckets import make_parcel

DELIVERY = Delivery(S3Target("code"))


class FakeStore(Struct):
    """Takes everything, or nothing."""

    refusing: str | None = None
    parcels: list[Parcel] = field(default_factory=list)

    def deliver(self, parcel: Parcel, delivery: Delivery) -> Delivered:
        if self.refusing is not None:
            raise DeliveryError(self.refusing, log="words")
        self.parcels.append(parcel)
        return Delivered(f"s3://{delivery.target.bucket}/x", None, parcel.sha256, parcel.size, was_there=False)


def uploaded(path: Path, narrator: RecordingNarrator | None = None) -> Parcel:
    """What the command makes of a path."""
    store = FakeStore()
    upload(path, DELIVERY, narrator or RecordingNarrator(), store=store)
    (parcel,) = store.parcels
    return parcel


def report_of(parcel: Parcel, *, name: str, target: Target) -> Report:
    """What a run that made the archive reports."""
    archive = ArchiveFacts(parcel.path, parcel.size, 1, 1, parcel.sha256)
    return Report(name, target, "function", archive=archive, tools=(("lambda-pack", "1.0"), ("python", "3.13.1")))


def test_the_report_says_what_it_is(tmp_path: Path) -> None:
    made = make_parcel(tmp_path, 100)
    target = Target.parse("python3.12")
    report = report_of(made, name="other", target=target)
    (tmp_path / "app-python3.13-arm64.report.json").write_text(report_json(report), "utf-8")

    assert uploaded(made.path) == Parcel(made.path, made.sha256, 100, "other", target)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "\0", '{"archive": null}', '{"archive": {"sha256": "SHA"}, "name": "x", "target": {}}'],
)
def test_a_report_that_cannot_be_read_is_told(tmp_path: Path, content: str) -> None:
    made = make_parcel(tmp_path, 100)
    beside = tmp_path / "app-python3.13-arm64.report.json"
    beside.write_text(content.replace("SHA", made.sha256), "utf-8")
    narrator = RecordingNarrator()

    assert uploaded(made.path, narrator) == made
    assert "is not a report that can be read; name and target are taken from the file name" in narrator.warnings[0]


def test_a_report_about_another_archive_is_told(tmp_path: Path) -> None:
    made = make_parcel(tmp_path, 100)
    document = json.loads(report_json(report_of(made, name="other", target=Target.parse("python3.12"))))
    document["archive"]["sha256"] = "0" * 64
    (tmp_path / "app-python3.13-arm64.report.json").write_text(json.dumps(document), "utf-8")
    narrator = RecordingNarrator()

    assert uploaded(made.path, narrator) == made
    assert "is about another archive" in narrator.warnings[0]


@pytest.mark.parametrize(
    ("file_name", "name", "target"),
    [
        ("app-python3.13-arm64.zip", "app", "python3.13-arm64"),
        ("a-python3.9-b-python3.13-x86_64.zip", "a-python3.9-b", "python3.13-x86_64"),
        ("app-python3.99-arm64.zip", None, None),
        ("app-python3.13-sparc.zip", None, None),
        ("app-python3.13.zip", None, None),
        ("-python3.13-arm64.zip", None, None),
        ("app.zip", None, None),
        ("app", None, None),
    ],
)
def test_the_file_name_says_what_it_is(tmp_path: Path, file_name: str, name: str | None, target: str | None) -> None:
    parcel = uploaded(make_parcel(tmp_path, 100, name=file_name).path)

    assert parcel.name == name
    assert (parcel.target and str(parcel.target)) == target


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.zip"
    text.write_text("hello")

    with pytest.raises(UsageError, match=r"notes\.zip' is not a zip; name the archive that lambda-pack has packed"):
        uploaded(text)
    with pytest.raises(UsageError, match=r"none\.zip' cannot be read: No such file or directory; name the archive"):
        uploaded(tmp_path / "none.zip")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        uploaded(tmp_path)


def test_layers_are_delivered_before_their_function(tmp_path: Path) -> None:
    store = FakeStore()
    made, layer = make_parcel(tmp_path, 100), make_parcel(tmp_path, 200, name="app-deps-python3.13-arm64.zip")
    report = report_of(made, name="app", target=Target.parse("python3.13", "arm64"))
    facts = ArchiveFacts(layer.path, layer.size, 1, 1, layer.sha256)
    report = replace(report, layers=(LayerFacts("deps", facts, ()),))

    told = deliver(report, DELIVERY, RecordingNarrator(), store=store)

    assert [(parcel.name, parcel.path) for parcel in store.parcels] == [("app-deps", layer.path), ("app", made.path)]
    assert [one.delivered and one.delivered.sha256 for one in told.layers] == [layer.sha256]
    assert valid_report(made.path.with_suffix(".report.json").read_text("utf-8"))["layers"][0]["delivered"]


def test_without_a_function_the_first_layer_goes_once(tmp_path: Path) -> None:
    store = FakeStore()
    made = make_parcel(tmp_path, 100, name="app-layer1-python3.13-arm64.zip")
    report = report_of(made, name="app", target=Target.parse("python3.13", "arm64"))
    assert report.archive is not None
    report = replace(report, layers=(LayerFacts("layer1", report.archive, ()),))

    told = deliver(report, DELIVERY, RecordingNarrator(), store=store)

    assert [parcel.name for parcel in store.parcels] == ["app-layer1"]
    assert told.delivered == told.layers[0].delivered
    assert (tmp_path / "app-python3.13-arm64.report.json").is_file()


def test_what_a_run_packed_is_delivered(tmp_path: Path) -> None:
    store = FakeStore()
    made = make_parcel(tmp_path, 100)
    report = report_of(made, name="app", target=Target.parse("python3.13", "arm64"))

    told = deliver(report, DELIVERY, RecordingNarrator(), store=store)

    assert told.delivered == Delivered("s3://code/x", None, made.sha256, 100, was_there=False)
    assert store.parcels == [made]
    written = made.path.with_suffix(".report.json").read_text("utf-8")
    assert written == report_json(told)
    assert valid_report(written)["delivered"]["uri"] == "s3://code/x"


def test_a_run_without_an_archive_delivers_nothing() -> None:
    report = Report("app", Target.parse("python3.13"), "function")

    assert deliver(report, DELIVERY, RecordingNarrator(), store=FakeStore()) == report


def test_a_failed_delivery_says_where_the_archive_is(tmp_path: Path) -> None:
    made = make_parcel(tmp_path, 100)
    report = report_of(made, name="app", target=Target.parse("python3.13", "arm64"))

    with pytest.raises(
        DeliveryError, match=r"no bucket \(the archive is in '.*\.zip'; lambda-pack upload sends"
    ) as caught:
        deliver(report, DELIVERY, RecordingNarrator(), store=FakeStore("no bucket"))

    assert caught.value.log == "words"
