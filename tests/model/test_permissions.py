"""What options and hashes keep out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement

from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.model.packages import Checkout, Folder, Hashes, Offer, Pin, Sdist, Wheel
from lambda_pack.model.permissions import check_hashes, permitted
from lambda_pack.model.requirements import FileChoice, Origin, Requested, Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import Target

A, B, C = ("sha256", "a" * 64), ("sha256", "b" * 64), ("sha256", "c" * 64)
STRONG = ("sha512", "d" * 128)
MD5 = ("md5", "e" * 32)
NOT_AMONG = "its hash is not among those in the requirements"


def requirements(*hashes: tuple[str, str], files: FileChoice | None = None) -> Requirements:
    """`Foo_Bar==1.0` with these hashes."""
    line = Requested(Origin("r.txt", 1), Requirement("Foo_Bar==1.0"), hashes=hashes)
    return Requirements(Path(), (line,), files=files or FileChoice())


def wheel(*hashes: tuple[str, str]) -> Wheel:
    return Wheel.parse("https://x.example/foo_bar-1.0-py3-none-any.whl", hashes=hashes)


def sdist(*hashes: tuple[str, str]) -> Sdist:
    return Sdist.parse("https://x.example/foo_bar-1.0.tar.gz", hashes=hashes)


@pytest.mark.parametrize("offer", [wheel, sdist])
@pytest.mark.parametrize(
    ("promised", "wanted", "refused", "left"),
    [
        pytest.param((A,), (), None, (A,), id="nothing asked"),
        pytest.param((), (), None, (), id="nothing known"),
        pytest.param((A,), (A,), None, (A,), id="the one asked for"),
        pytest.param((B,), (A, B), None, (B,), id="one of those asked for"),
        pytest.param((C,), (A, B), NOT_AMONG, (C,), id="another"),
        pytest.param((), (A, B), None, (A, B), id="no promise: held to what was asked for"),
        pytest.param((MD5,), (A,), None, (A,), id="a promise that cannot be compared"),
        pytest.param((A,), (STRONG,), None, (STRONG,), id="another algorithm"),
        pytest.param((A, MD5), (A,), None, (A, MD5), id="one promise of two is comparable"),
        pytest.param((A, STRONG), (A,), None, (A, STRONG), id="the stronger promise stays"),
    ],
)
def test_hashes(
    offer: Callable[..., Wheel | Sdist], promised: Hashes, wanted: Hashes, refused: str | None, left: Hashes
) -> None:
    (found,) = permitted([offer(*promised)], requirements(*wanted))
    assert isinstance(found, Wheel | Sdist)
    assert (found.refused, found.hashes) == (refused, left)


def test_hashes_of_another_package_do_not_count() -> None:
    other = Wheel.parse("https://x.example/other-1.0-py3-none-any.whl", hashes=(C,))
    assert permitted([other], requirements(A)) == (other,)


@pytest.mark.parametrize(
    ("files", "kept_out"),
    [
        (FileChoice(), set()),
        (FileChoice(no_binary=frozenset({"foo-bar"})), {"wheel"}),
        (FileChoice(no_binary=frozenset({":all:"})), {"wheel"}),
        (FileChoice(no_binary=frozenset({"other"})), set()),
        (FileChoice(only_binary=frozenset({"foo-bar"})), {"sdist"}),
        (FileChoice(only_binary=frozenset({":all:"})), {"sdist"}),
        (FileChoice(only_binary=frozenset({":all:"}), no_binary=frozenset({"foo-bar"})), {"wheel"}),
        (FileChoice(no_binary=frozenset({":all:"}), only_binary=frozenset({"foo-bar"})), {"sdist"}),
    ],
)
def test_kinds_of_files(files: FileChoice, kept_out: set[str]) -> None:
    found = permitted([wheel(A), sdist(A)], requirements(files=files))
    refused = {type(offer).__name__.lower() for offer in found if isinstance(offer, Wheel | Sdist) and offer.refused}
    assert refused == kept_out


def test_the_first_reason_stays() -> None:
    yanked = replace(wheel(C), refused="yanked: broken")
    assert permitted([yanked], requirements(A)) == (yanked,)


def test_what_lies_on_this_disk_is_the_users_own_choice() -> None:
    pin = Pin.parse("foo-bar", "1.0")
    offers: list[Offer] = [Folder(pin, "/somewhere/foo"), Checkout(pin, "git", "https://x.example/foo.git", "abc")]
    assert permitted(offers, requirements(A, files=FileChoice(only_binary=frozenset({":all:"})))) == tuple(offers)


@pytest.mark.parametrize(
    ("specifier", "is_chosen", "refused"),
    [
        ("", False, "yanked: broken"),
        (">=1.0,<=1.0", False, "yanked: broken"),
        ("==1.*", False, "yanked: broken"),
        ("==1.0", False, None),
        ("===1.0", False, None),
        ("", True, None),
    ],
)
def test_a_yanked_file_is_used_only_where_its_very_version_is_asked_for(
    specifier: str, refused: str | None, *, is_chosen: bool
) -> None:
    """PEP 592."""
    line = Requested(Origin("r.txt", 1), Requirement(f"Foo_Bar{specifier}"))
    yanked = replace(wheel(), yanked="yanked: broken")
    (found,) = permitted([yanked], Requirements(Path(), (line,)), pins=[yanked.pin] if is_chosen else [])
    assert isinstance(found, Wheel)
    assert found.refused == refused


def checked(asked: Requirements, *offers: Offer) -> None:
    """The check of a closure of `foo-bar==1.0` with these files."""
    stock = Stock(Target.parse("python3.13"), (wheel().pin,), frozenset(permitted(offers, asked)))
    check_hashes(stock, asked)


def test_hashes_that_cover_the_closure_are_enough() -> None:
    checked(replace(requirements(A), require_hashes=True), wheel(A), sdist(B))
    checked(requirements(), wheel(), sdist())


def test_required_hashes_are_required_of_each_package() -> None:
    with pytest.raises(UsageError, match=r"the requirements have none for foo-bar==1\.0"):
        checked(replace(requirements(), require_hashes=True), wheel(A))


def test_files_that_all_contradict_the_hashes_are_an_alarm() -> None:
    with pytest.raises(IntegrityError, match=r"none of the 2 files on offer for foo-bar==1\.0 has a hash"):
        checked(requirements(A), wheel(B), sdist(C))


def test_one_file_kept_out_otherwise_is_no_alarm() -> None:
    checked(requirements(A, files=FileChoice(only_binary=frozenset({":all:"}))), wheel(B), sdist(A))
