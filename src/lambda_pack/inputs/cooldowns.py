"""The words in which pip and uv say a cooldown: dates, times, and durations that end now.

Facts: `uv help pip compile` of 0.13.8 and `pip install --help` of 26.3, and what both accepted when run on 2026-11-28.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.model.cooldown import Cooldown, Limit, PackageLimit
from lambda_pack.model.given import Given, GivenSettings

__all__ = ["in_uv_words", "parse_limit", "read_cooldown"]

_UNITS: Mapping[str, int] = {
    unit: seconds
    for units, seconds in (
        ("w wk wks week weeks", 604_800),
        ("d day days", 86_400),
        ("h hr hrs hour hours", 3_600),
        ("m min mins minute minutes", 60),
        ("s sec secs second seconds", 1),
    )
    for unit in units.split()
}
_NUMBER = r"\d+(?:[.,]\d+)?"
_PART = re.compile(rf"({_NUMBER})\s*([a-z]+),?\s*", re.ASCII)
_FRIENDLY = re.compile(rf"[-+]?\s*((?:{_NUMBER}\s*[a-z]+,?\s*)+?)(?:\s*ago)?", re.ASCII)
_ISO = re.compile(
    rf"[-+]?P(?=.)(?:({_NUMBER})W)?(?:({_NUMBER})D)?(?:T(?=.)(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
    re.ASCII | re.IGNORECASE,
)
_ISO_UNITS = ("w", "d", "h", "m", "s")


def read_cooldown(found: GivenSettings, places: Iterable[GivenSettings], *, now: datetime | None = None) -> Cooldown:
    """Return the cooldown that the settings ask for.

    `found` has the loudest of each setting. `places` are all of them, the loudest first: like uv, a place adds its
    limits for single packages to those of the others.

    Raises:
        UsageError: one is neither a date nor a duration.
    """
    now = now or datetime.now(tz=UTC)
    general = Limit()
    if "exclude-newer" in found:
        general = parse_limit(found["exclude-newer"].values[-1], found["exclude-newer"].source, now=now)
    named: dict[str, Limit] = {}
    for settings in reversed(tuple(places)):
        given = settings.get("exclude-newer-package", Given((), ""))
        for pair in given.values:
            name, separator, text = pair.partition("=")
            if not separator or not name.strip():
                raise UsageError(f"{pair!r} for exclude-newer-package in {given.source} is not NAME=DATE; correct it")
            named[canonicalize_name(name)] = parse_limit(text, given.source, now=now)
    return Cooldown(general, tuple(PackageLimit(canonicalize_name(name), named[name]) for name in sorted(named)))


def parse_limit(text: str, source: str, *, now: datetime) -> Limit:
    """Return the limit that a text in uv's syntax means; `false` is no limit.

    A date without a time lasts until its end, in the time zone of this machine. A duration ends `now`, rounded down to
    the minute: then all bundles of one run have the same limit.

    Raises:
        UsageError: it is neither a date nor a duration.
    """
    word = text.strip()
    if word.lower() == "false":
        return Limit(None, "false")
    try:
        before = _moment(word) or now.replace(second=0, microsecond=0) - _duration(word)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} for exclude-newer in {source} is not understood: {error}; write a date like 2026-01-31, "
            "a time like 2026-01-31T00:00:00Z, or a duration like '7 days' or P7D"
        ) from error
    return Limit(before.astimezone(UTC), word)


def in_uv_words(text: str) -> str:
    """Return a value of pip's `--uploaded-prior-to` as uv means it: for pip, a date without a time ends at its begin.

    >>> in_uv_words("2026-01-31"), in_uv_words("P7D")
    ('2026-01-31T00:00:00', 'P7D')
    """
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time()).isoformat()
    except ValueError:
        return text.strip()


def _moment(word: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(word) + timedelta(days=1), time()).astimezone()
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(word).astimezone()
    except ValueError:
        return None


def _duration(word: str) -> timedelta:
    if iso := _ISO.fullmatch(word):
        parts = [(number, unit) for number, unit in zip(iso.groups(), _ISO_UNITS, strict=True) if number]
    elif friendly := _FRIENDLY.fullmatch(word.lower()):
        parts = [(part[1], part[2]) for part in _PART.finditer(friendly[1])]
    else:
        raise ValueError("it is no date and no duration")
    unknown = [unit for _, unit in parts if unit not in _UNITS]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not weeks, days, hours, minutes or seconds")
    return timedelta(seconds=sum(float(number.replace(",", ".")) * _UNITS[unit] for number, unit in parts))
