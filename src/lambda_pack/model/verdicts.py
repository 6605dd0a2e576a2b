"""The one pure function that says whether a wheel loads on a target, and why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from lambda_pack.model.packages import Wheel
from lambda_pack.model.targets import LEGACY_PLATFORMS, Runtime, Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.tags import Tag

__all__ = ["Fits", "Misfit", "Reason", "Verdict", "closest", "judge", "preference"]


class Reason(Enum):
    """Why a file cannot be used, in one word for machines; the later in the list, the closer it came."""

    SYSTEM = "system"
    MUSL = "musl"
    ARCHITECTURE = "architecture"
    PYTHON = "python"
    ABI = "abi"
    FREE_THREADED = "free-threaded"
    UNPROVEN = "unproven"
    GLIBC = "glibc"
    REQUIRES_PYTHON = "requires-python"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fits:
    """It loads. `rank` orders fitting wheels (lower is better); `evidence` says why, where it was not the tags."""

    rank: int
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Misfit:
    """It does not load."""

    reason: Reason
    detail: str


Verdict: TypeAlias = Fits | Misfit


def judge(wheel: Wheel, target: Target) -> Verdict:
    """Judge a wheel by its tags and `Requires-Python`.

    >>> wheel = Wheel.parse("file:///numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl")
    >>> judge(wheel, Target.parse("python3.11")).detail
    'needs glibc 2.27 or newer; python3.11 has 2.26'
    """
    if wheel.refused is not None:
        return Misfit(Reason.REFUSED, wheel.refused)
    requires = wheel.requires_python
    if requires is not None and not requires.contains(target.runtime.python_full_version, prereleases=True):
        return Misfit(Reason.REQUIRES_PYTHON, f"requires Python {requires}")
    ranks = _ranks(target)
    fitting = [ranks[tag] for tag in wheel.tags if tag in ranks]
    if fitting:
        return Fits(min(fitting))
    # The tag that fails last came closest: its reason is the one that helps.
    return max((_miss(tag, target) for tag in wheel.tags), key=lambda miss: (miss.stage, miss.rank)).misfit


def closest(verdicts: Iterable[Verdict]) -> Misfit | None:
    """The misfit that came closest to fitting: its detail is the one that helps a reader."""
    order = list(Reason)
    misfits = [verdict for verdict in verdicts if isinstance(verdict, Misfit)]
    return max(misfits, key=lambda misfit: order.index(misfit.reason), default=None)


def preference(wheel: Wheel, fits: Fits) -> tuple[int, tuple[int, str], str]:
    """Sort key among fitting wheels of one version: best tag, then highest build number, as installers choose."""
    number, text = wheel.build or (0, "")
    return fits.rank, (-number, text), wheel.filename


@lru_cache
def _ranks(target: Target) -> MappingProxyType[Tag, int]:
    return MappingProxyType({tag: rank for rank, tag in reversed(list(enumerate(target.tags)))})


class _Stage(IntEnum):
    """How far a tag got before it failed."""

    SYSTEM = 0
    MUSL = 1
    ARCHITECTURE = 2
    PYTHON = 3
    ABI = 4
    UNPROVEN = 5
    GLIBC = 6


@dataclass(frozen=True, slots=True)
class _Miss:
    """How far a tag got; `rank` orders misses of one stage, the closest highest."""

    stage: _Stage
    misfit: Misfit
    rank: int = 0


_LINUX = re.compile(
    r"(?P<kind>manylinux|musllinux|linux)(?:(?P<legacy>1|2010|2014)|_(?P<glibc>\d+_\d+))?_(?P<machine>.+)"
)
_LEGACY_MINOR = {name.removeprefix("manylinux"): minor for minor, name in LEGACY_PLATFORMS.items()}
_SYSTEMS = {"win": "Windows", "macosx": "macOS", "android": "Android", "ios": "iOS", "pyodide": "Pyodide"}


def _miss(tag: Tag, target: Target) -> _Miss:
    platform = _platform_miss(tag, target)
    if platform and platform.stage < _Stage.PYTHON:
        return platform
    pairs = {(known.interpreter, known.abi) for known in target.tags}
    if (tag.interpreter, tag.abi) not in pairs:
        return _python_miss(tag, target)
    if platform:
        return platform
    return _Miss(_Stage.ABI, Misfit(Reason.ABI, f"{tag.interpreter}-{tag.abi} does not run on {target.runtime.name}"))


def _python_miss(tag: Tag, target: Target) -> _Miss:
    major, minor = target.runtime.python
    if tag.abi.startswith("cp") and tag.abi.endswith("t"):
        return _Miss(
            _Stage.ABI, Misfit(Reason.FREE_THREADED, f"{tag.abi} is for free-threaded Python; Lambda's is not")
        )
    if tag.interpreter == f"cp{major}{minor}":
        return _Miss(_Stage.ABI, Misfit(Reason.ABI, f"its ABI {tag.abi} is not that of {target.runtime.name}"))
    return _Miss(
        _Stage.PYTHON,
        Misfit(Reason.PYTHON, f"is for {_python_name(tag)}; {target.runtime.name} is CPython {major}.{minor}"),
    )


def _python_name(tag: Tag) -> str:
    """The interpreter in words: 'CPython 3.9', 'CPython 3.12 or newer', 'PyPy 3.10'."""
    names = {"cp": "CPython", "pp": "PyPy", "py": "Python", "graalpy": "GraalPy"}
    match = re.fullmatch(r"([a-z]+)(\d)(\d*)", tag.interpreter)
    if not match or match[1] not in names:
        return tag.interpreter
    version = f"{match[2]}.{match[3]}" if match[3] else match[2]
    newer = " or newer" if tag.abi in {"abi3", "none"} and match[3] else ""
    return f"{names[match[1]]} {version}{newer}"


def _platform_miss(tag: Tag, target: Target) -> _Miss | None:
    if tag.platform == "any" or tag.platform in target.platforms:
        return None
    match = _LINUX.fullmatch(tag.platform)
    if not match:
        system = next((name for prefix, name in _SYSTEMS.items() if tag.platform.startswith(prefix)), tag.platform)
        return _Miss(_Stage.SYSTEM, Misfit(Reason.SYSTEM, f"is for {system}"))
    if match["kind"] == "musllinux":
        return _Miss(_Stage.MUSL, Misfit(Reason.MUSL, "is for musl (Alpine); Lambda uses glibc"))
    if match["machine"] != target.architecture.machine:
        detail = f"is for {match['machine']}; the target is {target.architecture.machine}"
        return _Miss(_Stage.ARCHITECTURE, Misfit(Reason.ARCHITECTURE, detail))
    return _glibc_miss(tag.platform, match, target.runtime)


def _glibc_miss(platform: str, match: re.Match[str], runtime: Runtime) -> _Miss:
    if match["kind"] == "linux":
        # linux_x86_64 promises nothing about glibc: it was tagged on some machine, for that machine.
        return _Miss(_Stage.UNPROVEN, Misfit(Reason.UNPROVEN, f"{platform} does not say which glibc it needs"))
    major, minor = (2, _LEGACY_MINOR[match["legacy"]]) if match["legacy"] else map(int, match["glibc"].split("_"))
    if (major, minor) <= runtime.glibc:
        return _Miss(_Stage.UNPROVEN, Misfit(Reason.UNPROVEN, f"{platform} never was a platform"))
    needs = f"needs glibc {major}.{minor} or newer; {runtime.name} has {'.'.join(map(str, runtime.glibc))}"
    # Of several tags that are too new, the least demanding one is what the wheel needs.
    return _Miss(_Stage.GLIBC, Misfit(Reason.GLIBC, needs), rank=-minor)
