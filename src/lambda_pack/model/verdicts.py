"""The one pure function that says whether a wheel loads on a target, and why not."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

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
    CONTENTS = "contents"
    REQUIRES_PYTHON = "requires-python"
    REFUSED = "refused"

    @property
    def nearness(self) -> int:
        """How close a file came to fitting: its place in the list."""
        return list(Reason).index(self)


class Fits(Struct, frozen=True):
    """It loads. `rank` orders fitting wheels (lower is better); `evidence` says why, where it was not the tags."""

    rank: int
    evidence: str | None = None


class Misfit(Struct, frozen=True):
    """It does not load. `cause` is the part of `detail` that says nothing of one file, where that is another."""

    reason: Reason
    detail: str
    cause: str | None = None


Verdict: TypeAlias = Fits | Misfit


def judge(wheel: Wheel, target: Target) -> Verdict:
    """Judge a wheel by its tags and `Requires-Python`.

    >>> wheel = Wheel.parse("file:///numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl")
    >>> judge(wheel, Target.parse("python3.11")).detail
    'needs glibc 2.27 or newer; python3.11 has 2.26'
    """
    verdict = _judge_tags(wheel.tags, target)
    if isinstance(verdict, Misfit):
        return verdict
    if not target.runtime.admits(wheel.requires_python):
        return Misfit(Reason.REQUIRES_PYTHON, f"requires Python {wheel.requires_python}")
    if wheel.refused is not None:
        return Misfit(Reason.REFUSED, wheel.refused)
    return verdict


def closest(verdicts: Iterable[Verdict]) -> Misfit | None:
    """The misfit that came closest to fitting: its detail is the one that helps a reader."""
    misfits = [verdict for verdict in verdicts if isinstance(verdict, Misfit)]
    return max(misfits, key=lambda misfit: misfit.reason.nearness, default=None)


def preference(wheel: Wheel, fits: Fits) -> tuple[int, tuple[int | str, ...], str, str]:
    """Sort key among fitting wheels of one version, the best highest: best tag, then highest build tag, as in pip.

    File name and URL only settle what is left, so that the choice never depends on an order of arrival.
    """
    return -fits.rank, wheel.build, wheel.filename, wheel.url


# A package has few sets of tags for all of its versions, and each version is judged many times.
@lru_cache(maxsize=4096)
def _judge_tags(tags: frozenset[Tag], target: Target) -> Verdict:
    ranks = _ranks(target)
    fitting = [ranks[tag] for tag in tags if tag in ranks]
    if fitting:
        return Fits(min(fitting))
    # The tag that fails last came closest: its reason is the one that helps. `str` settles ties the same each time.
    misses = (_miss(tag, target) for tag in sorted(tags, key=str))
    return max(misses, key=lambda miss: (miss.reason.nearness, miss.rank)).misfit


@lru_cache
def _pairs(target: Target) -> frozenset[tuple[str, str]]:
    return frozenset((tag.interpreter, tag.abi) for tag in target.tags)


@lru_cache
def _ranks(target: Target) -> MappingProxyType[Tag, int]:
    return MappingProxyType({tag: rank for rank, tag in reversed(list(enumerate(target.tags)))})


class _Miss(Struct, frozen=True):
    """Why one tag does not fit; `rank` orders misses of one reason, the closest highest."""

    reason: Reason
    detail: str
    rank: int = 0

    @property
    def misfit(self) -> Misfit:
        return Misfit(self.reason, self.detail)


_LINUX = re.compile(r"(?P<kind>manylinux|musllinux|linux)(?:(?P<legacy>\d+)|_(?P<glibc>\d+_\d+))?_(?P<machine>.+)")
_LEGACY_LEVELS = {name.removeprefix("manylinux"): (2, minor) for minor, name in LEGACY_PLATFORMS.items()}
_SYSTEMS = {"win": "Windows", "macosx": "macOS", "android": "Android", "ios": "iOS", "pyodide": "Pyodide"}


def _miss(tag: Tag, target: Target) -> _Miss:
    platform = _platform_miss(tag, target)
    if platform and platform.reason.nearness < Reason.PYTHON.nearness:
        return platform
    if (tag.interpreter, tag.abi) not in _pairs(target):
        return _python_miss(tag, target)
    if platform:
        return platform
    # Left over: cp313-cp313-any and the like. An ABI without a platform is no tag of any installer.
    return _Miss(Reason.ABI, f"{tag} names an ABI but no platform, so no installer takes it")


def _python_miss(tag: Tag, target: Target) -> _Miss:
    major, minor = target.runtime.python
    if tag.abi == "abi3t" or (tag.abi.startswith("cp") and tag.abi.endswith("t")):
        return _Miss(Reason.FREE_THREADED, f"{tag.abi} is for free-threaded Python; Lambda's is not")
    if tag.interpreter == f"cp{major}{minor}":
        return _Miss(Reason.ABI, f"its ABI {tag.abi} is not that of {target.runtime.name}")
    return _Miss(Reason.PYTHON, f"is for {_python_name(tag)}; {target.runtime.name} is CPython {major}.{minor}")


def _python_name(tag: Tag) -> str:
    """The interpreter in words: 'CPython 3.9', 'CPython 3.12 or newer', 'PyPy 3.10'."""
    names = {"cp": "CPython", "pp": "PyPy", "py": "Python", "graalpy": "GraalPy"}
    match = re.fullmatch(r"([a-z]+)(\d)(\d*)", tag.interpreter)
    if not match or match[1] not in names:
        return tag.interpreter
    version = f"{match[2]}.{match[3]}" if match[3] else match[2]
    # cp312-none is for 3.12 alone; py312-none and cp312-abi3 run on what follows, within one major version.
    goes_on = tag.abi == "abi3" or match[1] == "py"
    newer = " or newer" if goes_on and match[2] == "3" and match[3] else ""
    return f"{names[match[1]]} {version}{newer}"


def _platform_miss(tag: Tag, target: Target) -> _Miss | None:
    if tag.platform == "any" or tag.platform in target.platforms:
        return None
    match = _LINUX.fullmatch(tag.platform)
    if not match:
        system = next((name for prefix, name in _SYSTEMS.items() if tag.platform.startswith(prefix)), tag.platform)
        return _Miss(Reason.SYSTEM, f"is for {system}")
    if match["kind"] == "musllinux":
        return _Miss(Reason.MUSL, "is for musl (Alpine); Lambda uses glibc")
    if match["machine"] != target.architecture.machine:
        return _Miss(Reason.ARCHITECTURE, f"is for {match['machine']}; the target is {target.architecture.machine}")
    return _glibc_miss(tag.platform, match, target.runtime)


def _glibc_miss(platform: str, match: re.Match[str], runtime: Runtime) -> _Miss:
    if match["kind"] == "linux":
        # linux_x86_64 promises nothing about glibc: it was tagged on some machine, for that machine.
        return _Miss(Reason.UNPROVEN, f"{platform} does not say which glibc it needs")
    level = _level(match)
    if level is None or level <= runtime.glibc:
        return _Miss(Reason.UNPROVEN, f"{platform} never was a platform")
    needs = f"needs glibc {level[0]}.{level[1]} or newer; {runtime.name} has {'.'.join(map(str, runtime.glibc))}"
    # Of several tags that are too new, the least demanding one is what the wheel needs.
    return _Miss(Reason.GLIBC, needs, rank=-level[1])


def _level(match: re.Match[str]) -> tuple[int, int] | None:
    """The glibc that a platform promises, where its name says so: 'manylinux_x86_64' and 'manylinux2015' do not."""
    if match["glibc"] is None:
        return _LEGACY_LEVELS.get(match["legacy"] or "")
    major, minor = match["glibc"].split("_")
    return int(major), int(minor)
