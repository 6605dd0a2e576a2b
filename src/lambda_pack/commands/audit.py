"""Audit: whether finished bundles load, whoever made them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from pathlib import Path

from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.files.binaries import judged_files
from lambda_pack.files.bundled import open_bundled, packages_in, releases_in
from lambda_pack.files.entries import Entry
from lambda_pack.model.audit import judge_binaries
from lambda_pack.model.audit_report import AuditedArchive, AuditReport
from lambda_pack.model.binaries import LAYERS, TASK, BinaryFile
from lambda_pack.model.images import PackageType
from lambda_pack.model.targets import Target

__all__ = ["audit"]

_WHEEL = "one package"
_IMAGE_FOLDER = posixpath.basename(TASK)


def audit(paths: Sequence[Path], target: Target) -> AuditReport:
    """Judge the binaries of zips, folders and wheels that lie on Lambda together: a function and its layers.

    An archive with a `python/` folder is a layer. A folder of the layout `oci-dir` is judged as the image that its
    Dockerfile makes of it.

    Raises:
        UsageError: a path is no such thing, or named twice.
        IntegrityError: an archive is damaged or hostile.
    """
    if len(set(paths)) < len(paths):
        raise UsageError("an archive is named twice; name each one once")
    files: dict[Path, tuple[BinaryFile, ...]] = {}
    package_type = PackageType.ZIP
    releases: dict[str, Version] = {}
    owners: dict[tuple[Path, str], str] = {}
    for path in paths:
        with open_bundled(path) as entries:
            if _is_image(entries):
                package_type = PackageType.IMAGE
            files[path] = judged_files(entries, _folder(entries))
            releases |= releases_in(entry.path for entry in entries)
            owners |= {(path, file): package for file, package in packages_in(entries).items()}
    groups: dict[tuple[Path, str], list[BinaryFile]] = {}
    for path, found in files.items():
        for file in found:
            package = _WHEEL if path.suffix == ".whl" else owners.get((path, file.path)) or _package(file.path)
            groups.setdefault((path, package), []).append(file)
    findings = judge_binaries(groups, target, releases=releases, package_type=package_type)
    archives = (
        AuditedArchive(
            path.as_posix(),
            found,
            tuple(one for (owner, _), several in findings.items() if owner == path for one in several),
        )
        for path, found in files.items()
    )
    return AuditReport(target, tuple(archives))


def _folder(entries: Iterable[Entry]) -> str:
    if _is_image(entries):
        return posixpath.dirname(TASK)
    return LAYERS if any(entry.path.startswith("python/") for entry in entries) else TASK


def _is_image(entries: Iterable[Entry]) -> bool:
    """Whether it is what the layout `oci-dir` writes: a Dockerfile beside `task/`, which becomes /var/task."""
    return {"Dockerfile", _IMAGE_FOLDER} <= {entry.path.partition("/")[0] for entry in entries}


def _package(path: str) -> str:
    """Guess the package of a file that no RECORD lists: a folder and its `.libs` are one."""
    parts = path.removeprefix("python/").removeprefix(f"{_IMAGE_FOLDER}/").split("/")
    if parts[0] == "lib" and "site-packages" in parts:
        parts = parts[parts.index("site-packages") + 1 :]
    return parts[0].removesuffix(".libs")
