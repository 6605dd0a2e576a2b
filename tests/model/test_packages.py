"""Packages and their files, by name."""

from __future__ import annotations

import pytest
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename

from lambda_pack.model.packages import Checkout, Pin, Sdist, Wheel


@pytest.mark.parametrize(
    ("filename", "pin", "build", "pure"),
    [
        ("Foo.Bar-1.0-py3-none-any.whl", "foo-bar==1.0", (), True),
        ("foo_bar-1.0-2b-py2.py3-none-any.whl", "foo-bar==1.0", (2, "b"), True),
        ("foo-1.0+cpu-cp313-cp313-manylinux1_x86_64.whl", "foo==1.0+cpu", (), False),
        ("foo-1.0-py3-none-any.manylinux1_x86_64.whl", "foo==1.0", (), False),
    ],
)
def test_wheels(filename: str, pin: str, build: tuple[int, str] | tuple[()], *, pure: bool) -> None:
    """Case 26: PEP 503 names everywhere."""
    wheel = Wheel.parse(f"https://x.example/{filename}")
    assert (str(wheel.pin), wheel.build, wheel.is_pure) == (pin, build, pure)


def test_a_file_name_may_be_given_where_the_url_has_none() -> None:
    assert str(Wheel.parse("https://x.example/blob", filename="foo-1.0-py3-none-any.whl").pin) == "foo==1.0"
    assert str(Sdist.parse("https://x.example/blob", filename="Foo.Bar-1.0.tar.gz").pin) == "foo-bar==1.0"


def test_names_that_are_not_of_files() -> None:
    with pytest.raises(InvalidWheelFilename):
        Wheel.parse("https://x.example/foo-1.0.whl")
    with pytest.raises(InvalidSdistFilename):
        Sdist.parse("https://x.example/foo.tar.gz")


def test_a_checkout_is_called_as_pip_calls_it() -> None:
    pin = Pin.parse("foo", "1.0")
    assert Checkout(pin, "git", "https://x.example/foo.git", "abc", "src").filename == (
        "git+https://x.example/foo.git@abc#subdirectory=src"
    )
