"""The shape of the orchestrating function: the place where comparable tools are at their worst."""

from __future__ import annotations

import ast
import inspect
import re

from lambda_pack.pipeline import nine_steps
from lambda_pack.pipeline.nine_steps import STEPS, decide, take_nine_steps

LONGEST_FUNCTION = 50
LONGEST_MODULE = 100


def told(source: str) -> list[int]:
    """The numbers of the steps, in the order in which the source tells them."""
    pairs = re.findall(r"narrator\.step\((\d), STEPS\[(\d)\]\)", source)
    assert all(number == key for number, key in pairs)
    return [int(number) for number, _ in pairs]


def test_it_stays_short() -> None:
    function, module = inspect.getsource(take_nine_steps), inspect.getsource(nine_steps)

    assert function.count("\n") < LONGEST_FUNCTION
    assert module.count("\n") < LONGEST_MODULE


def test_it_reads_as_the_list_of_steps() -> None:
    assert told(inspect.getsource(decide)) + told(inspect.getsource(take_nine_steps)) == list(STEPS)


def test_the_first_three_are_taken_first() -> None:
    source = inspect.getsource(take_nine_steps)

    assert source.index("decide(") < source.index("narrator.step(4")


def test_nothing_is_decided_inside_it() -> None:
    """One way in, one way out early: what to do in a step belongs to the step."""
    tree = ast.parse(inspect.getsource(take_nine_steps))
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.For | ast.While | ast.Try)]

    assert len(branches) == 1


def test_there_are_nine() -> None:
    assert list(STEPS) == list(range(1, 10))
    assert len(set(STEPS.values())) == len(STEPS)
