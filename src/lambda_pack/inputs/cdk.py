"""A CDK assembly (`cdk.out`): functions and layers whose code is an asset, a folder in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_json
from lambda_pack.inputs.shapes import STACK
from lambda_pack.inputs.templates import NOWHERE, Code, Template
from lambda_pack.model.cells import CellKind

__all__ = ["ASSET", "documents_of", "read_assembly"]

ASSET = re.compile("[0-9a-f]{64}")
"""What an asset is called: https://github.com/aws/aws-cdk/blob/main/packages/cdk-assets/README.md, read 2026-11-26."""

# Where a resource keeps its code, and what Lambda calls it.
_TYPES: Mapping[str, tuple[CellKind, str, str]] = MappingProxyType(
    {
        "AWS::Lambda::Function": (CellKind.FUNCTION, "Code", "FunctionName"),
        "AWS::Lambda::LayerVersion": (CellKind.LAYER, "Content", "LayerName"),
    }
)


def read_assembly(folder: Path) -> Template:
    """The functions and layers of all stacks; what cannot be packed is named with its reason.

    Raises:
        UsageError: it is no assembly, or a document in it cannot be read.
    """
    if not (folder / "manifest.json").is_file():
        raise UsageError(f"{folder.as_posix()!r} is no assembly of the CDK: it has no manifest.json; run cdk synth")
    codes: list[Code] = []
    skipped: list[tuple[str, str]] = []
    for path in documents_of(folder, ".template.json"):
        for name, resource in read_json(path, what_now="run cdk synth again", shape=STACK).get("Resources", {}).items():
            match _code(path.parent, name, resource):
                case str() as reason:
                    skipped.append((name, reason))
                case Code() as code:
                    codes.append(code)
                case None:
                    pass
    shared = {code.name for code in codes if len({_target(one) for one in codes if one.folder == code.folder}) > 1}
    skipped += [(name, "its asset is that of a function for another target, too") for name in sorted(shared)]
    return Template(folder, "", tuple(code for code in codes if code.name not in shared), tuple(skipped))


def documents_of(folder: Path, ending: str) -> Iterator[Path]:
    """The documents of an assembly and of those in it (stages); what assets hold is none of them."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name.startswith("assembly-"):
            yield from documents_of(path, ending)
        elif path.is_file() and path.name.endswith(ending):
            yield path


def _code(folder: Path, name: str, resource: Any) -> Code | str | None:  # noqa: ANN401  # JSON
    """What is packed, or why nothing is; None for a resource without code."""
    if not isinstance(resource, dict) or resource.get("Type") not in _TYPES:
        return None
    kind, key, named = _TYPES[resource["Type"]]
    properties = resource.get("Properties", {})
    asset = _asset(folder, key, properties.get(key, {}))
    if isinstance(asset, str):
        return asset
    if resource.get("Metadata", {}).get("aws:asset:is-bundled") is True or _has_packages(asset):
        return "the CDK has put its packages into its asset already; run cdk synth without bundling"
    properties_of = {
        CellKind.FUNCTION: ("Runtime", "Architectures"),
        CellKind.LAYER: ("CompatibleRuntimes", "CompatibleArchitectures"),
    }
    runtimes, architectures = (_literals(properties.get(one)) for one in properties_of[kind])
    if foreign := [runtime for runtime in runtimes if not runtime.startswith("python")]:
        return f"{foreign[0]} is no Python"
    deployed_as = properties.get(named)
    is_literal = isinstance(deployed_as, str)
    return Code(kind, name, asset, NOWHERE, runtimes, architectures, deployed_as if is_literal else None)


def _asset(folder: Path, key: str, code: Any) -> Path | str:  # noqa: ANN401  # JSON
    """Return the folder of an asset, or why there is none."""
    if not isinstance(code, dict):
        return f"its {key} is known only when it is deployed"
    if "ZipFile" in code or "ImageUri" in code:
        return "its code stands in the template" if "ZipFile" in code else "it is a container image"
    place = code.get("S3Key")
    asset = ASSET.search(place) if isinstance(place, str) else None
    if asset is None:
        return f"its {key} is no asset of the assembly"
    found = [path for parent in (folder, *folder.parents[:1]) if (path := parent / f"asset.{asset[0]}").is_dir()]
    return found[0] if found else f"its asset {asset[0]} is no folder: it is packed already"


def _has_packages(folder: Path) -> bool:
    """Return whether packages are installed in an asset, as bundling leaves them."""
    return any(path.is_dir() and path.name.endswith(".dist-info") for path in folder.iterdir())


def _literals(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # JSON
    items = value if isinstance(value, list) else [value]
    return tuple(items) if all(isinstance(item, str) for item in items) else ()


def _target(code: Code) -> tuple[object, ...]:
    return (code.kind, code.runtimes, code.architectures)
