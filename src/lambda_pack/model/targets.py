"""The one table of runtimes, and the target: a runtime on an architecture."""

from __future__ import annotations

from datetime import date
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.patch_levels import NEWEST_PATCHES, patch_levels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.markers import Environment, Marker
    from packaging.specifiers import SpecifierSet
    from packaging.tags import Tag

__all__ = [
    "ARCHITECTURE_SPELLINGS",
    "DEFAULT_ARCHITECTURE",
    "GLUE_RUNTIMES",
    "LEGACY_PLATFORMS",
    "NEWEST_GLIBC",
    "RUNTIMES",
    "Architecture",
    "Runtime",
    "Target",
    "every_target",
    "meant_runtime",
]


class Architecture(Enum):
    """An instruction set by AWS's name; `machine` is the name that wheels and `uname -m` use."""

    X86_64 = "x86_64"
    ARM64 = "arm64"

    @property
    def machine(self) -> str:
        """The name in wheel tags and markers.

        >>> Architecture.ARM64.machine
        'aarch64'
        """
        return {"x86_64": "x86_64", "arm64": "aarch64"}[self.value]

    @classmethod
    def parse(cls, text: str) -> Architecture:
        """Accept AWS's names, those of wheels and those of container images; anything else is a `UsageError`.

        >>> Architecture.parse("AMD64"), Architecture.parse("linux/arm64/v8")
        (<Architecture.X86_64: 'x86_64'>, <Architecture.ARM64: 'arm64'>)
        """
        if architecture := ARCHITECTURE_SPELLINGS.get(text.strip().lower().removeprefix("linux/").replace("-", "_")):
            return architecture
        choices = ", ".join(architecture.value for architecture in cls)
        raise UsageError(f"{text!r} is not a Lambda architecture; choose one of: {choices}")


# What AWS, wheels and `uname -m` say, Go and container images (https://github.com/opencontainers/image-spec), Windows.
ARCHITECTURE_SPELLINGS: Mapping[str, Architecture] = MappingProxyType(
    {
        **dict.fromkeys(("x86_64", "amd64", "x64"), Architecture.X86_64),
        **dict.fromkeys(("arm64", "aarch64", "arm64/v8"), Architecture.ARM64),
    }
)

DEFAULT_ARCHITECTURE = Architecture.X86_64
"""Lambda's own default."""

_BOTH = (Architecture.X86_64, Architecture.ARM64)


class Runtime(Struct, frozen=True):
    """A managed Python runtime.

    `python` is major and minor version of the language, `glibc` the C library of its image, `deprecated` the day after
    which AWS stops patching it, `notice` what else its users should hear. `seen_patch` is a patch level that was seen
    in the runtime; AWS moves it on, and never back.
    """

    name: str
    python: tuple[int, int]
    system: str
    glibc: tuple[int, int]
    deprecated: date | None = None
    preview: bool = False
    architectures: tuple[Architecture, ...] = _BOTH
    notice: str | None = None
    seen_patch: int = 0

    @property
    def newest_patch(self) -> int:
        """The newest patch level known, which is assumed where an answer turns on it."""
        return NEWEST_PATCHES[self.python]

    @property
    def python_full_version(self) -> str:
        """The version of the language with the newest patch level known."""
        major, minor = self.python
        return f"{major}.{minor}.{self.newest_patch}"

    def admits(self, requires_python: SpecifierSet | None) -> bool:
        """Whether any patch level meets this requirement: the one that the runtime has is not known. None is met.

        >>> from packaging.specifiers import SpecifierSet
        >>> [RUNTIMES["python3.12"].admits(SpecifierSet(text)) for text in (">=3.12.4", ">=3.12.99", ">=3.13", "<3.12")]
        [True, True, False, False]
        """
        if requires_python is None:
            return True
        levels = patch_levels(str(requires_python), self.python)
        return any(requires_python.contains(version, prereleases=True) for version in levels)

    def warning(self, today: date) -> str | None:
        """What a user who chose this runtime should hear, if anything."""
        if self.notice:
            return self.notice
        if self.preview:
            return f"{self.name} is a preview runtime on Lambda: not for production, and it may still change"
        if self.deprecated and today > self.deprecated:
            return f"{self.name} was deprecated by AWS on {self.deprecated}: choose a newer runtime when you can"
        return None


# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, read 2026-11-21. The patch levels of 3.9, 3.11,
# 3.12, 3.13 and 3.14 were seen in the runtimes.
RUNTIMES: Mapping[str, Runtime] = MappingProxyType(
    {
        runtime.name: runtime
        for runtime in (
            Runtime(
                "python3.7",
                (3, 7),
                "Amazon Linux 1",
                (2, 17),
                date(2023, 12, 4),
                architectures=(Architecture.X86_64,),
            ),
            Runtime("python3.8", (3, 8), "Amazon Linux 2", (2, 26), date(2024, 10, 14)),
            Runtime("python3.9", (3, 9), "Amazon Linux 2", (2, 26), date(2025, 12, 15), seen_patch=19),
            Runtime("python3.10", (3, 10), "Amazon Linux 2", (2, 26), date(2026, 10, 31)),
            Runtime("python3.11", (3, 11), "Amazon Linux 2", (2, 26), date(2027, 6, 30), seen_patch=9),
            Runtime("python3.12", (3, 12), "Amazon Linux 2023", (2, 34), date(2028, 10, 31), seen_patch=3),
            Runtime("python3.13", (3, 13), "Amazon Linux 2023", (2, 34), date(2029, 6, 30)),
            Runtime("python3.14", (3, 14), "Amazon Linux 2023", (2, 34), date(2029, 6, 30)),
            Runtime("python3.15", (3, 15), "Amazon Linux 2023", (2, 34), preview=True),
        )
    }
)


# https://docs.aws.amazon.com/glue/latest/dg/release-notes.html and edit-script-ray-env-dependencies.html, read
# 2026-11-21. AWS says nothing
# about the glibc of Glue for Ray: 2.17 (manylinux2014) is the safe level.
GLUE_RUNTIMES: Mapping[str, Runtime] = MappingProxyType(
    {
        runtime.name: runtime
        for runtime in (
            Runtime(
                "glue-ray2.4",
                (3, 9),
                "Glue for Ray",
                (2, 17),
                architectures=(Architecture.ARM64,),
                notice="AWS Glue for Ray is closed to new customers: its living successor is --layout glue-spark",
            ),
            Runtime(
                "glue4.0",
                (3, 10),
                "Amazon Linux 2",
                (2, 26),
                architectures=(Architecture.X86_64,),
                notice="AWS documents zips of wheels from Glue 5.0 on: for 4.0 write the wheels with --to-dir, upload "
                "them one by one, and name them in --additional-python-modules, separated by commas",
            ),
            Runtime("glue5.0", (3, 11), "Amazon Linux 2023", (2, 34), architectures=(Architecture.X86_64,)),
            Runtime("glue5.1", (3, 11), "Amazon Linux 2023", (2, 34), architectures=(Architecture.X86_64,)),
        )
    }
)
"""The Python environments of Glue jobs, by names of our own: AWS has none that says both version and engine."""


def meant_runtime(text: str) -> str | None:
    """Return the runtime that a bare or shortened version of Python stands for, None if there is no such runtime.

    >>> meant_runtime("3.13"), meant_runtime("py312"), meant_runtime("nodejs22.x")
    ('python3.13', 'python3.12', None)
    """
    version = text.strip().lower().removeprefix("python").removeprefix("py").removeprefix("cp").lstrip("-_ ")
    short = {name.removeprefix("python").replace(".", ""): name for name in RUNTIMES}
    return short.get("".join(version.split(".")[:2]))


class Target(Struct, frozen=True):
    """What a bundle must load on: a runtime on an architecture."""

    runtime: Runtime
    architecture: Architecture

    @classmethod
    def parse(cls, runtime: str, architecture: str = DEFAULT_ARCHITECTURE.value) -> Target:
        """The target with these names.

        >>> str(Target.parse("python3.13", "aarch64"))
        'python3.13-arm64'

        Raises:
            UsageError: a name is unknown, or the runtime never existed on the architecture.
        """
        row, parsed = RUNTIMES.get(runtime) or GLUE_RUNTIMES.get(runtime), Architecture.parse(architecture)
        if row is None:
            meant = meant_runtime(runtime)
            advice = f"did you mean {meant!r}?" if meant else f"choose one of: {', '.join(RUNTIMES)}"
            raise UsageError(f"{runtime!r} is not a Lambda runtime; {advice}")
        if parsed not in row.architectures and runtime in GLUE_RUNTIMES:
            raise UsageError(f"{runtime} does not exist for {parsed.value}; use {row.architectures[0].value}")
        if parsed not in row.architectures:
            raise UsageError(f"{runtime} does not exist for {parsed.value}; use python3.8 or newer, or x86_64")
        return cls(row, parsed)

    def __str__(self) -> str:
        return f"{self.runtime.name}-{self.architecture.value}"

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags that promise to run here, best first.

        >>> Target.parse("python3.11", "arm64").platforms[0]
        'manylinux_2_26_aarch64'
        """
        return tuple(_platforms(self.runtime.glibc, self.architecture.machine))

    @property
    def tags(self) -> tuple[Tag, ...]:
        """Every tag that fits, best first: the order in which installers prefer wheels."""
        return _tags(self.runtime.python, self.platforms)

    @property
    def tags_of_any_glibc(self) -> tuple[Tag, ...]:
        """The same for a machine with the newest glibc: what a resolver must see, so that nothing stays unexplained.

        A resolver that knew only `tags` would take an older version in silence; so `judge` refuses, and says why.
        """
        return _tags(self.runtime.python, tuple(_platforms(NEWEST_GLIBC, self.architecture.machine)))

    @property
    def environment(self) -> Environment:
        """The marker environment (PEP 508) of the runtime, not of the machine that packs.

        The patch level is the newest known. `platform_release` and `platform_version` are empty: AWS may change the
        kernel at any time. What turns on one of these is named (`lambda_pack.model.undetermined`).
        """
        major, minor = self.runtime.python
        return {
            "implementation_name": "cpython",
            "implementation_version": self.runtime.python_full_version,
            "os_name": "posix",
            "platform_machine": self.architecture.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": self.runtime.python_full_version,
            "python_version": f"{major}.{minor}",
            "sys_platform": "linux",
        }

    def satisfies(self, marker: Marker | None, extras: Iterable[str] = ()) -> bool:
        """Whether a requirement with this marker counts here, when its parent was asked for with these extras.

        >>> from packaging.markers import Marker
        >>> Target.parse("python3.13", "arm64").satisfies(Marker("platform_machine == 'aarch64'"))
        True
        """
        environment = cast("dict[str, str]", self.environment)
        return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))


def every_target() -> Iterator[Target]:
    """Yield every runtime, those of Glue included, on each of its architectures."""
    for runtime in (*RUNTIMES.values(), *GLUE_RUNTIMES.values()):
        yield from (Target(runtime, architecture) for architecture in runtime.architectures)


# The newest platform that uv knows (0.13).
NEWEST_GLIBC = (2, 40)

# PEP 600: the older names of three glibc levels.
LEGACY_PLATFORMS = MappingProxyType({17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"})


def _platforms(glibc: tuple[int, int], machine: str) -> Iterator[str]:
    # manylinux began at glibc 2.5 on x86_64, and at 2.17 (manylinux2014) on aarch64.
    oldest = 5 if machine == "x86_64" else 17
    major, newest = glibc
    for minor in range(newest, oldest - 1, -1):
        yield f"manylinux_{major}_{minor}_{machine}"
        if minor in LEGACY_PLATFORMS:
            yield f"{LEGACY_PLATFORMS[minor]}_{machine}"


@lru_cache
def _tags(python: tuple[int, int], platforms: tuple[str, ...]) -> tuple[Tag, ...]:
    from packaging.tags import compatible_tags, cpython_tags

    major, minor = python
    interpreter = f"cp{major}{minor}"
    # Until 3.7 the ABI's name carried an `m` for pymalloc.
    abi = f"{interpreter}m" if python <= (3, 7) else interpreter
    return (
        *cpython_tags(python, abis=[abi], platforms=platforms),
        *compatible_tags(python, interpreter=interpreter, platforms=platforms),
    )
