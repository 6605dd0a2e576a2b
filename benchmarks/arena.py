"""Everything that has to be there before anything is timed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.environments import (
    cache_folder,
    default_index,
    ready_entrypoint,
    ready_peer,
    ready_product,
    ready_rivals,
)
from benchmarks.jobs import Programs
from benchmarks.papers import Papers, write_papers
from benchmarks.peers import PEERS
from benchmarks.plot import PLOTTER
from benchmarks.processes import Failed
from benchmarks.surroundings import surroundings, with_caches
from benchmarks.targets import Target, ask_target
from benchmarks.works import Work

__all__ = ["Arena", "Question", "open_arena"]


class Question(Struct, frozen=True):
    """What is packed for, from which index (None is the tools' own default), and which tools take part."""

    runtime: str
    architecture: str
    index: str | None
    tools: tuple[str, ...] = ()


class Arena(Struct, frozen=True):
    """`environment` is what the timed programs get; `home` has the environments; `scratch` is gone afterwards."""

    programs: Programs
    target: Target
    home: Path
    scratch: Path
    environment: Mapping[str, str]

    def papers(self, work: Work) -> Papers:
        """The work's requirements files and locks, resolved when they are first asked for.

        Raises:
            Failed: the index did not answer, or a program failed.
        """
        folder = self.scratch / "papers" / work.name
        written = Papers.in_folder(folder)
        if written.pylock.is_file():
            return written
        environment = with_caches(self.environment, self.scratch / "caches" / "papers")
        return write_papers(work, self.target, self.programs, folder=folder, environment=environment)

    def plotter(self, environ: Mapping[str, str]) -> Path:
        """The Python that can draw.

        Raises:
            Failed: its environment cannot be made.
        """
        folder = ready_peer(self.home / "plot", PLOTTER, Path(sys.executable), environ=environ)
        return folder / "python"


@contextmanager
def open_arena(question: Question, environ: Mapping[str, str], *, tell: Callable[[str], None]) -> Iterator[Arena]:
    """Make the environments, unless they are there, and a scratch folder on the same file system.

    Raises:
        Failed: an environment cannot be made, or lambda-pack does not know the target.
    """
    home = cache_folder(environ)
    home.mkdir(parents=True, exist_ok=True)
    tell("making the environments, unless they are there")
    product = ready_product(home, environ)
    entrypoint = ready_entrypoint(home, environ)
    target = ask_target(product / "python", question.runtime, question.architecture, environment=environ)
    rivals = ready_rivals(home, target.interpreter or Path(sys.executable), environ)
    reasons = {}
    if target.interpreter is None:
        reason = f"there is no Python {target.version} on this machine, which it needs"
        reasons = dict.fromkeys(("builders", "sam", "poetry"), reason)
    peers = _peers(question, home, target, reasons, environ=environ)
    index = default_index(rivals, environ)
    programs = Programs(product, entrypoint, rivals, _zipper(rivals), peers=peers, reasons=reasons, index=index)
    with tempfile.TemporaryDirectory(dir=home, prefix="scratch-") as scratch:
        environment = surroundings(environ, index=question.index, home=home, programs=(rivals, *peers.values()))
        yield Arena(programs, target, home, Path(scratch), environment)


def _zipper(rivals: Path) -> tuple[str, ...]:
    return ("zip", "-r", "-q") if shutil.which("zip") else (str(rivals / "python"), "-m", "zipfile", "-c")


def _peers(
    question: Question, home: Path, target: Target, reasons: dict[str, str], *, environ: Mapping[str, str]
) -> dict[str, Path]:
    """The environments of the chosen ones; to `reasons` is added why one cannot be installed."""
    found = {}
    for tool, packages in PEERS.items():
        if tool not in question.tools or tool in reasons:
            continue
        interpreter = target.interpreter or Path(sys.executable)
        try:
            found[tool] = ready_peer(home / f"peer-{tool}", packages, interpreter, environ=environ)
        except Failed as failure:
            reasons[tool] = f"it cannot be installed: {str(failure).splitlines()[0]}"
    return found
