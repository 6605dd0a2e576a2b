"""Whose a mapped library is: files made here, in the places where a process would have mapped them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.model.images import image_of
from lambda_pack.model.targets import Target
from lambda_pack.tools.loading.libraries import Borrowed, MappedLibraries
from tests.support.elf import make_elf

# Path, name, what it needs: a machine's Python, and a bundle.
FILES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "/usr/bin/python3.13": (None, ("libc.so.6", "libexpat.so.1")),
    "/usr/lib/libc.so.6": ("libc.so.6", ()),
    "/usr/lib/libexpat.so.1.9": ("libexpat.so.1", ()),
    "/usr/lib/python3.13/lib-dynload/_sqlite3.so": (None, ("libsqlite3.so.0",)),
    "/usr/lib/libsqlite3.so.0.8.6": ("libsqlite3.so.0", ("libicu.so.72",)),
    "/usr/lib/libicu.so.72.1": ("libicu.so.72", ()),
    "/usr/lib/libgomp.so.1.0.0": ("libgomp.so.1", ("libc.so.6",)),
    "/usr/lib/libcairo.so.2.1": ("libcairo.so.2", ("libX11.so.6", "libz.so.1")),
    "/usr/lib/libX11.so.6.4": ("libX11.so.6", ()),
    "/usr/lib/libz.so.1.3": ("libz.so.1", ()),
    "/usr/lib/libmagic.so.1.0": ("libmagic.so.1", ("libzzz.so.1",)),
    "/usr/lib/libzzz.so.1": ("libzzz.so.1", ()),
    "/usr/lib/libnss_systemd.so.2": ("libnss_systemd.so.2", ("libcap.so.2",)),
    "/task/lightgbm/lib_lightgbm.so": (None, ("libgomp.so.1", "libc.so.6")),
    "/task/sklearn/tree.so": (None, ("libgomp-a34b.so.1",)),
    "/task/sklearn.libs/libgomp-a34b.so.1.0.0": ("libgomp-a34b.so.1", ("libc.so.6",)),
    "/task/rasterio/_io.so": (None, ("libexpat.so.1",)),
    "/scratch/extracted.so": (None, ("libc.so.6",)),
}
PYTHON = ["/usr/bin/python3.13", "/usr/lib/libc.so.6", "/usr/lib/libexpat.so.1.9"]


@pytest.fixture
def libraries(tmp_path: Path) -> MappedLibraries:
    """Of a process whose interpreter has started."""
    for path, (soname, needed) in FILES.items():
        place = tmp_path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(make_elf(soname=soname, needed=needed))
    return MappedLibraries(
        {"path": ["/usr/lib/python3.13", "/usr/lib/python3.13/lib-dynload"], "mapped": PYTHON},
        image_of(Target.parse("python3.13")),
        file=lambda path: tmp_path / path.lstrip("/"),
        bundle=("/task", "/opt", "/scratch"),
    )


@pytest.mark.parametrize(
    ("mapped", "borrowed"),
    [
        ([], Borrowed()),
        # A module of Python's own, with what it needs.
        (
            ["/usr/lib/python3.13/lib-dynload/_sqlite3.so", "/usr/lib/libsqlite3.so.0.8.6", "/usr/lib/libicu.so.72.1"],
            Borrowed(),
        ),
        # What Python code loads by name.
        (
            ["/usr/lib/libX11.so.6.4", "/usr/lib/libz.so.1.3", "/usr/lib/libcairo.so.2.1"],
            Borrowed(("libcairo.so.2",), ("libX11.so.6",)),
        ),
        # What a file of the bundle needs.
        (
            ["/task/lightgbm/lib_lightgbm.so", "/usr/lib/libgomp.so.1.0.0"],
            Borrowed(("libgomp.so.1",), needed_by="/task/lightgbm/lib_lightgbm.so"),
        ),
        # The bundle's own copy.
        (["/task/sklearn/tree.so", "/task/sklearn.libs/libgomp-a34b.so.1.0.0"], Borrowed()),
        # Python has loaded it here, and need not on Lambda.
        (["/task/rasterio/_io.so"], Borrowed(("libexpat.so.1",), needed_by="/task/rasterio/_io.so")),
        # The runtime may have it, built otherwise.
        (["/usr/lib/libmagic.so.1.0", "/usr/lib/libzzz.so.1"], Borrowed(doubtful=("libmagic.so.1",))),
        (["/usr/lib/libnss_systemd.so.2"], Borrowed()),
        # What the bundle unpacks itself.
        (["/scratch/extracted.so", "/scratch/gone.so (deleted)"], Borrowed()),
    ],
)
def test_what_is_borrowed(libraries: MappedLibraries, mapped: list[str], borrowed: Borrowed) -> None:
    assert libraries.take(mapped) == borrowed


def test_a_library_that_is_there_already_is_borrowed_by_the_next_file(
    libraries: MappedLibraries, tmp_path: Path
) -> None:
    (tmp_path / "task/second.so").write_bytes(make_elf(needed=("libgomp.so.1",)))
    libraries.take(["/task/lightgbm/lib_lightgbm.so", "/usr/lib/libgomp.so.1.0.0"])

    assert libraries.take(["/task/second.so"]) == Borrowed(("libgomp.so.1",), needed_by="/task/second.so")
