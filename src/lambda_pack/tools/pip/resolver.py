"""Resolving with pip itself, made to believe that it runs on the target."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from packaging.pylock import Pylock
from packaging.utils import NormalizedName

from lambda_pack.errors import UsageError
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Conflict, Exclusions
from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Folder, Sdist
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.targets import Target
from lambda_pack.tools.built_metadata import SourceMetadata
from lambda_pack.tools.pip.options import (
    config_options,
    constraint_options,
    file_options,
    index_options,
    knows_cooldowns,
    write_constraints,
)
from lambda_pack.tools.pip.program import Pip, Work, our_pip, pretended
from lambda_pack.tools.pip.refusals import refusal
from lambda_pack.tools.pip.report import read_report
from lambda_pack.tools.requirements_text import constraints_text, requirements_text

__all__ = ["PipResolver"]


class PipResolver(Struct, frozen=True):
    """`pip install --dry-run` for one set of requirements, with the target's markers, tags and Python version.

    `environment` must already be the allow-listed one: reading the metadata of an sdist runs package code. `scratch`
    is a private folder; `pip` is the one installed with us unless another is given.
    """

    requirements: Requirements
    environment: Mapping[str, str]
    scratch: Path
    pip: Pip | None = None
    metadata: SourceMetadata | None = None

    def informed(self, metadata: SourceMetadata) -> PipResolver:
        """See `lambda_pack.tools.built_metadata.InformedResolver`."""
        return replace(self, metadata=metadata)

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`. Each package has the one file that pip chose.

        Raises:
            UsageError: pip refuses the requirements.
            IntegrityError: a file has none of the hashes that the requirements name.
            LambdaPackError: pip has changed inside and cannot be told about the target, or broke.
        """
        pip = self.pip or our_pip()
        _refuse_settings_of_uv(self.requirements)
        if self.requirements.indexes.cooldown and not knows_cooldowns(pip.version):
            raise UsageError(f"pip {pip.version} has no --uploaded-prior-to; choose --resolver uv, or install pip 26")
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="pip-resolver-") as name:
            folder = Path(name)
            self._write(folder, exclusions)
            limits = write_constraints(self.requirements.build_constraints, folder)
            limiting, variables = constraint_options(limits, pip.version)
            ended = pip.run(
                (*self._arguments(folder), *limiting),
                interpreter=Path(sys.executable),
                environment={**self.environment, **variables},
                work=Work(
                    folder,
                    target=self._pretended(target, without, exclusions.conflicts, folder),
                    outcome=folder / "outcome.json",
                ),
            )
            if ended.status != 0:
                raise refusal(pip, ended, outcome=_load(folder / "outcome.json"), scratch=folder)
            pages = _load(folder / "outcome.json").get("pages", {})
            return read_report(_load(folder / "report.json"), target.environment, pages)

    def _write(self, folder: Path, exclusions: Exclusions) -> None:
        hashes = _hashes_count(self.requirements)
        texts = {
            "requirements.txt": requirements_text(self._seen, hashes=hashes, config_settings=True),
            "constraints.txt": constraints_text(self.requirements, exclusions, hashes=hashes),
        }
        for name, text in texts.items():
            # The folder is ours alone, and so are the URLs in it.
            (folder / name).write_text(text, encoding="utf-8")

    @property
    def _seen(self) -> Requirements:
        """The requirements without the sources that are left out."""
        if self.metadata is None:
            return self.requirements
        return replace(self.requirements, requested=tuple(self.metadata.requested(self.requirements)))

    def _metadata(self, folder: Path) -> Iterator[dict[str, str | None]]:
        """Write what is known of sources, one `.dist-info` for each; pip knows them by URL or by file name."""
        for number, known in enumerate(self.metadata.built if self.metadata else ()):
            place = folder / f"known-{number}" / f"{known.pin.name}-{known.pin.version}.dist-info"
            place.mkdir(parents=True)
            (place / "METADATA").write_bytes(known.text)
            source = known.source
            listed = isinstance(source, Sdist) and not source.is_exact
            url = Path(source.path).as_uri() if isinstance(source, Folder) else source.url
            named = {"url": None, "filename": source.filename} if listed else {"url": url, "filename": None}
            yield {"folder": str(place), **named}

    def _pretended(
        self, target: Target, without: Collection[NormalizedName], conflicts: Iterable[Conflict], folder: Path
    ) -> dict[str, Any]:
        permission = self.requirements.files.building
        return {
            **pretended(target, target.tags_of_any_glibc),
            "without": sorted({*without, *self.requirements.excludes}),
            "lacking": sorted((one.pin.name, str(one.pin.version), one.requirement) for one in conflicts),
            # Options keep out the files of an index; a package may still ask for another by its URL.
            "silent": permission.nothing or bool(permission.only),
            "heard": sorted(permission.only - permission.never),
            "never": sorted(permission.never),
            "metadata": list(self._metadata(folder)),
        }

    def _arguments(self, folder: Path) -> Iterator[str]:
        yield from ("install", "--dry-run", "--ignore-installed", "--no-cache-dir", "--progress-bar", "off")
        yield from ("--report", str(folder / "report.json"))
        yield from ("--requirement", str(folder / "requirements.txt"))
        yield from ("--constraint", str(folder / "constraints.txt"))
        if _hashes_count(self.requirements):
            yield "--require-hashes"
        yield from index_options(self.requirements.indexes)
        yield from file_options(self.requirements.files.enforced)
        yield from config_options(self.requirements.config_settings)


def _refuse_settings_of_uv(requirements: Requirements) -> None:
    """Refuse by name what pip has no word for, so that nothing is resolved as if it had not been asked for."""
    if requirements.uv_settings:
        setting = requirements.uv_settings[0]
        raise UsageError(
            f"{setting.key} in {setting.source} is for uv, and pip has nothing like it; remove --resolver pip"
        )
    if requirements.overrides:
        line = requirements.overrides[0]
        raise UsageError(f"{line.origin}: pip cannot override {line}; remove --resolver pip")
    if requirements.indexes.cooldown.packages:
        names = ", ".join(one.name for one in requirements.indexes.cooldown.packages)
        raise UsageError(f"pip has one cooldown for all packages, and {names} has its own; remove --resolver pip")


def _hashes_count(requirements: Requirements) -> bool:
    """Whether pip shall demand hashes: it refuses checkouts and folders then, which have none.

    Where they are mixed the downloads are checked against the hashes all the same, by us.
    """
    urls = [line.requirement.url if line.requirement else line.url for line in requirements.requested]
    return requirements.require_hashes and not any(url and _has_no_hash(url) for url in urls)


def _has_no_hash(url: str) -> bool:
    files = (".whl", *ARCHIVE_SUFFIXES)
    return "+" in url.partition("://")[0] or (url.startswith("file:") and not url.partition("#")[0].endswith(files))


def _load(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content
