"""Which file says what a project needs: found in its folder, told apart by its name, read by its room."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, cast

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml, shown
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.requirements import read_requirements
from lambda_pack.model.selection import Selection

__all__ = ["has_input", "is_manifest_or_lock", "read_inputs"]

_Room: TypeAlias = Callable[[Path, Selection, Mapping[str, str]], Reading]

# How the names of locks end, and who reads them; a room is imported when its file is there: start-up stays light.
_LOCKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "uv.lock": ("uv", "read_uv_lock"),
        "poetry.lock": ("poetry", "read_poetry_lock"),
        "pdm.lock": ("pdm", "read_pdm_lock"),
        "Pipfile.lock": ("pipenv", "read_pipfile_lock"),
        "pylock.toml": ("pylock", "read_pylock"),
        ".py.lock": ("uv", "read_uv_lock"),
    }
)
_MANIFESTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"pyproject.toml": ("pyproject", "read_pyproject"), ".py": ("script", "read_script")}
)


def read_inputs(paths: Sequence[Path], selection: Selection, environ: Mapping[str, str]) -> Reading:
    """What these inputs say: one project folder, lock, manifest or script, or any number of requirements files.

    Raises:
        UsageError: one is missing or wrong, they do not go together, or a folder leaves open which of its files counts.
    """
    if not paths:
        return Reading(Path.cwd())
    alone = next((path for path in paths if path.is_dir() or _room_of(path) is not None), None)
    if alone is None:
        return _read_requirements(paths, selection, environ)
    if len(paths) > 1:
        kind = "a folder" if alone.is_dir() else "a lock" if _is_lock(alone) else "not a requirements file"
        raise UsageError(f"{alone.as_posix()!r} is {kind} and must be the only input; leave the others out")
    return _read_folder(alone, selection, environ) if alone.is_dir() else _read_file(alone, selection, environ)


def is_manifest_or_lock(path: Path) -> bool:
    """Whether a file of a project's folder says what the project needs, by its name; a script says so of itself."""
    name = path.name
    is_named = name in {"requirements.txt", "Pipfile"} or any(name == end for end in (*_LOCKS, *_MANIFESTS))
    return is_named or _is_lock_of_folder(path)


def has_input(folder: Path) -> bool:
    """Whether a folder has a file that says what is needed; a Pipfile without its lock says so, too.

    Raises:
        UsageError: its pyproject.toml cannot be read.
    """
    return (
        bool(_manifests(folder))
        or _is_dynamic(folder)
        or any(_is_lock_of_folder(path) or path.name == "Pipfile" for path in folder.iterdir())
    )


def _read_folder(folder: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    from lambda_pack.inputs.installed import installation_in, read_installation
    from lambda_pack.inputs.uv import read_uv_lock
    from lambda_pack.inputs.workspaces import workspace_root

    locks = [path for path in sorted(folder.iterdir()) if path.is_file() and _is_lock_of_folder(path)]
    if not locks and (root := workspace_root(folder.absolute())) is not None and (root / "uv.lock").is_file():
        return read_uv_lock(root / "uv.lock", selection, environ, project=folder)
    # A lock with a name of its own (pylock.test.toml, as hatch writes) is for a special purpose, which only its user
    # knows (PEP 751): it counts where nothing else does, and is never chosen or suggested before another.
    named = [path for path in locks if _is_named_lock(path)]
    locks = [path for path in locks if path not in named]
    found = locks or [*_manifests(folder), *named]
    if not found and (place := installation_in(folder)) is not None:
        return read_installation(folder, place, selection)
    if not found and (reading := _of_backend(folder, selection, environ)) is not None:
        return reading
    return _read_file(_only(found, folder), selection, environ)


def _is_dynamic(folder: Path) -> bool:
    """Whether the pyproject.toml of a folder leaves the dependencies to the build backend."""
    from lambda_pack.inputs.pyproject import asks_backend

    path = folder / "pyproject.toml"
    return path.is_file() and asks_backend(read_toml(path, what_now="correct it"))


def _of_backend(folder: Path, selection: Selection, environ: Mapping[str, str]) -> Reading | None:
    """What the build backend of a folder's project is asked for; None where there is no such project."""
    from lambda_pack.inputs.dynamic_metadata import is_setuptools_project, read_setuptools_project

    if _is_dynamic(folder):
        return _read_file(folder / "pyproject.toml", selection, environ)
    if is_setuptools_project(folder) and not (folder / "Pipfile").is_file():
        return read_setuptools_project(folder, selection)
    return None


def _manifests(folder: Path) -> list[Path]:
    return [path for name in ("pyproject.toml", "requirements.txt") if _says_something(path := folder / name)]


def _says_something(path: Path) -> bool:
    from lambda_pack.inputs.pyproject import declares_dependencies

    if not path.is_file():
        return False
    return path.suffix != ".toml" or declares_dependencies(read_toml(path, what_now="correct it"))


def _only(files: Sequence[Path], folder: Path) -> Path:
    where = repr(shown(folder).as_posix())
    if len(files) > 1:
        names = ", ".join(path.name for path in files)
        choices = " or ".join(f"--input {path.name}" for path in files)
        raise UsageError(f"{where} has {names}; say which one counts: {choices}")
    if files:
        return files[0]
    if (folder / "Pipfile").is_file():
        raise UsageError(f"{where} has a Pipfile and no Pipfile.lock; make one with `pipenv lock`")
    from lambda_pack.inputs.template_names import template_hint

    raise UsageError(
        f"{where} has no lock, no pyproject.toml with dependencies and no requirements.txt; "
        f"name the file that says what is needed with -r FILE{template_hint(folder)}"
    )


def _read_file(path: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    own_lock = path.with_name(f"{path.name}.lock")
    if path.suffix == ".py" and own_lock.is_file():
        path = own_lock
    room = _room_of(path)
    if room is None:
        return _read_requirements([path], selection, environ)
    module, name = room
    read = cast("_Room", getattr(import_module(f"lambda_pack.inputs.{module}"), name))
    return read(path, selection, environ)


def _read_requirements(paths: Sequence[Path], selection: Selection, environ: Mapping[str, str]) -> Reading:
    from lambda_pack.inputs.template_names import refuse_template

    for path in paths:
        refuse_template(path)
    if not selection.is_plain:
        raise UsageError("requirements files have no groups and no extras; name the project's lock or manifest instead")
    return Reading(paths[0].absolute().parent, read_requirements(paths, environ))


def _room_of(path: Path) -> tuple[str, str] | None:
    """Who reads a file, by its name; None for requirements files, which may have any."""
    from packaging.pylock import is_valid_pylock_path

    if is_valid_pylock_path(path):
        return _LOCKS["pylock.toml"]
    return next((room for end, room in (*_LOCKS.items(), *_MANIFESTS.items()) if path.name.endswith(end)), None)


def _is_lock_of_folder(path: Path) -> bool:
    """Ours, NAME.pylock.toml, lie beside archives; a script's lock is that of the script alone."""
    from packaging.pylock import is_valid_pylock_path

    return is_valid_pylock_path(path) or path.name in _LOCKS


def _is_named_lock(path: Path) -> bool:
    """Whether it is `pylock.NAME.toml`."""
    return path.name.startswith("pylock.") and path.name.endswith(".toml") and path.name != "pylock.toml"


def _is_lock(path: Path) -> bool:
    return _room_of(path) in _LOCKS.values()
