"""Which cells of a plan changed since a revision of git: those whose inputs did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.inputs.footprint import footprint
from lambda_pack.model.cells import Cell
from lambda_pack.tools.process import Completed, run, tail

__all__ = ["changed_since"]


def changed_since(revision: str, cells: Sequence[Cell], file: Path, environ: Mapping[str, str]) -> tuple[Cell, ...]:
    """The cells whose requirements, locks, manifests or own code differ from the revision's, committed or not.

    `file` is the one that the cells are named in: where it changed, all of them have.

    Raises:
        UsageError: the folder is in no git repository, or the revision is unknown there.
    """
    touched = _touched(revision, file.absolute().parent, environ)
    if file.resolve() in touched:
        return tuple(cells)
    return tuple(cell for cell in cells if not touched.isdisjoint(_inputs(cell)))


def _inputs(cell: Cell) -> Iterator[Path]:
    for path in cell.request.requirements:
        yield from footprint(path)
    for path in cell.contents:
        yield path.resolve()
        if path.is_file():
            # Constraints may include others.
            yield from footprint(path)


def _touched(revision: str, folder: Path, environ: Mapping[str, str]) -> frozenset[Path]:
    """Every file that changed, and every folder that one of them is in."""
    place = _git(("rev-parse", "--show-toplevel"), folder, environ)
    if place.status:
        raise UsageError(
            f"{folder.as_posix()!r} is in no git repository that can be read ({tail(place.log, 1)}); leave out "
            "--changed-since"
        )
    top = Path(place.output.rstrip("\n")).resolve()
    known = _git(("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"), top, environ)
    if known.status:
        raise UsageError(
            f"{revision!r} is no revision that git knows here; name a commit, a branch or a tag that was fetched (in a "
            "workflow: actions/checkout with fetch-depth: 0)"
        )
    commit = known.output.split()[-1]
    differing = _git(("diff", "--name-only", "--no-renames", "-z", commit, "--"), top, environ)
    new = _git(("ls-files", "--others", "--exclude-standard", "-z"), top, environ)
    for asked in (differing, new):
        if asked.status:
            raise UsageError(f"git cannot say what changed since {revision!r}: {tail(asked.log, 1)}")
    files = [top / name for name in (differing.output + new.output).split("\0") if name]
    return frozenset(path for file in files for path in (file, *file.parents) if path.is_relative_to(top))


def _git(words: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Completed:
    return run(("git", *words), environment=environ, folder=folder)
