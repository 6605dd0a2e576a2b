"""The table of images: complete, and consistent with what glibc and gcc are."""

from __future__ import annotations

import pytest

from lambda_pack.model.images import IMAGES, image_of
from lambda_pack.model.targets import RUNTIMES, Runtime, Target


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=str)
def test_each_runtime_has_an_image(runtime: Runtime) -> None:
    for architecture in runtime.architectures:
        image = image_of(Target(runtime, architecture))
        assert {"libc.so.6", "libstdc++.so.6", "libz.so.1"} <= image.libraries
        assert any(name.startswith("ld-linux-") for name in image.libraries)


@pytest.mark.parametrize("name", IMAGES)
def test_a_row_says_where_it_is_from_and_goes_upwards(name: str) -> None:
    image = IMAGES[name]

    assert image.source
    assert image.is_verified == ("assumed" not in image.source)
    assert image.levels.keys() == image.newer.keys()
    assert all(image.levels[namespace] <= image.newer[namespace] for namespace in image.levels)
    assert not image.libraries & image.doubtful


def test_lambda_images_lack_what_desktops_have() -> None:
    """Auditwheel's policies allow these; https://github.com/lambci/docker-lambda/issues/318 and others miss them."""
    for name in ("libGL.so.1", "libX11.so.6", "libexpat.so.1", "libgomp.so.1", "libICE.so.6"):
        for image in IMAGES.values():
            assert name not in image.libraries | image.doubtful
