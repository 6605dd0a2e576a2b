"""One runner: packs its functions one after the other in this process, with a cache of its own.

Reads its orders as JSON on the command line, and prints what came of them as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from lambda_pack import PackRequest, Target, pack
from lambda_pack.model.building import Building
from lambda_pack.model.choices import BuilderName, WheelhouseMode
from lambda_pack.model.given import Given
from lambda_pack.model.shared_wheelhouse import SharedWheelhouse

__all__ = ["Orders", "Outcome"]


class Orders(Struct, frozen=True):
    """What a runner does: `functions` are locks, each packed for every one of `targets`."""

    folder: str
    functions: tuple[str, ...]
    targets: tuple[tuple[str, str], ...]
    index: str
    wheelhouse: str
    owner: str


class Outcome(Struct, frozen=True):
    """What it came to. `seconds` is of the packs, `work` is processor time with all programs that were started."""

    packs: int
    seconds: float
    work: float
    digests: dict[str, str]


def main(text: str) -> Outcome:
    """Pack everything."""
    orders = msgspec.json.decode(text, type=Orders)
    folder = Path(orders.folder)
    house = SharedWheelhouse.parse(orders.wheelhouse, orders.owner, mode=WheelhouseMode.READ_WRITE)
    building = Building(builder=BuilderName.HOST, wheelhouse=house)
    digests: dict[str, str] = {}
    began = time.perf_counter()
    for lock in orders.functions:
        for runtime, architecture in orders.targets:
            request = PackRequest(
                Target.parse(runtime, architecture),
                (Path(lock),),
                name="function",
                output=folder / "dist",
                options={"index-url": Given((orders.index,), "the simulation")},
                building=building,
                cache=folder / "cache",
            )
            archive = pack(request).archive
            if archive is None or archive.sha256 is None:
                raise AssertionError("a pack without a zip")
            digests[f"{Path(lock).name} {architecture}"] = archive.sha256
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    work = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return Outcome(len(orders.functions) * len(orders.targets), time.perf_counter() - began, work, digests)


if __name__ == "__main__":
    done = main(sys.argv[1])
    print(json.dumps({name: getattr(done, name) for name in Outcome.__struct_fields__}))  # noqa: T201  # its answer
