"""Nothing has changed since the last pack: its outputs are there, and its report is told again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import asdict, replace
from packaging.version import Version

from lambda_pack.commands.reports import seen_archive
from lambda_pack.model.decoding import from_json
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.product import VERSION
from lambda_pack.tools.network.cache import Cache, cache_folder_of
from lambda_pack.tools.network.digests import Promise
from lambda_pack.tools.requirements_text import build_constraints_text

if TYPE_CHECKING:
    from lambda_pack.commands.orders import Order
    from lambda_pack.model.report import Report

__all__ = ["inputs_digest", "recall", "remember"]

_KIND = "packs"
# What says where things are or how the pack is done, and not what it holds.
_BESIDE_THE_POINT = (
    "requirements",
    "sources",
    "options",
    "output",
    "cache",
    "use_cache",
    "interpreter",
    "force",
    "profile",
    "keeps_report",
)


def inputs_digest(order: Order) -> str | None:
    """The SHA-256 of all that the bundle follows from; None where something of it is only found out by packing.

    That is so without a lock, with folders or projects to build, with what is installed, and where the bundle is not
    one archive.

    Raises:
        UsageError: own code cannot be read.
    """
    request = order.request
    if (
        order.lock is None
        or order.installation
        or request.is_folder
        or request.layering
        or request.projects
        or not request.use_cache
    ):
        return None
    if order.installation is not None or any(locked.package.directory is not None for locked in order.lock.packages):
        return None
    said = {name: value for name, value in asdict(request).items() if name not in _BESIDE_THE_POINT}
    written = replace(order.requirements, folder=Path(), indexes=None, build_constraints=())  # logins are in indexes
    # What builds require may be another package with other indexes, or under another cooldown.
    indexes = order.requirements.indexes
    building = (indexes.origin, indexes.cooldown.rule, build_constraints_text(order.requirements))
    content = (VERSION, order.name, said, order.lock, written, building, tuple(_own_files(order)))
    return hashlib.sha256(msgspec.json.encode(content, enc_hook=_plain, order="deterministic")).hexdigest()


def _own_files(order: Order) -> Iterator[tuple[str, int, str]]:
    if not order.request.sources:
        return
    from lambda_pack.files.entries import chunks
    from lambda_pack.files.source import read_own

    for source in order.request.sources:
        for entry in read_own(source, order.request):
            digest = hashlib.sha256()
            for piece in chunks(entry):
                digest.update(piece)
            yield source.prefix + entry.path, entry.mode, digest.hexdigest()


def recall(order: Order, digest: str) -> Report | None:
    """The report of the pack whose outputs are still in their place, each as it was written."""
    stem = f"{order.name}-{order.request.target}"
    archive = order.request.output / f"{stem}{FORMS[order.request.layout].ending}"
    try:
        beside = msgspec.json.decode((order.request.output / f"{stem}.report.json").read_bytes())
        if beside["inputs_sha256"] != digest or not (order.request.output / f"{stem}.pylock.toml").is_file():
            return None
        with Cache(cache_folder_of(order.request)) as cache:
            entry = cache.entry(_KIND, digest)
        if entry is None:
            return None
        from lambda_pack.model.report import Report

        report = from_json(entry, Report, made=_made)
        facts = report.archive
        if facts is None or Promise("sha256", frozenset()).of_file(archive) != facts.sha256:
            return None
    except (OSError, LookupError, TypeError, msgspec.MsgspecError):
        # Something is not as a pack leaves it: another pack mends it.
        return None
    return replace(report, archive=seen_archive(replace(facts, path=archive), Path.cwd()), is_unchanged=True)


def remember(order: Order, report: Report) -> None:
    """Keep what `recall` tells; a report of unmet packages is none of that."""
    if report.inputs_sha256 is None or report.unmet or report.archive is None:
        return
    with Cache(cache_folder_of(order.request)) as cache:
        cache.store(_KIND, report.inputs_sha256, msgspec.json.encode(report, enc_hook=_plain))


def _plain(value: object) -> object:
    """What stands for a value in JSON."""
    match value:
        case Mapping():
            return dict(value)
        case _:
            return str(value)


def _made(kind: type[Any], text: Any) -> Any:  # noqa: ANN401  # as msgspec asks
    """The value that `_plain` stands for."""
    return Version(text) if kind is Version else Path(text)
