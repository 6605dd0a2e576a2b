"""The rules of AWS Glue for Ray for a zip, one by one."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from lambda_pack.model.glue_modules import RAY_MODULES

__all__ = ["broken_rules"]

# The modules of packages whose names do not tell.
_MODULES = {
    "attrs": ("attr", "attrs"),
    "google-api-core": ("google/api_core",),
    "google-auth": ("google/auth", "google/oauth2"),
    "googleapis-common-protos": ("google/api", "google/rpc"),
    "grpcio": ("grpc",),
    "nvidia-ml-py": ("pynvml",),
    "opencensus-context": ("opencensus/common/runtime_context",),
    "protobuf": ("google/protobuf",),
    "python-dateutil": ("dateutil",),
    "pyyaml": ("yaml", "_yaml"),
    "setuptools": ("setuptools", "pkg_resources", "_distutils_hack"),
    "msgpack": ("msgpack",),
}


def broken_rules(archive: Path, outer: str = "venv") -> list[str]:
    """What of the zip Glue would not take, or has itself; nothing of a good one."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        infos = opened.infolist()
    names = [info.filename for info in infos]
    paths = [PurePosixPath(name) for name in names]
    broken = [f"beside the outer folder: {path}" for path in paths if path.parts[0] != outer or len(path.parts) < 2]
    broken += [f"hidden: {path}" for path in paths if any(part.startswith(".") for part in path.parts)]
    junk = {"__MACOSX", "Thumbs.db", "desktop.ini", "__pycache__"}
    broken += [f"junk: {path}" for path in paths if junk & set(path.parts)]
    broken += [f"metadata: {path}" for path in paths if any(".dist-info" in part for part in path.parts)]
    inside = {name.removeprefix(f"{outer}/") for name in names}
    for package in RAY_MODULES:
        for module in _MODULES.get(package, (package.replace("-", "_"),)):
            if any(path == f"{module}.py" or path.startswith(f"{module}/") for path in inside):
                broken.append(f"AWS has it: {module} of {package}")
    broken += [f"mode of {info.filename}" for info in infos if (info.external_attr >> 16) & 0o777 not in {0o644, 0o755}]
    return broken
