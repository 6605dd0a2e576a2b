"""Resolving with uv: markers evaluated for the target, several times faster than pip."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName

from lambda_pack.errors import IndexUnavailable, LambdaPackError, UnmetDependencies, UsageError
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Conflict, Exclusions
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import FileChoice, Requirements
from lambda_pack.model.targets import NEWEST_GLIBC, Target
from lambda_pack.tools.process import Completed, Running, started
from lambda_pack.tools.requirements_text import (
    build_constraints_text,
    constraints_text,
    overrides_text,
    requirements_text,
)
from lambda_pack.tools.uv_settings import index_settings, network_variables, settings_text

if TYPE_CHECKING:
    # Not needed before uv is started.
    from packaging.pylock import Pylock

    from lambda_pack.tools.built_metadata import SourceMetadata

__all__ = ["BegunResolver", "UvResolver"]

# The newest platform uv knows (0.13). Its platforms jump from glibc 2.17 to 2.28, and wheels above its platform stay
# hidden, so they could not be explained: it sees everything, and our own verdicts decide.
_NEWEST_PLATFORM = "manylinux_{}_{}".format(*NEWEST_GLIBC)

# uv's exit statuses: 1 is "no solution", 2 is everything else, the network included (seen in 0.13).
_NO_SOLUTION = 1
# It is also the status for some answers of an index, or of a repository, that are none; build logs are indented deeper.
_NO_ANSWER = re.compile(
    r"^(?:error|  cause): (?:Failed to fetch|Git operation failed|Received some unexpected)", re.MULTILINE
)
# How uv says that a source did not say its metadata (seen in 0.13): by name, where it has one.
_NOT_BUILT = re.compile(
    r"^(?:error|  cause): (?:Failed to (?:download and )?build|The build backend returned)", re.MULTILINE
)
_NAMED = re.compile(r"Failed to (?:download and )?build `([^`]+)`")


class Question(Struct, frozen=True):
    """A command, the files in the folder where it runs, and variables beside those that it gets anyway."""

    command: tuple[str, ...]
    files: Mapping[str, str]
    variables: Mapping[str, str]


class UvResolver(Struct, frozen=True):
    """`uv pip compile` for one set of requirements.

    `uv` is the program, `interpreter` a Python of any version that uv may ask about itself (named, because looking
    for one costs seconds where pyenv's shims are). `patch` is the patch level of the target's Python that uv is told,
    None for the newest known. `environment` must already be the allow-listed one: reading the
    metadata of an sdist runs package code. `scratch` is a private folder; `cache` is uv's own, None for its default.
    """

    requirements: Requirements
    uv: str
    interpreter: Path
    environment: Mapping[str, str]
    scratch: Path
    cache: Path | None = None
    metadata: SourceMetadata | None = None
    patch: int | None = None

    def informed(self, metadata: SourceMetadata) -> UvResolver:
        """See `lambda_pack.tools.built_metadata.InformedResolver`."""
        return replace(self, metadata=metadata)

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`."""
        with self.begun(self.question(target, exclusions=exclusions, without=without)) as running:
            result = running.finish()
        later = self.later(result, target)
        return later.resolve(target, exclusions=exclusions, without=without) if later else self.answer(result)

    def later(self, result: Completed, target: Target) -> UvResolver | None:
        """The same for a later patch level of Python, where uv found no solution because a package requires that.

        The patch level of the target is not known, so any could meet the requirement; uv must be told one.
        """
        if result.status != _NO_SOLUTION:
            return None
        line = r"\.".join(map(str, target.runtime.python))
        named = [int(patch) for patch in re.findall(rf"Python\s*>=\s*{line}\.(\d+)", result.log)]
        asked = target.runtime.newest_patch if self.patch is None else self.patch
        return replace(self, patch=max(named)) if named and max(named) > asked else None

    def begun(self, question: Question) -> AbstractContextManager[Running]:
        """uv, started on the question; `answer` reads what it has found."""
        for name, text in question.files.items():
            _write_private(self.scratch / name, text)
        self._lock.unlink(missing_ok=True)
        return started(question.command, environment={**self.environment, **question.variables}, folder=self.scratch)

    def question(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Question:
        """What uv is told."""
        files = {
            "requirements.txt": requirements_text(self._seen, hashes=False),
            "constraints.txt": constraints_text(self.requirements, exclusions),
            "excludes.txt": "".join(f"{name}\n" for name in sorted({*without, *self.requirements.excludes})),
            "overrides.txt": overrides_text(self.requirements),
            "build-constraints.txt": build_constraints_text(self.requirements),
            "uv.toml": self._settings(exclusions),
        }
        # uv leaves a lock file for each build in the folder for temporary files: there it goes with our scratch folder.
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self.scratch))
        return Question(self._command(target), files, {**network_variables(self.requirements.indexes), **temporary})

    def answer(self, result: Completed) -> Pylock:
        """What uv has found.

        Raises:
            UnmetDependencies, IndexUnavailable: as `resolve` does.
        """
        if result.status == _NO_SOLUTION and not _NO_ANSWER.search(result.log):
            if _NOT_BUILT.search(result.log):
                raise UnmetDependencies(
                    "the metadata of a package could not be built",
                    log=result.log,
                    sources=_NAMED.findall(result.log) or ("",),
                )
            raise UnmetDependencies(
                "no set of versions satisfies the requirements; change one of those named here", log=result.log
            )
        if result.status:
            raise IndexUnavailable("uv could not read what it needs; check the index, then run again", log=result.log)
        return _read(self._lock)

    @property
    def _seen(self) -> Requirements:
        """The requirements with what is known of sources that uv need not build."""
        if self.metadata is None:
            return self.requirements
        return replace(self.requirements, requested=tuple(self.metadata.requested(self.requirements)))

    @property
    def _lock(self) -> Path:
        return self.scratch / "pylock.toml"

    def _command(self, target: Target) -> tuple[str, ...]:
        return (
            *(self.uv, "pip", "compile", "requirements.txt", "--quiet", "--no-header"),
            *("--format", "pylock.toml", "--output-file", str(self._lock)),
            *("--python", str(self.interpreter), "--no-python-downloads"),
            *("--python-version", self._python_version(target)),
            *("--python-platform", f"{target.architecture.machine}-{_NEWEST_PLATFORM}"),
            *("--constraints", "constraints.txt", "--excludes", "excludes.txt"),
            *(("--build-constraints", "build-constraints.txt") if self.requirements.build_constraints else ()),
            *(("--overrides", "overrides.txt") if self.requirements.overrides else ()),
            *("--config-file", "uv.toml"),
            # uv keeps the metadata of a folder until its pyproject.toml, setup.py or setup.cfg changes, although the
            # backend may take it from any other file (https://docs.astral.sh/uv/concepts/cache/, read 2026-11).
            *(f"--refresh-package={name}" for name in sorted(self.requirements.folder_names)),
            *(("--cache-dir", str(self.cache)) if self.cache else ()),
        )

    def _python_version(self, target: Target) -> str:
        if self.patch is None:
            return target.runtime.python_full_version
        return ".".join(map(str, (*target.runtime.python, self.patch)))

    def _settings(self, exclusions: Exclusions) -> str:
        """uv.toml: it may hold credentials, which a command line would show to every user of the machine."""
        indexes, files = self.requirements.indexes, self.requirements.files.enforced
        clash = files.no_binary & files.only_binary
        if clash:
            raise UsageError(f"--no-binary and --only-binary both name {min(clash)!r}; keep one of them")
        own = {setting.key: json.loads(setting.value) for setting in self.requirements.uv_settings}
        built = [_row(one.pin, one.text) for one in self.metadata.built] if self.metadata else []
        settings = {
            **index_settings(indexes, reuse_pages=bool(exclusions)),
            "no-binary": ":all:" in files.no_binary,
            "no-binary-package": sorted(files.no_binary - {":all:"}),
            "no-build": ":all:" in files.only_binary,
            "no-build-package": sorted(files.only_binary - {":all:"}),
            **_prereleases(files),
            **own,
            "config-settings": dict(self.requirements.config_settings),
            "dependency-metadata": [*own.get("dependency-metadata", []), *_declared(exclusions.conflicts), *built],
        }
        return settings_text(settings)


class BegunResolver:
    """A resolver whose first answer is on its way: uv runs beside us while the rest of lambda-pack is loaded."""

    def __init__(self, resolver: UvResolver, running: Running) -> None:
        """`running` is the resolver's, begun with nothing excluded and nothing left out, for the run's one target."""
        self._resolver = resolver
        self._running = running
        self._lock: Pylock | None = None

    def informed(self, metadata: SourceMetadata) -> UvResolver:
        """See `lambda_pack.tools.built_metadata.InformedResolver`."""
        return self._resolver.informed(metadata)

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`."""
        if exclusions or without:
            return self._resolver.resolve(target, exclusions=exclusions, without=without)
        if self._lock is None:
            result = self._running.finish()
            if (later := self._resolver.later(result, target)) is not None:
                self._resolver = later
                self._lock = later.resolve(target)
            else:
                self._lock = self._resolver.answer(result)
        return self._lock


def _declared(conflicts: Iterable[Conflict]) -> Iterator[dict[str, Any]]:
    """What versions declare, with the requirements that they lack: uv reads it in the place of their own metadata."""
    lacking: dict[Pin, list[Conflict]] = {}
    for conflict in sorted(conflicts, key=lambda one: (str(one.pin), one.requirement)):
        lacking.setdefault(conflict.pin, []).append(conflict)
    for pin, found in lacking.items():
        yield _row(pin, found[0].metadata, (one.requirement for one in found))


def _prereleases(files: FileChoice) -> dict[str, object]:
    # pip's word on one package is uv's `prerelease-package`.
    of_all = files.allows_prereleases(":all:")
    named = dict.fromkeys(files.only_final, "disallow") | dict.fromkeys(files.all_releases, "allow")
    return {
        "prerelease": "if-necessary-or-explicit" if of_all is None else "allow" if of_all else "disallow",
        "prerelease-package": {name: named[name] for name in sorted(named.keys() - {":all:"})},
    }


def _row(pin: Pin, metadata: bytes, more: Iterable[str] = ()) -> dict[str, Any]:
    """Return a row of uv's `dependency-metadata`: what a METADATA file declares, and requirements beside it."""
    from packaging.metadata import parse_email

    raw, _ = parse_email(metadata)
    return {
        "name": pin.name,
        "version": str(pin.version),
        "requires-dist": [*raw.get("requires_dist", []), *more],
        "provides-extra": raw.get("provides_extra", []),
    } | ({"requires-python": raw["requires_python"]} if "requires_python" in raw else {})


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _read(lock: Path) -> Pylock:
    from packaging.pylock import Pylock, PylockValidationError

    try:
        content = tomllib.loads(lock.read_text(encoding="utf-8"))
        for package in content.get("packages", ()):
            _make_absolute(package, lock.parent)
        return Pylock.from_dict(content)
    except (tomllib.TOMLDecodeError, PylockValidationError) as error:
        raise LambdaPackError(f"uv wrote a lock that packaging cannot read: {error}; choose --resolver pip") from error


def _make_absolute(package: dict[str, Any], folder: Path) -> None:
    """Paths in a lock begin where the lock lies, and ours lies in a scratch folder."""
    tables = [package.get(kind) for kind in ("vcs", "directory", "archive", "sdist")]
    for table in (*tables, *package.get("wheels", ())):
        if table and "path" in table:
            table["path"] = (folder / table["path"]).resolve().as_posix()
