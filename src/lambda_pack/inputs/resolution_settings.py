"""Settings about what a resolver may choose: cooldowns, pre-releases, constraints, overrides, and what only uv knows.

Names are those of `GivenSettings`. Those in `UV_ALONE` are handed to uv as they stand, as JSON.

Facts: uv's documentation, "Settings", and uv 0.13.8 itself, run on 2026-11-28.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

from lambda_pack.errors import UsageError
from lambda_pack.inputs.setting_values import truth
from lambda_pack.model.given import Given, GivenSettings
from lambda_pack.model.requirements import FileChoice, UvSetting

__all__ = ["LINES", "UV_ALONE", "resolution_options", "uv_settings_of", "with_prereleases"]

UV_ALONE = ("resolution", "prerelease", "dependency-metadata")
"""What the pip resolver has nothing like."""

LINES = ("constraint-dependencies", "override-dependencies", "exclude-dependencies", "build-constraint-dependencies")
"""Requirements that stand in uv's settings."""

# uv's words for `prerelease` that are not said as pip says them.
_MODES = ("explicit", "if-necessary", "if-necessary-or-explicit")


def resolution_options(table: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the settings of a table of uv's, by name; what it does not say has no values.

    Raises:
        UsageError: a value is of no kind that uv takes.
    """
    if "exclude-newer" in table:
        yield "exclude-newer", (_moment(table["exclude-newer"]),)
    pairs = _table(table, "exclude-newer-package")
    yield "exclude-newer-package", tuple(f"{name}={_moment(value)}" for name, value in pairs.items())
    yield from _prereleases(table)
    for name in LINES:
        listed = table.get(name, ())
        if not isinstance(listed, list | tuple) or not all(isinstance(line, str) for line in listed):
            raise UsageError(f"{name} is not a list of requirements; correct it")
        yield name, tuple(listed)
    for name in ("resolution", "dependency-metadata"):
        yield name, (json.dumps(table[name]),) if name in table else ()


def _prereleases(table: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if table.get("prerelease") == "allow":
        yield "pre", ("true",)
    elif table.get("prerelease") == "disallow":
        yield "only-final", (":all:",)
    elif table.get("prerelease") in _MODES[:2]:
        yield "prerelease", (json.dumps(table["prerelease"]),)
    packages = _table(table, "prerelease-package")
    for word, setting in (("allow", "all-releases"), ("disallow", "only-final-package")):
        yield setting, tuple(name for name, value in packages.items() if value == word)
    for name, value in packages.items():
        if value not in {"allow", "disallow"}:
            raise UsageError(f"{value!r} for prerelease-package of {name!r} is not heeded; write allow or disallow")


def uv_settings_of(found: GivenSettings) -> tuple[UvSetting, ...]:
    """Return what is handed to uv as it stands."""
    return tuple(UvSetting(name, found[name].values[-1], found[name].source) for name in UV_ALONE if name in found)


def with_prereleases(files: FileChoice, settings: GivenSettings) -> FileChoice:
    """Apply what one place says about pre-releases: first of all packages, then of single ones."""
    nothing = Given((), "")
    if "pre" in settings and truth(settings["pre"], "pre"):
        files = files.with_prereleases(":all:")
    allowed = [word for value in settings.get("all-releases", nothing).values for word in value.split(",")]
    forbidden = [
        word
        for name in ("only-final", "only-final-package")
        for value in settings.get(name, nothing).values
        for word in value.split(",")
    ]
    for for_all in (True, False):
        for word in (one.strip() for one in allowed):
            files = files.with_prereleases(word) if word.startswith(":") is for_all else files
        for word in (one.strip() for one in forbidden):
            files = files.without_prereleases(word) if word.startswith(":") is for_all else files
    return files


def _moment(value: object) -> str:
    """A setting of time in TOML: a text, `false`, or a date or time of TOML's own."""
    if value is False:
        return "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    raise UsageError(
        f"{value!r} is no time for exclude-newer; write a date like 2026-01-31, or a duration like '7 days'"
    )


def _table(table: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = table.get(name, {})
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is not a table of packages; correct it")
    return value
