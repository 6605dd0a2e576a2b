"""A wheelhouse that machines share: built once, believed only as far as it can be checked, never waited for."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.model.building import Building
from lambda_pack.model.choices import BuilderName, WheelhouseMode
from lambda_pack.model.packages import Sdist
from lambda_pack.model.shared_wheelhouse import SharedWheelhouse
from lambda_pack.model.stock import Accepted
from lambda_pack.tools.building.shared_memory import SharedMemory
from lambda_pack.tools.s3.client import Patience
from lambda_pack.tools.s3.wheelhouse import S3Wheelhouse
from tests.end_to_end.command import COMMAND
from tests.support.fakes import RecordingNarrator
from tests.support.index import LoopbackIndex
from tests.support.packages import build_events, built_environment, make_sdist, make_wheel
from tests.support.processes import run
from tests.tools.building.yards import NATIVE, Yard, accepted, build, failed, path_of
from tests.tools.s3.buckets import Bucket
from tests.tools.s3.relay import Fault, Relay
from tests.tools.s3.scripted import Reply, Scripted, Seen, refusal

OWNER = "123456789012"
"""The account of whoever talks to moto."""
HASTE = Patience(connect=1, read=1, attempts=1)
READ, WRITE = WheelhouseMode.READ, WheelhouseMode.READ_WRITE


class Machine(Struct, frozen=True):
    """A machine with a cache of its own, and what its runs said."""

    yard: Yard
    uri: str
    narrator: RecordingNarrator

    def packs(
        self,
        sdist: Sdist,
        *,
        mode: WheelhouseMode = WRITE,
        may_build: bool = True,
        patience: Patience = HASTE,
        longest_build: float = 60.0,
    ) -> Accepted:
        """The wheel of a run; where it may not build, a build would not end in time."""
        chosen = Building(builder=BuilderName.HOST, timeout=None if may_build else 0.01)
        return accepted(
            build(self.yard.builder(shared=self.memory(mode, patience, longest_build), building=chosen), sdist)
        )

    def fails(self, sdist: Sdist) -> None:
        """A run in which the build takes too long."""
        building = Building(builder=BuilderName.HOST, timeout=0.01)
        failed(build(self.yard.builder(shared=self.memory(), building=building), sdist))

    def memory(
        self, mode: WheelhouseMode = WRITE, patience: Patience = HASTE, longest_build: float = 60.0
    ) -> SharedMemory:
        """What a run knows of the bucket."""
        settings = SharedWheelhouse.parse(self.uri, OWNER, mode=mode)
        bucket = S3Wheelhouse(settings, patience=patience)
        return SharedMemory(bucket, settings, self.narrator, longest_build=longest_build)

    @property
    def warnings(self) -> list[str]:
        """What the user was warned of."""
        return self.narrator.warnings


class Site(Struct, frozen=True):
    """Machines that share a bucket, and a source that tells when it is built."""

    folder: Path
    environ: Mapping[str, str]
    bucket: Bucket
    sdist: Sdist

    def machine(self, name: str) -> Machine:
        """A new machine, with the source on it."""
        folder = self.folder / name
        folder.mkdir()
        shutil.copy(self.folder / self.sdist.filename, folder)
        return Machine(Yard(folder, self.environ), f"s3://{self.bucket.name}/ci/wheels", RecordingNarrator())

    @property
    def builds(self) -> int:
        """How often a wheel was built."""
        return [event.hook for event in build_events(self.folder / "events")].count("wheel")

    @property
    def content(self) -> dict[str, bytes]:
        """Everything in the bucket."""
        keys = self.bucket.keys()
        return {key: self.bucket.body(key) for key in keys}


@pytest.fixture
def site(
    tmp_path: Path, clean_environment: dict[str, str], moto_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Site:
    """Where the bucket is, is known as botocore knows it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_bucket.endpoint)
    sdist = Yard(tmp_path, clean_environment).sdist(report_to=tmp_path / "events")
    return Site(tmp_path, clean_environment, moto_bucket, sdist)


def objects(bucket: Bucket) -> dict[str, str]:
    """The keys of the record and of the wheel, when there is one of each; the claim left aside."""
    keys = bucket.keys()
    record, wheel = sorted(
        (key for key in keys if not key.endswith("/claim.json")), key=lambda key: key.endswith(".whl")
    )
    return {"record": record, "wheel": wheel}


def test_what_one_machine_has_built_no_other_builds(site: Site) -> None:
    first = site.machine("first").packs(site.sdist)
    other = site.machine("second")
    second = other.packs(site.sdist, mode=READ, may_build=False)

    keys = objects(site.bucket)
    assert keys["record"].startswith("ci/wheels/")
    assert second.wheel.hashes == first.wheel.hashes
    assert second.verdict == first.verdict
    assert second.build is not None
    assert second.build.is_cached
    assert second.build.wheelhouse == f"s3://{site.bucket.name}/{keys['wheel']}"
    assert site.builds == 1
    assert not other.warnings
    # It is in the cache now: nobody is asked again.
    site.bucket.client.delete_object(Bucket=site.bucket.name, Key=keys["record"])
    again = other.packs(site.sdist, mode=READ, may_build=False)
    assert path_of(again.wheel).is_relative_to(other.yard.folder / "scratch")


def test_the_record_says_what_was_built(site: Site) -> None:
    built = site.machine("first").packs(site.sdist)
    keys = objects(site.bucket)
    record = json.loads(site.bucket.body(keys["record"]))

    assert record["sha256"] == dict(built.wheel.hashes)["sha256"]
    assert record["size"] == len(site.bucket.body(keys["wheel"]))
    assert keys["wheel"] == f"ci/wheels/{record['key']}/{record['sha256']}/{record['filename']}"
    assert (record["source"], record["evidence"]) == ("lib-1.0.tar.gz", "built here, pure Python")
    assert record["build"]["builder"] == "host"
    assert "testing-secret" not in site.bucket.body(keys["record"]).decode()


def test_what_a_build_depends_on_makes_it_another(site: Site) -> None:
    site.machine("first").packs(site.sdist)
    other = site.machine("second")
    accepted(build(other.yard.builder(shared=other.memory(), config=(("a", "b"),)), site.sdist))

    assert site.builds == 2
    assert len(site.content) == 6


def tampered(bucket: Bucket, keys: dict[str, str]) -> None:
    bucket.put(bucket.body(keys["wheel"]) + b"!", keys["wheel"])


def gone(bucket: Bucket, keys: dict[str, str]) -> None:
    bucket.client.delete_object(Bucket=bucket.name, Key=keys["wheel"])


def garbled(bucket: Bucket, keys: dict[str, str]) -> None:
    bucket.put(b"[" * 1_000_000, keys["record"])


def misplaced(bucket: Bucket, keys: dict[str, str]) -> None:
    record = json.loads(bucket.body(keys["record"]))
    bucket.put(json.dumps({**record, "key": "0" * 64}).encode(), keys["record"])


def leading_out(bucket: Bucket, keys: dict[str, str]) -> None:
    record = json.loads(bucket.body(keys["record"]))
    bucket.put(json.dumps({**record, "filename": f"../../{record['filename']}"}).encode(), keys["record"])


def no_zip(bucket: Bucket, keys: dict[str, str]) -> None:
    _instead(bucket, keys, b"no zip at all", "lib-1.0-py3-none-any.whl")


def another_package(bucket: Bucket, keys: dict[str, str], *, name: str = "evil-1.0-py3-none-any.whl") -> None:
    wheel = make_wheel(Path(bucket.name), name)
    try:
        _instead(bucket, keys, wheel.read_bytes(), name)
    finally:
        wheel.unlink()
        wheel.parent.rmdir()


def _instead(bucket: Bucket, keys: dict[str, str], content: bytes, name: str) -> None:
    """A record and a wheel that agree, by somebody who may write there."""
    record, digest = json.loads(bucket.body(keys["record"])), hashlib.sha256(content).hexdigest()
    known = {**record, "filename": name, "sha256": digest, "size": len(content), "evidence": "trust me"}
    bucket.put(content, f"ci/wheels/{record['key']}/{digest}/{name}")
    bucket.put(json.dumps(known).encode(), keys["record"])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (tampered, "is not the wheel of its record: the digests differ"),
        (gone, "is gone, and its record is not"),
        (garbled, "is no record of a wheel"),
        (misplaced, "is the record of something else"),
        (leading_out, "is no record of a wheel"),
        (no_zip, "cannot be read"),
        (another_package, "the build made evil==1.0 instead of lib==1.0"),
    ],
)
def test_what_is_not_what_it_should_be_is_built_here(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Bucket, dict[str, str]], None],
    words: str,
) -> None:
    monkeypatch.chdir(site.folder)
    first = site.machine("first").packs(site.sdist)
    spoil(site.bucket, objects(site.bucket))
    other = site.machine("second")
    before = site.content

    second = other.packs(site.sdist, mode=READ)

    assert second.wheel.hashes == first.wheel.hashes
    assert second.build is not None
    assert second.build.wheelhouse is None
    (warning,) = other.warnings
    assert words in warning
    assert warning.endswith("it is not used, and whoever may write there should remove it")
    assert site.builds == 2
    assert site.content == before, "nothing is overwritten"


def test_who_only_reads_never_writes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with Relay(site.bucket.endpoint) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", relay.endpoint)
        site.machine("first").packs(site.sdist, mode=READ)

    assert {line.split()[0] for line in relay.requests} == {"GET"}
    assert not site.content


def test_every_request_names_the_owner(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(seen: Seen) -> Reply:
        return refusal(404, "NoSuchKey") if seen.method == "GET" else Reply()

    with Scripted(answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
        site.machine("first").packs(site.sdist)

    assert [seen.method for seen in server.seen] == ["GET", "PUT", "PUT", "PUT"]
    assert {seen.headers["x-amz-expected-bucket-owner"] for seen in server.seen} == {OWNER}
    assert [seen.headers.get("if-none-match") for seen in server.seen] == [None, "*", "*", "*"]


def denied(_: Seen) -> Reply:
    return refusal(403, "AccessDenied")


def no_bucket(_: Seen) -> Reply:
    return refusal(404, "NoSuchBucket")


def garbage(_: Seen) -> Reply:
    return Reply(500, body=b"<html")


def silent(_: Seen) -> Reply:
    time.sleep(3)
    return Reply()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (denied, f"s3:ListBucket on arn:aws:s3:::.*check that account {OWNER} owns the bucket"),
        (no_bucket, "there is no bucket"),
        (garbage, "was too busy|was refused with"),
        (silent, "stopped answering"),
    ],
)
def test_a_bucket_that_does_not_answer_is_told_of_once_and_done_without(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[Seen], Reply],
    words: str,
) -> None:
    here = site.machine("first")
    sources = [here.yard.sdist("one"), here.yard.sdist("two")]
    with Scripted(answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
        builder = here.yard.builder(shared=here.memory(), workers=1)
        outcomes = [accepted(build(builder, source)) for source in sources]

    assert [outcome.build and outcome.build.is_cached for outcome in outcomes] == [False, False]
    (warning,) = here.warnings
    assert warning.startswith(f"the wheelhouse {here.uri}/ is not used in this run: ")
    assert len(server.seen) == 1
    assert re.search(words, warning)


def test_without_credentials_packs_go_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    here = site.machine("first")
    here.packs(site.sdist)

    (warning,) = here.warnings
    assert "credentials" in warning


def test_nobody_builds_what_another_is_building(site: Site) -> None:
    machines = [site.machine(name) for name in ("first", "second", "third")]
    with ThreadPoolExecutor() as pool:
        wheels = list(pool.map(lambda machine: machine.packs(site.sdist), machines))

    assert site.builds == 1
    assert len({one.wheel.hashes for one in wheels}) == 1
    assert sum(one.build is not None and one.build.wheelhouse is not None for one in wheels) == 2
    told = [warning for machine in machines for warning in machine.warnings]
    assert told == ["another machine is building lib-1.0.tar.gz: its wheel is waited for"] * 2


def test_nobody_waits_for_what_was_given_up(site: Site) -> None:
    failed = site.machine("first")
    failed.fails(site.sdist)
    assert {key.rsplit("/")[-1] for key in site.content} == {"claim.json", "given-up.json"}

    site.machine("second").packs(site.sdist)
    assert site.machine("third").packs(site.sdist, may_build=False).build is not None


@pytest.mark.parametrize("claim", [b'{"token": "x", "since": 0}', b"no claim"])
def test_nobody_waits_for_a_claim_that_is_none(site: Site, claim: bytes) -> None:
    site.machine("first").packs(site.sdist)
    keys = site.bucket.keys()
    for key in keys:
        site.bucket.client.delete_object(Bucket=site.bucket.name, Key=key)
    site.bucket.put(claim, next(key for key in keys if key.endswith("/claim.json")))

    site.machine("second").packs(site.sdist)
    assert site.builds == 2


def test_of_two_who_write_at_once_the_first_stays(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both build, not the same bytes, as where one has waited long enough; one has written before the other does."""
    # What is built holds its environment, and LANG is no setting that makes it another build.
    sdist = Yard(site.folder, site.environ).sdist(build_backend="dump-environment")
    first, second = site.machine("first"), site.machine("second")
    first = replace(first, yard=replace(first.yard, environ={**site.environ, "LANG": "C.1"}))
    won: list[Accepted] = []

    def first_writes() -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", site.bucket.endpoint)
        won.append(first.packs(sdist, longest_build=0.0))

    with Relay(site.bucket.endpoint, [Fault("PUT .*whl", first=first_writes)]) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", relay.endpoint)
        lost = second.packs(sdist, patience=Patience(attempts=1))

    assert lost.build is not None
    assert lost.build.is_reproducible is False
    assert won[0].wheel.hashes != lost.wheel.hashes
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", site.bucket.endpoint)
    assert site.machine("third").packs(sdist, may_build=False).wheel.hashes == won[0].wheel.hashes


def test_an_answer_that_gets_lost_is_not_somebody_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    here = site.machine("first")
    with Relay(site.bucket.endpoint, [Fault("PUT .*record", lose=True)]) as relay:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", relay.endpoint)
        built = here.packs(site.sdist, patience=replace(HASTE, attempts=2))

    assert relay.sent("PUT .*record") == 2
    assert built.build is not None
    assert built.build.is_reproducible is None
    assert not here.warnings


def test_a_rebuild_is_compared_with_what_is_shared(site: Site) -> None:
    site.machine("first").packs(site.sdist)
    other = site.machine("second")
    again = Building(builder=BuilderName.HOST, rebuild=True)
    built = accepted(build(other.yard.builder(shared=other.memory(), building=again), site.sdist)).build

    assert built is not None
    assert (built.is_cached, built.is_reproducible) == (False, True)
    assert site.builds == 2


def test_the_command_shares_what_it_builds_and_no_credential(site: Site, index: LoopbackIndex) -> None:
    make_sdist(index.folder, "lib", "1.0", build_backend="dump-environment", project_table=True)
    (site.folder / "requirements.txt").write_text("lib\n")
    credentials = {name: f"testing-{name}" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    where = {"AWS_ENDPOINT_URL_S3": site.bucket.endpoint, "AWS_DEFAULT_REGION": "eu-central-1"}

    def packed(name: str, *more: str) -> tuple[bytes, str]:
        house = ("--wheelhouse", f"s3://{site.bucket.name}/ci", "--wheelhouse-owner", OWNER)
        command = (*COMMAND, "pack", "--runtime", NATIVE.runtime.name, "--index-url", index.url, "--builder", "host")
        places = ("--cache-dir", site.folder / f"{name}-cache", "-o", site.folder / name)
        done = run((*command, *places, *house, *more), {**site.environ, **credentials, **where}, folder=site.folder)
        assert done.exit_code == 0, done.text
        return next((site.folder / name).glob("*.zip")).read_bytes(), done.output

    first, _ = packed("first", "--wheelhouse-mode", "read-write")
    second, said = packed("second", "--build-timeout", "0.01")

    assert second == first
    assert f"from the wheelhouse: s3://{site.bucket.name}/ci/" in said
    (wheel,) = (path for path in (site.folder / "second-cache").rglob("lib-1.0-*.whl"))
    assert not [name for name in built_environment(wheel) if name.startswith("AWS_")]
    assert not [value for value in built_environment(wheel).values() if "testing-AWS" in value]


@pytest.mark.parametrize(
    ("uri", "owner", "words"),
    [
        ("https://wheels/ci", OWNER, "begins with 's3://'"),
        ("s3://Wheels", OWNER, "'Wheels' is not a bucket name"),
        ("s3://wheels/ci", "me", "'me' is not an AWS account; write its 12 digits"),
        ("s3://wheels/{x}", OWNER, "{x} in the S3 key"),
    ],
)
def test_a_wheelhouse_that_is_none(uri: str, owner: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        SharedWheelhouse.parse(uri, owner)


@pytest.mark.parametrize(("uri", "shown"), [("s3://wheels", "s3://wheels/"), ("s3://wheels/a/b/", "s3://wheels/a/b/")])
def test_where_it_is(uri: str, shown: str) -> None:
    assert SharedWheelhouse.parse(uri, OWNER).uri == shown
