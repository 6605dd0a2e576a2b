"""A serverless.yml: functions and layers of the Serverless Framework, packed and named as artifacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from lambda_pack.inputs.templates import Code, Spot, Template, Text, fields, text_of
from lambda_pack.inputs.yaml_documents import parse_yaml, read_text
from lambda_pack.looks import seen
from lambda_pack.model.cells import CellKind

__all__ = ["read_serverless"]

_EVERYTHING = frozenset({"*", "**", "**/*"})


class _Service(Struct, frozen=True):
    """A serverless.yml while it is read; `patterns` are those of `package`, in their order."""

    path: Path
    text: Text
    provider: Mapping[str, Any]
    patterns: tuple[str, ...]


def read_serverless(path: Path) -> Template:
    """The service's functions and layers; what cannot be packed is named with its reason.

    Raises:
        UsageError: it cannot be read, or is no YAML.
    """
    text = read_text(path)
    top = fields(parse_yaml(text, path.as_posix()))
    patterns = _literals(fields(top.get("package")).get("patterns"))
    service = _Service(path, text_of(text), fields(top["provider"]), patterns)
    codes: list[Code] = []
    skipped: list[tuple[str, str]] = []
    for kind, section in ((CellKind.FUNCTION, "functions"), (CellKind.LAYER, "layers")):
        if section in top and top[section].id != "mapping":
            skipped.append((section, "they are not listed here by name"))
        for name, entry in fields(top.get(section)).items():
            match _code(service, kind, name, entry):
                case str() as reason:
                    skipped.append((name, reason))
                case code:
                    codes.append(code)
    return Template(path, text, tuple(codes), tuple(skipped))


def _code(service: _Service, kind: CellKind, name: str, entry: Any) -> Code | str:  # noqa: ANN401  # a node
    """What is packed, or why nothing is."""
    own = fields(entry)
    package = fields(own.get("package"))
    runtimes, architectures = _targets(kind, own, service.provider)
    key = "path" if kind is CellKind.LAYER else "module"
    place = _literal(own.get(key))
    folder = service.path.parent / (place or ".")
    if reason := _reason(own, package, runtimes):
        return reason
    if (key in own and place is None) or (kind is CellKind.LAYER and key not in own) or not seen(folder).is_dir():
        return f"its {key} is no folder that is there"
    patterns = (*service.patterns, *_literals(package.get("patterns"))) if place is None else ()
    return Code(
        kind,
        name,
        folder,
        _spot(service.text, entry, own.get("package")),
        runtimes,
        architectures,
        _literal(own.get("name")),
        excludes=("/serverless*.yml", "/.serverless/", *_ignored(patterns)),
    )


def _reason(own: Mapping[str, Any], package: Mapping[str, Any], runtimes: tuple[str, ...]) -> str | None:
    if not own:
        return "it has nothing to write into"
    if "image" in own:
        return "it is a container image"
    if "artifact" in package:
        return "its artifact is packed already"
    return next((f"{runtime} is no Python" for runtime in runtimes if not runtime.startswith("python")), None)


def _targets(
    kind: CellKind, own: Mapping[str, Any], provider: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Runtimes and architectures; a variable is known only when the service is deployed."""
    if kind is CellKind.LAYER:
        runtimes, architectures = own.get("compatibleRuntimes"), own.get("compatibleArchitectures")
        return _literals(runtimes or provider.get("runtime")), _literals(architectures or provider.get("architecture"))
    runtime, architecture = (own.get(name) or provider.get(name) for name in ("runtime", "architecture"))
    return _literals(runtime), _literals(architecture)


def _ignored(patterns: Iterable[str]) -> Iterator[str]:
    """Globs of the framework's as lines of a .gitignore: they begin at the service, and `!` leaves out there.

    >>> list(_ignored(["!**", "src/api/**", "src/x.py"]))
    ['/*', '!/src/', '/src/*', '!/src/api/', '/src/api/*', '!/src/api/**', '!/src/x.py']
    """
    opened: set[str] = set()
    is_closed = False
    for pattern in patterns:
        glob = pattern.removeprefix("!").removeprefix("./")
        if pattern.startswith("!"):
            is_closed = is_closed or glob in _EVERYTHING
            yield "/*" if glob in _EVERYTHING else f"/{glob}"
            continue
        parts = glob.split("/")
        for parent in ("/".join(parts[:length]) for length in range(1, len(parts))):
            # What lies in a folder that is left out comes back only with the folder, and the rest of that stays out.
            if is_closed and parent not in opened:
                opened.add(parent)
                yield from (f"!/{parent}/", f"/{parent}/*")
        yield f"!/{glob}"


def _spot(text: Text, entry: Any, package: Any) -> Spot:  # noqa: ANN401  # nodes
    if fields(package):
        return text.spot_in(package, "artifact")
    spot = text.spot_in(entry, "package")
    return Spot(spot.begin, spot.end, f'{spot.prefix}{{"artifact": ', f"}}{spot.suffix}")


def _literal(node: Any) -> str | None:  # noqa: ANN401  # a node
    if node is None or node.id != "scalar" or "${" in node.value or node.tag.startswith("!"):
        return None
    return str(node.value)


def _literals(node: Any) -> tuple[str, ...]:  # noqa: ANN401  # a node
    if node is None:
        return ()
    items = [_literal(item) for item in (node.value if node.id == "sequence" else [node])]
    return tuple(item for item in items if item is not None) if None not in items else ()
