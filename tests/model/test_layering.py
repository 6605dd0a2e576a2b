"""What users may write for `--layers`."""

from __future__ import annotations

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.layering import BySize, Evenly, Named, parse_layering


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        ((), None),
        (("size",), BySize()),
        (("1",), Evenly(1)),
        (("5",), Evenly(5)),
    ],
)
def test_numbers_and_sizes(texts: tuple[str, ...], meant: object) -> None:
    assert parse_layering(texts) == meant


def test_names_are_normalized_and_groups_told_apart() -> None:
    layering = parse_layering(["data=Foo.Bar, numpy,group:Jobs", "deps"])
    assert isinstance(layering, Named)
    data, deps = layering.layers
    assert (data.name, data.packages, data.groups) == ("data", ("foo-bar", "numpy"), ("Jobs",))
    assert (deps.name, deps.takes_the_rest, data.takes_the_rest) == ("deps", True, False)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (("0",), "'0' is not a number of layers; a function has 1 to 5"),
        (("6",), "'6' is not a number of layers; a function has 1 to 5"),
        (("size", "deps"), "--layers size divides all packages; leave out the other layers"),
        (("deps", "3"), "--layers 3 divides all packages; leave out the other layers"),
        (("a=x", "a=y"), "two layers have one name"),
        (("a", "b"), "several layers would take all packages that are left"),
        (("a=x", "b=x", "c=x", "d=x", "e=x", "f=x"), "6 layers are too many: a function has at most 5"),
        (("a=",), "'a=' cannot be understood as layers"),
        (("a/b",), "'a/b' cannot be understood as layers"),
        (("a=x y",), "--layers a=x y: name is invalid"),
    ],
)
def test_what_cannot_be_understood(texts: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_layering(texts)
    assert message in str(caught.value)
