"""The resolver that is pip, against a loopback index."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_pack.errors import (
    IndexUnavailable,
    IntegrityError,
    LambdaPackError,
    UnmetDependencies,
    UsageError,
)
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.exclusions import Conflict, Exclusions
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import FileChoice, Origin, Requested, Requirements
from lambda_pack.model.targets import Target
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.pip.program import Pip
from lambda_pack.tools.pip.resolver import PipResolver
from tests.support.faults import Protect, Refuse, Rule
from tests.support.index import LoopbackIndex
from tests.support.packages import build_events, make_project, make_sdist, make_wheel

ARM = Target.parse("python3.13", "arm64")
X86 = Target.parse("python3.13", "x86_64")
ZEROS = ("sha256", "0" * 64)


def requested(text: str, *hashes: tuple[str, str]) -> Requested:
    """As written in line 1 of r.txt."""
    return Requested(Origin("r.txt", 1), Requirement(text), hashes=hashes)


@pytest.fixture
def resolver(tmp_path: Path, index: LoopbackIndex, clean_environment: dict[str, str]) -> PipResolver:
    """Asks the loopback index, once for each page; nothing is requested yet."""
    settings = IndexSettings(index_url=index.url, retries=0)
    return PipResolver(Requirements(tmp_path, indexes=settings), package_environment(clean_environment), tmp_path)


def asking(resolver: PipResolver, *lines: str | Requested) -> PipResolver:
    """The same resolver for these requirements."""
    wanted = tuple(line if isinstance(line, Requested) else requested(line) for line in lines)
    return replace(resolver, requirements=replace(resolver.requirements, requested=wanted))


def closure(resolver: PipResolver, target: Target = ARM, **options: object) -> dict[str, str]:
    """Name and version of each package."""
    lock = resolver.resolve(target, **options)  # type: ignore[arg-type]  # `without` only
    return {package.name: str(package.version) for package in lock.packages}


@pytest.mark.parametrize(
    ("target", "expected"),
    [(ARM, {"app", "for-arm", "on-linux", "six"}), (X86, {"app", "for-x86", "on-linux"})],
    ids=["arm64", "x86_64"],
)
def test_markers_are_evaluated_for_the_target(
    resolver: PipResolver, index: LoopbackIndex, target: Target, expected: set[str]
) -> None:
    requires = (
        'for-arm; platform_machine == "aarch64"',
        'for-x86; platform_machine == "x86_64"',
        'on-linux; sys_platform == "linux" and python_version == "3.13"',
        'elsewhere; os_name == "nt" or python_version != "3.13"',
    )
    for name in ("for_arm", "for_x86", "on_linux", "elsewhere", "six"):
        make_wheel(index.folder, f"{name}-1.0-py3-none-any.whl")
    make_wheel(index.folder, "app-1.0-py3-none-any.whl", requires=requires)
    wanted = asking(resolver, "app", 'six; platform_machine == "aarch64"')
    assert closure(wanted, target).keys() == expected


def test_wheels_are_chosen_by_the_tags_of_the_target(resolver: PipResolver, index: LoopbackIndex) -> None:
    """Those of a newer glibc are seen, so that the verdicts can say why an older version is packed."""
    for tag in (
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp313-cp313-manylinux_2_28_aarch64",
        "cp313-cp313-manylinux_2_28_x86_64",
        "cp313-cp313-manylinux_2_39_aarch64",
        "cp313-cp313-musllinux_1_2_aarch64",
    ):
        make_wheel(index.folder, f"native-1.0-{tag}.whl")
    (package,) = asking(resolver, "native").resolve(ARM).packages
    assert [wheel.name for wheel in package.wheels or ()] == ["native-1.0-cp313-cp313-manylinux_2_39_aarch64.whl"]
    assert all("sha256" in wheel.hashes for wheel in package.wheels or ())


def test_requires_python_is_compared_with_the_target_in_wheels_and_in_built_metadata(
    resolver: PipResolver, index: LoopbackIndex
) -> None:
    make_wheel(index.folder, "w-1.0-py3-none-any.whl", requires_python=">=3.8")
    make_wheel(index.folder, "w-2.0-py3-none-any.whl", requires_python=">=3.14")
    make_sdist(index.folder, "s", "1.0", requires_python=">=3.13")
    make_sdist(index.folder, "s", "2.0", requires_python="<3.13")
    assert closure(asking(resolver, "w", "s")) == {"w": "1.0", "s": "1.0"}


def test_each_kind_of_origin_has_its_place_in_the_lock(
    resolver: PipResolver, index: LoopbackIndex, tmp_path: Path
) -> None:
    make_sdist(index.folder, "source", "1.0")
    make_wheel(index.folder, "pure-1.0-py3-none-any.whl")
    folder = make_project(tmp_path / "my project", "mine", "3.0")
    archive = make_sdist(tmp_path, "boxed", "2.0", form="zip")
    lines = ("source", "pure", f"mine @ {folder.as_uri()}", f"boxed @ {archive.as_uri()}")
    lock = asking(resolver, *lines).resolve(ARM)
    packages = {str(package.name): package for package in lock.packages}
    assert packages["source"].sdist is not None
    assert packages["source"].sdist.name == "source-1.0.tar.gz"
    assert packages["pure"].wheels
    assert packages["mine"].directory is not None
    assert packages["mine"].directory.path == folder.as_posix()
    assert packages["boxed"].archive is not None
    assert packages["boxed"].archive.url == archive.as_uri()


def test_a_folder_without_a_name_and_with_extras(resolver: PipResolver, index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, "helper-1.0-py3-none-any.whl")
    folder = make_project(tmp_path / "here", "mine", extras={"more": ["helper"]})
    line = Requested(Origin("r.txt", 1), None, url=folder.as_uri(), extras=frozenset({"more"}))
    assert closure(asking(resolver, line)) == {"mine": "1.0", "helper": "1.0"}


def test_a_wheel_named_by_url_is_left_to_our_own_verdict(resolver: PipResolver, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "native-1.0-cp312-cp312-win_amd64.whl")
    (package,) = asking(resolver, f"native @ {wheel.as_uri()}").resolve(ARM).packages
    assert package.archive is not None
    assert package.archive.url == wheel.as_uri()


def test_who_asks_for_whom_is_in_the_lock(resolver: PipResolver, index: LoopbackIndex) -> None:
    make_wheel(index.folder, "base-1.0-py3-none-any.whl")
    make_wheel(
        index.folder,
        "app-1.0-py3-none-any.whl",
        requires=('base; platform_machine == "aarch64"', 'other; sys_platform == "win32"'),
    )
    lock = asking(resolver, "app").resolve(ARM)
    assert {str(package.name): package.dependencies for package in lock.packages} == {
        "app": [{"name": "base"}],
        "base": None,
    }


def test_packages_are_held_back_constrained_and_left_out(resolver: PipResolver, index: LoopbackIndex) -> None:
    for version in ("1.0", "2.0", "3.0"):
        make_wheel(index.folder, f"lib-{version}-py3-none-any.whl", requires=("Left.Out",))
        make_wheel(index.folder, f"other-{version}-py3-none-any.whl")
    wanted = asking(resolver, "lib", "other")
    wanted = replace(wanted, requirements=replace(wanted.requirements, constraints=(requested("other<3"),)))
    lock = wanted.resolve(
        ARM,
        exclusions=Exclusions(frozenset({Pin.parse("lib", "3.0"), Pin.parse("lib", "2.0")})),
        without=[canonicalize_name("left-out")],
    )
    assert {str(package.name): str(package.version) for package in lock.packages} == {"lib": "1.0", "other": "2.0"}


@pytest.mark.parametrize(
    ("requested_lines", "expected"),
    [
        (("app", "base==2.0"), {"app": "1.0", "base": "2.0"}),
        (("app==2.0", "base"), {"app": "2.0", "base": "1.0"}),
    ],
)
def test_a_version_that_works_only_beside_certain_others_is_not_chosen_beside_the_rest(
    resolver: PipResolver, index: LoopbackIndex, requested_lines: tuple[str, ...], expected: dict[str, str]
) -> None:
    for version in ("1.0", "2.0"):
        make_wheel(index.folder, f"base-{version}-py3-none-any.whl")
        make_wheel(index.folder, f"app-{version}-py3-none-any.whl", requires=("base", 'more; extra == "x"'))
    conflict = Conflict(Pin.parse("app", "2.0"), "base<2", "was compiled for base 1")
    lock = asking(resolver, *requested_lines).resolve(ARM, exclusions=Exclusions(conflicts=frozenset({conflict})))
    assert {str(package.name): str(package.version) for package in lock.packages} == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (FileChoice(), ("2.0", "wheel")),
        (FileChoice(no_binary=frozenset({":all:"})), ("3.0", "sdist")),
        (FileChoice(only_binary=frozenset({":all:"}), no_binary=frozenset({"lib"})), ("3.0", "sdist")),
        (FileChoice(all_releases=frozenset({":all:"})), ("4.0rc1", "wheel")),
    ],
    ids=["newest", "no wheels", "a name overrides all", "pre-releases"],
)
def test_which_kinds_of_file_may_answer(
    resolver: PipResolver, index: LoopbackIndex, files: FileChoice, expected: tuple[str, str]
) -> None:
    make_sdist(index.folder, "lib", "3.0", requires_python=">=3.8" if files.no_binary else ">=3.14")
    make_wheel(index.folder, "lib-2.0-py3-none-any.whl")
    make_wheel(index.folder, "lib-4.0rc1-py3-none-any.whl")
    wanted = asking(resolver, "lib")
    wanted = replace(wanted, requirements=replace(wanted.requirements, files=files))
    (package,) = wanted.resolve(ARM).packages
    assert (str(package.version), "wheel" if package.wheels else "sdist") == expected


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (("unheard-of",), UnmetDependencies),
        (("lib==9",), UnmetDependencies),
        (("lib==1.0", "wants-two"), UnmetDependencies),
        (("broken-metadata",), UnmetDependencies),
        ((requested("lib==1.0", ZEROS),), IntegrityError),
        (("lib @ git+http://127.0.0.1:9/lib.git",), IndexUnavailable),
        (("lib @ http://127.0.0.1:9/lib-1.0-py3-none-any.whl",), IndexUnavailable),
        (("lib @ file:///no/such/folder",), LambdaPackError),
        (("lib @ file:///usr",), UsageError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_each_refusal_has_its_error(
    resolver: PipResolver, index: LoopbackIndex, lines: tuple[str | Requested, ...], error: type[LambdaPackError]
) -> None:
    make_wheel(index.folder, "lib-1.0-py3-none-any.whl")
    make_wheel(index.folder, "lib-2.0-py3-none-any.whl")
    make_wheel(index.folder, "wants_two-1.0-py3-none-any.whl", requires=("lib==2.0",))
    make_sdist(index.folder, "broken-metadata", "1.0", build_backend="broken-metadata")
    wanted = asking(resolver, *lines)
    hashed = any(line.hashes for line in wanted.requirements.requested)
    wanted = replace(wanted, requirements=replace(wanted.requirements, require_hashes=hashed))
    with pytest.raises(LambdaPackError) as caught:
        wanted.resolve(ARM)
    assert type(caught.value) is error


def test_a_hash_that_is_missing_is_asked_for(resolver: PipResolver, index: LoopbackIndex) -> None:
    make_wheel(index.folder, "lib-1.0-py3-none-any.whl")
    wanted = asking(resolver, "lib==1.0")
    wanted = replace(wanted, requirements=replace(wanted.requirements, require_hashes=True))
    with pytest.raises(UsageError, match="--hash=sha256:"):
        wanted.resolve(ARM)


@pytest.mark.parametrize("rule", [Rule("/simple/lib/", Refuse(503, times=None)), Rule("*", Protect("me", "secret"))])
def test_an_index_that_fails_is_not_a_missing_package(
    tmp_path: Path, clean_environment: dict[str, str], rule: Rule
) -> None:
    with LoopbackIndex(tmp_path / "failing", rules=[rule]) as index:
        make_wheel(index.folder, "lib-1.0-py3-none-any.whl")
        settings = IndexSettings(index_url=index.url, retries=0)
        requirements = Requirements(tmp_path, (requested("lib"),), indexes=settings)
        resolver = PipResolver(requirements, package_environment(clean_environment), tmp_path)
        with pytest.raises(IndexUnavailable, match="/simple/lib/"):
            resolver.resolve(ARM)


def test_credentials_are_sent_to_the_index_and_shown_to_nobody(
    tmp_path: Path, clean_environment: dict[str, str]
) -> None:
    report = tmp_path / "events"
    with LoopbackIndex(tmp_path / "private", rules=[Rule("*", Protect("me", "s3cret/word"))]) as index:
        make_sdist(index.folder, "lib", "1.0", report_to=report)
        url = index.url.replace("://", "://me:s3cret%2Fword@")
        requirements = Requirements(
            tmp_path, (requested("lib"), requested("absent")), indexes=IndexSettings(url, retries=0)
        )
        environment = package_environment({**clean_environment, "AWS_SECRET_ACCESS_KEY": "s3cret/word"})
        resolver = PipResolver(requirements, environment, tmp_path)
        with pytest.raises(UnmetDependencies) as caught:
            resolver.resolve(ARM)
        found = replace(resolver, requirements=replace(requirements, requested=(requested("lib"),)))
        assert closure(found) == {"lib": "1.0"}
    assert "s3cret" not in f"{caught.value}{caught.value.log}"
    (*_, event) = build_events(report)
    assert "s3cret" not in str(event.environment)
    assert not [name for name in event.environment if name.startswith("AWS_")]
    assert not list(tmp_path.glob("pip-*")), "nothing is left in the scratch folder"


def test_a_pip_that_has_changed_inside_is_not_asked(resolver: PipResolver, tmp_path: Path) -> None:
    package = tmp_path / "other" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("raise AssertionError('pip was asked for the wrong machine')\n")
    wanted = replace(asking(resolver, "lib"), pip=Pip(package.parent, "99.0", ">=3.7"))
    with pytest.raises(LambdaPackError, match=r"^pip 99\.0 has changed inside .* choose --resolver uv") as caught:
        wanted.resolve(ARM)
    assert type(caught.value) is LambdaPackError


def test_pip_is_never_given_indexes_that_it_would_merge_against_their_rule(resolver: PipResolver) -> None:
    indexes = replace(
        resolver.requirements.indexes,
        extra_index_urls=("https://x.example",),
        strategy=IndexStrategy.FIRST_INDEX,
    )
    wanted = replace(resolver, requirements=replace(resolver.requirements, indexes=indexes))
    with pytest.raises(AssertionError, match="would merge"):
        wanted.resolve(ARM)
