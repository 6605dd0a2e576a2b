"""One run of `verify`: from parsed arguments to printed text and an exit code.

`[tool.lambda-pack]` is not asked: what a bundle is for is known of the bundle.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_pack.commands.verify import verify
from lambda_pack.errors import UnmetDependencies, UsageError
from lambda_pack.frontends.error_document import telling_errors
from lambda_pack.frontends.narrators import choose_narrator
from lambda_pack.frontends.verification import verification_json, verification_text
from lambda_pack.inputs.setting_values import pair
from lambda_pack.model.loading import Invocation, LoadWith, VerifyRequest
from lambda_pack.model.targets import DEFAULT_ARCHITECTURE, Target

__all__ = ["run_verify", "verify_request_of"]


def run_verify(arguments: Mapping[str, Any]) -> int:
    """Load the bundle and print what came of it; the exit code says whether it loads."""
    with telling_errors(as_json=arguments["json"]):
        request = verify_request_of(arguments)
        with choose_narrator(quiet=arguments["quiet"] or arguments["json"], verbose=arguments["verbose"]) as narrator:
            verification = verify(request, os.environ, narrator)  # noqa: TID251  # a front-end: strings in
    if arguments["json"]:
        sys.stdout.write(verification_json(verification))
    else:
        sys.stdout.write(verification_text(verification, verbose=arguments["verbose"]))
    return 0 if verification.loads else UnmetDependencies.exit_code


def verify_request_of(arguments: Mapping[str, Any]) -> VerifyRequest:
    """The request; what nobody said keeps the default that `VerifyRequest` gives it.

    Raises:
        UsageError: a value is unknown or lacks another one, or the event is no JSON.
    """
    known: dict[str, Any] = {
        "target": _target(arguments),
        "layers": tuple(map(Path, arguments["layer"])),
        "invocation": _invocation(arguments),
        "means": _means(arguments["with"]),
        "image": arguments["image"],
        "sysroot": _path(arguments["sysroot"]),
        "interpreter": _path(arguments["python"]),
        "timeout": _seconds(arguments["timeout"]),
        "variables": dict(pair(text, "env") for text in arguments["env"]),
        "skip": frozenset(arguments["skip"]),
        "submodules": arguments["submodules"],
        "cache": _path(arguments["cache-dir"]),
    }
    return VerifyRequest(
        Path(arguments["archive"]), **{key: value for key, value in known.items() if value is not None}
    )


def _target(arguments: Mapping[str, Any]) -> Target | None:
    runtime, architecture = arguments["runtime"], arguments["architecture"]
    if runtime is None and architecture is not None:
        raise UsageError("--architecture without a runtime; name it with --runtime, for example --runtime python3.13")
    return None if runtime is None else Target.parse(runtime, architecture or DEFAULT_ARCHITECTURE.value)


def _invocation(arguments: Mapping[str, Any]) -> Invocation | None:
    handler, event = arguments["handler"], arguments["event"]
    if handler is None:
        if event is not None:
            raise UsageError("--event without a handler; name it with --handler, for example --handler app.handler")
        return None
    return Invocation(handler) if event is None else Invocation(handler, _event(Path(event)))


def _event(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
        json.loads(text)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}; name a file with JSON") from error
    except ValueError as error:
        raise UsageError(f"{str(path)!r} is not JSON ({error}); a handler is called with JSON") from error
    return text


def _means(text: str | None) -> LoadWith | None:
    try:
        return None if text is None else LoadWith(text)
    except ValueError:
        choices = ", ".join(means.value for means in LoadWith)
        raise UsageError(f"{text!r} is nothing to load with; choose one of: {choices}") from None


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    # Lambda's own limit is 900; what an emulator does may take longer.
    if not 0 < seconds <= 86_400:  # noqa: PLR2004  # a day
        raise UsageError(f"{text!r} is no number of seconds from 0 to 86400; for example --timeout 30")
    return seconds


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
