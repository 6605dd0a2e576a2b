"""From what the user said, on the command line and in pyproject.toml, to a `PackRequest`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.build_requests import building_of
from lambda_pack.frontends.glue_requests import JOB_OPTIONS, glue_of, job_of
from lambda_pack.frontends.options.delivery import DELIVERY
from lambda_pack.frontends.options.indexes import INDEXES
from lambda_pack.frontends.options.option import Kind, Option
from lambda_pack.frontends.options.table import OPTIONS
from lambda_pack.frontends.raypack_requests import of_raypack
from lambda_pack.frontends.slimming_requests import slimming_of
from lambda_pack.frontends.target_requests import layout_of, target_of
from lambda_pack.frontends.values import choice, is_on, many, one, path, paths
from lambda_pack.inputs.configuration import is_section, read_configuration, read_settings
from lambda_pack.inputs.setting_values import pair
from lambda_pack.model.choices import AuditMode, Collision, DistInfo, IfExists, Layout, Preference, ResolverName
from lambda_pack.model.given import Given, GivenSettings
from lambda_pack.model.own_code import OwnCode
from lambda_pack.model.request import PackRequest
from lambda_pack.model.selection import Selection
from lambda_pack.model.suggestions import meant

if TYPE_CHECKING:
    from lambda_pack.model.delivery import Delivery
    from lambda_pack.model.layering import Layering

__all__ = [
    "CONFIG_FILE",
    "delivery_of",
    "gather",
    "request_of",
    "said_by_arguments",
    "said_by_machine",
    "texts_of",
]

CONFIG_FILE = "LAMBDA_PACK_CONFIG_FILE"
"""The variable that names a file of settings, as PIP_CONFIG_FILE and UV_CONFIG_FILE do for those tools."""


def gather(
    arguments: Mapping[str, Any], folder: Path, environ: Mapping[str, str], *, source: str = "the command line"
) -> dict[str, Given]:
    """Every option that somebody set, with who did.

    The arguments (of `source`) come before `[tool.lambda-pack]`, and that before the file that the variable
    `LAMBDA_PACK_CONFIG_FILE` in `environ` names: what a machine knows, such as a container image of its own runtime.
    The table is that of the project's folder where the arguments name one, else of `folder`; its paths begin there.

    Raises:
        UsageError: a file has an unknown key or a value of the wrong kind, or the file of the variable is not there; or
            the arguments name two inputs.
    """
    said = said_by_machine(environ)
    arguments = _with_place(arguments)
    project = Path(arguments.get("place") or "")
    if (folder / project).is_dir():
        said |= _of_project(folder / project / "pyproject.toml", project)
    said |= said_by_arguments(arguments, source=source)
    said = _with_one_input(said, arguments, project=project, source=source)
    return {**said, **of_raypack(said, folder, project)}


def _with_place(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """PROJECT is the one --project where nothing else says what is needed."""
    own: Sequence[str] = arguments.get("project") or ()
    if len(own) == 1 and not any(arguments.get(name) for name in ("place", "requirements", "input")):
        return {**arguments, "place": own[0]}
    return arguments


def said_by_machine(environ: Mapping[str, str]) -> dict[str, Given]:
    """The options that the file of the variable `LAMBDA_PACK_CONFIG_FILE` sets.

    Raises:
        UsageError: it is not there, or has an unknown key or a value of the wrong kind.
    """
    file = environ.get(CONFIG_FILE)
    return dict(_written(read_settings(Path(file)), repr(file), file)) if file else {}


def said_by_arguments(arguments: Mapping[str, Any], *, source: str = "the command line") -> dict[str, Given]:
    """The options among parsed arguments that were given."""
    return {
        name: Given(texts_of(option, value, source), source)
        for name, option in OPTIONS.items()
        if (value := arguments.get(name)) not in (None, False)
    }


def _with_one_input(
    said: dict[str, Given], arguments: Mapping[str, Any], *, project: Path, source: str
) -> dict[str, Given]:
    """PROJECT, --input and -r all say what is needed: the command line's word counts before the table's.

    Raises:
        UsageError: two that exclude each other were said in one place.
    """
    if arguments.get("requirements"):
        if arguments.get("place") or arguments.get("input"):
            other = "--input" if arguments.get("input") else repr(project.as_posix())
            raise UsageError(f"{other} and -r both say what is needed; leave one of them out")
        said.pop("input", None)
    elif arguments.get("place") and not arguments.get("input"):
        said["requirements"] = Given((str(project),), source)
        if "input" not in said:
            return said
    if "input" in said:
        if "requirements" in said and said["requirements"].source == said["input"].source == "[tool.lambda-pack]":
            raise UsageError(
                "'input' and 'requirements' in [tool.lambda-pack] both say what is needed; leave one of them out"
            )
        said.pop("requirements", None)
        said["input"] = Given((str(project / said["input"].values[-1]),), said["input"].source)
    return said


def _of_project(pyproject: Path, project: Path) -> dict[str, Given]:
    where = f"[tool.lambda-pack] of {str(pyproject)!r}"
    table = {key: value for key, value in read_configuration(pyproject).items() if not is_section(key, value)}
    said = dict(_written(table, where, "[tool.lambda-pack]"))
    # What `input` names is looked for in the project by whoever knows where that was said.
    for name in said.keys() - {"input"} if project.parts else ():
        values = tuple(OPTIONS[name].below(project, text) for text in said[name].values)
        said[name] = replace(said[name], values=values)
    return said


def _written(table: Mapping[str, Any], where: str, source: str) -> Iterator[tuple[str, Given]]:
    """What a table sets; `where` is for who must correct it, `source` for who asks what counts."""
    for key, value in table.items():
        if key not in OPTIONS:
            near = meant(key, OPTIONS)
            advice = f"did you mean {near!r}?" if near else "see lambda-pack pack --help"
            raise UsageError(f"{key!r} in {where} is unknown; {advice}")
        yield key, Given(texts_of(OPTIONS[key], value, where), source)


def texts_of(option: Option, value: object, source: str) -> tuple[str, ...]:
    """A value of an option as the texts that the command line would give; `source` is where it stands.

    Raises:
        UsageError: it is not of the option's kind.
    """
    match option.kind, value:
        case Kind.SWITCH, bool():
            return (str(value).lower(),)
        case Kind.MANY, list() if all(isinstance(item, str) for item in value):
            return tuple(value)
        case ((Kind.ONE | Kind.MANY), str()):
            return (value,)
        case Kind.ONE, (int() | float()) if not isinstance(value, bool):
            return (str(value),)
    raise UsageError(f"{option.name!r} in {source} takes {option.kind.value}, not {value!r}")


def request_of(said: Mapping[str, Given]) -> PackRequest:
    """The request; what nobody set keeps the default that `PackRequest` gives it.

    Raises:
        UsageError: a value is unknown, or the runtime or the requirements are missing.
    """
    layout = layout_of(said)
    known: dict[str, Any] = {
        "name": one(said, "name"),
        "layout": layout,
        "glue": glue_of(said, layout),
        "layering": _layering(said),
        "resolver": choice(said, "resolver", ResolverName),
        "prefer": choice(said, "prefer", Preference),
        "audit": choice(said, "audit", AuditMode),
        "on_collision": choice(said, "on-collision", Collision),
        "output": path(said, "output-dir"),
        "to_dir": path(said, "to-dir"),
        "interpreter": path(said, "python"),
        "cache": path(said, "cache-dir"),
        "sources": tuple(map(OwnCode.parse, many(said, "source") or ())),
        "projects": paths(said, "project"),
        "handler": one(said, "handler"),
        "excludes": many(said, "exclude"),
        "includes": many(said, "include"),
        "allow_unmet": is_on(said, "allow-unmet"),
        "allow_oversize": is_on(said, "allow-oversize"),
        "force": is_on(said, "force"),
        "profile": path(said, "profile"),
        "use_cache": not is_on(said, "no-cache") if "no-cache" in said else None,
        "selection": Selection(many(said, "group") or (), many(said, "extra") or (), many(said, "only-group") or ()),
        "locked": is_on(said, "locked"),
        "config_settings": tuple(pair(text, "config-settings") for text in many(said, "config-settings") or ()),
        "building": building_of(said),
        "slimming": slimming_of(said),
        "options": _pip_options(said),
    }
    if layout is Layout.GLUE_RAY:
        known["slimming"] = replace(known["slimming"], dist_info=DistInfo.DROP)
    request = PackRequest(
        target_of(said), _inputs(said), **{key: value for key, value in known.items() if value is not None}
    )
    if request.layering is not None and (request.is_folder or request.layout is not Layout.FUNCTION):
        raise UsageError("--layers divides a function into zips; leave out --layout, and --to-dir")
    return request


def delivery_of(said: Mapping[str, Given]) -> Delivery | None:
    """Where the archive goes; None where nobody named a place.

    Raises:
        UsageError: S3 would refuse a value, or the place is missing or named twice.
    """
    uri, bucket, key = (one(said, name) for name in ("s3-uri", "s3-bucket", "s3-key"))
    if uri is not None and (bucket is not None or key is not None):
        raise UsageError("s3-uri says bucket and key already; leave out s3-bucket and s3-key")
    if uri is None and bucket is None:
        if stray := next((name for name in said if name in DELIVERY.options or name in JOB_OPTIONS), None):
            raise UsageError(f"{stray!r} without a place to deliver to; name one with --s3-uri s3://BUCKET/KEY")
        return None
    from lambda_pack.model.delivery import Delivery, S3Target

    target = S3Target.parse(uri) if uri is not None else S3Target(bucket or "", key or "")
    if "layers" in said and not target.tells_apart:
        raise UsageError(
            "the function and its layers need keys of their own; end the key with '/', or put {name} into it"
        )
    return Delivery(
        target,
        if_exists=choice(said, "s3-if-exists", IfExists) or IfExists.OVERWRITE,
        kms_key=one(said, "s3-kms-key-id"),
        tags=tuple(pair(text, "s3-tag") for text in many(said, "s3-tag") or ()),
        storage_class=one(said, "s3-storage-class"),
        bucket_owner=one(said, "s3-bucket-owner"),
        endpoint=one(said, "s3-endpoint-url"),
        region=one(said, "s3-region"),
        job=job_of(said),
    )


def _layering(said: Mapping[str, Given]) -> Layering | None:
    if "layers" not in said:
        return None
    from lambda_pack.model.layering import parse_layering  # start-up stays light

    return parse_layering(said["layers"].values)


def _inputs(said: Mapping[str, Given]) -> tuple[Path, ...]:
    """What is named, else this folder, in which the right file is then looked for."""
    named = path(said, "input")
    return (named,) if named is not None else paths(said, "requirements") or (Path(),)


def _pip_options(said: Mapping[str, Given]) -> GivenSettings:
    return {name: given for name, given in said.items() if name in INDEXES.options}
