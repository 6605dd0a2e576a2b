"""Changes documents at random, from a seed: words and lines of their text, and values of what the text says."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import tomli_w

__all__ = ["mutated"]

# Values that a reader did not expect where they stand; none of them takes long to read or nests deeply.
_ODD: tuple[Any, ...] = (
    0,
    -1,
    1.5,
    10**30,
    True,
    False,
    "",
    " ",
    "x" * 300,
    "a\0b",
    "\u202e",
    "\ud7ff",
    "\n",
    "..",
    "../../x",
    "/" + "x/" * 200,
    "~",
    "-r x",
    "file://[",
    "https://[",
    "https://x.example:port/y",
    "git+https://x.example",
    "python_version < '99999999999999999999999.1'",
    "python_version == '3.*.1'",
    "extra == 'x' and",
    "os_name in 3",
    ">=1,<",
    "==1.*.2",
    "===x",
    "1!99999999999999999999.0",
    "^1 || ~2",
    "sha256:",
    "md5:0",
    "${X}",
    "!Ref",
    [],
    [[]],
    ["x", 1],
    {},
    {"x": []},
    {"name": 1},
    {"url": 1, "path": []},
    {"include-group": []},
    {"name": "x", "version": []},
    dt.date(2026, 1, 1),
    dt.time(1, 2),
)
_WORDS = tuple(word for word in _ODD if isinstance(word, str)) + tuple("[]{}()=,;:#\"'\\&*!|>%@\t-")

Document = dict[str, Any]


def mutated(text: str, kind: str, random: Random) -> str:
    """Return the text with one to three changes; `kind` is how its name ends, such as "toml"."""
    parse, write = _FORMATS.get(kind, (None, None))
    if parse is None or write is None or random.random() < 0.4:  # 2 of 5 as text
        for _ in range(random.randint(1, 3)):
            text = _as_text(text, random)
        return text
    document = parse(text)
    for _ in range(random.randint(1, 3)):
        _change(document, random)
    try:
        return write(document)
    except (TypeError, ValueError):
        return _as_text(text, random)


def _as_text(text: str, random: Random) -> str:  # noqa: PLR0911  # one for each change
    lines = text.splitlines(keepends=True) or [""]
    place, other = random.randrange(len(lines)), random.randrange(len(lines))
    at, end = sorted((random.randrange(len(text) + 1), random.randrange(len(text) + 1)))
    match random.randrange(7):
        case 0:
            return "".join(lines[:place] + lines[place + 1 :])
        case 1:
            return "".join([*lines[:place], lines[other], *lines[place:]])
        case 2:
            return text[:at] + random.choice(_WORDS) + text[at:]
        case 3:
            return text[:at] + text[min(end, at + random.randint(1, 8)) :]
        case 4:
            return text[:at] + chr(random.choice((0, 9, 11, 32, 34, 39, 92, 127, 133, 0x2028, 0xFEFF))) + text[at + 1 :]
        case 5:
            words = text.split(" ")
            words[random.randrange(len(words))] = random.choice(_WORDS)
            return " ".join(words)
        case _:
            return text[:at]


def _change(document: Any, random: Random) -> None:  # noqa: ANN401  # a document
    """Replace, remove, repeat or add one value, anywhere in a document."""
    places = list(_places(document))
    if not places:
        return
    holder, key = random.choice(places)
    match random.randrange(5):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.append(holder[key])
        case 1 | 2:
            other, same = random.choice(places)
            holder[key] = json.loads(json.dumps(other[same], default=str))
        case _:
            holder[key] = random.choice(_ODD)


def _places(value: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ANN401  # a document
    """Return each container of a document with each of its keys."""
    keys: Sequence[Any] = list(value) if isinstance(value, Mapping) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += _places(value[key])
    return found


def _parse_toml(text: str) -> Document:
    import tomllib

    return tomllib.loads(text)


def _parse_json(text: str) -> Document:
    document: Document = json.loads(text)
    return document


def _write_json(document: Document) -> str:
    return json.dumps(document, default=str, indent=1)


_Format = tuple[Callable[[str], Document], Callable[[Document], str]]
# YAML with tags of its own is changed as text alone; JSON is YAML, too.
_FORMATS: Mapping[str, _Format] = {"toml": (_parse_toml, tomli_w.dumps), "json": (_parse_json, _write_json)}
