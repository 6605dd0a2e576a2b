"""Everything that has to be there before anything is timed."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from benchmarks.environments import cache_folder, ready_entrypoint, ready_product, ready_rivals
from benchmarks.papers import Papers, write_papers
from benchmarks.surroundings import surroundings, with_caches
from benchmarks.targets import Target, ask_target
from benchmarks.tools import Programs
from benchmarks.works import Work

__all__ = ["Arena", "Question", "open_arena"]


class Question(Struct, frozen=True):
    """What is packed for, and from which index; None is the tools' own default."""

    runtime: str
    architecture: str
    index: str | None


class Arena(Struct, frozen=True):
    """`environment` is what the timed programs get; `scratch` is gone afterwards."""

    programs: Programs
    target: Target
    scratch: Path
    environment: Mapping[str, str]

    def papers(self, work: Work) -> Papers:
        """The work's requirements files and locks, resolved now.

        Raises:
            Failed: the index did not answer, or a program failed.
        """
        folder = self.scratch / "papers" / work.name
        environment = with_caches(self.environment, self.scratch / "caches" / "papers")
        return write_papers(work, self.target, self.programs, folder=folder, environment=environment)


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
    reason = "" if target.interpreter else f"there is no Python {target.version} on this machine, which it needs"
    programs = Programs(product, entrypoint, rivals, _zipper(rivals), reason)
    with tempfile.TemporaryDirectory(dir=home, prefix="scratch-") as scratch:
        environment = surroundings(environ, index=question.index, home=home, programs=rivals)
        yield Arena(programs, target, Path(scratch), environment)


def _zipper(rivals: Path) -> tuple[str, ...]:
    return ("zip", "-r", "-q") if shutil.which("zip") else (str(rivals / "python"), "-m", "zipfile", "-c")
