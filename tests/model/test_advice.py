"""What a user is told to do about an unmet dependency."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.model.advice import Inspection, advise
from lambda_pack.model.findings import Concern, Finding, Severity
from lambda_pack.model.packages import Offer, Pin, Sdist, Wheel
from lambda_pack.model.requirements import FileChoice, Origin, Requested, Requirements
from lambda_pack.model.stock import Attempt, HeldBack, Stock
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Misfit, Reason

TARGET = Target.parse("python3.11")
PIN = Pin.parse("numpy", "2.4.6")
NOWHERE = Pin(canonicalize_name("numpy"), None)
BY_TAGS = " by its tags; whether its files load there was not looked at"
NO_SDISTS = FileChoice(only_binary=frozenset({":all:"}))


def wheel(tags: str, version: str = "2.4.6") -> Wheel:
    return Wheel.parse(f"https://x.example/numpy-{version}-{tags}.whl")


def sdist(refused: str | None = None) -> Sdist:
    return replace(Sdist.parse("https://x.example/numpy-2.4.6.tar.gz"), refused=refused)


def advice(
    *offers: Offer, pin: Pin = PIN, asked: str = "numpy", files: FileChoice | None = None, log: str | None = None
) -> tuple[str, ...]:
    """For one requirement and these files; with a log, after one failed build."""
    line = Requested(Origin("r.txt", 1), Requirement(asked))
    attempts = () if log is None else (Attempt(pin, 4, "failed", log=log),)
    stock = Stock(TARGET, (pin,), frozenset(offers), attempts=attempts)
    return advise(stock, pin, Requirements(Path(), (line,), files=files or FileChoice()))


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        pytest.param(
            [wheel("cp311-cp311-manylinux_2_28_x86_64")],
            ["ask the maintainers of numpy for a wheel for python3.11-x86_64, or replace the package"],
            id="nothing helps",
        ),
        pytest.param(
            [wheel("cp312-cp312-manylinux_2_28_x86_64"), wheel("cp313-cp313-manylinux_2_28_x86_64")],
            [f"choose another runtime: numpy==2.4.6 has a wheel for python3.12, python3.13{BY_TAGS}"],
            id="other runtimes",
        ),
        pytest.param(
            [wheel("cp38-abi3-manylinux_2_34_x86_64")],
            [f"choose another runtime: numpy==2.4.6 has a wheel for python3.12, python3.13, python3.14{BY_TAGS}"],
            id="newer glibc, and a preview runtime is no advice",
        ),
        pytest.param(
            [wheel("cp311-cp311-manylinux2014_aarch64")],
            [f"choose another architecture: numpy==2.4.6 has a wheel for python3.11-arm64{BY_TAGS}"],
            id="the other architecture",
        ),
        pytest.param(
            [wheel("cp311-cp311-manylinux2014_x86_64", "2.2.6"), wheel("cp311-cp311-manylinux2014_x86_64", "1.26.4")],
            ["numpy 2.2.6 has a wheel that fits: allow it in the requirements"],
            id="the newest other version that fits",
        ),
        pytest.param(
            [replace(wheel("cp312-cp312-manylinux2014_x86_64"), refused="yanked")],
            ["ask the maintainers of numpy for a wheel for python3.11-x86_64, or replace the package"],
            id="a refused wheel helps nowhere",
        ),
        pytest.param(
            [wheel("cp311-cp311-manylinux2014_aarch64"), wheel("cp312-cp312-manylinux2014_x86_64")],
            [
                f"choose another runtime: numpy==2.4.6 has a wheel for python3.12{BY_TAGS}",
                f"choose another architecture: numpy==2.4.6 has a wheel for python3.11-arm64{BY_TAGS}",
            ],
            id="both",
        ),
    ],
)
def test_what_other_files_suggest(offers: list[Offer], expected: list[str]) -> None:
    assert list(advice(*offers)) == expected


MISSING = Finding("x/a.so", Concern.MISSING, Severity.ERROR, "needs", "nothing has it", "bring it", "libexpat.so.1")
OTHER = replace(MISSING, library="libvendor.so.3")
FOR_NUMPY_1 = replace(MISSING, concern=Concern.RELEASE, library=None, goes_with="numpy<2")
BRING = (
    "copy it into lib/ of a folder and pack that with --source, or put it into lib/ of a layer and pack with "
    "--audit warn"
)
ON_ARM, ON_312, ON_313 = Target.parse("python3.11", "arm64"), Target.parse("python3.12"), Target.parse("python3.13")
OFFERS = (
    wheel("cp311-cp311-manylinux2014_x86_64"),
    wheel("cp311-cp311-manylinux2014_aarch64"),
    wheel("cp312-cp312-manylinux2014_x86_64"),
    wheel("cp313-cp313-manylinux2014_x86_64"),
)


@pytest.mark.parametrize(
    ("inspection", "expected"),
    [
        pytest.param(
            Inspection((MISSING,), {ON_ARM: (MISSING,), ON_312: (MISSING,), ON_313: (MISSING,)}),
            [f"bring libexpat.so.1 (package expat of Amazon Linux 2): {BRING}"],
            id="missing everywhere",
        ),
        pytest.param(
            Inspection((MISSING, OTHER), {ON_ARM: (MISSING,), ON_312: (), ON_313: (MISSING,)}),
            [
                f"bring libexpat.so.1 (package expat of Amazon Linux 2) and libvendor.so.3: {BRING}",
                "choose another runtime: numpy==2.4.6 has a wheel for python3.12, and its files load there",
            ],
            id="not missing on one of them",
        ),
        pytest.param(
            Inspection((FOR_NUMPY_1,), {ON_ARM: (), ON_312: (FOR_NUMPY_1,), ON_313: (FOR_NUMPY_1,)}),
            [
                "let the requirements allow 'numpy<2': it loads beside that",
                "choose another architecture: numpy==2.4.6 has a wheel for python3.11-arm64, and its files load there",
            ],
            id="another release beside it, and the other architecture",
        ),
        pytest.param(
            Inspection((MISSING,), {ON_ARM: (MISSING,), ON_312: (MISSING,)}),
            [
                f"bring libexpat.so.1 (package expat of Amazon Linux 2): {BRING}",
                f"choose another runtime: numpy==2.4.6 has a wheel for python3.13{BY_TAGS}",
            ],
            id="one was not looked at",
        ),
    ],
)
def test_what_the_files_suggest(inspection: Inspection, expected: list[str]) -> None:
    refused = {(PIN, OFFERS[0].filename): Misfit(Reason.CONTENTS, "needs libexpat.so.1")}
    stock = Stock(TARGET, (PIN,), frozenset(OFFERS), unloadable=refused)

    assert list(advise(stock, PIN, Requirements(Path()), inspection=inspection)) == expected


def test_python37_is_no_advice_for_arm64() -> None:
    stock = Stock(Target.parse("python3.13", "arm64"), (PIN,), frozenset({wheel("cp37-cp37m-manylinux2014_aarch64")}))
    assert advise(stock, PIN, Requirements(Path())) == (
        "ask the maintainers of numpy for a wheel for python3.13-arm64, or replace the package",
    )


def test_an_unknown_name() -> None:
    assert advice() == ("no index knows 'numpy': check the spelling, or name its index with --extra-index-url",)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("numpy>=3", "no version of numpy satisfies '>=3'; the newest on offer is 2.4.6"),
        ("pandas", "no version of numpy satisfies all that is asked of it; the newest on offer is 2.4.6"),
    ],
)
def test_no_version_is_allowed(asked: str, expected: str) -> None:
    assert expected in advice(wheel("py3-none-any", "2.0"), wheel("cp27-none-any"), pin=NOWHERE, asked=asked)


def test_lines_that_contradict_each_other_are_named() -> None:
    lines = tuple(
        Requested(Origin("pyproject.toml", number), Requirement(text))
        for number, text in ((7, "numpy==1.0"), (9, "numpy>=2"), (11, "numpy"))
    )
    stock = Stock(TARGET, (NOWHERE,), frozenset({wheel("py3-none-any", "2.0")}))

    assert advise(stock, NOWHERE, Requirements(Path(), lines))[0] == (
        "no version of numpy satisfies '==1.0' (pyproject.toml:7) and '>=2' (pyproject.toml:9) together; "
        "the newest on offer is 2.0"
    )


def test_a_failed_build_may_work_where_the_target_runs() -> None:
    expected = (
        "build it where python3.11-x86_64 runs (the same architecture and glibc), or in a container: install docker or "
        "podman, and see --build-image; the log says why it failed here"
    )
    assert expected in advice(sdist(), log="")
    assert expected not in advice(sdist())
    # Step 5 names a compiler that does not exist; that is no program to install.
    assert expected in advice(
        sdist(), log="error: command '/lambda-pack/builds-this-without-a-compiler' failed: No such file or directory"
    )


def test_a_build_that_lacks_a_program_is_told_to_get_it() -> None:
    # psycopg2 and rasterio look for it before anything is compiled, but no build requirement brings it.
    stage = "Getting requirements to build wheel did not run successfully."
    expected = (
        "bring the program that its build looks for, which the log names: install it here, or build in an image "
        "that has it, with --build-image"
    )
    assert advice(sdist(), log=f"Error: pg_config executable not found.\n{stage}") == (expected,)
    (other,) = advice(sdist(), log=stage)
    assert other.startswith("limit what its build requires")


@pytest.mark.parametrize(
    ("files", "refused", "helps"),
    [
        (NO_SDISTS, "is source, and --only-binary keeps source of it out", True),
        (FileChoice(), "yanked: broken", False),
        (FileChoice(), "its hash is not among those in the requirements", False),
    ],
)
def test_lifting_only_binary_is_advice_only_where_it_is_in_the_way(
    files: FileChoice, refused: str, *, helps: bool
) -> None:
    expected = "let it be built: lift --only-binary for it"
    assert (expected in advice(sdist(refused), files=files)) is helps


@pytest.mark.parametrize(
    ("way", "files", "helps"),
    [
        (("scipy", "numpy"), FileChoice(), True),
        (("scikit-learn", "scipy", "numpy"), FileChoice(), True),
        (("pandas", "numpy"), FileChoice(), False),
        (("scipy", "numpy"), NO_SDISTS, False),
    ],
)
def test_what_only_the_older_version_asks_for_the_newest_may_not(
    way: tuple[str, ...], files: FileChoice, *, helps: bool
) -> None:
    held = HeldBack(canonicalize_name("scipy"), Version("1.17"), Version("1.15"), "scipy==1.17 needs glibc 2.28")
    stock = Stock(TARGET, (PIN,), frozenset([wheel("cp312-cp312-win_amd64")]), held_back=(held,))

    told = advise(stock, PIN, Requirements(Path(), files=files), way=tuple(map(canonicalize_name, way)))

    begin, end = "--prefer newest takes scipy 1.17 and builds it where it must", "1.15, in its place for now, leads to"
    assert (f"{begin}: {end} numpy==2.4.6" in told) is helps
    assert told
