"""Every example in a docstring of the product runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import lambda_pack

# A program for pip's own process: importing it would run it.
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(lambda_pack.__path__, "lambda_pack.")
    if not module.name.endswith((".__main__", ".pip.shim"))
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) > 10
