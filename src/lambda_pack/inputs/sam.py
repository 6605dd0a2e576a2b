"""AWS SAM and CloudFormation templates: functions and layers whose code is a folder here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.inputs.templates import Code, Remarks, Spot, Template, Text, fields, plain_text, text_of
from lambda_pack.inputs.yaml_documents import parse_yaml, read_text
from lambda_pack.model.cells import CellKind

__all__ = ["read_sam"]


class _Type(Struct, frozen=True):
    """A type of resource: where it keeps its code, and its name in `Globals`."""

    kind: CellKind
    code: str
    name: str
    s3_keys: tuple[str, str, str]
    shared: str = ""


_SERVERLESS, _PLAIN = ("Bucket", "Key", "Version"), ("S3Bucket", "S3Key", "S3ObjectVersion")
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-resources-and-properties.html
# and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html, read 2026-11-26.
_TYPES: Mapping[str, _Type] = MappingProxyType(
    {
        "AWS::Serverless::Function": _Type(CellKind.FUNCTION, "CodeUri", "FunctionName", _SERVERLESS, "Function"),
        "AWS::Lambda::Function": _Type(CellKind.FUNCTION, "Code", "FunctionName", _PLAIN),
        "AWS::Serverless::LayerVersion": _Type(CellKind.LAYER, "ContentUri", "LayerName", _SERVERLESS, "LayerVersion"),
        "AWS::Lambda::LayerVersion": _Type(CellKind.LAYER, "Content", "LayerName", _PLAIN),
    }
)
# Resources that name another template, and the property that does.
_NESTED = MappingProxyType({"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"})
# What has code, and none of this machine's.
_ELSEWHERE = MappingProxyType({"InlineCode": "its code stands in the template", "ImageUri": "it is a container image"})


class _Skip(Exception):  # noqa: N818  # a reason, passed to where the name is known
    """Why a resource is left as it is."""


class _Sam(Struct, frozen=True):
    """A template while it is read."""

    path: Path
    text: Text
    parameters: Mapping[str, Any]
    shared: Mapping[str, Any]
    remarks: Remarks

    def literal(self, node: Any) -> str | None:  # noqa: ANN401  # a node
        """What a value is once deployed, as far as that is known: a parameter is taken for its default."""
        if node is None:
            return None
        match node.id, node.tag:
            case "scalar", "!Ref":
                return self._default(node.value)
            case "scalar", tag if not tag.startswith("!"):
                return str(node.value)
            case "mapping", _:
                reference = fields(node).get("Ref")
                return self._default(plain_text(reference)) if reference is not None and len(node.value) == 1 else None
            case _:
                return None

    def literals(self, node: Any) -> tuple[str, ...]:  # noqa: ANN401  # a node
        """The same of a list; empty where one of them is unknown."""
        if node is None or (node.id == "sequence" and node.tag.startswith("!")):
            return ()
        items = [self.literal(item) for item in node.value] if node.id == "sequence" else [self.literal(node)]
        return tuple(item for item in items if item is not None) if all(items) else ()

    def _default(self, name: str) -> str | None:
        default = fields(self.parameters.get(name)).get("Default")
        return str(default.value) if default is not None and default.id == "scalar" else None


def read_sam(path: Path) -> Template:
    """The template's functions and layers; what cannot be packed is named with its reason.

    Raises:
        UsageError: it cannot be read, is no YAML or JSON, or has no resources.
    """
    text = read_text(path)
    top = fields(parse_yaml(text, path.as_posix()))
    if "Resources" not in top:
        raise UsageError(f"{path.as_posix()!r} has no Resources: it is no template of SAM's or CloudFormation's")
    remarks = Remarks(path)
    sam = _Sam(path, text_of(text), fields(top.get("Parameters")), fields(top.get("Globals")), remarks)
    codes: list[Code] = []
    skipped: list[tuple[str, str]] = []
    for name, resource in fields(top["Resources"]).items():
        try:
            codes += _code(sam, name, resource)
        except _Skip as reason:
            skipped.append((name, str(reason)))
    return Template(path, text, tuple(codes), tuple(skipped), remarks.all())


def _code(sam: _Sam, name: str, resource: Any) -> Iterator[Code]:  # noqa: ANN401  # a node
    said = fields(resource)
    kind = plain_text(said["Type"]) if "Type" in said else ""
    if name.startswith("Fn::"):
        raise _Skip("what this function makes is known only when it is deployed")
    own = fields(said.get("Properties"))
    if kind in _NESTED:
        _leave_nested(sam, own.get(_NESTED[kind]))
        return
    if kind not in _TYPES:
        return
    row = _TYPES[kind]
    properties = {**fields(sam.shared.get(row.shared)), **own}
    metadata = fields(said.get("Metadata"))
    folder = _folder(sam, row, properties)
    method = _build_method(sam, metadata)
    runtimes = _runtimes(sam, row, properties, method)
    if foreign := [runtime for runtime in runtimes if not runtime.startswith("python")]:
        raise _Skip(f"{foreign[0]} is no Python")
    if not own:
        raise _Skip("it has no Properties to write into; give it one")
    as_it_is = row.kind is CellKind.LAYER and method is None and _stays_as_it_is(sam, name, resource, folder)
    handler = sam.literal(properties.get("Handler"))
    below = _parent_packages(sam, name, metadata, handler, properties.get(row.code))
    yield Code(
        row.kind,
        name,
        folder,
        _spot(sam, row, own, said["Properties"]),
        runtimes,
        _architectures(sam, row, properties, metadata),
        sam.literal(own.get(row.name)),
        row.s3_keys,
        handler,
        below=below,
        as_it_is=as_it_is,
    )


def _leave_nested(sam: _Sam, node: Any) -> None:  # noqa: ANN401  # a node
    """Name a nested template, unless it lies elsewhere and so has no code of this machine."""
    place = sam.literal(node)
    if place is None and node is not None and "ApplicationId" not in fields(node):
        raise _Skip("the place of its template is known only when it is deployed")
    if place is not None and "://" not in place:
        raise _Skip(f"{place!r} is another template; pack it in a run of its own")


def _build_method(sam: _Sam, metadata: Mapping[str, Any]) -> str | None:
    """Return how SAM would build it, None where the template does not say.

    Raises:
        _Skip: SAM would not build it, or not as Python; https://docs.aws.amazon.com/serverless-application-model/latest/
            developerguide/building-layers.html and samcli/lib/build/workflow_config.py, read 2026-11-28.
    """
    if (sam.literal(metadata.get("SkipBuild")) or "").lower() in {"true", "yes", "on"}:
        raise _Skip("its metadata says SkipBuild: true")
    if "BuildMethod" not in metadata:
        return None
    method = sam.literal(metadata["BuildMethod"])
    if method is None:
        raise _Skip("its BuildMethod is known only when it is deployed")
    if method == "makefile":
        raise _Skip("its BuildMethod is makefile: its Makefile decides what is in it; run sam build for it")
    if method != "python-uv" and not method.startswith("python3."):
        raise _Skip(f"its BuildMethod is {method!r}, which is no Python")
    return method


def _stays_as_it_is(sam: _Sam, name: str, resource: Any, folder: Path) -> bool:  # noqa: ANN401  # a node
    """Return whether a layer without a BuildMethod is complete: SAM packs it as it is."""
    if (folder / "python").is_dir():
        return True
    if any((folder / file).is_file() for file in ("requirements.txt", "pyproject.toml")):
        why = "it has none, and SAM would pack it as it is: here its packages are added, below python/"
        sam.remarks.add(resource, f"{name}: BuildMethod", why)
    return False


def _parent_packages(
    sam: _Sam,
    name: str,
    metadata: Mapping[str, Any],
    handler: str | None,
    code: Any,  # noqa: ANN401  # a node
) -> str:
    """Return the folder of the bundle that own code goes into, from BuildProperties; other keys are remarked upon.

    samcli/lib/build/app_builder.py (`_get_build_options`, `_infer_parent_python_packages`), read 2026-11-28.
    """
    for key in ("WorkingDirectory", "ProjectRootDirectory", "ContextPath"):
        if key in metadata:
            sam.remarks.add(metadata[key], f"{name}.Metadata.{key}", "it is for makefiles")
    properties = fields(metadata.get("BuildProperties"))
    for key, node in properties.items():
        if key not in {"ParentPackageMode", "ParentPackages"}:
            sam.remarks.add(node, f"{name}.Metadata.BuildProperties.{key}", "it is about other languages")
    mode, packages = (sam.literal(properties.get(key)) for key in ("ParentPackageMode", "ParentPackages"))
    if mode == "auto" and handler is not None:
        parents = handler.split(".")[:-2]
        folders = list(Path(str(code.value)).parts)
        while folders and parents and folders[0] != parents[0]:
            folders.pop(0)
        packages = ".".join(folders[: len(parents)])
    elif mode != "explicit":
        packages = None
    return packages.replace(".", "/") if packages else ""


def _folder(sam: _Sam, row: _Type, properties: Mapping[str, Any]) -> Path:
    for key, reason in _ELSEWHERE.items():
        if key in properties:
            raise _Skip(reason)
    if sam.literal(properties.get("PackageType")) == "Image":
        raise _Skip("it is a container image")
    code = properties.get(row.code)
    if code is None:
        raise _Skip(f"it has no {row.code}")
    if code.id != "scalar":
        inside = fields(code)
        raise _Skip(_ELSEWHERE["InlineCode"] if "ZipFile" in inside else f"its {row.code} is no folder of this machine")
    if code.tag.startswith("!"):
        raise _Skip(f"its {row.code} is {code.tag} {code.value}: known only when it is deployed")
    folder = sam.path.parent / str(code.value)
    if "://" in code.value or folder.is_file():
        raise _Skip(f"its {row.code} {code.value!r} is packed already")
    if not folder.is_dir():
        raise _Skip(f"its {row.code} {code.value!r} is not there")
    return folder


def _runtimes(sam: _Sam, row: _Type, properties: Mapping[str, Any], method: str | None) -> tuple[str, ...]:
    if row.kind is CellKind.FUNCTION:
        return sam.literals(properties.get("Runtime"))
    # SAM builds a layer for the runtime of its method.
    return (method,) if method and method.startswith("python3.") else sam.literals(properties.get("CompatibleRuntimes"))


def _architectures(
    sam: _Sam, row: _Type, properties: Mapping[str, Any], metadata: Mapping[str, Any]
) -> tuple[str, ...]:
    if row.kind is CellKind.FUNCTION:
        return sam.literals(properties.get("Architectures"))
    built = sam.literal(metadata.get("BuildArchitecture"))
    return (built,) if built else sam.literals(properties.get("CompatibleArchitectures"))


def _spot(sam: _Sam, row: _Type, own: Mapping[str, Any], properties: Any) -> Spot:  # noqa: ANN401  # a node
    return sam.text.spot_of(own[row.code]) if row.code in own else sam.text.spot_in(properties, row.code)
