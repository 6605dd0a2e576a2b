"""Projects whose dependencies only their build backend knows: `dynamic` in pyproject.toml, setup.py and setup.cfg.

The project's folder takes the place of its dependencies. A resolver asks the backend for its metadata, in an isolated
environment (PEP 517, `prepare_metadata_for_build_wheel`), and the project itself is not packed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from packaging.requirements import Requirement

from lambda_pack.inputs.documents import shown
from lambda_pack.inputs.manifest import Manifest, origin_of
from lambda_pack.inputs.own_project import project_in, read_own_project
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.requirements import RequirementsFile
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.selection import Selection

__all__ = ["is_setuptools_project", "read_setuptools_project", "with_backend"]


def with_backend(manifest: Manifest, selection: Selection) -> tuple[Selection, tuple[Requested, ...], tuple[str, ...]]:
    """The selection without what only the backend knows, the requirement that asks it, and warnings."""
    dynamic = frozenset(manifest.content["project"]["dynamic"])
    extras = selection.all_extras - manifest.extras.keys() if "optional-dependencies" in dynamic else frozenset()
    if not extras and not ("dependencies" in dynamic and selection.takes_main):
        return selection, (), ()
    kept = tuple(extra for extra in sorted(selection.all_extras) if extra not in extras)
    origin = origin_of(manifest.path, manifest.text, r"^dynamic")
    line = _line(str(manifest.name), manifest.path.parent, extras, origin)
    return replace(selection, extras=kept), (line,), tuple(_about(extras, manifest.path))


def is_setuptools_project(folder: Path) -> bool:
    """Whether a folder has a setup.py, or a pyproject.toml beside a setup.cfg that names the project."""
    if (folder / "setup.py").is_file():
        return True
    files = (folder / "pyproject.toml", folder / "setup.cfg")
    return all(file.is_file() for file in files) and project_in(folder) is not None


def read_setuptools_project(folder: Path, selection: Selection) -> Reading:
    """What the backend of a project with a setup.py or a setup.cfg says, to be resolved.

    Raises:
        UsageError: the project does not say its name, or groups are asked for, which it cannot have.
    """
    file = folder / ("setup.py" if (folder / "setup.py").is_file() else "setup.cfg")
    selection.check(groups=(), extras=selection.all_extras, where=repr(shown(file).as_posix()))
    project = read_own_project(folder)
    line = _line(project.pin.name, folder, selection.all_extras, Origin(shown(file).as_posix(), 1))
    return Reading(
        folder=folder.absolute(),
        written=RequirementsFile(requested=(line,)),
        name=project.pin.name,
        warnings=tuple(_about(selection.all_extras, file)),
        itself=project,
    )


def _line(name: str, folder: Path, extras: Iterable[str], origin: Origin) -> Requested:
    listed = ",".join(sorted(extras))
    return Requested(origin, Requirement(f"{name}[{listed}] @ {folder.absolute().as_uri()}"))


def _about(extras: Iterable[str], path: Path) -> Iterable[str]:
    for extra in sorted(extras):
        yield (
            f"only the build backend of {shown(path).as_posix()!r} knows whether there is an extra {extra!r}; "
            "if not, nothing is packed for it"
        )
