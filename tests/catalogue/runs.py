"""Packs and loads one cell of the catalogue, with the commands that users have."""

from __future__ import annotations

import json
import os
import platform
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from subprocess import TimeoutExpired  # noqa: TID251  # what the tests' seam raises; nothing is started here
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from lambda_pack.model.limits import UNZIPPED_LIMIT
from tests.catalogue.table import Cell, Failure, Load, Need, Row, Verdict
from tests.end_to_end.command import COMMAND
from tests.support.processes import run

__all__ = ["NotRunError", "Place", "make_room", "run_cell", "settings_of"]

_PACKED, _UNMET = 0, 3
# In seconds: tensorflow is a download of 300 MB; an emulated import is slow.
_TIMEOUT = 1800.0
# pip's and uv's settings of this machine would change what a package comes to; these only lead to the index.
_WAY_TO_THE_INDEX = re.compile(r"PIP_(CERT|PROXY|INDEX_URL|DEFAULT_TIMEOUT)|UV_(INDEX_URL|DEFAULT_INDEX)")


class NotRunError(Exception):
    """A cell that came to no verdict: the network failed, or a command ended in a way that users shall not see."""


class Place(Struct, frozen=True):
    """Where cells run: the folder of downloads and sysroots, and the variables that the commands see."""

    cache: Path
    variables: Mapping[str, str]


def settings_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of this machine without settings that would change what becomes of a package."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PIP_", "UV_", "OPENBLAS_")) or _WAY_TO_THE_INDEX.fullmatch(name)
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def run_cell(cell: Cell, place: Place) -> Row:
    """Return what becomes of a cell.

    Raises:
        NotRunError: there is no verdict.
    """
    with tempfile.TemporaryDirectory(prefix="catalogue-") as scratch:
        folder = Path(scratch)
        (folder / "requirements.txt").write_text(f"{cell.package.requirement or cell.package.name}\n", "utf-8")
        report, reason = _pack(cell, place, folder)
        row = _row(cell, report, reason)
        if row.verdict != "refused":
            return replace(row, load=_load(cell, place, folder, report))
        if not any(file["reason"] == "contents" for one in report.get("unmet", ()) for file in one["files"]):
            return row
        # Whether the audit is right is asked of a loader, too.
        report, reason = _pack(cell, place, folder, "--audit", "off")
        if reason is None and (load := _load(cell, place, folder, report)) is not None:
            return replace(row, load=replace(load, unaudited=True))
        return row


def make_room(place: Place, size: str) -> None:
    """Remove the downloads used longest ago until the cache is no larger than `size` ('20G')."""
    command = (*COMMAND, "cache", "prune", "--max-size", size, "--cache-dir", place.cache)
    run(command, place.variables, folder=place.cache, timeout=_TIMEOUT)


def _pack(cell: Cell, place: Place, folder: Path, *options: str) -> tuple[Mapping[str, Any], str | None]:
    """Return the report, and why nothing was packed; the report is empty where there is none."""
    target = ("--runtime", cell.runtime, "--architecture", cell.architecture)
    trust = () if cell.package.build else ("--no-build",)
    # What is too large for a zip is for an image: whether it loads is of interest.
    options = (
        "-r",
        "requirements.txt",
        "-o",
        "out",
        "--allow-oversize",
        *target,
        *trust,
        *cell.package.options,
        *options,
    )
    code, report = _command("pack", *options, place=place, folder=folder)
    if code not in (_PACKED, _UNMET):
        raise NotRunError(f"pack: exit code {code}: {report['error']['message']}")
    if code == _PACKED:
        return report, None
    if "error" in report:
        return {}, " ".join(report["error"]["message"].split())
    reasons = (f"{one['name']} {one['version'] or ''}".strip() + f": {one['reason']}" for one in report["unmet"])
    return report, "; ".join(reasons)


def _row(cell: Cell, report: Mapping[str, Any], reason: str | None) -> Row:
    """Return the row without what a loader says."""
    held_back = {one["name"]: one for one in report.get("held_back", ())}
    own = held_back.pop(cell.package.name, None) if reason is None else None
    seen = [*report.get("packages", ()), *report.get("unmet", ())]
    archive = report.get("archive") or {}
    findings = [(package["name"], finding) for package in report.get("packages", ()) for finding in package["findings"]]
    return Row(
        package=cell.package.name,
        runtime=cell.runtime,
        architecture=cell.architecture,
        date=datetime.now(UTC).date().isoformat(),
        verdict=_verdict(archive.get("unzipped_size"), is_held_back=own is not None),
        version=next((one["version"] for one in seen if one["name"] == cell.package.name), None),
        newest=own["newest"] if own else None,
        reason=reason or (own["why"] if own else None),
        zipped=archive.get("size"),
        unzipped=archive.get("unzipped_size"),
        behind=tuple(sorted(f"{one['name']} {one['chosen']} for {one['newest']}" for one in held_back.values())),
        needs=tuple(
            Need(package, f"{finding['file']} {finding['what']}: {finding['why']}", finding["library"])
            for package, finding in findings
        ),
    )


def _verdict(unzipped: int | None, *, is_held_back: bool) -> Verdict:
    """Return the verdict on a bundle of so many bytes; None where there is none."""
    if unzipped is None:
        return "refused"
    if unzipped > UNZIPPED_LIMIT:
        return "too large"
    return "held back" if is_held_back else "packed"


def _load(cell: Cell, place: Place, folder: Path, report: Mapping[str, Any]) -> Load | None:
    """Return what importing the bundle says; None where this machine does not load cells of this kind."""
    if cell.architecture != platform.machine() and not cell.package.sample:
        return None
    archive = folder / report["archive"]["path"]
    submodules = ("--submodules",) if cell.package.submodules else ()
    code, document = _command("verify", str(archive), *submodules, place=place, folder=folder)
    if "error" in document:
        if "nothing here can load a bundle" in document["error"]["message"]:
            return None
        raise NotRunError(f"verify: exit code {code}: {document['error']['message']}")
    kinds = [one["outcome"] for one in document["outcomes"]]
    return Load(
        place=_place(document["loader"], place, cell),
        submodules=cell.package.submodules,
        modules=kinds.count("loaded"),
        skipped=kinds.count("skipped"),
        failed=tuple(_failure(one) for one in document["outcomes"] if one["outcome"] == "failed"),
    )


def _place(loader: str, place: Place, cell: Cell) -> str:
    """Return where a bundle was loaded, without the paths of this machine."""
    if "in a clean root of" not in loader:
        return "this machine's Python"
    release = place.cache / "sysroots" / f"{cell.runtime}-{cell.architecture}" / "etc" / "os-release"
    name = re.search(r'^PRETTY_NAME="(.+)"$', release.read_text("utf-8"), re.MULTILINE)
    emulated = ", emulated" if "emulated" in loader else ""
    return f"clean root of {name[1] if name else 'a sysroot'}{emulated}"


def _failure(outcome: Mapping[str, Any]) -> Failure:
    package = outcome["package"]
    # Addresses differ from run to run.
    error = re.sub(r"0x[0-9a-f]{6,}", "0x…", " ".join(outcome["error"].split()))
    return Failure(outcome["what"], error[:300], canonicalize_name(package.split()[0]) if package else None)


def _command(*words: str, place: Place, folder: Path) -> tuple[int, Mapping[str, Any]]:
    """Run a command of lambda-pack's and return its exit code, and the document that it printed."""
    command: tuple[str | Path, ...] = (*COMMAND, *words, "--cache-dir", place.cache, "--json", "--quiet")
    try:
        done = run(command, place.variables, folder=folder, timeout=_TIMEOUT)
    except TimeoutExpired:
        raise NotRunError(f"{words[0]}: took more than {_TIMEOUT:.0f} seconds") from None
    if not done.output:
        raise NotRunError(f"{words[0]}: exit code {done.exit_code}: {done.errors.strip()[-500:]}")
    return done.exit_code, json.loads(done.output)
