"""What is noted while a pack is made, so that its recipe can be kept; see `lambda_pack.commands.recipes`."""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lambda_pack.commands.recipes import FORCE, KIND, SCRATCH, Recipe, cache_named, recipe_key, today
from lambda_pack.commands.repeat import default_cache
from lambda_pack.commands.secret import make_secret
from lambda_pack.files.segments import segments_of
from lambda_pack.looks import begin_watching, end_watching, seen
from lambda_pack.model.choices import Layout
from lambda_pack.model.urls import may_hold_secret

if TYPE_CHECKING:
    from lambda_pack.commands.orders import Order
    from lambda_pack.commands.wiring import Workshop
    from lambda_pack.files.bundle import Bundle
    from lambda_pack.files.members import Mapped
    from lambda_pack.files.segments import Segments
    from lambda_pack.model.report import Report
    from lambda_pack.model.request import PackRequest
    from lambda_pack.tools.uv_question import Question

__all__ = ["RecipeNotes"]

_LAYOUTS = frozenset({Layout.FUNCTION, Layout.LAYER})
_DAY = 86_400  # seconds


class RecipeNotes:
    """Made before any input is read; whoever packs tells it what it does, and whoever reports has it kept.

    Only packs that follow from nothing but their inputs, from wheels, and from one answer of uv's have a recipe.
    """

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        """`words` and `environ` are what the process was given."""
        self._words, self._environ, self._day = words, environ, today()
        named = cache_named(words) or default_cache(environ)
        self._cache = Path(named) if named else None
        self._segments: Segments | None = None
        self._wheels: tuple[tuple[str, int], ...] = ()
        self._question: tuple[Question, bytes] | None = None
        self._has_asked_an_index = False
        self._order: Order | None = None
        self._lock: str | None = None
        begin_watching()

    def written(self, bundle: Bundle, archive: Path) -> None:
        """An archive was written; its wheels are open."""
        with suppress(OSError, ValueError, struct.error):
            found = segments_of(bundle, archive)
            if found is not None and self._cache is not None:
                self._segments, wheels = found
                self._wheels = tuple(_wheel(wheel, self._cache.absolute()) for wheel in wheels)

    def decided(self, order: Order, workshop: Workshop, lock: str | None) -> None:
        """The order is carried out; `lock` is what is written beside the archive."""
        self._order, self._lock = order, lock
        self._question, self._has_asked_an_index = _asked(order, workshop), workshop.has_asked_an_index

    def keep(self, report: Report, *, summary: tuple[str, str], unchanged: str, warnings: str) -> None:
        """Keep the recipe, where there can be one; see `Recipe` for the texts. What goes wrong costs only time."""
        looks = end_watching()
        order, segments, archive = self._order, self._segments, report.archive
        if looks is None or order is None or segments is None or archive is None or archive.sha256 is None:
            return
        if self._lock is None or self._has_asked_an_index or not self._is_kept_for(order, report):
            return
        from lambda_pack.model.report_json import report_json

        question, answer = self._question or (None, b"")
        recipe = Recipe(
            day=self._day,
            output=str(order.request.output.absolute()),
            stem=f"{order.name}-{order.request.target}",
            archive=archive.path.name,
            sha256=archive.sha256,
            report=report_json(replace(report, timings=())),
            lock=self._lock,
            before=summary[0],
            after=summary[1],
            unchanged=unchanged,
            warnings=warnings,
            looks=looks,
            wheels=self._wheels,
            segments=segments.encoded(),
            question=_in_any_folder(question),
            answer=hashlib.sha256(answer).hexdigest() if question is not None else "",
        )
        with suppress(OSError, ValueError):
            self._store(recipe)

    def close(self) -> None:
        """Whatever came of the pack: nothing that is read from now on belongs to it."""
        end_watching()

    def _is_kept_for(self, order: Order, report: Report) -> bool:
        """Whether the next one would find it, and nothing came into it that could have come out differently."""
        request = order.request
        is_forced = request.force and FORCE not in self._words
        is_found = request.use_cache and (request.cache is None or request.cache == self._cache)
        is_locked = order.lock is not None and all(one.package.directory is None for one in order.lock.packages)
        is_answered = is_locked if order.lock is not None else self._question is not None
        return is_found and not is_forced and is_answered and _is_plain(request) and _is_whole(report)

    def _store(self, recipe: Recipe) -> None:
        from lambda_pack.tools.network.cache import Cache

        secret = make_secret(self._environ)
        if secret is None or self._cache is None:
            return
        # Those of another day hold no more.
        for old in (self._cache / KIND).glob("*/*"):
            if old.stat().st_mtime < time.time() - _DAY:
                old.unlink(missing_ok=True)
        with Cache(self._cache) as cache:
            cache.store(KIND, recipe_key(self._words, self._environ), recipe.sealed(secret))


def _asked(order: Order, workshop: Workshop) -> tuple[Question, bytes] | None:
    """The one question that uv was asked, and the lock that it wrote; None where there was none, or another one.

    None, too, where it may hold a secret, or needs the user's keys.
    """
    begun = workshop.begun
    if begun is None or begun.first is None or order.requirements.config_settings:
        return None
    given = (*begun.first.command, *begun.first.files.values(), *begun.first.variables.values())
    if any(workshop.mask(text) != text or may_hold_secret(text) or "git+ssh" in text for text in given):
        return None
    return begun.first, begun.answer


def _wheel(wheel: Mapped, cache: Path) -> tuple[str, int]:
    """Path and size; where it is the user's own, what is in it counts, too: in the cache its name says that."""
    path = wheel.path.absolute()
    return str(path if path.is_relative_to(cache) else seen(path)), len(wheel.view)


def _in_any_folder(question: Question | None) -> Question | None:
    if question is None:
        return None
    lock = question.command[question.command.index("--output-file") + 1]
    return question.moved(str(Path(lock).parent), SCRATCH)


def _is_plain(request: PackRequest) -> bool:
    return not (
        request.layout not in _LAYOUTS
        or request.is_folder
        or request.layering is not None
        or request.projects
        or request.slimming.refines
        or request.profile is not None
        or request.building.wheelhouse is not None
    )


def _is_whole(report: Report) -> bool:
    """Whether it was packed now, everything that it needs, and nothing built for it."""
    return not (
        report.is_unchanged
        or report.unmet
        or report.attempts
        or any(package.source is not None or package.build is not None for package in report.packages)
    )
