"""The laws of the stock: what is chosen, what is unmet, and that arrival order never matters."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip._internal.index.package_finder import CandidateEvaluator
from pip._internal.models.candidate import InstallationCandidate
from pip._internal.models.link import Link
from pip._internal.models.target_python import TargetPython

from lambda_pack.model.packages import Checkout, Folder, Offer, Pin, Sdist, Wheel
from lambda_pack.model.stock import Accepted, Attempt, HeldBack, Stock
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, Misfit, judge

pytestmark = pytest.mark.filterwarnings("ignore:pkg_resources is deprecated:DeprecationWarning")

TARGET = Target.parse("python3.13")
A1, A2, B1 = Pin.parse("a", "1.0"), Pin.parse("a", "2.0"), Pin.parse("b", "1.0")
UNKNOWN = Pin(canonicalize_name("c"), None)


def wheel(filename: str, host: str = "x.example") -> Wheel:
    """A wheel on some index."""
    return Wheel.parse(f"https://{host}/{filename}")


def sdist(filename: str, host: str = "x.example") -> Sdist:
    """An sdist on some index."""
    return Sdist.parse(f"https://{host}/{filename}")


TAGS = ["py3-none-any", "cp313-cp313-manylinux_2_17_x86_64", "cp39-abi3-manylinux_2_17_x86_64", "cp313-cp313-win_amd64"]
FILENAMES = [
    f"{pin}-{build}{tags}.whl"
    for pin, build, tags in itertools.product(["a-1.0", "a-2.0", "b-1.0"], ["", "1-", "1a-", "2-"], TAGS)
]
WHEELS = st.builds(wheel, st.sampled_from(FILENAMES), st.sampled_from(["x.example", "y.example"]))
SDISTS = st.builds(sdist, st.sampled_from(["a-1.0.tar.gz", "b-1.0.zip", "a-2.0.tar.gz"]), st.just("x.example"))
OFFERS: st.SearchStrategy[Offer] = st.one_of(WHEELS, SDISTS)
CLOSURES = st.lists(st.sampled_from([A1, A2, B1, UNKNOWN]), unique=True).map(tuple)


def stock_of(closure: tuple[Pin, ...], *offers: Offer) -> Stock:
    """A stock with everything on offer from the start."""
    return Stock(TARGET, closure, frozenset(offers))


@given(closure=CLOSURES, offers=st.lists(OFFERS), more=st.lists(OFFERS))
def test_another_file_never_adds_to_unmet(closure: tuple[Pin, ...], offers: list[Offer], more: list[Offer]) -> None:
    before = stock_of(closure, *offers)
    assert {*(before + more).unmet} <= {*before.unmet}


@given(closure=CLOSURES, offers=st.lists(OFFERS))
def test_chosen_and_unmet_share_the_closure_out(closure: tuple[Pin, ...], offers: list[Offer]) -> None:
    stock = stock_of(closure, *offers)
    assert sorted([*(found.pin for found, _ in stock.chosen), *stock.unmet], key=str) == sorted(closure, key=str)
    assert all(judge(found, TARGET) == verdict for found, verdict in stock.chosen)


@given(closure=CLOSURES, offers=st.lists(OFFERS), data=st.data())
def test_the_order_of_arrival_does_not_matter(
    closure: tuple[Pin, ...], offers: list[Offer], data: st.DataObject
) -> None:
    """Not even where two indexes have a file of one name: a hash seed may not decide between them."""
    shuffled = data.draw(st.permutations(offers))
    first, second = stock_of(closure, *offers), stock_of(closure, *shuffled)
    assert (first.chosen, first.unmet, first.sources) == (second.chosen, second.unmet, second.sources)
    name = canonicalize_name("a")
    assert first.versions(name) == second.versions(name)


@given(offers=st.lists(WHEELS))
def test_what_was_heard_of_first_stays(offers: list[Wheel]) -> None:
    grown = Stock(TARGET, (A1,))
    for offer in offers:
        grown += [offer]
    first: dict[str, Wheel] = {}
    for offer in offers:
        first.setdefault(offer.filename, offer)
    assert grown.offers == frozenset(first.values())


@given(
    builds=st.lists(st.sampled_from([name for name in FILENAMES if name.startswith("a-1.0")]), min_size=1, unique=True)
)
def test_the_choice_is_that_of_pip(builds: list[str]) -> None:
    python = TargetPython(list(TARGET.platforms), py_version_info=(3, 13), abis=["cp313"], implementation="cp")
    fitting = [name for name in builds if isinstance(judge(wheel(name), TARGET), Fits)]
    candidates = [InstallationCandidate("a", "1.0", Link(wheel(name).url)) for name in fitting]
    best = CandidateEvaluator.create(project_name="a", target_python=python).sort_best_candidate(candidates)
    chosen = stock_of((A1,), *map(wheel, builds)).chosen
    assert [found.filename for found, _ in chosen] == ([best.link.filename] if best else [])


def test_an_accepted_wheel_answers_the_pin_it_was_made_for() -> None:
    """A folder has no version until its backend says one."""
    built = replace(wheel("c-3.0-cp313-cp313-linux_x86_64.whl"), url="file:///built/c.whl")
    accepted = [Accepted(UNKNOWN, built, Fits(0, "built here"))]
    stock = stock_of((UNKNOWN, A1)) + accepted
    assert stock.chosen == ((built, Fits(0, "built here")),)
    assert stock.unmet == (A1,)


def test_an_accepted_wheel_outside_of_the_closure_does_no_harm() -> None:
    built = wheel("b-1.0-py3-none-any.whl")
    accepted = [Accepted(B1, built, Fits(0))]
    assert (stock_of((A1,)) + accepted).unmet == (A1,)


def test_the_origin_of_a_built_wheel_is_its_source() -> None:
    folder = Folder(UNKNOWN, "/somewhere/c")
    built, found = wheel("c-3.0-py3-none-any.whl"), wheel("a-1.0-py3-none-any.whl")
    accepted = [Accepted(UNKNOWN, built, Fits(0))]
    stock = stock_of((UNKNOWN, A1), folder, found) + accepted
    assert stock.origins == ((built, folder), (found, found))


def test_what_is_refused_is_not_a_source() -> None:
    refused = replace(sdist("a-1.0.tar.gz"), refused="yanked")
    assert stock_of((A1,), refused).source(A1) is None
    assert stock_of((A1,), refused, sdist("a-1.0.zip")).source(A1) == sdist("a-1.0.zip")


def test_of_two_sources_the_same_one_is_taken_each_time() -> None:
    here, there = sdist("a-1.0.tar.gz"), sdist("a-1.0.tar.gz", "a.example")
    assert stock_of((A1,), here, there).source(A1) == there


def test_only_what_is_unmet_is_built() -> None:
    checkout = Checkout(UNKNOWN, "git", "https://x.example/c.git", "abc")
    stock = stock_of(
        (A1, B1, UNKNOWN), wheel("a-1.0-py3-none-any.whl"), sdist("a-1.0.tar.gz"), sdist("b-1.0.zip"), checkout
    )
    assert stock.sources == (sdist("b-1.0.zip"), checkout)


def test_versions_hold_each_wheel_with_its_verdict() -> None:
    fits, misfit = wheel("a-1.0-py3-none-any.whl"), wheel("a-2.0-cp313-cp313-win_amd64.whl")
    stock = stock_of((A2,), fits, misfit, sdist("a-2.0.tar.gz"), wheel("b-1.0-py3-none-any.whl"))
    found = stock.versions(canonicalize_name("a"))
    assert found.keys() == {Version("1.0"), Version("2.0")}
    ((only, verdict),) = found[Version("2.0")]
    assert only == misfit
    assert isinstance(verdict, Misfit)
    assert stock.wheels(A2) == found[Version("2.0")]
    assert stock.wheels(UNKNOWN) == ()


def test_attempts_are_kept_in_order() -> None:
    attempts = [Attempt(A1, 4, "no compiler"), Attempt(A1, 5, "still none")]
    stock = Stock(TARGET, (A1,)) + attempts[:1] + attempts[1:]
    assert stock.attempts == tuple(attempts)
    assert stock.unmet == (A1,)


def test_versions_that_are_equal_are_one(tmp_path: Path) -> None:
    """1.0 and 1.0.0 are one version, however the file spells it."""
    found = Wheel.parse((tmp_path / "a-1.0.0-py3-none-any.whl").as_uri())
    assert stock_of((A1,), found).unmet == ()


@pytest.mark.parametrize(
    ("newest", "chosen", "uploaded", "lag"),
    [
        ("2.5.5", "2.4.6", None, None),
        ("2.5.5", "1.26.4", None, "older by a major version"),
        ("4.0", "1.0", None, "older by 3 major versions"),
        ("1!1.0", "9.0", None, "older by a major version"),
        ("0.80", "0.9", None, None),
        # two years to the day are not more than two
        ("1.9", "1.2", (date(2026, 11, 28), date(2024, 11, 28)), None),
        ("1.9", "1.2", (date(2026, 11, 29), date(2024, 11, 28)), "older by 2 years"),
        ("2.0", "1.2", (date(2026, 11, 28), date(2022, 11, 28)), "older by a major version and 4 years"),
        # numbered by the year
        ("2026.1", "2025.2", None, None),
        ("2026.1", "2023.1", None, "older by 3 years"),
        ("2026.1", "2023.1", (date(2026, 1, 2), date(2023, 3, 1)), "older by 2 years"),
        # an old line that is still maintained
        ("3.0", "2.9", (date(2024, 1, 1), date(2026, 1, 1)), "older by a major version"),
    ],
)
def test_how_far_behind_a_version_is(
    newest: str, chosen: str, uploaded: tuple[date, date] | None, lag: str | None
) -> None:
    held = HeldBack(canonicalize_name("x"), Version(newest), Version(chosen), "why", uploaded=uploaded)

    assert held.lag == lag
