"""How long it takes to compose a zip from local wheels, against `cat` of the same bytes, which is the limit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.figures import Spread, ratios
from benchmarks.jobs import Programs
from benchmarks.papers import Papers
from benchmarks.processes import Step, output_of, timed
from benchmarks.targets import Target

__all__ = ["Composing", "fetch_wheels", "measure_composing"]


class Composing(Struct, frozen=True):
    """Seconds and their ratio; bytes of the zip; the largest peak of memory, and the part of it that is page cache."""

    work: str
    size: int
    compose: Spread
    cat: Spread
    ratio: Spread
    peak: int
    mapped: int


def fetch_wheels(
    papers: Papers, target: Target, programs: Programs, *, folder: Path, environment: Mapping[str, str]
) -> tuple[Path, ...]:
    """The wheels of the pins, downloaded by pip into `folder`, in the order of their names.

    Raises:
        Failed: pip did.
    """
    options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation=cp")
    platform = (f"--python-version={target.version}", *(f"--platform={name}" for name in target.pip_platforms))
    command = (str(programs.rivals / "python"), "-m", "pip", "download", *options, *platform)
    output_of(Step((*command, "-d", str(folder), "-r", str(papers.pins)), papers.pins.parent), environment)
    return tuple(sorted(folder.glob("*.whl")))


def measure_composing(
    work: str, wheels: Sequence[Path], python: Path, *, repeats: int, environment: Mapping[str, str]
) -> Composing:
    """Compose and `cat` in turn, after one turn that is not counted; `python` has lambda_pack.

    Composing is timed inside of its process, without start and imports; `cat` as a whole process. Both make a new file.

    Raises:
        Failed: one of them did.
    """
    folder = wheels[0].parent
    zipped, joined = folder / "composed.zip", folder / "joined"
    program = Path(__file__).with_name("compose_program.py")
    compose = Step((str(python), str(program), str(zipped), *map(str, wheels)), folder)
    cat = Step(("sh", "-c", 'out=$1; shift; exec cat "$@" > "$out"', "cat", str(joined), *map(str, wheels)), folder)
    answers, seconds = [], []
    for _ in range(repeats + 1):
        zipped.unlink(missing_ok=True)
        answers.append(json.loads(output_of(compose, environment)))
        joined.unlink(missing_ok=True)
        seconds.append(timed([cat], environment))
    composed = [float(answer["seconds"]) for answer in answers[1:]]
    largest = max(answers, key=lambda answer: int(answer["peak"]))
    return Composing(
        work,
        int(answers[0]["size"]),
        compose=Spread.of(composed),
        cat=Spread.of(seconds[1:]),
        ratio=ratios(composed, seconds[1:]),
        peak=int(largest["peak"]),
        mapped=int(largest["mapped"]),
    )
