"""The command line."""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import threading

from lambda_pack.errors import Interrupted, LambdaPackError, UsageError, came_of_interruption
from lambda_pack.frontends.screen import clean
from lambda_pack.model.product import VERSION

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import FrameType
    from typing import Any, NoReturn

__all__ = ["main"]

_PROJECT = "folder of the project: its lock counts, else its manifest; or one such file (default: this folder)"
_FUNCTIONS = (
    "folder with a lambda-pack.yml or a pyproject.toml that names functions; or the file (default: this folder)"
)
_EXIT_CODES = """\
exit codes: 0 done, 1 unexpected (a bug), 2 usage, 3 unmet dependencies, 4 over a limit of Lambda's, 5 network or index,
6 integrity (hash mismatch, damaged archive), 7 delivery, 130 interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; everything said goes to stderr, everything asked for to stdout."""
    # The process is short and makes few circles of references: looking for them costs a tenth of a large pack.
    gc.disable()
    # In seconds; else threads that hash and fetch beside us wait 5 ms for each of their turns.
    sys.setswitchinterval(0.0005)
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with_sigterm(Interrupted)
        parsed = vars(_parser(words).parse_args(words))
        command: Callable[[Mapping[str, Any]], int] = _COMMANDS[parsed["command"]]
        return command(parsed)
    except (KeyboardInterrupt, Interrupted):
        return _interrupted()
    except LambdaPackError as error:
        _tell(error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has had enough.
        return 0
    except Exception as error:  # noqa: BLE001  # the last door: a traceback helps us, a sentence helps the user
        return _interrupted() if came_of_interruption(error) else _unexpected(error)


def with_sigterm(interruption: type[Interrupted]) -> None:
    """Make SIGTERM unwind every `with`, as Ctrl-C does."""

    def unwind(number: int, _frame: FrameType | None) -> None:
        # One is enough: a second one must not disturb the tidying up that the first has begun.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise interruption(f"signal {number}")

    signal.signal(signal.SIGTERM, unwind)


def _interrupted() -> int:
    print("lambda-pack: interrupted", file=sys.stderr)
    if any(not thread.daemon and thread is not threading.main_thread() for thread in threading.enumerate()):
        # One that connects to a server which does not answer: Python would wait for it, and the next run tidies up.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(Interrupted.exit_code)
    return Interrupted.exit_code


def _parser(asked: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; only the commands whose names are among these words get their options, which are hundreds."""
    import argparse

    class Parser(argparse.ArgumentParser):
        """Says which option or command may have been meant."""

        def error(self, message: str) -> NoReturn:
            known = (*commands.choices, *_options_of(commands.choices, asked))
            super().error(f"{message}{_meant(message, known)}")

    parser = Parser(
        prog="lambda-pack",
        description="Turn a Python project's dependencies into an AWS Lambda bundle that really loads.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lambda-pack {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("pack", "write the bundle, its report and its lock"),
        ("upload", "send a zip that pack has written to S3"),
        ("check", "say what pack would do, fetching only metadata and writing nothing"),
        ("audit", "say whether the binaries of a bundle load, whoever made it"),
        ("verify", "load a zip as Lambda would: import its modules, and call its handler"),
        ("cache", "say what the cache holds, or make it smaller"),
        ("plan", "list what pack --all would pack: for people, for programs, or as the matrix of a workflow"),
        ("lock", "write what pack would choose as pylock.toml, for one target or several at once"),
    ):
        command = commands.add_parser(name, help=text, description=text, allow_abbrev=False, epilog=_EXIT_CODES)
        if name in asked:
            _add_all_options(command, name)
    commands.add_parser("schema", help="print the JSON Schema of lambda-pack.yml, for editors")
    # What action.yml runs; without a help text it is not listed.
    commands.add_parser("action").add_argument("part", nargs="?", default="pack", choices=("pack", "cache", "merge"))
    return parser


def _options_of(commands: Mapping[str, argparse.ArgumentParser], asked: Sequence[str]) -> Iterator[str]:
    """The options of the command that these words name."""
    named = next((commands[word] for word in asked if word in commands), None)
    for action in named._actions if named else ():  # noqa: SLF001  # argparse has no other list
        yield from (option for option in action.option_strings if option.startswith("--"))


def _meant(message: str, known: Iterable[str]) -> str:
    """What may have been meant by the word that argparse does not know, in words behind its message."""
    import re

    from lambda_pack.model.suggestions import meant

    found = re.search(r"unrecognized arguments: (--[\w-]+)|invalid choice: '([\w-]+)'", message)
    near = meant(found[1] or found[2], known) if found else None
    return f"; did you mean {near!r}?" if near else ""


def _add_all_options(command: argparse.ArgumentParser, name: str) -> None:
    # Nobody waits for them who asks for the version or an overview.
    from lambda_pack.frontends.options.table import add_audit_options, add_delivery_options, add_options
    from lambda_pack.frontends.options.verify import add_verify_options

    match name:
        case "upload":
            add_delivery_options(command)
            command.add_argument("archive", metavar="ZIP", help="the zip")
        case "audit":
            add_audit_options(command)
        case "cache":
            from lambda_pack.frontends.cache_command import add_cache_options

            add_cache_options(command)
            return
        case "verify":
            add_verify_options(command)
        case "plan":
            command.add_argument("place", nargs="?", metavar="PROJECT", help=_FUNCTIONS)
            from lambda_pack.frontends.options.many import add_plan_options

            add_plan_options(command)
        case _:
            command.add_argument("place", nargs="?", metavar="PROJECT", help=_PROJECT)
            add_options(command, is_pack=name == "pack", targets=name == "lock")
    if name == "lock":
        command.add_argument(
            "-o", "--output", default="pylock.toml", metavar="FILE", help="the lock (default: pylock.toml)"
        )
    elif name in {"pack", "check"}:
        if name == "pack":
            from lambda_pack.frontends.options.many import add_many_options

            add_many_options(command)
        command.add_argument("--json", action="store_true", help="print the report as JSON")
    command.add_argument("-q", "--quiet", action="store_true", help="no progress")
    command.add_argument("-v", "--verbose", action="store_true", help="every package, file and setting")


def _pack(arguments: Mapping[str, Any]) -> int:
    if arguments["template"]:
        from lambda_pack.frontends.templates import run_pack_template

        return run_pack_template(arguments)
    if arguments["all"] or arguments["only"]:
        from lambda_pack.frontends.many import run_pack_many

        return run_pack_many(arguments)
    from lambda_pack.frontends.runs import run_pack

    return run_pack(arguments)


def _check(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.commands.check import check
    from lambda_pack.frontends.runs import run_command

    return run_command(arguments, check)


def _lock(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.runs import run_lock

    return run_lock(arguments)


def _plan(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.many import run_plan

    return run_plan(arguments)


def _schema(_arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.functions_schema import functions_schema

    sys.stdout.write(functions_schema())
    return 0


def _action(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.action import run_part

    return run_part(arguments["part"])


def _cache(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.cache_command import run_cache

    return run_cache(arguments)


def _upload(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.runs import run_upload

    return run_upload(arguments)


def _verify(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.verify_requests import run_verify

    return run_verify(arguments)


def _audit(arguments: Mapping[str, Any]) -> int:
    from lambda_pack.frontends.audits import run_audit

    return run_audit(arguments)


_COMMANDS = {
    "action": _action,
    "audit": _audit,
    "pack": _pack,
    "cache": _cache,
    "check": _check,
    "lock": _lock,
    "plan": _plan,
    "schema": _schema,
    "upload": _upload,
    "verify": _verify,
}


def _tell(error: LambdaPackError) -> None:
    print(clean(f"lambda-pack: {error}"), file=sys.stderr)
    for line in error.log.splitlines():
        print(clean(f"  | {line}"), file=sys.stderr)


def _unexpected(error: Exception) -> int:
    """Say what failed; a path that no file system takes is the user's to correct, the rest is a bug."""
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        _tell(UsageError(f"'{str(error.filename)[:80]}…' is too long for a path; choose a shorter one"))
        return UsageError.exit_code
    return _bug(error)


def _bug(error: Exception) -> int:
    import traceback

    traceback.print_exception(error)
    print(
        f"lambda-pack {VERSION}: this is a bug ({type(error).__name__}). Please report it with the lines above and "
        "the command you ran; check them for secrets first",
        file=sys.stderr,
    )
    return LambdaPackError.exit_code
