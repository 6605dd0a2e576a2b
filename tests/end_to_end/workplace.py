"""A project on a machine that knows nothing, where the real command is run against an index on loopback."""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypedDict, Unpack

from msgspec import Struct
from packaging.pylock import Pylock

from tests.end_to_end.command import COMMAND
from tests.frontends.schema import valid_report
from tests.support.index import LoopbackIndex
from tests.support.processes import Finished, run

__all__ = ["Packed", "TargetNames", "Workplace", "contents", "files_below"]

NOTHING: Mapping[str, str] = MappingProxyType({})


class TargetNames(TypedDict, total=False):
    """What the bundle is for, as the command line says it."""

    runtime: str
    architecture: str


class Packed(Struct, frozen=True):
    """A bundle with what lies beside it, and what the command said while it made them."""

    zip: Path
    said: Finished

    @property
    def bytes(self) -> bytes:
        """Of the zip."""
        return self.zip.read_bytes()

    @property
    def report_path(self) -> Path:
        """Beside the zip."""
        return self.zip.with_name(f"{self.zip.name.removesuffix('.zip')}.report.json")

    @property
    def lock_path(self) -> Path:
        """Beside the zip."""
        return self.zip.with_name(f"{self.zip.name.removesuffix('.zip')}.pylock.toml")

    @property
    def report(self) -> dict[str, Any]:
        """Valid by its schema."""
        return valid_report(self.report_path.read_text("utf-8"))

    @property
    def lock(self) -> Pylock:
        """As `packaging` reads it."""
        return Pylock.from_dict(tomllib.loads(self.lock_path.read_text("utf-8")))

    @property
    def closure(self) -> dict[str, str]:
        """Name and version of each package, by the lock."""
        return {package.name: str(package.version) for package in self.lock.packages}

    @property
    def names(self) -> list[str]:
        """What is in the zip."""
        return sorted(contents(self.zip))


class Workplace(Struct, frozen=True):
    """`folder` is a project, `cache` lambda-pack's, `temporary` where temporary files go; nothing else is shared."""

    folder: Path
    index: LoopbackIndex
    cache: Path
    temporary: Path
    environment: Mapping[str, str]

    def write(self, name: str, *lines: str) -> Path:
        """A text file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def command(
        self, name: str, *arguments: str | Path, runtime: str = "python3.13", architecture: str = "arm64"
    ) -> tuple[str | Path, ...]:
        """A command line that asks the loopback index, and does not wait for one that fails.

        Containers are built in by tests that say so: what engine a machine happens to have must not matter.
        """
        target = ("--runtime", runtime, "--architecture", architecture)
        where = ("--index-url", self.index.url, "--retries", "0", "--cache-dir", self.cache, "--builder", "host")
        return (*COMMAND, name, *target, *where, *arguments)

    def run(self, *command: str | Path, extra: Mapping[str, str] = NOTHING, folder: Path | None = None) -> Finished:
        """Runs a whole command line; `extra` goes into its environment."""
        return run(command, {**self.environment, **extra}, folder=folder or self.folder)

    def pack(
        self, *arguments: str | Path, extra: Mapping[str, str] = NOTHING, **target: Unpack[TargetNames]
    ) -> Finished:
        """Runs `lambda-pack pack`."""
        return self.run(*self.command("pack", *arguments, **target), extra=extra)

    def check(self, *arguments: str | Path, **target: Unpack[TargetNames]) -> Finished:
        """Runs `lambda-pack check`."""
        return self.run(*self.command("check", *arguments, **target))

    def packed(
        self, *arguments: str | Path, extra: Mapping[str, str] = NOTHING, **target: Unpack[TargetNames]
    ) -> Packed:
        """Packs into a folder of its own, which must succeed; `output` goes by how often this was done."""
        output = self.folder.parent / f"output-{len(list(self.folder.parent.glob('output-*')))}"
        done = self.pack("-o", output, *arguments, extra=extra, **target)
        assert done.exit_code == 0, done.text
        (archive,) = output.glob("*.zip")
        return Packed(archive, done)

    def leftovers(self) -> list[str]:
        """What a run has left in the project and among temporary files, beside what was written here."""
        return [name for folder in (self.folder / "dist", self.temporary) for name in files_below(folder)]


def contents(archive: Path) -> dict[str, bytes]:
    """Every file of a zip by its path."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def files_below(folder: Path) -> Sequence[str]:
    """Every file and folder below, hidden ones too, by path."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
