"""What an audit found, as it lies in the cache: JSON rows with the fields in the order of their classes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import astuple
from enum import Enum
from typing import Any

from lambda_pack.model.binaries import Binary, BinaryFile, Damaged, ElfFacts, ElfKind, Foreign, Level, SymbolVersion
from lambda_pack.model.findings import Concern, Finding, Severity, WheelAudit

__all__ = ["DamagedEntry", "read_audits", "read_binaries", "written_audits", "written_binaries"]


class DamagedEntry(ValueError):  # noqa: N818  # see errors.UnmetDependencies
    """It is none of ours, or was cut short."""


def written_binaries(files: Iterable[BinaryFile]) -> bytes:
    """The entry of a wheel."""
    return _written([(file.path, type(file.binary).__name__, *astuple(file.binary)) for file in files])


def written_audits(audits: Iterable[WheelAudit]) -> bytes:
    """The entry of a bundle: one audit for each of its wheels, in an order that the caller knows."""
    return _written([astuple(audit) for audit in audits])


def read_binaries(entry: bytes) -> list[BinaryFile]:
    """What `written_binaries` was given; `DamagedEntry` where that cannot be told."""
    try:
        return [BinaryFile(path, _BINARIES[kind](*fields)) for path, kind, *fields in _rows(entry)]
    except (ValueError, TypeError, LookupError) as error:
        raise DamagedEntry(str(error)) from error


def read_audits(entry: bytes, count: int) -> list[WheelAudit]:
    """What `written_audits` was given for `count` wheels; `DamagedEntry` where that cannot be told."""
    try:
        audits = [
            WheelAudit(binaries, None if glibc is None else tuple(glibc), tuple(_finding(*row) for row in findings))
            for binaries, glibc, findings in _rows(entry)
        ]
    except (ValueError, TypeError, LookupError) as error:
        raise DamagedEntry(str(error)) from error
    if len(audits) != count:
        raise DamagedEntry(f"{len(audits)} audits of {count} wheels")
    return audits


def _rows(entry: bytes) -> list[Any]:
    rows = json.loads(entry)
    if not isinstance(rows, list):
        raise DamagedEntry("no list")
    return rows


def _written(rows: list[Any]) -> bytes:
    return json.dumps(rows, separators=(",", ":"), default=_value).encode()


def _value(member: Enum) -> object:
    return member.value


def _elf(machine: str, bits: int, kind: str, soname: str | None, *rest: Any) -> ElfFacts:  # noqa: ANN401  # JSON
    needed, versions, provided, runpath, rpath, interpreter, is_module = rest
    return ElfFacts(
        machine,
        bits,
        ElfKind(kind),
        soname,
        needed=tuple(needed),
        versions=_versions(versions),
        provided=_versions(provided),
        runpath=tuple(runpath),
        rpath=tuple(rpath),
        interpreter=interpreter,
        is_module=is_module,
    )


_BINARIES: dict[str, Callable[..., Binary]] = {"ElfFacts": _elf, "Foreign": Foreign, "Damaged": Damaged}


def _versions(rows: list[tuple[str, str, list[int]]]) -> tuple[SymbolVersion, ...]:
    return tuple(SymbolVersion(library, namespace, _level(level)) for library, namespace, level in rows)


def _level(numbers: list[int]) -> Level:
    return tuple(numbers)


def _finding(path: str, concern: str, severity: str, *rest: Any) -> Finding:  # noqa: ANN401  # JSON
    return Finding(path, Concern(concern), Severity(severity), *rest)
