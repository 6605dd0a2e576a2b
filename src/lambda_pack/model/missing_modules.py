"""Whether a module that cannot be imported for lack of another one is optional, or the bundle is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.import_names import distributions_of, other_system_of
from lambda_pack.model.loading import Failed
from lambda_pack.model.standard_library import standard_modules
from lambda_pack.model.targets import Target

__all__ = ["Declared", "Judgement", "Missing", "ModuleOwners", "Optional", "Required", "judge_inside", "judge_missing"]

# Errors of bundles that lack a file or a library, or whose packages do not go together.
_COUNTING: Final = frozenset(
    {
        "OSError",
        "FileNotFoundError",
        "PermissionError",
        "AttributeError",
        "TypeError",
        "SyntaxError",
        "IndentationError",
    }
)
_COUNTING_WORDS: Final = re.compile(
    r"librar|\.so\b|symbol|shared object|PyInit_|incompatib|version mismatch|multiarray failed"
    r"|compiled (?:for|with|against)|BadZipFile|JSONDecodeError|UnpicklingError|PackageNotFoundError"
    r"|ZoneInfoNotFoundError|StopIteration",
    re.IGNORECASE,
)
_NOT_IN_MODULE: Final = re.compile(
    r"cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'"
)
_EXTRA: Final = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")


class Declared(Struct, frozen=True):
    """What a distribution ('NAME VERSION') declares in its metadata: Requires-Dist and Provides-Extra."""

    package: str
    requires: tuple[Requirement, ...] = ()
    extras: tuple[str, ...] = ()

    @property
    def name(self) -> NormalizedName:
        """The distribution's name."""
        return canonicalize_name(self.package.partition(" ")[0])


class Missing(Struct, frozen=True):
    """An import that found no module: its dotted name, and the distribution whose code asked for it, where known."""

    module: str
    asked_by: str | None = None


class Optional(Struct, frozen=True):
    """The module is not meant to load in this bundle; `why` says what it needs."""

    why: str


class Required(Struct, frozen=True):
    """The module should load; `why` says who requires what is missing, None where no distribution declares it."""

    why: str | None = None


Judgement: TypeAlias = Optional | Required


class ModuleOwners(Protocol):
    """Which distribution a module of the bundle belongs to."""

    @property
    def incomplete(self) -> frozenset[str]:
        """The distributions whose RECORD lists code that is not in the bundle."""

    def of(self, module: str) -> str | None:
        """Return the distribution of a module by its dotted name; None for Python's own, and the user's."""


class _Extra(Struct, frozen=True):
    name: str
    requirement: Requirement


class _Elsewhere(Struct, frozen=True):
    requirement: Requirement


_Source: TypeAlias = Requirement | _Extra | _Elsewhere


def judge_missing(
    owner: str | None, missing: Sequence[Missing], declared: Mapping[str, Declared], *, error: str, target: Target
) -> Judgement:
    """Return whether a module of the distribution `owner` may lack these modules; None owns the user's own code.

    `missing` are the imports that failed, one in the `except` clause of another: any of them would have been enough.
    What the distribution itself requires must be there; what only one of its extras brings need not. A module of
    another distribution that it imports may need an extra, too: then that extra must come with one of its own.
    """
    mine = declared.get(owner or "")
    if mine is None:
        return Required(_hint(missing, declared, target))
    lacked = _lacked(missing, error, target)
    if lacked is not None:
        return Optional(f"needs {lacked}")
    sources = [source for one in missing for source in _sources(mine, one, declared, target)]
    # A fallback may be missing together with what is tried before it: a promise outweighs an extra.
    for source in sorted(sources, key=lambda source: _weight(source, mine)):
        match source:
            case Requirement():
                return Required(f"{mine.package} requires {source.name}")
            case _Extra(name, line):
                return Optional(f"needs extra {name!r} of {mine.package} ({line.name})")
            case _Elsewhere(line):
                return Optional(f"needs {line.name}, which {mine.package} requires only where {line.marker}")
    return Required(_hint(missing, declared, target))


def judge_inside(
    failure: Failed, owners: ModuleOwners, modules: Collection[str], declared: Mapping[str, Declared]
) -> Judgement:
    """Return whether a module inside a package may fail that `judge_missing` has not excused.

    `modules` are those of the bundle. Many modules inside packages are for a framework, a test tool or settings that
    the bundle need not have, or are broken where they come from: pip installs them just the same. A failure to load a
    library or a file, or to find what another package of the bundle or Python itself should have, is one of the bundle;
    so is every failure of a distribution of which files are missing.
    """
    owner = owners.of(failure.what)
    names = [module for module, _ in failure.missing]
    if names:
        is_missing = any(_is_of(name, modules) for name in names)
        needs = f"needs {', '.join(dict.fromkeys(names))}, which {owner} does not require"
        return Required() if is_missing else Optional(needs)
    if named := _NOT_IN_MODULE.search(failure.error):
        # What is optional is often imported by one module of a package, for the others.
        extra = _extra_for(named["name"], declared.get(owner or ""))
        if extra is not None:
            return Optional(f"needs extra {extra!r} of {owner} ({named['name']})")
        if owners.of(named["module"]) != owner:
            return Required()
    elif not failure.kinds or _COUNTING.intersection(failure.kinds) or _COUNTING_WORDS.search(failure.error):
        return Required()
    if owner in owners.incomplete:
        return Required(f"files that the RECORD of {owner} lists are missing")
    return Optional(f"its import fails in any bundle, and does not count ({failure.error})")


def _is_of(name: str, modules: Collection[str]) -> bool:
    """Whether the bundle has a module, one above it, or one below it; a namespace package alone does not count."""
    return any(f"{name}.".startswith(f"{one}.") or one.startswith(f"{name}.") for one in modules)


def _extra_for(module: str, declared: Declared | None) -> str | None:
    """The extra of a distribution that brings a module, if one does."""
    names = distributions_of(module) - ({declared.name} if declared else set())
    lines = (line for line in (declared.requires if declared else ()) if canonicalize_name(line.name) in names)
    return next((extra for line in lines for extra in _EXTRA.findall(str(line.marker))), None)


def _lacked(missing: Sequence[Missing], error: str, target: Target) -> str | None:
    """What no distribution brings: a module of another system, or one of the standard library."""
    modules = [one.module for one in missing]
    for module in modules or [""]:
        system = other_system_of(module, error)
        if system is not None:
            return system
    own = sorted(standard_modules(target.runtime).intersection(module.partition(".")[0] for module in modules))
    return f"{', '.join(own)} of the standard library, which this interpreter lacks" if own else None


def _weight(source: _Source, mine: Declared) -> tuple[int, int]:
    """Requirements first; of several extras, the one that brings the fewest others."""
    match source:
        case Requirement():
            return (0, 0)
        case _Extra(name):
            return (1, sum(name in _EXTRA.findall(str(line.marker)) for line in mine.requires))
        case _Elsewhere():
            return (2, 0)


def _sources(mine: Declared, missing: Missing, declared: Mapping[str, Declared], target: Target) -> Iterator[_Source]:
    """The requirements of a distribution that bring a module: directly, or by an extra of the one that asked for it."""
    names = distributions_of(missing.module)
    if mine.name in names:
        # A part of itself: no extra brings that.
        return
    yield from (_judged(mine, line, target) for line in mine.requires if canonicalize_name(line.name) in names)
    asking = declared.get(missing.asked_by or "")
    if asking is None or asking.name == mine.name:
        return
    # google-cloud-storage's extra `grpc` requires google-api-core[grpc], whose code then imports grpc.
    brought_by = {
        canonicalize_name(source.name)
        for source in _sources(asking, Missing(missing.module), declared, target)
        if isinstance(source, _Extra)
    }
    for line in mine.requires:
        if canonicalize_name(line.name) == asking.name and brought_by & set(map(canonicalize_name, line.extras)):
            yield _judged(mine, line, target)


def _judged(mine: Declared, line: Requirement, target: Target) -> _Source:
    if target.satisfies(line.marker):
        return line
    extras = (*_EXTRA.findall(str(line.marker)), *mine.extras)
    extra = next((extra for extra in extras if target.satisfies(line.marker, [extra])), None)
    return _Elsewhere(line) if extra is None else _Extra(extra, line)


def _hint(missing: Sequence[Missing], declared: Mapping[str, Declared], target: Target) -> str | None:
    """Return what would bring a module to the distribution that asked for it."""
    for one in missing:
        asking = declared.get(one.asked_by or "")
        if asking is None:
            continue
        for source in _sources(asking, Missing(one.module), declared, target):
            if isinstance(source, Requirement):
                return f"{asking.package} requires {source.name}"
            if isinstance(source, _Extra):
                return f"{source.requirement.name} comes with the extra {source.name!r} of {asking.package}"
    return None
