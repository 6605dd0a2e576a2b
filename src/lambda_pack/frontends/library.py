"""The library: what Python programs call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from lambda_pack.commands.dependencies import merge_dependencies
from lambda_pack.commands.pack import pack as pack_command
from lambda_pack.errors import UnmetDependencies
from lambda_pack.frontends.narrators import SilentNarrator
from lambda_pack.frontends.text_report import render_text
from lambda_pack.model.building import Building
from lambda_pack.model.choices import Collision, Preference, ResolverName
from lambda_pack.model.given import Given
from lambda_pack.model.report import Report
from lambda_pack.model.request import DEFAULTS, PackRequest
from lambda_pack.model.targets import DEFAULT_ARCHITECTURE, Target
from lambda_pack.ports import Narrator

__all__ = ["UI", "Config", "PythonPipDependencyBuilder", "pack"]


def pack(request: PackRequest, *, narrator: Narrator | None = None) -> Report:
    """Pack one bundle; the report says where it is and what is in it.

    Raises:
        UnmetDependencies: a dependency has no file that loads on the target, and the request does not allow that;
            nothing was written, and `.missing` explains each. It is empty where the requirements contradict each other.
        LambdaPackError: anything else that was refused; see `lambda_pack.errors`.
    """
    report = pack_command(request, os.environ, narrator or SilentNarrator())  # noqa: TID251  # a front-end
    if report.unmet and not request.allow_unmet:
        raise _unmet(report)
    return report


class UI(Protocol):
    """What hears the builder: `write` gets status, `error` warnings and what is unmet."""

    def write(self, text: str) -> None:
        """Status: one line of progress."""

    def error(self, text: str) -> None:
        """A warning, or the explanation of a failure."""


class Config(Struct, frozen=True):
    """How packages are resolved and built.

    `options` are pip's options by their long names without dashes, for example
    `{"extra-index-url": ("https://…",), "pre": ("true",)}`; `config_settings` are PEP 517 settings for build backends,
    `building` says where and how they run, and which may. `cache` None is the user's cache folder.
    """

    resolver: ResolverName = DEFAULTS["resolver"]
    prefer: Preference = DEFAULTS["prefer"]
    on_collision: Collision = DEFAULTS["on_collision"]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    config_settings: tuple[tuple[str, str], ...] = DEFAULTS["config_settings"]
    building: Building = field(default_factory=Building)
    cache: Path | None = DEFAULTS["cache"]
    use_cache: bool = DEFAULTS["use_cache"]


class PythonPipDependencyBuilder:
    """Builds a Python project's dependencies into a folder, for one architecture.

    `interpreter` is the Python that builds from source; by default one of the runtime's version is looked for when it
    is needed.
    """

    def __init__(self, *, architecture: str = DEFAULT_ARCHITECTURE.value, interpreter: Path | None = None) -> None:
        self._architecture = architecture
        self._interpreter = interpreter

    def build_dependencies(  # the seed document's signature, to the letter
        self,
        artifacts_dir_path: str | os.PathLike[str],
        requirements_path: str | os.PathLike[str],
        runtime: str,
        ui: UI | None = None,
        config: Config | None = None,
    ) -> None:
        """Build the dependencies of a requirements file into a folder, which may exist and hold code.

        All of them appear or none; files of anybody else stay as they are, and an older copy of a distribution is
        replaced. `runtime` is 'python3.13' or another of Lambda's. Requirements that ask for nothing change nothing.

        Raises:
            UnmetDependencies: a dependency has no file that loads on the target; `.missing` explains each.
            LambdaPackError: anything else that was refused; see `lambda_pack.errors`.
        """
        config = config or Config()
        request = PackRequest(
            Target.parse(runtime, self._architecture),
            (Path(requirements_path),),
            resolver=config.resolver,
            prefer=config.prefer,
            on_collision=config.on_collision,
            # How large a folder may become is for whoever packs it to know.
            allow_oversize=True,
            options={name: Given(values, "the config") for name, values in config.options.items()},
            config_settings=config.config_settings,
            building=config.building,
            cache=config.cache,
            use_cache=config.use_cache,
            interpreter=self._interpreter,
        )
        narrator = SilentNarrator() if ui is None else _ToUI(ui)
        report = merge_dependencies(request, Path(artifacts_dir_path), os.environ, narrator)  # noqa: TID251  # a front-end
        if report.unmet:
            error = _unmet(report)
            narrator.warn(str(error))
            raise error


class _ToUI(SilentNarrator):
    """A narrator for whoever brings the seed document's `ui`."""

    def __init__(self, ui: UI) -> None:
        self._ui = ui

    def step(self, number: int, sentence: str) -> None:
        self._ui.write(f"[{number}/9] {sentence}")

    def note(self, text: str) -> None:
        self._ui.write(text)

    def warn(self, text: str) -> None:
        self._ui.error(text)


def _unmet(report: Report) -> UnmetDependencies:
    return UnmetDependencies(render_text(report).rstrip(), missing=report.unmet)
