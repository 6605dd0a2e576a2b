"""Whether something brings what Python code loads or starts by name."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from packaging.version import Version

from lambda_pack.model.audit import judge_binaries
from lambda_pack.model.binaries import BinaryFile, ElfFacts, ElfKind, LoadsByName, NamedLoad
from lambda_pack.model.findings import Finding, Severity
from lambda_pack.model.images import PackageType
from lambda_pack.model.targets import Target

TARGET = Target.parse("python3.12")
LIBRARY = ElfFacts("x86_64", 64, ElfKind.LIBRARY)
PROGRAM = ElfFacts("x86_64", 64, ElfKind.PROGRAM)
OTHER = ElfFacts("aarch64", 64, ElfKind.LIBRARY)
ZBAR = NamedLoad(searched=("zbar",))
CAIRO = NamedLoad(("libcairo.so.2",), ("cairo-2", "cairo"))


def found(
    load: NamedLoad,
    *,
    own: Mapping[str, ElfFacts] | None = None,
    others: Mapping[str, ElfFacts] | None = None,
    packages: tuple[str, ...] = (),
    package_type: PackageType = PackageType.ZIP,
) -> tuple[Finding, ...]:
    """The findings about a package with one load, its own binaries, and those of the rest of the bundle."""
    module = BinaryFile("x/api.py", LoadsByName((load,)))
    files = [module, *(BinaryFile(path, facts) for path, facts in (own or {}).items())]
    rest = [BinaryFile(path, facts) for path, facts in (others or {}).items()]
    releases = {name: Version("1") for name in packages}
    return judge_binaries({"x": files, "rest": rest}, TARGET, releases=releases, package_type=package_type)["x"]


@pytest.mark.parametrize(
    ("load", "own", "others", "expected"),
    [
        (ZBAR, {}, {}, "loaded-by-name: neither python3.12 nor the bundle has it"),
        (CAIRO, {}, {}, "loaded-by-name: neither python3.12 nor the bundle has it"),
        # the runtime's own, whichever way
        (NamedLoad(searched=("c",)), {}, {}, None),
        (NamedLoad(("libstdc++.so.6",)), {}, {}, None),
        (
            NamedLoad(("libmagic.so.1",), ("magic",)),
            {},
            {},
            "loaded-by-name: the container image of python3.12 has it; ",
        ),
        # brought by the package itself, maybe under a vendored name, or by another one under the name that is asked for
        (NamedLoad(("libsndfile.so",), ("sndfile",)), {"_data/libsndfile_x86_64.so": LIBRARY}, {}, None),
        (NamedLoad(searched=("pq",)), {"x.libs/libpq-9a0d8d8c.so.5.17": LIBRARY}, {}, None),
        (
            NamedLoad(("libharfbuzz.so.0",)),
            {},
            {"pillow.libs/libharfbuzz-9a0d8d8c.so.0": LIBRARY},
            "loaded-by-name: neither python3.12 nor the bundle has it",
        ),
        (CAIRO, {}, {"lib/libcairo.so.2": LIBRARY}, None),
        (CAIRO, {}, {"lib/libcairo-gobject.so.2": LIBRARY}, "loaded-by-name: neither python3.12 nor the bundle has it"),
        (CAIRO, {}, {"lib/libcairo.so.2": OTHER}, "loaded-by-name: neither python3.12 nor the bundle has it"),
        # brought, and yet not found
        (ZBAR, {}, {"lib/libzbar.so.0": LIBRARY}, "loaded-by-name: lib/libzbar.so.0 is not found"),
        (ZBAR, {"lib/libzbar.so.0": LIBRARY}, {}, "loaded-by-name: lib/libzbar.so.0 is not found"),
        (ZBAR, {"x/libzbar.so.0": LIBRARY}, {}, None),
        # Lambda has no graphics processors
        (NamedLoad(("libcuda.so.1",)), {}, {}, None),
        # programs
        (NamedLoad(programs=("dot",)), {}, {}, "missing-program: neither python3.12 nor the bundle has it"),
        (NamedLoad(programs=("dot",)), {}, {"bin/dot": PROGRAM}, None),
        (
            NamedLoad(programs=("dot",)),
            {},
            {"lib/dot": LIBRARY},
            "missing-program: neither python3.12 nor the bundle has it",
        ),
        (NamedLoad(programs=("ffmpeg", "avconv")), {"x/ffmpeg-linux-x86_64-v7.0.2": PROGRAM}, {}, None),
    ],
)
def test_one_load(
    load: NamedLoad, own: Mapping[str, ElfFacts], others: Mapping[str, ElfFacts], expected: str | None
) -> None:
    findings = found(load, own=own, others=others)

    assert all(one.severity is Severity.WARNING for one in findings)
    texts = [f"{one.concern.value}: {one.why}" for one in findings]
    assert len(texts) == (expected is not None)
    assert all(text.startswith(expected or "") for text in texts)


def test_find_library_is_mentioned_where_nothing_else_is_tried() -> None:
    """It asks gcc, ld and ldconfig, which Lambda lacks: a library in lib/ of a layer is not found."""
    (searched,), (tried,) = found(ZBAR), found(CAIRO)

    assert "ctypes.util.find_library finds nothing on Lambda" in searched.advice
    assert "find_library" not in tried.advice
    assert tried.what == "loads libcairo.so.2 (package cairo of Amazon Linux 2023) by name"
    assert tried.library == "libcairo.so.2"


def test_a_package_may_be_brought_by_another_in_its_own_way() -> None:
    load = NamedLoad(("libvips.so.42",), brought_by=("pyvips-binary",))

    assert found(load)
    assert not found(load, packages=("pyvips-binary",))


def test_images_have_more_and_their_dockerfile_brings_the_rest() -> None:
    magic = NamedLoad(("libmagic.so.1",), ("magic",))

    assert not found(magic, package_type=PackageType.IMAGE)
    (finding,) = found(ZBAR, package_type=PackageType.IMAGE)
    assert "Dockerfile" in finding.advice
    assert "find_library" not in finding.advice
