"""The PEP 517 backend inside the sdists that tests make, and the zip writer of everything that tests make.

The file is copied into each sdist (`backend-path`) beside `recipe.json`, which says what the package is and how its
build behaves. So it has the standard library only, and runs on Python 3.7 and newer.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import shlex
import shutil
import subprocess  # noqa: TID251  # not our process: a package that compiles itself in its own build
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "build_editable",
    "build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
    "with_record",
    "write_zip",
]

EPOCH = (1980, 1, 1, 0, 0, 0)
WHEEL_FILE = "Wheel-Version: 1.0\nGenerator: tests of lambda-pack\nRoot-Is-Purelib: {pure}\nTag: {tag}\n"

# The layout of PyModuleDef is part of the stable ABI: written out, the build needs a compiler and no Python headers.
C_SOURCE = """
extern void *PyModule_Create2(void *definition, int version);
extern void *PyLong_FromLong(long value);
static void *answer(void *self, void *nothing) { return PyLong_FromLong(42); }
static struct { const char *name; void *(*call)(void *, void *); int flags; const char *text; } methods[] = {
    {"answer", answer, 4, 0}, {0, 0, 0, 0}};
static struct {
    long references; void *type; void *init; long index; void *copy;
    const char *name; const char *text; long size; void *methods; void *more[4];
} definition = {1, 0, 0, 0, 0, "MODULE", 0, -1, methods, {0}};
__attribute__((visibility("default"))) void *PyInit_MODULE(void) { return PyModule_Create2(&definition, 3); }
"""


def write_zip(
    target: Path,
    members: Mapping[str, bytes],
    *,
    executable: tuple[str, ...] = (),
    compression: int = zipfile.ZIP_DEFLATED,
    streamed: bool = False,
) -> Path:
    """A zip of `members` in their order, the same bytes each time; `streamed` leaves the sizes to data descriptors."""
    content = io.BytesIO()
    with zipfile.ZipFile(_OneWay(content) if streamed else content, "w") as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3
            info.external_attr = (0o100755 if name in executable else 0o100644) << 16
            info.compress_type = compression
            archive.writestr(info, data)
    target.write_bytes(content.getvalue())
    return target


def with_record(members: Mapping[str, bytes], dist_info: str) -> dict[str, bytes]:
    """The members, those of `dist_info` last, and a RECORD of them unless there is one."""
    ordered = dict(sorted(members.items(), key=lambda item: (item[0].startswith(f"{dist_info}/"), item[0])))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for name, data in ordered.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([name, f"sha256={digest}", len(data)])
    rows.writerow([f"{dist_info}/RECORD", "", ""])
    ordered.setdefault(f"{dist_info}/RECORD", text.getvalue().encode())
    return ordered


class _OneWay(io.RawIOBase):
    """A stream without a way back, as a pipe is."""

    def __init__(self, sink: io.BytesIO) -> None:
        super().__init__()
        self._sink = sink

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401  # any buffer, a name for which came with Python 3.12
        return self._sink.write(data)


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: Mapping[str, Any] | None = None, *, hook: str = "metadata"
) -> str:
    """The hook: fails for the kind 'broken-metadata' only."""
    recipe = _begin(hook, config_settings)
    if recipe["kind"] == "broken-metadata":
        raise RuntimeError("metadata broken on purpose")
    folder = Path(metadata_directory, f"{recipe['stem']}.dist-info")
    folder.mkdir()
    for name, data in _dist_info(recipe, "py3-none-any").items():
        (folder / Path(name).name).write_bytes(data)
    return folder.name


def prepare_metadata_for_build_editable(
    metadata_directory: str, config_settings: Mapping[str, Any] | None = None
) -> str:
    """The hook."""
    return prepare_metadata_for_build_wheel(metadata_directory, config_settings, hook="editable-metadata")


def build_wheel(
    wheel_directory: str, config_settings: Mapping[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """The hook: what it does depends on the recipe's kind."""
    del metadata_directory
    recipe = _begin("wheel", config_settings)
    kind, module = recipe["kind"], recipe["module"]
    print(*recipe["log"], sep="\n")  # noqa: T201  # the build's own log
    if kind.startswith("broken"):
        raise RuntimeError("broken on purpose")
    source = Path("src")
    contents = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    tag = "py3-none-any"
    if kind == "dump-environment":
        contents[f"{module}_environment.json"] = json.dumps(_environment(), sort_keys=True).encode()
    if kind == "hollow":
        tag = _machine_tag()
    if kind in ("c-extension", "optional-c"):
        native = _compile(f"_{module}_native", required=kind == "c-extension")
        tag = _machine_tag() if native else tag
        contents.update(native)
    return _finish(wheel_directory, recipe, contents, tag)


def build_editable(
    wheel_directory: str, config_settings: Mapping[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """The hook: a wheel that only points at the project, which no bundle may hold."""
    del metadata_directory
    recipe = _begin("editable", config_settings)
    pointer = {f"__editable__.{recipe['module']}.pth": f"{Path('src').resolve()}\n".encode()}
    return _finish(wheel_directory, recipe, pointer, "py3-none-any")


def _begin(hook: str, config_settings: Mapping[str, Any] | None) -> dict[str, Any]:
    recipe: dict[str, Any] = json.loads(Path(__file__).with_name("recipe.json").read_text(encoding="utf-8"))
    if recipe["report_to"]:
        event = {"hook": hook, "config_settings": dict(config_settings or {}), "environment": _environment()}
        with Path(recipe["report_to"]).open("a", encoding="utf-8") as report:
            report.write(json.dumps(event) + "\n")
    return recipe


def _environment() -> dict[str, str]:
    return dict(os.environ)  # noqa: TID251  # what the code of a package can see is the point


def _finish(folder: str, recipe: Mapping[str, Any], contents: Mapping[str, bytes], tag: str) -> str:
    members = with_record({**contents, **_dist_info(recipe, tag)}, f"{recipe['stem']}.dist-info")
    return write_zip(Path(folder, f"{recipe['stem']}-{tag}.whl"), members).name


def _dist_info(recipe: Mapping[str, Any], tag: str) -> dict[str, bytes]:
    pure = str(tag.endswith("-any")).lower()
    texts = {"METADATA": recipe["metadata"], "WHEEL": WHEEL_FILE.format(pure=pure, tag=tag)}
    if recipe["entry_points"]:
        texts["entry_points.txt"] = recipe["entry_points"]
    return {f"{recipe['stem']}.dist-info/{name}": text.encode() for name, text in texts.items()}


def _compile(module: str, *, required: bool) -> dict[str, bytes]:
    """The shared object by its name; empty when there is no working compiler and it is not `required`."""
    compiler = shlex.split(_environment().get("CC", "cc"))
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    source, result = Path("native.c").resolve(), Path(f"{module}{suffix}").resolve()
    source.write_text(C_SOURCE.replace("MODULE", module), encoding="utf-8")
    undefined = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    problem = f"no C compiler: {compiler} is not on PATH"
    if compiler and shutil.which(compiler[0]):
        command = [*compiler, "-shared", "-fPIC", *undefined, str(source), "-o", str(result)]
        done = subprocess.run(command, check=False)  # noqa: S603  # the C source above, by the machine's compiler
        problem = f"the C compiler failed with exit code {done.returncode}" if not result.exists() else ""
    if not problem:
        return {result.name: result.read_bytes()}
    if required:
        raise RuntimeError(problem)
    print(f"warning: {problem}; going on without the C extension")  # noqa: T201  # the build's own log
    return {}


def _machine_tag() -> str:
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    abi = python + getattr(sys, "abiflags", "")
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    return f"{python}-{abi}-{platform}"
