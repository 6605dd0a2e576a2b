"""Locks read and written, held against `packaging.pylock` itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockSelectError,
)
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.model.locks import lock_of, offers_of, pins_of
from lambda_pack.model.packages import Checkout, Folder, Offer, Pin, Sdist, Wheel
from lambda_pack.model.targets import Target

X86, ARM = Target.parse("python3.13"), Target.parse("python3.13", "arm64")
DIGEST = "a" * 64
HASHES = (("sha256", DIGEST),)
PIN = Pin.parse("foo", "1.0")
FOO = "foo-1.0-py3-none-any.whl"


def package(  # noqa: PLR0913  # each is one key of PEP 751, and a test names only those it is about
    name: str,
    version: str = "1.0",
    *,
    marker: str | None = None,
    requires_python: str | None = None,
    index: str | None = None,
    wheels: list[PackageWheel] | None = None,
) -> Package:
    """A locked package with a pure wheel, unless it is told of others."""
    filename = f"{name}-{version}-py3-none-any.whl"
    pure = PackageWheel(name=filename, url=f"https://x.example/{filename}", hashes=dict(HASHES))
    return Package(
        name=canonicalize_name(name),
        version=Version(version),
        marker=Marker(marker) if marker else None,
        requires_python=SpecifierSet(requires_python) if requires_python else None,
        index=index,
        wheels=wheels or [pure],
    )


def lock(
    *packages: Package,
    environments: list[str] | None = None,
    requires_python: str | None = None,
    default_groups: list[str] | None = None,
) -> Pylock:
    """A lock by somebody else."""
    return Pylock(
        lock_version=Version("1.0"),
        created_by="another tool",
        environments=[Marker(text) for text in environments] if environments else None,
        requires_python=SpecifierSet(requires_python) if requires_python else None,
        default_groups=default_groups,
        dependency_groups=default_groups,
        packages=packages,
    )


@pytest.mark.parametrize(
    ("marker", "x86", "arm"),
    [
        (None, True, True),
        ("platform_machine == 'aarch64'", False, True),
        ("sys_platform == 'win32'", False, False),
        ("python_full_version >= '3.13' and platform_machine == 'x86_64'", True, False),
        ("'fast' in extras", False, False),
        ("'main' in dependency_groups", True, True),
        ("'dev' in dependency_groups", False, False),
    ],
)
def test_pins_are_those_whose_marker_holds_on_the_target(marker: str | None, *, x86: bool, arm: bool) -> None:
    locked = lock(package("foo", marker=marker), default_groups=["main"])
    assert (bool(pins_of(locked, X86)), bool(pins_of(locked, ARM))) == (x86, arm)


def test_one_name_twice_is_fine_where_markers_part_them() -> None:
    locked = lock(
        package("foo", "1.0", marker="platform_machine == 'x86_64'"),
        package("foo", "2.0", marker="platform_machine == 'aarch64'"),
    )
    assert [found.version for found in pins_of(locked, X86)] == [Version("1.0")]
    assert [found.version for found in pins_of(locked, ARM)] == [Version("2.0")]


@pytest.mark.parametrize(
    ("locked", "message"),
    [
        (lock(package("foo", "1.0"), package("foo", "2.0")), "the lock gives more than one 'foo' to python3.13-x86_64"),
        (lock(requires_python=">=3.14"), "the lock requires Python >=3.14; python3.13 has 3.13"),
        (lock(environments=["sys_platform == 'win32'"]), 'the lock is for .sys_platform == "win32".*lock again'),
        (
            lock(package("foo", requires_python="<3.13")),
            "'foo' in the lock requires Python <3.13; python3.13 has 3.13",
        ),
    ],
)
def test_locks_that_are_not_for_the_target(locked: Pylock, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pins_of(locked, X86)


@pytest.mark.parametrize(
    "locked",
    [
        lock(requires_python=">=3.9,<4"),
        lock(environments=["sys_platform == 'win32'", "platform_machine == 'x86_64'"]),
        lock(package("foo", requires_python=">=3.14", marker="python_version >= '3.14'")),
    ],
)
def test_locks_that_are(locked: Pylock) -> None:
    assert pins_of(locked, X86) == ()


MARKERS = st.sampled_from(
    [None, "platform_machine == 'x86_64'", "platform_machine == 'aarch64'", "python_version < '3.13'", "'a' in extras"]
)
PACKAGES = st.builds(
    package,
    st.sampled_from(["foo", "bar"]),
    st.sampled_from(["1.0", "2.0"]),
    marker=MARKERS,
    requires_python=st.sampled_from([None, ">=3.9", "<3.12"]),
)
LOCKS = st.builds(
    lambda packages, environments, python: lock(*packages, environments=environments, requires_python=python),
    st.lists(PACKAGES, max_size=4),
    st.sampled_from([None, ["platform_machine == 'x86_64'"], ["sys_platform == 'win32'", "os_name == 'posix'"]]),
    st.sampled_from([None, ">=3.12", "<3.12"]),
)


@given(locked=LOCKS, target=st.sampled_from([X86, ARM, Target.parse("python3.11")]))
def test_pins_are_those_that_packaging_selects(locked: Pylock, target: Target) -> None:
    try:
        selected = [found for found, _ in locked.select(environment=target.environment, tags=target.tags)]
    except PylockSelectError:
        with pytest.raises(UsageError):
            pins_of(locked, target)
    else:
        assert list(pins_of(locked, target)) == selected


def wheel_at(place: str, **others: str) -> PackageWheel:
    """A locked wheel at a URL, or at a path."""
    key = "url" if "://" in place else "path"
    return PackageWheel(**{key: place, "hashes": dict(HASHES), **others})  # type: ignore[arg-type]  # all are texts


@pytest.mark.parametrize(
    ("wheel", "index", "url"),
    [
        (wheel_at(f"https://y.example/{FOO}"), None, f"https://y.example/{FOO}"),
        (wheel_at(f"wheels/{FOO}"), None, f"file:///locks/wheels/{FOO}"),
        (wheel_at(f"../wheels/{FOO}"), None, f"file:///wheels/{FOO}"),
        (wheel_at("blob", name=FOO), None, "file:///locks/blob"),
        (
            PackageWheel(url=f"../../{FOO}", hashes=dict(HASHES)),
            "https://z.example/simple/foo/",
            f"https://z.example/{FOO}",
        ),
    ],
)
def test_where_a_wheel_is(wheel: PackageWheel, index: str | None, url: str) -> None:
    (offer,) = offers_of(package("foo", wheels=[wheel], index=index), Path("/locks"))
    assert isinstance(offer, Wheel)
    assert (offer.url, offer.filename, offer.pin, offer.hashes) == (url, FOO, PIN, HASHES)


def test_digests_are_compared_in_lower_case() -> None:
    wheel = PackageWheel(name=FOO, url=f"https://x.example/{FOO}", hashes={"SHA256": DIGEST.upper()})
    (offer,) = offers_of(package("foo", wheels=[wheel]), Path("/locks"))
    assert isinstance(offer, Wheel)
    assert offer.hashes == HASHES


def test_every_kind_of_source() -> None:
    name, version = PIN.name, PIN.version
    hashes = dict(HASHES)
    sdist = PackageSdist(url="https://x.example/foo-1.0.tar.gz", size=3, hashes=hashes)
    archive = PackageArchive(url="https://x.example/v1%2B0.zip", hashes=hashes, subdirectory="src", size=4)
    vcs = PackageVcs(type="git", url="https://x.example/foo.git", commit_id="abc", subdirectory="src")
    local_vcs = PackageVcs(type="git", path="../foo.git", commit_id="abc")
    directory = PackageDirectory(path="../foo", editable=True, subdirectory="src")
    wheel = PackageArchive(path=FOO, hashes=hashes, size=5)
    folder = Path("/locks")
    assert [
        *offers_of(Package(name=name, version=version, sdist=sdist), folder),
        *offers_of(Package(name=name, version=version, archive=archive), folder),
        *offers_of(Package(name=name, version=version, vcs=vcs), folder),
        *offers_of(Package(name=name, version=version, vcs=local_vcs), folder),
        *offers_of(Package(name=name, directory=directory), folder),
    ] == [
        Sdist(PIN, "foo-1.0.tar.gz", "https://x.example/foo-1.0.tar.gz", HASHES, 3),
        Sdist(PIN, "v1+0.zip", "https://x.example/v1%2B0.zip", HASHES, 4, subdirectory="src", is_exact=True),
        Checkout(PIN, "git", "https://x.example/foo.git", "abc", "src"),
        Checkout(PIN, "git", "file:///foo.git", "abc"),
        Folder(Pin(name, None), "/foo", "src"),
    ]
    (offer,) = offers_of(Package(name=name, version=version, archive=wheel), folder)
    assert isinstance(offer, Wheel)
    assert (offer.url, offer.size) == (f"file:///locks/{FOO}", 5)


def test_a_symlink_keeps_its_name(tmp_path: Path) -> None:
    """The name says what kind of archive it is; the file behind it may be called anything."""
    (tmp_path / "blob").write_text("")
    (tmp_path / "v1.zip").symlink_to(tmp_path / "blob")
    locked = Package(name=PIN.name, version=PIN.version, archive=PackageArchive(path="v1.zip", hashes=dict(HASHES)))
    (offer,) = offers_of(locked, tmp_path)
    assert offer.filename == "v1.zip"


def sized(url: str) -> Wheel:
    """A wheel of 9 bytes."""
    found = Wheel.parse(url, hashes=HASHES)
    return Wheel(found.pin, found.filename, found.url, found.build, found.tags, found.hashes, size=9)


def round_trips(folder: Path) -> list[Offer]:
    """One of each kind, on the network and on this disk, with names that need care."""
    return [
        sized(f"https://x.example/{FOO}"),
        sized("https://x.example/foo-1.0%2Bcpu-py3-none-any.whl"),
        sized((folder / "with space #1" / FOO).as_uri()),
        sized((folder.parent / "100%25" / FOO).as_uri()),
        Sdist(PIN, "foo-1.0.tar.gz", "https://x.example/foo-1.0.tar.gz", HASHES, 9),
        Sdist(PIN, "foo-1.0.tar.gz", (folder / "foo-1.0.tar.gz").as_uri(), HASHES, 9),
        Sdist(PIN, "v1.0.tar.gz", "https://x.example/v1.0.tar.gz", HASHES, 9),
        Sdist(PIN, "foo-2.0.tar.xz", "https://x.example/foo-2.0.tar.xz", HASHES, 9),
        Sdist(PIN, "main.zip", "https://x.example/main.zip", HASHES, 9, subdirectory="src"),
        Checkout(PIN, "git", "https://x.example/foo.git", "abc", "src"),
        Checkout(PIN, "git", (folder.parent / "foo.git").as_uri(), "abc"),
        Folder(PIN, str(folder), None),
        Folder(PIN, str(folder.parent / "foo"), "src"),
    ]


@pytest.mark.parametrize("index", range(13))
def test_a_lock_written_and_read_again_offers_the_same(tmp_path: Path, index: int) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    origin = round_trips(folder)[index]
    wheel = origin if isinstance(origin, Wheel) else sized(f"file:///built/{FOO}")
    written = lock_of([(wheel, origin)], X86, folder)
    written.validate()
    (locked,) = pins_of(Pylock.from_dict(written.to_dict()), X86)
    # What is locked as an archive is one that a URL names, and nothing else may stand in for it.
    expected = replace(origin, is_exact=True) if locked.archive and isinstance(origin, Sdist) else origin
    assert offers_of(locked, folder) == (expected,)


def test_a_path_in_a_lock_is_relative_and_goes_where_the_lock_goes(tmp_path: Path) -> None:
    written = lock_of([(sized((tmp_path / "wheels" / FOO).as_uri()),) * 2], X86, tmp_path / "dist")
    (locked,) = written.packages
    assert locked.wheels
    assert (locked.wheels[0].path, locked.wheels[0].url) == (f"../wheels/{FOO}", None)
    (offer,) = offers_of(locked, Path("/elsewhere/dist"))
    assert isinstance(offer, Wheel)
    assert offer.url == f"file:///elsewhere/wheels/{FOO}"


def test_a_lock_is_for_its_target_alone() -> None:
    written = lock_of([], ARM, Path("/locks"))
    assert pins_of(written, ARM) == ()
    for other in (X86, Target.parse("python3.12", "arm64")):
        with pytest.raises(UsageError, match="lock"):
            pins_of(written, other)


def test_a_lock_is_sorted_by_name_and_holds_no_credential() -> None:
    origins = [
        sized(f"https://me:secret@x.example/{name}-1.0-py3-none-any.whl#egg=x") for name in ("zoo", "foo", "bar")
    ]
    written = lock_of([(origin, origin) for origin in origins], X86, Path("/locks"))
    assert [found.name for found in written.packages] == ["bar", "foo", "zoo"]
    assert "secret" not in str(written.to_dict())
    assert written.created_by == "lambda-pack"
