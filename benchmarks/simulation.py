"""`benchmarks/simulate`: many functions, packed by several runners that share a wheelhouse in a local S3."""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from benchmarks.environments import CHECKOUT
from benchmarks.machine import describe
from benchmarks.processes import Step, output_of
from benchmarks.simulation_program import Orders, Outcome
from benchmarks.tables import render_pairs, render_table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Round", "render_rounds", "simulate"]

_TARGETS = (("python3.13", "x86_64"), ("python3.13", "arm64"))
# Packages on the index, those of each kind in a set of requirements, and how many different sets there are.
_WHEELS, _SDISTS, _OF_WHEELS, _OF_SDISTS, _SETS = 30, 8, 4, 2, 24
_OWNER, _REGION = "123456789012", "us-east-1"


class Set(Struct, frozen=True):
    """One set of requirements: its lock, and what of it has to be built."""

    lock: Path
    sdists: frozenset[str]


class Bucket(Struct, frozen=True):
    """A bucket of a local S3."""

    name: str
    endpoint: str
    client: S3Client

    @property
    def environment(self) -> Mapping[str, str]:
        """What its users see, and no more."""
        return {
            "PATH": os.environ["PATH"],  # noqa: TID251  # a front-end's part
            "PYTHONPATH": os.pathsep.join([str(CHECKOUT / "src"), str(CHECKOUT)]),
            "PIP_CONFIG_FILE": os.devnull,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def count(self) -> int:
        """How many objects are in it."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return sum(page["KeyCount"] for page in pages)


class Round(Struct, frozen=True):
    """All functions with one number of runners. `needed` are different builds, `alone` those without a wheelhouse."""

    runners: int
    packs: int
    needed: int
    alone: int
    builds: int
    objects: int
    wall: float
    work: float
    are_equal: bool


def simulate(arguments: Sequence[str] | None = None) -> int:
    """Run the simulation and write its table; 1 where two runners made different bytes of one function."""
    parser = argparse.ArgumentParser(prog="benchmarks/simulate", description=__doc__)
    parser.add_argument("--functions", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--runners", default="1,2,4,8", metavar="NUMBERS", help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "benchmarks" / "wheelhouse.md", metavar="FILE")
    options = parser.parse_args(arguments)
    about = describe()
    rounds = []
    with tempfile.TemporaryDirectory(prefix="lambda-pack-simulation-") as name:
        for runners in map(int, options.runners.split(",")):
            folder = Path(name, f"{runners}-runners")
            rounds.append(_round(folder, functions=options.functions, runners=runners))
            sys.stderr.write(f"{runners} runners: {rounds[-1].wall:.0f} s, {rounds[-1].builds} builds\n")
    text = render_rounds(rounds, options.functions, about)
    options.output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0 if all(one.are_equal for one in rounds) else 1


def render_rounds(rounds: Sequence[Round], functions: int, about: Sequence[tuple[str, str]]) -> str:
    """The figures as Markdown."""
    head = [
        "runners",
        "packs",
        "different builds needed",
        "built",
        "of these twice, by a race",
        "would be built without a wheelhouse",
        "objects in the bucket",
        "wall time",
        "processor time",
    ]
    rows = [
        [
            str(one.runners),
            str(one.packs),
            str(one.needed),
            str(one.builds),
            str(one.builds - one.needed),
            str(one.alone),
            str(one.objects),
            f"{one.wall:.0f} s",
            f"{one.work:.0f} s",
        ]
        for one in rounds
    ]
    equal = "the same bytes" if all(one.are_equal for one in rounds) else "**different bytes**"
    what = (
        f"{functions} functions for {len(_TARGETS)} architectures, packed by `benchmarks/simulate`. Each runner is a "
        "process with an empty cache of its own, which packs its share in-process through the library, from locks. A "
        f"function has one of {_SETS} sets of requirements, each of {_OF_WHEELS} of {_WHEELS} wheels and {_OF_SDISTS} "
        f"of {_SDISTS} small source distributions, on an index on loopback. The S3 is moto's. Every round begins with "
        "an empty bucket."
    )
    caveat = (
        f"All runners made {equal} of functions with the same requirements. Runners, index and S3 share the cores of "
        "one machine, so wall time does not fall any more once there are as many runners as cores. All begin at the "
        "same moment with an empty bucket, the worst case: who finds a claim waits for the wheel of who made it. Three "
        "objects are left of each build: its claim, its wheel and its record."
    )
    title = "# A shared wheelhouse, simulated"
    return "\n\n".join([title, what, render_table(head, rows), caveat, render_pairs(about), ""]).rstrip("\n") + "\n"


def _round(folder: Path, *, functions: int, runners: int) -> Round:
    from tests.support.index import LoopbackIndex
    from tests.support.packages import build_events

    events = folder / "events"
    with LoopbackIndex(folder / "index") as index, _bucket(f"wheels-{runners}") as bucket:
        sets = _sets(folder, index.folder, index.files_url, events)
        drawn = random.Random(1).choices(sets, k=functions)  # noqa: S311  # the same in each round
        shares = [drawn[number::runners] for number in range(runners)]
        steps = [
            _step(folder / f"runner-{number}", share, index=index.url, bucket=bucket.name)
            for number, share in enumerate(shares)
        ]
        began = time.perf_counter()
        with ThreadPoolExecutor(runners) as pool:
            texts = list(pool.map(lambda step: output_of(step, bucket.environment), steps))
        wall = time.perf_counter() - began
        outcomes = [msgspec.json.decode(text, type=Outcome) for text in texts]
        objects = bucket.count()
    digests = {(name, digest) for outcome in outcomes for name, digest in outcome.digests.items()}
    return Round(
        runners,
        packs=sum(outcome.packs for outcome in outcomes),
        needed=_different(drawn),
        alone=sum(map(_different, shares)),
        builds=[event.hook for event in build_events(events)].count("wheel"),
        objects=objects,
        wall=wall,
        work=sum(outcome.work for outcome in outcomes),
        are_equal=len(digests) == len({name for name, _ in digests}),
    )


def _different(sets: Sequence[Set]) -> int:
    return len(frozenset().union(*(one.sdists for one in sets))) * len(_TARGETS)


def _step(folder: Path, share: Sequence[Set], *, index: str, bucket: str) -> Step:
    folder.mkdir()
    locks = tuple(str(one.lock) for one in share)
    orders = Orders(str(folder), locks, _TARGETS, index, f"s3://{bucket}/simulated", _OWNER)
    program = (sys.executable, "-m", "benchmarks.simulation_program", msgspec.json.encode(orders).decode())
    return Step(program, folder)


@contextmanager
def _bucket(name: str) -> Iterator[Bucket]:
    """An empty bucket of a local S3."""
    from boto3.session import Session
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        session = Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=_REGION)  # noqa: S106  # loopback takes any
        client = session.client("s3", endpoint_url=endpoint)
        client.create_bucket(Bucket=name)
        yield Bucket(name, endpoint, client)
    finally:
        server.stop()


def _sets(folder: Path, index: Path, url: str, events: Path) -> list[Set]:
    """The packages of the index, and locks of some of them."""
    from tests.support.packages import make_sdist, make_wheel

    index.mkdir(parents=True, exist_ok=True)
    wheels = [
        make_wheel(index, f"ready{number}-1.0-py3-none-any.whl", files={f"ready{number}.py": "x = 1\n" * 1000})
        for number in range(_WHEELS)
    ]
    sdists = [make_sdist(index, f"raw{number}", "1.0", report_to=events) for number in range(_SDISTS)]
    draw, sets = random.Random(2), []  # noqa: S311  # the same in each round
    for number in range(_SETS):
        chosen = draw.sample(sdists, _OF_SDISTS)
        lines = ['lock-version = "1.0"', 'created-by = "benchmarks/simulate"']
        for file in (*draw.sample(wheels, _OF_WHEELS), *chosen):
            lines += _locked(file, url)
        lock = folder / f"pylock.set{number}.toml"
        lock.write_text("\n".join(lines) + "\n", encoding="utf-8")
        sets.append(Set(lock, frozenset(path.name for path in chosen)))
    return sets


def _locked(file: Path, url: str) -> list[str]:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    table = "[[packages.wheels]]" if file.suffix == ".whl" else "[packages.sdist]"
    lines = ["[[packages]]", f'name = "{file.name.split("-")[0]}"', 'version = "1.0"', table]
    return [*lines, f'name = "{file.name}"', f'url = "{url}{file.name}"', f'hashes = {{sha256 = "{digest}"}}']
