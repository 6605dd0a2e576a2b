"""The auditor's memory: a wheel is read once in its life, a bundle judged once, and damage is found again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.errors import IntegrityError
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.binaries import BinaryFile, Damaged, ElfFacts, ElfKind, Foreign, SymbolVersion
from lambda_pack.model.findings import BundleAudit, Concern, Finding, Severity, WheelAudit, errors_in
from lambda_pack.model.packages import Wheel
from lambda_pack.model.targets import Target
from lambda_pack.tools.auditor import WheelAuditor
from lambda_pack.tools.network.cache import Cache
from tests.support.elf import make_elf
from tests.support.wheels import make_wheel

TARGET = Target.parse("python3.11")


def wheel_needing(folder: Path, version: str, *, name: str = "x") -> tuple[Wheel, Path]:
    """A wheel with one module, as the index promises it."""
    content = make_elf(needed=["libc.so.6"], versions={"libc.so.6": [version]})
    path = make_wheel(folder, f"{name}-1.0-py3-none-any.whl", files={f"{name}/_core.so": content})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel.parse(path.as_uri(), hashes=(("sha256", digest),)), path


def audited(cache: Cache, wheels: Mapping[Wheel, Path], target: Target, own: Sequence[BinaryFile] = ()) -> BundleAudit:
    """What an auditor that has just been made finds."""
    with OpenWheels() as opened:
        return WheelAuditor(cache, opened).audit(wheels, target, own)


def test_what_was_read_ahead_is_not_read_again(tmp_path: Path) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    unpromised = Wheel.parse(wheel.url)
    with Cache(tmp_path / "cache") as cache, OpenWheels() as opened:
        auditor = WheelAuditor(cache, opened)
        auditor.read_ahead(unpromised, path)
        path.unlink()
        audits = auditor.audit({unpromised: path}, TARGET)

    assert [one.concern for one in audits.wheels[unpromised].findings] == [Concern.SYMBOLS]


def test_what_cannot_be_read_ahead_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    path.write_bytes(path.read_bytes()[:-1])
    with Cache(tmp_path / "cache") as cache, OpenWheels() as opened:
        auditor = WheelAuditor(cache, opened)
        auditor.read_ahead(wheel, path)
        with pytest.raises(IntegrityError):
            auditor.audit({wheel: path}, TARGET)


def test_a_bundle_is_judged_without_its_wheels_when_it_was_before(tmp_path: Path) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    with Cache(tmp_path / "cache") as cache:
        first = audited(cache, {wheel: path}, TARGET)
        path.unlink()
        second = audited(cache, {wheel: path}, TARGET)

    assert first == second
    audit = second.wheels[wheel]
    assert [one.concern for one in audit.findings] == [Concern.SYMBOLS]
    assert (audit.binaries, audit.glibc) == (1, (2, 28))


def test_another_target_and_another_bundle_are_judged_anew_from_what_was_read(tmp_path: Path) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    other, beside = wheel_needing(tmp_path, "GLIBC_2.17", name="y")
    with Cache(tmp_path / "cache") as cache:
        audited(cache, {wheel: path}, TARGET)
        path.unlink()
        newer = audited(cache, {wheel: path}, Target.parse("python3.12"))
        together = audited(cache, {wheel: path, other: beside}, TARGET)

    assert newer.wheels[wheel].findings == ()
    assert [len(audit.findings) for audit in together.wheels.values()] == [1, 0]


def test_a_wheel_that_nobody_vouches_for_is_read_each_time(tmp_path: Path) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    unpromised = Wheel.parse(wheel.url)
    with Cache(tmp_path / "cache") as cache:
        audited(cache, {unpromised: path}, TARGET)
        wheel_needing(tmp_path, "GLIBC_2.17")
        again = audited(cache, {unpromised: path}, TARGET)

    assert again.wheels[unpromised].findings == ()
    assert not (tmp_path / "cache" / "audits").exists()


def test_what_lies_beside_the_wheels_counts_and_is_not_remembered(tmp_path: Path) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    mine = BinaryFile("x/_core.so", ElfFacts("x86_64", 64, ElfKind.LIBRARY))
    with Cache(tmp_path / "cache") as cache:
        alone = audited(cache, {wheel: path}, TARGET)
        beside = audited(cache, {wheel: path}, TARGET, [mine])
        again = audited(cache, {wheel: path}, TARGET)

    assert errors_in(alone.wheels[wheel].findings)
    assert (beside.wheels[wheel].findings, beside.own) == ((), ())
    assert again == alone


@pytest.mark.parametrize(
    "damage", [b"", b"{}", b"[[1]]", b'[{"path":"x"}]', b'[{"binaries":"1","glibc":null}]', b"\xff"]
)
def test_damaged_entries_are_found_again(tmp_path: Path, damage: bytes) -> None:
    wheel, path = wheel_needing(tmp_path, "GLIBC_2.28")
    with Cache(tmp_path / "cache") as cache:
        first = audited(cache, {wheel: path}, TARGET)
        for entry in (tmp_path / "cache" / "audits").rglob("*"):
            if entry.is_file():
                entry.write_bytes(damage)
        assert audited(cache, {wheel: path}, TARGET) == first


words = st.text(max_size=8)
levels = st.lists(st.integers(0, 99), max_size=3).map(tuple)
symbols = st.lists(st.builds(SymbolVersion, words, words, levels), max_size=3).map(tuple)
texts = st.lists(words, max_size=3).map(tuple)
facts = st.builds(
    ElfFacts,
    words,
    st.sampled_from([32, 64]),
    st.sampled_from(ElfKind),
    st.none() | words,
    *(texts, symbols, symbols, texts, texts),
    st.none() | words,
    st.booleans(),
)
binaries = st.builds(BinaryFile, words, facts | st.builds(Foreign, words) | st.builds(Damaged, words))
findings = st.builds(
    Finding, words, st.sampled_from(Concern), st.sampled_from(Severity), words, words, words, st.none() | words
)
audits = st.builds(WheelAudit, st.integers(0, 9), st.none() | levels, st.lists(findings, max_size=3).map(tuple))


@given(st.lists(binaries, max_size=4))
def test_binaries_come_back_as_they_were(files: list[BinaryFile]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(files), type=list[BinaryFile]) == files


@given(st.lists(audits, max_size=4))
def test_audits_come_back_as_they_were(found: list[WheelAudit]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(found), type=list[WheelAudit]) == found
