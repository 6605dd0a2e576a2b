"""The inputs of the GitHub Action, as action.yml hands them over in the environment."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.frontends.options.delivery import DELIVERY
from lambda_pack.frontends.options.option import Kind
from lambda_pack.frontends.options.table import OPTIONS, add_options
from lambda_pack.frontends.requests import delivery_of, gather, said_by_arguments
from lambda_pack.model.delivery import Delivery
from lambda_pack.model.given import Given
from lambda_pack.model.targets import Architecture

__all__ = ["INPUTS", "PREFIX", "ActionInputs", "InputKind", "in_words_of_the_action", "read_inputs", "variable"]

PREFIX = "LAMBDA_PACK_INPUT_"
"""Of the variables. Not `INPUT_`: the runner sets those for other kinds of action only, and keeps their hyphens."""


class InputKind(Enum):
    """What an input is to us. Those of the kind OPTION have the name and the values of a command line's option."""

    OPTION = "option"
    SWITCH = "true or false"
    NUMBER = "a whole number"
    TEXT = "text"


INPUTS: Mapping[str, InputKind] = MappingProxyType(
    {
        "command": InputKind.TEXT,
        "requirements": InputKind.OPTION,
        "config": InputKind.TEXT,
        "function": InputKind.TEXT,
        "runtime": InputKind.OPTION,
        "architecture": InputKind.OPTION,
        "source": InputKind.OPTION,
        "layout": InputKind.OPTION,
        "name": InputKind.OPTION,
        "output-dir": InputKind.OPTION,
        "resolver": InputKind.OPTION,
        "allow-unmet": InputKind.OPTION,
        "fail-on-unmet": InputKind.SWITCH,
        "no-build": InputKind.OPTION,
        "exclude-newer": InputKind.OPTION,
        "wheelhouse": InputKind.OPTION,
        "wheelhouse-owner": InputKind.OPTION,
        "wheelhouse-mode": InputKind.OPTION,
        "s3-uri": InputKind.OPTION,
        "s3-bucket": InputKind.OPTION,
        "s3-key": InputKind.OPTION,
        "s3-kms-key-id": InputKind.OPTION,
        "s3-if-exists": InputKind.OPTION,
        "upload-artifact": InputKind.SWITCH,
        "artifact-name": InputKind.TEXT,
        "artifact-archive": InputKind.SWITCH,
        "artifact-retention-days": InputKind.NUMBER,
        "summary": InputKind.SWITCH,
        "cache": InputKind.SWITCH,
        "args": InputKind.TEXT,
        "working-directory": InputKind.TEXT,
    }
)

_AS_OPTIONS = re.compile(rf"(?<![\w-])(?:--({'|'.join(sorted(INPUTS, reverse=True))})|-r)(?![\w-])")
_COMMANDS = ("pack", "setup")
_ARGS = "the input 'args'"
_BOOLEANS = {"true": True, "false": False}
# What artifacts may not have in their names: https://github.com/actions/toolkit, packages/artifact, read 2026-11-21.
_NOT_IN_ARTIFACTS = re.compile(r'["<>|*?\r\n\\/:]')
_FIELDS = ("name", "runtime", "architecture")


class ActionInputs(Struct, frozen=True):
    """What a step was given, understood.

    Where `packs` is false, the step only puts the program on PATH.

    `said` is what anybody set about packing: inputs and `args` over `[tool.lambda-pack]`. `folder` is the working
    directory, absolute. `artifact_name` is a template with {name}, {runtime} and {architecture}. Without `delivery` the
    zip stays where it is.

    With `config` or `functions` the step packs what a file names (`is_many`); then `said` is only what is louder than
    that file, and each function has its own delivery.
    """

    packs: bool
    folder: Path
    said: Mapping[str, Given]
    delivery: Delivery | None
    is_verbose: bool
    fail_on_unmet: bool
    upload_artifact: bool
    artifact_name: str
    config: str
    functions: tuple[str, ...]
    artifact_archive: bool
    summary: bool
    cache: bool

    @property
    def is_many(self) -> bool:
        """Whether a file says what is packed."""
        return bool(self.config or self.functions)


def read_inputs(environ: Mapping[str, str], *, start: Path) -> ActionInputs:
    """Understand all inputs before anything is done; `start` is where a relative working directory begins.

    Raises:
        UsageError: an input has a value that it cannot have; or an option was set twice, by an input and in `args`.
    """
    texts = {name: environ.get(variable(name), "").strip() for name in INPUTS}
    switches = {name: _switch(name, texts[name]) for name, kind in INPUTS.items() if kind is InputKind.SWITCH}
    if texts["command"] not in {"", *_COMMANDS}:
        raise _refusal("command", texts, f"one of: {', '.join(_COMMANDS)}")
    if texts["artifact-retention-days"] and not texts["artifact-retention-days"].isdecimal():
        raise _refusal("artifact-retention-days", texts, "a whole number of days")
    folder = start / texts["working-directory"]
    if not folder.is_dir():
        raise _refusal("working-directory", texts, "a folder of the workspace; is it checked out before this step?")
    arguments = _arguments(texts["args"])
    is_many = bool(texts["config"] or texts["function"])
    said = said_by_arguments(arguments, source=_ARGS) if is_many else gather(arguments, folder, environ, source=_ARGS)
    for name, given in _given(texts):
        if arguments.get(name) not in (None, False):
            raise UsageError(f"--{name} is set by the input {name!r} and in the input 'args'; leave one of them out")
        said[name] = given
        if name == "requirements":
            # What the project says is needed is out of force: the input is louder.
            said.pop("input", None)
    return ActionInputs(
        packs=texts["command"] != "setup",
        folder=folder,
        said=said,
        delivery=None if is_many else _delivery(said),
        is_verbose=bool(arguments.get("verbose")) or environ.get("RUNNER_DEBUG") == "1",
        fail_on_unmet=switches["fail-on-unmet"] is not False,
        upload_artifact=switches["upload-artifact"] is not False,
        artifact_name=_artifact_name(texts),
        config=texts["config"],
        functions=tuple(filter(None, (line.strip() for line in texts["function"].splitlines()))),
        artifact_archive=switches["artifact-archive"] is not False,
        summary=switches["summary"] is not False,
        cache=switches["cache"] is True,
    )


def variable(name: str) -> str:
    """The variable that holds an input.

    >>> variable("output-dir")
    'LAMBDA_PACK_INPUT_OUTPUT_DIR'
    """
    return PREFIX + name.upper().replace("-", "_")


def in_words_of_the_action(message: str) -> str:
    """What the command line says of its options, said of the inputs of the same names.

    >>> in_words_of_the_action("'x' does not exist; name a requirements file with -r")
    "'x' does not exist; name a requirements file with the input 'requirements'"
    """
    if "the input '" in message:
        return message
    return _AS_OPTIONS.sub(lambda found: f"the input {found[1] or 'requirements'!r}", message)


def _refusal(name: str, texts: Mapping[str, str], allowed: str) -> UsageError:
    return UsageError(f"the input {name!r} is {texts[name]!r}; it takes {allowed}")


def _switch(name: str, text: str) -> bool | None:
    """None where nothing was said."""
    if not text:
        return None
    if text.lower() not in _BOOLEANS:
        raise _refusal(name, {name: text}, "'true' or 'false'")
    return _BOOLEANS[text.lower()]


def _given(texts: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    """The options that inputs set. An empty input sets nothing: the default is said elsewhere, and once."""
    for name, kind in INPUTS.items():
        text = texts[name]
        if kind is InputKind.OPTION and text:
            yield name, Given(tuple(_values(name, texts)), f"the input {name!r}")


def _values(name: str, texts: Mapping[str, str]) -> Iterator[str]:
    option, text = OPTIONS[name], texts[name]
    match option.kind:
        case Kind.SWITCH:
            yield str(_switch(name, text)).lower()
        case Kind.MANY:
            yield from filter(None, (line.strip() for line in text.splitlines()))
        case Kind.ONE if len(text.splitlines()) > 1:
            raise _refusal(name, texts, "one line")
        case Kind.ONE if option.name == "architecture":
            yield _architecture(name, texts)
        case Kind.ONE if option.choices and text not in option.choices:
            raise _refusal(name, texts, f"one of: {', '.join(option.choices)}")
        case Kind.ONE:
            yield text


def _architecture(name: str, texts: Mapping[str, str]) -> str:
    """An architecture goes by two names, and both are understood."""
    try:
        return Architecture.parse(texts[name]).value
    except UsageError:
        raise _refusal(name, texts, f"one of: {', '.join(one.value for one in Architecture)}") from None


def _delivery(said: Mapping[str, Given]) -> Delivery | None:
    """Where the zip goes. What is wrong with it may lie in several inputs: all that were said are named."""
    try:
        return delivery_of(said)
    except UsageError as error:
        places = (given.source for name, given in said.items() if name in DELIVERY.options)
        raise UsageError(f"{', '.join(places)}: {error}") from error


def _artifact_name(texts: Mapping[str, str]) -> str:
    template = texts["artifact-name"] or "-".join(f"{{{field}}}" for field in _FIELDS)
    fields = set(re.findall(r"\{([^{}]*)\}", template))
    if fields - set(_FIELDS) or set("{}") & set(re.sub(r"\{[^{}]*\}", "", template)):
        raise _refusal("artifact-name", texts, "no other braces than {name}, {runtime} and {architecture}")
    if _NOT_IN_ARTIFACTS.search(template):
        raise _refusal("artifact-name", texts, 'no line break and none of " : < > | * ? / \\')
    return template


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with `args` instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"the input 'args': {message}; see lambda-pack pack --help")


def _arguments(text: str) -> Mapping[str, Any]:
    """What `args` sets: split as a shell would, evaluated by none."""
    parser = _Parser(prog="lambda-pack", add_help=False, allow_abbrev=False)
    add_options(parser, is_pack=True)
    parser.add_argument("-v", "--verbose", action="store_true")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"the input 'args' is {text!r}: {str(error).lower()}; quotes come in pairs") from None
    return vars(parser.parse_args(words))
