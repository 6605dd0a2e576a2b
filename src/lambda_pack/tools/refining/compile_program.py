"""Compiles sources to `.pyc` files that are never checked against them (PEP 552). A script, never imported.

It runs inside the target's interpreter (Python 3.7 or newer) and imports nothing of lambda-pack. Its order is a list of
paths in JSON: the source of the first lies beside it as `0.py`, and its bytecode becomes `0.pyc`.
"""

from __future__ import annotations

import importlib.util
import json
import marshal
import os
import sys
from types import CodeType

_UNCHECKED_HASH = 0b01

# What is loaded here must be the same everywhere, and `typing` is nothing that is needed.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main(order: str) -> None:
    """Compile what the order says; what is no Python of this version has no bytecode."""
    folder = os.path.dirname(order)  # noqa: PTH120  # pathlib loads half of the standard library
    with open(order, encoding="utf-8") as file:  # noqa: PTH123
        paths = json.load(file)
    for number, path in enumerate(paths):
        place = os.path.join(folder, "{}.py".format(number))  # noqa: PTH118, UP032
        with open(place, "rb") as file:  # noqa: PTH123
            source = file.read()
        try:
            content = bytecode(source, path)
        except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
            continue
        with open(place + "c", "wb") as file:  # noqa: PTH123
            file.write(content)


def bytecode(source: bytes, path: str) -> bytes:
    """A whole `.pyc` file; `path` is what tracebacks will name."""
    code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    # marshal writes an object that only the code refers to in another way than one that others hold, too: whether a
    # name is also in use elsewhere would decide about bytes. Held here, all of them are in use elsewhere.
    held = list(strings(code))
    content = marshal.dumps(code)
    del held
    flags = _UNCHECKED_HASH.to_bytes(4, "little")
    return importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source) + content


def strings(value: object) -> Iterator[str]:
    """Every text in a code object, and in those within it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, frozenset)):
        for item in value:
            yield from strings(item)
    elif isinstance(value, CodeType):
        yield from (value.co_filename, value.co_name, getattr(value, "co_qualname", ""))
        for names in (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars, value.co_consts):
            yield from strings(names)


if __name__ == "__main__":
    main(sys.argv[1])
