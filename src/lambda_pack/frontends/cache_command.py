"""`lambda-pack cache`: what the cache holds, and making it smaller."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from lambda_pack.errors import UsageError
from lambda_pack.model.limits import megabytes
from lambda_pack.tools.network.cache import default_cache_folder
from lambda_pack.tools.network.cache_upkeep import Freed, clear, prune, survey

__all__ = ["add_cache_options", "run_cache"]

_DAY: Final = 86_400
_UNUSED_FOR: Final = 30
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def add_cache_options(parser: argparse.ArgumentParser) -> None:
    """Give `cache` its actions and options."""
    parser.add_argument("action", choices=("info", "prune", "clear"), help="say what it holds; remove what is old; all")
    parser.add_argument("--cache-dir", dest="cache-dir", metavar="DIR", help="its folder (default: the user's cache)")
    parser.add_argument(
        "--max-size", dest="max-size", metavar="SIZE", help="prune: remove until so much is left, such as 500M or 2G"
    )
    parser.add_argument(
        "--unused-for",
        dest="unused-for",
        metavar="DAYS",
        help=f"prune: remove what was not used for so many days (default without --max-size: {_UNUSED_FOR})",
    )


def run_cache(arguments: Mapping[str, Any]) -> int:
    """Do what was asked with the cache, and print what came of it."""
    named = arguments["cache-dir"]
    folder = Path(named) if named else default_cache_folder()
    if folder is None:
        raise UsageError("there is no home folder, so no cache of this user; name one with --cache-dir")
    most, days = arguments["max-size"], arguments["unused-for"]
    if arguments["action"] != "prune" and (most or days):
        raise UsageError("--max-size and --unused-for are for prune; leave them out")
    sys.stdout.writelines(f"{line}\n" for line in _done(arguments["action"], folder, most, days))
    return 0


def _done(action: str, folder: Path, most: str | None, days: str | None) -> Iterator[str]:
    yield str(folder)
    match action:
        case "info":
            held = survey(folder)
            for row in held:
                yield f"  {row.kind:<10} {megabytes(row.size):>9}  {row.files:>6} files  {row.what}"
            yield f"  {'in all':<10} {megabytes(sum(row.size for row in held)):>9}"
        case "prune":
            age = _days(days) if days is not None else None if most is not None else _UNUSED_FOR * _DAY
            yield _told(prune(folder, most=None if most is None else _bytes(most), unused_for=age))
        case _:
            yield _told(clear(folder))


def _told(freed: Freed) -> str:
    return f"  removed {freed.files} files, {megabytes(freed.size)}; {megabytes(freed.left)} left"


def _bytes(text: str) -> int:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([KMG]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if found is None:
        raise UsageError(f"{text!r} is not a max-size; write bytes, or 500M, or 2G")
    return int(float(found[1]) * _UNITS[found[2].upper()])


def _days(text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text.strip()):
        raise UsageError(f"{text!r} is not unused-for; write days, such as 7")
    return float(text) * _DAY
