"""`custom.pythonRequirements` of a serverless.yml: how the Serverless Framework installs what Python code requires."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from lambda_pack.inputs.documents import read_toml
from lambda_pack.inputs.serverless_values import FALSE, Values
from lambda_pack.inputs.template_keys import PLUGIN_KEYS, PLUGINS, keys_of
from lambda_pack.inputs.templates import fields

__all__ = ["PLUGIN", "Inputs", "PythonRequirements", "read_plugin"]

PLUGIN = "serverless-python-requirements"

Options: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]

_PREFIX = "custom.pythonRequirements."


class _Tool(Struct, frozen=True):
    """A tool whose files may say what is needed: whether it counts, and the file where one is named."""

    counts: bool
    file: Path | None = None


class Inputs(Struct, frozen=True):
    """Files that say what is needed, and our options for them.

    `files` None stands for whatever the folder has: the framework finds nothing of its own there.
    """

    files: tuple[Path, ...] | None
    options: Options = ()


class PythonRequirements(Struct, frozen=True):
    """Settings of the plugin, which the framework itself has since version 4. `folder` is the service's.

    `options` are ours, by name. Without `installs` nothing but own code is packed.
    """

    folder: Path
    installs: bool
    file_name: str | None
    poetry: _Tool
    uv: _Tool
    pipenv: _Tool
    requires_poetry_lock: bool
    poetry_options: Options
    uv_options: Options
    options: Options
    vendor: Path | None
    layer: Any

    def inputs(self, folder: Path) -> Inputs | str:
        """Return what says what the code in a folder needs, or why nothing can be packed."""
        if not self.installs:
            return Inputs(())
        found = self._of_poetry(folder) or self._of_locks(folder)
        if found is not None:
            return found
        file = folder / (self.file_name or "requirements.txt")
        if file.is_file():
            return Inputs((file,))
        is_plain = self.poetry.counts and self.uv.counts and self.pipenv.counts and self.file_name is None
        return Inputs(None if is_plain else ())

    def _of_poetry(self, folder: Path) -> Inputs | str | None:
        project = self.poetry.file.parent if self.poetry.file else folder
        if not self.poetry.counts or not _builds_with_poetry(project):
            return None
        if (project / "poetry.lock").is_file():
            return Inputs((project / "poetry.lock",), self.poetry_options)
        if self.requires_poetry_lock:
            return f"there is no poetry.lock in {project.as_posix()!r}, and requirePoetryLockFile asks for one"
        return Inputs((project / "pyproject.toml",), self.poetry_options)

    def _of_locks(self, folder: Path) -> Inputs | None:
        lock = self.uv.file or folder / "uv.lock"
        if self.uv.counts and lock.is_file():
            return Inputs((lock,), self.uv_options)
        if self.pipenv.counts and (place := self._pipfile(folder)) is not None:
            return Inputs((place.with_name("Pipfile.lock"),))
        return None

    def _pipfile(self, folder: Path) -> Path | None:
        places = (self.pipenv.file,) if self.pipenv.file else (folder / "Pipfile", self.folder / "Pipfile")
        return next((place for place in places if place.is_file()), None)


def read_plugin(values: Values, folder: Path) -> PythonRequirements:
    """Return the settings; keys that do not count are remarked upon."""
    custom = values.table(fields(values.top).get("custom"), "custom")
    settings = values.table(fields(custom).get("pythonRequirements"), _PREFIX.rstrip("."))
    plugins = _plugins(values)
    values.name_unheeded(settings, _PREFIX, keys_of(PLUGIN_KEYS))
    own = fields(settings)

    def flag(name: str, *, default: bool) -> bool:
        return values.flag(own.get(name), f"{_PREFIX}{name}", default=default)

    def listed(name: str) -> tuple[str, ...]:
        return values.texts(own.get(name), f"{_PREFIX}{name}")

    slims = flag("slim", default=False)
    options = {
        "exclude-package": listed("noDeploy"),
        "strip": ("true",) if slims and flag("strip", default=True) else (),
        "dist-info": ("drop",) if slims and flag("slimPatternsAppendDefaults", default=True) else (),
    }
    vendor = values.text(own.get("vendor"), f"{_PREFIX}vendor")
    layer = own.get("layer")
    # Plugin 6 knows nothing of uv; the framework itself, which has taken it over, does.
    knows_uv = "useUv" in own or PLUGIN not in plugins
    return PythonRequirements(
        folder,
        flag("enabled", default=True),
        values.text(own.get("fileName"), f"{_PREFIX}fileName"),
        _tool(values, own.get("usePoetry"), "usePoetry", folder),
        _tool(values, own.get("useUv"), "useUv", folder) if knows_uv else _Tool(counts=False),
        _tool(values, own.get("usePipenv"), "usePipenv", folder),
        flag("requirePoetryLockFile", default=False),
        _filled({"group": listed("poetryWithGroups"), "only-group": listed("poetryOnlyGroups")}),
        _filled(
            {
                "extra": listed("uvOptionalDependencies"),
                "group": listed("uvWithGroups"),
                "only-group": listed("uvOnlyGroups"),
            }
        ),
        _filled(options),
        folder / vendor if vendor else None,
        layer if layer is not None and flag("layer", default=False) else None,
    )


def _plugins(values: Values) -> tuple[str, ...]:
    """Return the names of the service's plugins; those that change what is packed are remarked upon."""
    node = fields(values.top).get("plugins")
    if node is not None and node.id == "mapping":
        node = fields(node).get("modules")
    rows = keys_of(PLUGINS)
    for item in node.value if node is not None and node.id == "sequence" else ():
        name = values.text(item)
        if name is not None and name in rows:
            values.remarks.add(item, f"plugins: {name}", rows[name].text)
    return values.texts(node, "plugins")


def _tool(values: Values, node: Any, name: str, folder: Path) -> _Tool:  # noqa: ANN401  # a node
    text = values.text(node, f"{_PREFIX}{name}")
    if text is None or text.lower() in {"true", "yes", "on"}:
        return _Tool(counts=True)
    return _Tool(counts=False) if text.lower() in FALSE else _Tool(counts=True, file=folder / text)


def _filled(options: dict[str, tuple[str, ...]]) -> Options:
    return tuple((name, words) for name, words in options.items() if words)


def _builds_with_poetry(folder: Path) -> bool:
    """Return whether a pyproject.toml builds with poetry, which is how the plugin knows a project of poetry's."""
    if not (folder / "pyproject.toml").is_file():
        return False
    return any(name.startswith("poetry") for name in _build_requires(folder / "pyproject.toml"))


def _build_requires(pyproject: Path) -> Iterator[str]:
    system = read_toml(pyproject, what_now="correct it").get("build-system")
    requires = system.get("requires") if isinstance(system, dict) else None
    yield from (name for name in requires or () if isinstance(name, str))
