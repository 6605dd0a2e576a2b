"""Wheels that were built before, remembered under everything that they depend on."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.model.building import Build, BuildLimits
from lambda_pack.model.choices import BuilderName, BuildNetwork
from lambda_pack.model.decoding import from_plain
from lambda_pack.model.packages import Checkout, Sdist, Source, Wheel
from lambda_pack.model.stock import Accepted
from lambda_pack.model.urls import path_of, without_credentials
from lambda_pack.model.verdicts import Fits, judge
from lambda_pack.tools.building.jobs import BuildSettings, Job
from lambda_pack.tools.building.shared_memory import SharedMemory
from lambda_pack.tools.environment import building_variables
from lambda_pack.tools.network.cache import Cache

__all__ = ["BuiltWheels", "Memories"]

_KIND = "built"
# Another one for whatever older entries could be taken for.
_FORMAT = 1


class Memories(Struct, frozen=True):
    """Where built wheels are kept: in this machine's cache, and where others find them as well."""

    cache: Cache
    shared: SharedMemory | None = None


class BuiltWheels(Struct, frozen=True):
    """What the cache knows. Only what cannot change is remembered: an sdist by its digest, a commit; never a folder."""

    cache: Cache
    settings: BuildSettings
    environ: Mapping[str, str]

    def key(self, job: Job, builder: BuilderName, archive: Path | None, *, image: str | None = None) -> str | None:
        """All that a build depends on, as a text; None where it is not remembered. `archive` is the sdist's file.

        `image` is the digest of the image that a container is of, for those who may mean another one by its name.
        A build without isolation depends on what is installed, which nobody knows here.
        """
        source, name = _identity(job.source, archive), job.source.pin.name
        if source is None or not self.settings.building.isolates(name):
            return None
        known = {
            "format": _FORMAT,
            "source": source,
            "target": str(job.target),
            # Step 5 must not be answered with what step 4 made.
            "step": job.step,
            "builder": builder.value,
            "config": self.settings.config_for(name),
            "constraints": [str(line) for line in self.settings.constraints],
            "place": self._place(builder, image),
            # What builds require may be another package with other indexes.
            **({"indexes": self.settings.origin} if self.settings.origin else {}),
        }
        if cooldown := self.settings.indexes.cooldown.rule:
            # A build without the cooldown, or with another, may have used what is too new now.
            known["cooldown"] = cooldown
        if job.limits:
            # Absent where there are none: what was built before there were limits is found again.
            before = job.limits.before
            known["limits"] = {"before": before and before.isoformat(), "constraints": job.limits.constraints}
        return json.dumps(known, sort_keys=True)

    def recall(self, job: Job, key: str) -> Accepted | None:
        """The wheel that was built for this key, if it is still here and whole."""
        record = self._record(key)
        if record is None:
            return None
        path = self._own_copy(record["sha256"], record["filename"], job.folder)
        if path is None:
            return None
        wheel = Wheel.parse(path.as_uri(), hashes=(("sha256", record["sha256"]),))
        match judge(wheel, job.target):
            case Fits(rank):
                build = replace(from_plain(record["build"], Build), is_cached=True)
                return Accepted(job.source.pin, wheel, Fits(rank, record["evidence"]), build)
            case _:
                return None

    def _own_copy(self, digest: str, filename: str, folder: Path) -> Path | None:
        """Return a copy of a wheel in the job's folder: what was hashed is used, whatever happens to the cache."""
        path = self.cache.get("sha256", digest, filename)
        try:
            content = path.read_bytes() if path is not None else b""
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != digest:
            return None
        copy = Path(tempfile.mkdtemp(dir=folder, prefix="recalled-")) / filename
        copy.write_bytes(content)
        return copy

    def remember(self, accepted: Accepted, key: str) -> Accepted:
        """Keep what was just built; where the same was built before, it says whether the bytes are the same."""
        build, earlier = accepted.build, self._record(key)
        if build is not None and earlier is not None:
            is_same = earlier["sha256"] == dict(accepted.wheel.hashes)["sha256"]
            accepted = replace(accepted, build=replace(build, is_reproducible=is_same))
        self.keep(accepted, key)
        return accepted

    def limits(self, key: str) -> BuildLimits | None:
        """The limits with which a source was built that does not build without; `key` is the one without them."""
        content = self.cache.entry(_KIND, f"limits {key}")
        try:
            return from_plain(json.loads(content), BuildLimits) if content else None
        except (ValueError, msgspec.ValidationError):
            return None

    def keep_limits(self, limits: BuildLimits, key: str) -> None:
        """Keep them, so that the next run need not fail first."""
        self.cache.store(_KIND, f"limits {key}", msgspec.json.encode(limits))

    def keep(self, accepted: Accepted, key: str) -> None:
        """Keep it, whoever built it."""
        digest, build = dict(accepted.wheel.hashes)["sha256"], accepted.build
        record = {
            "filename": accepted.wheel.filename,
            "sha256": digest,
            "evidence": accepted.verdict.evidence,
            "build": None if build is None else msgspec.to_builtins(build),
        }
        with self.cache.partial() as partial:
            shutil.copyfile(path_of(accepted.wheel.url), partial)
            self.cache.put(partial, "sha256", digest, accepted.wheel.filename)
        self.cache.store(_KIND, key, json.dumps(record).encode())

    def _record(self, key: str) -> dict[str, Any] | None:
        content = self.cache.entry(_KIND, key)
        try:
            record: dict[str, Any] | None = json.loads(content) if content else None
        except ValueError:
            return None
        return record

    def _place(self, builder: BuilderName, image: str | None) -> dict[str, Any]:
        """What the machine or the container brings to a build."""
        building, host = self.settings.building, self.settings.host
        if builder is BuilderName.CONTAINER:
            return {
                "image": image or building.image or "",
                "before": building.before,
                "network": building.network is BuildNetwork.DEFAULT,
            }
        return {
            "host": [host.system, host.machine, host.glibc],
            "interpreter": str(self.settings.interpreter or ""),
            "variables": building_variables(self.environ),
        }


def _identity(source: Source, archive: Path | None) -> list[str] | None:
    match source:
        case Sdist() if archive is not None:
            return ["sdist", hashlib.sha256(archive.read_bytes()).hexdigest(), source.subdirectory or ""]
        case Checkout() if source.is_fixed:
            # A branch or a tag may move.
            return ["commit", without_credentials(source.url), source.commit, source.subdirectory or ""]
        case _:
            return None
