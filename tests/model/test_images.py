"""The table of images: complete, and consistent with what glibc and gcc are."""

from __future__ import annotations

from itertools import product

import pytest

from lambda_pack.model.images import IMAGES, RUNTIMES_SEEN, PackageType, image_of
from lambda_pack.model.targets import RUNTIMES, Runtime, Target


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=str)
def test_each_runtime_has_an_image(runtime: Runtime) -> None:
    for architecture, package_type in product(runtime.architectures, PackageType):
        image = image_of(Target(runtime, architecture), package_type)
        assert {"libc.so.6", "libstdc++.so.6", "libz.so.1"} <= image.libraries
        assert any(name.startswith("ld-linux-") for name in image.libraries)


@pytest.mark.parametrize("name", IMAGES, ids=str)
def test_a_row_says_where_it_is_from_and_goes_upwards(name: tuple[str, PackageType]) -> None:
    image = IMAGES[name]

    assert image.source
    assert image.is_verified == ("assumed" not in image.source)
    assert image.levels.keys() == image.newer.keys()
    assert all(image.levels[namespace] <= image.newer[namespace] for namespace in image.levels)
    assert not image.libraries & image.doubtful


def test_lambda_images_lack_what_desktops_have() -> None:
    """Auditwheel's policies allow these; https://github.com/lambci/docker-lambda/issues/318 and others miss them."""
    for name in ("libGL.so.1", "libX11.so.6", "libgomp.so.1", "libICE.so.6"):
        for image in IMAGES.values():
            assert name not in image.libraries | image.doubtful


@pytest.mark.parametrize("system", ["Amazon Linux 2", "Amazon Linux 2023"])
def test_images_have_what_the_environment_of_zips_may_have(system: str) -> None:
    zipped, image = IMAGES[system, PackageType.ZIP], IMAGES[system, PackageType.IMAGE]

    assert zipped.libraries | zipped.doubtful < image.libraries | image.doubtful
    assert "libexpat.so.1" not in zipped.libraries | zipped.doubtful
    assert "libexpat.so.1" in image.libraries | image.doubtful


def test_what_was_seen_of_a_runtime_names_one_with_an_image() -> None:
    assert RUNTIMES_SEEN.keys() <= RUNTIMES.keys()
    assert "python3.14" in RUNTIMES_SEEN
