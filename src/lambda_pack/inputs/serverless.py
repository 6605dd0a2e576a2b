"""A serverless.yml: functions and layers of the Serverless Framework, packed and named as artifacts."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.inputs.serverless_plugin import PLUGIN, Inputs, PythonRequirements, read_plugin
from lambda_pack.inputs.serverless_values import Values, items_of
from lambda_pack.inputs.templates import Code, Remarks, Spot, Template, Text, fields, text_of
from lambda_pack.inputs.yaml_documents import parse_yaml, place_of, read_text
from lambda_pack.model.cells import CellKind
from lambda_pack.model.globs import GlobRules, ends_with_name, glob_pattern

__all__ = ["read_serverless"]

# defaultExcludes of package-service.js in serverless 3.40.0, without what is never packed (files/source.py).
_EXCLUDES = (
    ".git/**",
    ".gitignore",
    ".DS_Store",
    "npm-debug.log",
    "yarn-*.log",
    ".serverless/**",
    ".serverless_plugins/**",
)
_PATTERN_KEYS = frozenset({"patterns", "include", "exclude"})
_REQUIREMENTS_LAYER = "pythonRequirements"


class _Skip(Exception):  # noqa: N818  # a reason, passed to where the name is known
    """Why a function or a layer is left as it is."""


class _Service(Struct, frozen=True):
    """A serverless.yml while it is read; `layer_paths` are those of its layers."""

    path: Path
    text: Text
    values: Values
    provider: Mapping[str, Any]
    package: Mapping[str, Any]
    plugin: PythonRequirements
    layer_paths: tuple[str, ...]

    @property
    def is_individual(self) -> bool:
        """Return whether every function has a zip of its own."""
        return self.values.flag(self.package.get("individually"), "package.individually", default=False)

    def rules(self, own: Mapping[str, Any], name: str, *, below: str, leaves_out_layers: bool) -> GlobRules:
        """Return the globs of the service and of one function or layer, in the framework's order.

        package-service.js of serverless 3.40.0: all excludes, then `include`, then `patterns`, each of them once.
        """
        tables = ((self.package, "package"), (own, f"{name}.package"))
        layers = (f"{path.removeprefix('./').rstrip('/')}/**" for path in self.layer_paths if leaves_out_layers)
        (service_excludes, own_excludes) = (
            self.values.texts(mapping.get("exclude"), f"{place}.exclude") for mapping, place in tables
        )
        excludes = dict.fromkeys((*_EXCLUDES, self.path.name, *service_excludes, *layers, *own_excludes))
        includes = dict.fromkeys(
            glob
            for mapping, place in tables
            for key in ("include", "patterns")
            for glob in self.values.texts(mapping.get(key), f"{place}.{key}")
        )
        globs = (*(glob[1:] if glob.startswith("!") else f"!{glob}" for glob in excludes), *includes)
        nodes = [node for mapping, _ in tables for key, node in mapping.items() if key in _PATTERN_KEYS]
        return GlobRules(tuple(self._understood(globs, includes, nodes[-1] if nodes else self.values.top)), below)

    def _understood(self, globs: Iterable[str], includes: Container[str], node: Any) -> Iterator[str]:  # noqa: ANN401  # a node
        for glob in globs:
            plain = glob.removeprefix("!").removeprefix("./")
            if not plain or plain.startswith(("../", "/")):
                self.values.remarks.add(node, f"the pattern {glob!r}", "it is outside of the service; use --source")
                continue
            try:
                glob_pattern(plain)
            except UsageError as error:
                raise UsageError(f"{place_of(node.start_mark, self.path.as_posix())}: {error}") from error
            yield glob
            # globby never looks into a folder that a pattern such as `!lib` or `!**/tests` names; `exclude` does not
            # go that way (package-service.js, and isAffectDepthOfReadingPattern of fast-glob 3.3).
            if glob in includes and glob.startswith("!") and ends_with_name(plain):
                yield f"{glob}/**"


def read_serverless(path: Path, environ: Mapping[str, str]) -> Template:
    """Return the service's functions and layers; what cannot be packed is named with its reason.

    `environ` are the variables of the environment, which values may name.

    Raises:
        UsageError: it cannot be read, or is no YAML.
    """
    text = read_text(path)
    node = parse_yaml(text, path.as_posix())
    top, remarks = fields(node), Remarks(path)
    values = Values(node, remarks, environ)
    layers = list(items_of(top.get("layers"), values, "layers"))
    service = _Service(
        path,
        text_of(text),
        values,
        fields(values.table(top["provider"], "provider")),
        fields(values.table(top.get("package"), "package")),
        read_plugin(values, path.parent),
        tuple(place for _, entry in layers if (place := values.text(fields(entry).get("path")))),
    )
    codes: list[Code] = []
    skipped: list[tuple[str, str]] = []
    functions = items_of(top.get("functions"), values, "functions")
    for kind, entries in ((CellKind.FUNCTION, functions), (CellKind.LAYER, iter(layers))):
        for name, entry in entries:
            try:
                codes.append(
                    _function(service, name, entry) if kind is CellKind.FUNCTION else _layer(service, name, entry)
                )
            except _Skip as reason:
                skipped.append((name, str(reason)))
    if service.plugin.layer is not None and any(code.kind is CellKind.FUNCTION for code in codes):
        codes.append(_requirements_layer(service, top))
    edits = tuple(_edits(service, top)) if codes else ()
    return Template(path, text, tuple(codes), tuple(skipped), remarks.all(), edits)


def _function(service: _Service, name: str, entry: Any) -> Code:  # noqa: ANN401  # a node
    own, values = fields(entry), service.values
    key = f"functions.{name}"
    package = fields(values.table(own.get("package"), f"{key}.package"))
    is_own = values.flag(package.get("individually"), f"{key}.package.individually", default=service.is_individual)
    _check(service, own, package)
    runtime, architecture = (own.get(one) or service.provider.get(one) for one in ("runtime", "architecture"))
    runtimes, architectures = values.texts(runtime), values.texts(architecture, f"{key}.architecture")
    _check_python(runtimes)
    if not is_own:
        for named in ("patterns", "include", "exclude"):
            if named in package:
                values.remarks.add(package[named], f"{key}.package.{named}", "package.individually is not set")
    module = _module(service, own, key)
    folder = service.path.parent / module
    if not folder.is_dir():
        raise _Skip("its module is no folder that is there")
    inputs = Inputs(()) if service.plugin.layer is not None else _inputs(service, folder)
    below = "" if module == "." else f"{module}/"
    return Code(
        CellKind.FUNCTION,
        name,
        folder,
        _spot(service.text, entry, own.get("package")),
        runtimes,
        architectures,
        values.text(own.get("name")),
        handler=values.text(own.get("handler")),
        excludes=("/serverless*.yml",),
        rules=service.rules(package if is_own else {}, key, below=below, leaves_out_layers=True),
        inputs=inputs.files,
        vendored=() if service.plugin.layer is not None else tuple(_vendored(service, own, key)),
        options=(*service.plugin.options, *inputs.options),
    )


def _check(service: _Service, own: Mapping[str, Any], package: Mapping[str, Any]) -> None:
    if not own:
        raise _Skip("it has nothing to write into")
    if "image" in own:
        raise _Skip("it is a container image")
    if "artifact" in package or ("artifact" in service.package and "individually" not in package):
        raise _Skip("its artifact is packed already")
    if service.values.flag(package.get("disable"), "package.disable", default=False):
        raise _Skip("package.disable says that nothing is packed for it")


def _check_python(runtimes: tuple[str, ...]) -> None:
    if foreign := next((runtime for runtime in runtimes if not runtime.startswith("python")), None):
        raise _Skip(f"{foreign} is no Python")


def _module(service: _Service, own: Mapping[str, Any], key: str) -> str:
    """Return the folder of a function's code, as the service sees it."""
    if "module" not in own:
        return "."
    place = service.values.text(own["module"], f"{key}.module")
    if place is None:
        raise _Skip("its module is known only to the framework")
    if not service.is_individual:
        service.values.remarks.add(own["module"], f"{key}.module", "package.individually is not set for the service")
        return "."
    return place.removeprefix("./").rstrip("/") or "."


def _inputs(service: _Service, folder: Path) -> Inputs:
    found = service.plugin.inputs(folder)
    if isinstance(found, str):
        raise _Skip(found)
    if found.files == () and service.plugin.installs and service.plugin.file_name is not None:
        custom = fields(fields(service.values.top).get("custom"))
        node = fields(custom.get("pythonRequirements")).get("fileName", service.values.top)
        file = (folder / service.plugin.file_name).as_posix()
        service.values.remarks.add(node, f"custom.pythonRequirements.fileName ({file})", "there is no such file")
    return found


def _vendored(service: _Service, own: Mapping[str, Any], key: str) -> Iterator[Path]:
    place = service.values.text(own.get("vendor"), f"{key}.vendor")
    for folder in (service.plugin.vendor, service.path.parent / place if place else None):
        if folder is not None:
            yield folder


def _layer(service: _Service, name: str, entry: Any) -> Code:  # noqa: ANN401  # a node
    own, values = fields(entry), service.values
    key = f"layers.{name}"
    package = fields(values.table(own.get("package"), f"{key}.package"))
    if not own:
        raise _Skip("it has nothing to write into")
    if "artifact" in package or "artifact" in own:
        raise _Skip("its artifact is packed already")
    runtimes = values.texts(own.get("compatibleRuntimes") or service.provider.get("runtime"))
    architectures = values.texts(own.get("compatibleArchitectures") or service.provider.get("architecture"))
    _check_python(runtimes)
    place = values.text(own.get("path"), f"{key}.path")
    if place is None or not (service.path.parent / place).is_dir():
        raise _Skip("its path is no folder that is there")
    return Code(
        CellKind.LAYER,
        name,
        service.path.parent / place,
        _spot(service.text, entry, own.get("package")),
        runtimes,
        architectures,
        values.text(own.get("name")),
        rules=service.rules(package, key, below="", leaves_out_layers=False),
    )


def _requirements_layer(service: _Service, top: Mapping[str, Any]) -> Code:
    """Return the layer that the plugin makes of the requirements, under the name that functions refer to."""
    inputs = _inputs(service, service.path.parent)
    settings = {key: _plain(value) for key, value in fields(service.plugin.layer).items()}
    runtime, architecture = service.provider.get("runtime"), service.provider.get("architecture")
    given = {"compatibleRuntimes": [_plain(runtime)]} if runtime is not None else {}
    named = {"name": "${self:service}-${sls:stage}-python-requirements", **given, **settings}
    written = json.dumps(named)[:-1]
    layers, first = top.get("layers"), service.text.spot_in(service.values.top, "layers")
    if layers is not None and fields(layers):
        spot = service.text.spot_in(layers, _REQUIREMENTS_LAYER)
        spot = Spot(spot.begin, spot.end, f'{spot.prefix}{written}, "package": {{"artifact": ', f"}}}}{spot.suffix}")
    else:
        prefix = f'{first.prefix}{{"{_REQUIREMENTS_LAYER}": {written}, "package": {{"artifact": '
        spot = Spot(first.begin, first.end, prefix, f"}}}}}}{first.suffix}")
    runtimes = service.values.texts(fields(service.plugin.layer).get("compatibleRuntimes") or runtime)
    return Code(
        CellKind.LAYER,
        _REQUIREMENTS_LAYER,
        service.path.parent,
        spot,
        runtimes,
        service.values.texts(architecture),
        inputs=inputs.files,
        has_own_code=False,
        vendored=(service.plugin.vendor,) if service.plugin.vendor else (),
        options=(*service.plugin.options, *inputs.options),
    )


def _plain(node: Any) -> Any:  # noqa: ANN401  # a node, and JSON
    if node.id == "mapping":
        return {key: _plain(value) for key, value in fields(node).items()}
    return [_plain(item) for item in node.value] if node.id == "sequence" else str(node.value)


def _edits(service: _Service, top: Mapping[str, Any]) -> Iterator[tuple[Spot, str]]:
    """Keep the framework from installing the requirements once more, into what is packed already."""
    plugins = top.get("plugins")
    if plugins is not None and plugins.id == "sequence":
        names = [str(item.value) for item in plugins.value]
        if PLUGIN in names:
            rest = [name for name in names if name != PLUGIN]
            yield service.text.spot_of_block(plugins), json.dumps(rest)
    node = fields(top.get("custom")).get("pythonRequirements")
    if enabled := fields(node).get("enabled"):
        yield service.text.spot_of(enabled), "false"
    elif node is not None and fields(node):
        yield service.text.spot_in(node, "enabled"), "false"
    elif node is not None:
        yield service.text.spot_of(node), ' {"enabled": false}'


def _spot(text: Text, entry: Any, package: Any) -> Spot:  # noqa: ANN401  # nodes
    if fields(package):
        return text.spot_in(package, "artifact")
    spot = text.spot_in(entry, "package")
    return Spot(spot.begin, spot.end, f'{spot.prefix}{{"artifact": ', f"}}{spot.suffix}")
