"""What is noted while a pack is made, so that its recipe can be kept; see `lambda_pack.commands.recipes`."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lambda_pack.commands.recipes import KIND, SCRATCH, Question, Recipe, cache_named, recipe_key, today
from lambda_pack.commands.repeat import default_cache
from lambda_pack.files.segments import segments_of
from lambda_pack.looks import begin_watching, end_watching
from lambda_pack.model.choices import Layout

if TYPE_CHECKING:
    from lambda_pack.commands.orders import Order
    from lambda_pack.commands.wiring import Workshop
    from lambda_pack.files.bundle import Bundle
    from lambda_pack.files.members import Mapped
    from lambda_pack.files.segments import Segments
    from lambda_pack.model.report import Report
    from lambda_pack.tools.uv_resolver import Asked

__all__ = ["RecipeNotes"]

_LAYOUTS = frozenset({Layout.FUNCTION, Layout.LAYER})


class RecipeNotes:
    """Made before any input is read; whoever packs tells it what it does, and whoever reports has it kept.

    Only packs that follow from nothing but their inputs, from wheels, and from one answer of uv's have a recipe.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        """`words` and `environ` are what the process was told."""
        self._words, self._environ, self._day = words, environ, today()
        self._segments: Segments | None = None
        self._wheels: tuple[tuple[str, int], ...] = ()
        self._question: tuple[Asked, bytes] | None = None
        self._order: Order | None = None
        self._lock: str | None = None
        begin_watching()

    def written(self, bundle: Bundle, archive: Path) -> None:
        """An archive was written; its wheels are open."""
        found = segments_of(bundle, archive)
        if found is not None:
            self._segments, wheels = found
            self._wheels = tuple(_of(wheel) for wheel in wheels)

    def decided(self, order: Order, workshop: Workshop, lock: str | None) -> None:
        """The order is carried out; `lock` is what is written beside the archive."""
        self._order, self._question, self._lock = order, workshop.answered(), lock

    def keep(self, report: Report, *, told: tuple[str, str], told_again: str, warned: str) -> None:
        """Keep the recipe, where there can be one; see `Recipe` for what is told. What goes wrong costs only time."""
        looks = end_watching()
        order, segments, archive = self._order, self._segments, report.archive
        if looks is None or order is None or segments is None or archive is None or archive.sha256 is None:
            return
        if self._lock is None or not _is_plain(order, report) or (order.lock is None and self._question is None):
            return
        from lambda_pack.model.report_json import report_json
        from lambda_pack.tools.network.cache import Cache

        recipe = Recipe()
        recipe.day, recipe.looks, recipe.wheels, recipe.segments = self._day, looks, self._wheels, segments.encoded()
        recipe.output, recipe.archive = str(order.request.output.absolute()), archive.path.name
        recipe.stem, recipe.sha256 = f"{order.name}-{order.request.target}", archive.sha256
        recipe.report, recipe.lock = report_json(replace(report, timings=())), self._lock
        recipe.told, recipe.told_again, recipe.warned = told, told_again, warned
        recipe.question = None if self._question is None else _question(*self._question)
        folder = cache_named(self._words) or default_cache(self._environ)
        with suppress(OSError, ValueError, struct.error), Cache(Path(folder) if folder else None) as cache:
            cache.store(KIND, recipe_key(self._words, self._environ), recipe.encoded())


def _of(wheel: Mapped) -> tuple[str, int]:
    return str(wheel.path.absolute()), len(wheel.view)


def _question(asked: Asked, answer: bytes) -> Question:
    scratch = str(Path(asked.command[asked.command.index("--output-file") + 1]).parent)
    return Question(
        [word.replace(scratch, SCRATCH) for word in asked.command],
        asked.files,
        {name: text.replace(scratch, SCRATCH) for name, text in asked.settings.items()},
        hashlib.sha256(answer).hexdigest(),
    )


def _is_plain(order: Order, report: Report) -> bool:
    """Whether nothing came into it that could have come out differently, and nothing is done with it afterwards."""
    request = order.request
    return not (
        request.layout not in _LAYOUTS
        or request.is_folder
        or request.layering is not None
        or request.projects
        or request.slimming.refines
        or request.profile is not None
        or not request.use_cache
        or request.building.wheelhouse is not None
        or order.installation is not None
        or (order.lock is not None and any(one.package.directory is not None for one in order.lock.packages))
        or report.is_unchanged
        or report.unmet
        or report.attempts
        or any(package.source is not None or package.build is not None for package in report.packages)
    )
