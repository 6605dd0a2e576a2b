"""A repository of many functions: how long its plan takes, and packing all of it, against one command for each."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from benchmarks.figures import Spread
from benchmarks.machine import describe
from benchmarks.processes import Step, output_of, timed
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel

__all__ = ["Repository", "make_repository", "measure", "render"]

FUNCTIONS, PACKAGES, SETS, PER_SET = 200, 30, 10, 6
_TARGET = ("--runtime", "python3.13", "--architecture", "arm64")
# Bytes of each package: neither empty nor all alike.
_SIZE = 200_000


class Repository(Struct, frozen=True):
    """A made repository: `distinct` counts the sets of requirements among its functions."""

    folder: Path
    functions: int
    distinct: int


class Row(Struct, frozen=True):
    """One thing that was measured, in seconds."""

    title: str
    spread: Spread


def make_repository(folder: Path, wheels: Path, *, functions: int = FUNCTIONS) -> Repository:
    """Functions of one file each, whose requirements are one of a few sets of made packages; committed to git."""
    for number in range(PACKAGES):
        text = "".join(f"value_{line} = {line * number}\n" for line in range(_SIZE // 20))
        make_wheel(wheels, f"package{number}-1.0-py3-none-any.whl", files={f"package{number}/__init__.py": text})
    lines = ["defaults: {runtime: python3.13, architecture: arm64}", "functions:"]
    for number in range(functions):
        place = folder / "functions" / f"f{number:03}"
        place.mkdir(parents=True)
        wanted = [(number % SETS) * 2 + step for step in range(PER_SET)]
        (place / "requirements.txt").write_text("".join(f"package{one % PACKAGES}\n" for one in wanted), "utf-8")
        (place / "app.py").write_text(f"def handler(event, context):\n    return {number}\n", "utf-8")
        where = f"functions/f{number:03}"
        lines.append(f"  f{number:03}: {{source: {where}, requirements: {where}/requirements.txt}}")
    (folder / "lambda-pack.yml").write_text("\n".join(lines) + "\n", "utf-8")
    git = ("git", "-c", "user.name=me", "-c", "user.email=me@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "begin")):
        output_of(Step((*git, *words), folder), os.environ)  # noqa: TID251  # git is where the machine has it
    return Repository(folder, functions, min(SETS, functions))


def measure(repository: Repository, index: LoopbackIndex, *, repeats: int) -> Iterator[Row]:
    """Every figure; whole processes, each with the caches that its title names."""
    scratch = repository.folder.parent / "caches"
    command = (sys.executable, "-m", "lambda_pack")
    packing = ("--index-url", index.url, "-q", "-o", str(repository.folder.parent / "out"))
    environment = _environment(scratch)

    def row(title: str, *commands: Sequence[str], cold: bool = False) -> Row:
        seconds = []
        for _ in range(repeats):
            if cold:
                shutil.rmtree(scratch, ignore_errors=True)
            seconds.append(timed([Step((*command, *words), repository.folder) for words in commands], environment))
        return Row(title, Spread.of(seconds))

    yield row("plan", ("plan",))
    yield row("plan --format github-matrix", ("plan", "--format", "github-matrix"))
    yield row("plan --changed-since HEAD", ("plan", "--changed-since", "HEAD"))
    yield row("pack --all, nothing in any cache", ("pack", "--all", *packing), cold=True)
    yield row("pack --all, all in the caches", ("pack", "--all", *packing))
    few = [f"functions/f{number:03}" for number in range(min(SETS, repository.functions))]
    singles = [("pack", "-r", f"{one}/requirements.txt", "--source", one, *_TARGET, *packing) for one in few]
    yield row(f"pack, {len(few)} times one function, all in the caches", *singles)


def render(repository: Repository, rows: Sequence[Row]) -> str:
    """A page of Markdown."""
    lines = [
        "# Many functions",
        "",
        f"{repository.functions} functions, {repository.distinct} sets of {PER_SET} made packages among them, from an",
        "index on loopback. Whole processes: median (fastest to slowest).",
        "",
        *(f"- {name}: {value}" for name, value in describe()),
        "",
        "| what | seconds |",
        "|---|---:|",
        *(
            f"| {row.title} | {row.spread.median:.2f} ({row.spread.least:.2f} to {row.spread.most:.2f}) |"
            for row in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print the page, and write it where that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--functions", type=int, default=FUNCTIONS)
    parser.add_argument("--output", type=Path)
    said = parser.parse_args()
    with TemporaryDirectory(prefix="lambda-pack-many-") as scratch, LoopbackIndex(Path(scratch, "index")) as index:
        repository = make_repository(Path(scratch, "repository"), index.folder, functions=said.functions)
        page = render(repository, list(measure(repository, index, repeats=said.repeats)))
    sys.stdout.write(page)
    if said.output:
        said.output.write_text(page, "utf-8")
    return 0


def _environment(caches: Path) -> Mapping[str, str]:
    """Nothing of the machine's settings: caches of this run's own, and no other index."""
    return {
        "PATH": os.environ["PATH"],  # noqa: TID251  # git is where the machine has it
        "HOME": str(caches / "home"),
        "XDG_CACHE_HOME": str(caches),
        "PIP_CONFIG_FILE": os.devnull,
        "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src"),
    }
