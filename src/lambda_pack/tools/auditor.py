"""The port `Auditor`: the binaries of wheels read and judged, what was found before taken from the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

import msgspec

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.model.decoding import from_json
from lambda_pack.model.findings import BundleAudit, WheelAudit
from lambda_pack.model.images import PackageType
from lambda_pack.model.packages import Wheel
from lambda_pack.model.product import VERSION
from lambda_pack.model.requirements import proofs_in
from lambda_pack.model.targets import Target
from lambda_pack.tools.network.cache import Cache

__all__ = ["WheelAuditor"]

_Value = TypeVar("_Value")

_KIND = "audits"
# Everything that decides what binaries say and what that means: the tables and the rules, and the readers of files.
_DECIDING = ("model", "files")


class WheelAuditor:
    """Reads each wheel once in its life, and judges each bundle once: both are remembered by digest.

    Wheels whose digest nobody has promised are read in every run, and bundles with binaries of the user's own, which
    nobody promises either, are judged in each.
    """

    def __init__(self, cache: Cache, wheels: OpenWheels, package_type: PackageType = PackageType.ZIP) -> None:
        """Judge bundles for functions of one package type: it says what lies below the bundle."""
        self._cache = cache
        self._package_type = package_type
        self._wheels = wheels
        self._read: dict[Wheel, list[BinaryFile]] = {}
        self._audited: dict[tuple[frozenset[Wheel], Target, Sequence[BinaryFile]], BundleAudit] = {}

    def audit(self, wheels: Mapping[Wheel, Path], target: Target, own: Sequence[BinaryFile] = ()) -> BundleAudit:
        """See `lambda_pack.ports.Auditor`."""
        asked = frozenset(wheels), target, tuple(own)
        if asked not in self._audited:
            ordered = dict(sorted(wheels.items(), key=lambda item: (item[0].filename, item[0].url)))
            self._audited[asked] = self._judged(ordered, target, own) if own else self._of_wheels(ordered, target)
        return self._audited[asked]

    def read_ahead(self, wheel: Wheel, path: Path) -> None:
        """Read a wheel that has arrived, in a thread that works ahead; what is wrong with it, `audit` will say."""
        digest = _digest(wheel)
        if digest is None or self._cache.entry(_KIND, _full(digest)) is None:
            with suppress(LambdaPackError):
                self._read[wheel] = self._of_wheel(wheel, path)

    def _of_wheels(self, wheels: Mapping[Wheel, Path], target: Target) -> BundleAudit:
        digests = [_digest(wheel) for wheel in wheels]

        def judge() -> list[WheelAudit]:
            return list(self._judged(wheels, target, ()).wheels.values())

        key = f"{target} {self._package_type.value} {' '.join(map(str, digests))}" if None not in digests else None
        audits = self._remembered(key, judge, list[WheelAudit], count=len(wheels))
        return BundleAudit(dict(zip(wheels, audits, strict=True)))

    def _judged(self, wheels: Mapping[Wheel, Path], target: Target, own: Sequence[BinaryFile]) -> BundleAudit:
        from lambda_pack.model.audit import judge_bundle

        files = {wheel: self._of_wheel(wheel, path) for wheel, path in wheels.items()}
        return judge_bundle(files, own, target, package_type=self._package_type)

    def _of_wheel(self, wheel: Wheel, path: Path) -> list[BinaryFile]:
        def read() -> list[BinaryFile]:
            from lambda_pack.files.binaries import judged_files
            from lambda_pack.files.folding import fold

            return list(judged_files(fold(self._wheels.open(path, wheel.pin))))

        if wheel in self._read:
            return self._read[wheel]
        return self._remembered(_digest(wheel), read, list[BinaryFile])

    def _remembered(
        self,
        key: str | None,
        find: Callable[[], list[_Value]],
        kind: type[list[_Value]],
        *,
        count: int | None = None,
    ) -> list[_Value]:
        """What was found before for the key, else what is found now; without a key nothing is remembered."""
        entry = self._cache.entry(_KIND, _full(key)) if key is not None else None
        if entry is not None:
            # What is damaged is found again, and written over.
            with suppress(msgspec.DecodeError):
                values = from_json(entry, kind)
                if count in {None, len(values)}:
                    return values
        found = find()
        if key is not None:
            self._cache.store(_KIND, _full(key), msgspec.json.encode(found))
        return found


def _full(key: str) -> str:
    return f"{_code_digest()} {key}"


@cache
def _code_digest() -> str:
    """Return the SHA-256 of the code that reads and judges binaries.

    A cache outlives the code that filled it: between two commits that users have pinned the version stays the same, and
    a verdict by older rules must not be taken for one by today's. Takes 5 ms.
    """
    digest = hashlib.sha256(VERSION.encode())
    package = Path(__file__).parents[1]
    for path in sorted(path for folder in _DECIDING for path in (package / folder).glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(wheel: Wheel) -> str | None:
    """The SHA-256 that was checked when the wheel was fetched; None where nobody had promised one, or several."""
    digests = [digest for algorithm, digest in proofs_in(wheel.hashes) if algorithm == "sha256"]
    return digests[0] if len(digests) == 1 else None
