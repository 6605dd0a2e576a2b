"""The pages of a simple index: PEP 503 (HTML), PEP 691 (JSON), with PEP 592, 658, 700 and 714."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Sequence
from email.parser import BytesParser
from html import escape
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

__all__ = ["HTML", "JSON", "Listed", "Listing", "listing", "project_page", "root_page"]

HTML = "text/html; charset=utf-8"
JSON = "application/vnd.pypi.simple.v1+json"

SDIST_SUFFIXES = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".zip")


class Listed(Struct, frozen=True):
    """A wheel or sdist on offer. `yanked` is the reason ('' when none was given), None when it is not."""

    path: Path
    yanked: str | None = None
    requires_python: str | None = None
    uploaded: str | None = None

    @classmethod
    def of(cls, path: Path) -> Listed | None:
        """What a file says of itself; None when it is no package."""
        if path.suffix != ".whl" and not path.name.endswith(SDIST_SUFFIXES):
            return None
        return cls(path, requires_python=_requires_python(path))

    @property
    def project(self) -> NormalizedName:
        """The normalized name."""
        return self._name_and_version[0]

    @property
    def version(self) -> str:
        """The version as the file name spells it (sdists), or normalized (wheels)."""
        return self._name_and_version[1]

    @property
    def metadata(self) -> bytes | None:
        """The METADATA file of a wheel; None where it has none."""
        if self.path.suffix != ".whl":
            return None
        if not zipfile.is_zipfile(self.path):  # a damaged wheel is on offer like any other file
            return None
        with zipfile.ZipFile(self.path) as archive:
            name = next((name for name in archive.namelist() if name.endswith(".dist-info/METADATA")), None)
            return archive.read(name) if name else None

    @property
    def _name_and_version(self) -> tuple[NormalizedName, str]:
        if self.path.suffix == ".whl":
            name, version, _, _ = parse_wheel_filename(self.path.name)
            return name, str(version)
        suffix = next(suffix for suffix in SDIST_SUFFIXES if self.path.name.endswith(suffix))
        stem, _, spelt = self.path.name.removesuffix(suffix).rpartition("-")
        return canonicalize_name(stem), spelt


class Listing(Struct, frozen=True):
    """A file as a page shows it. `digest` and `metadata_digest` are SHA-256 in hexadecimal; None is no promise."""

    file: Listed
    url: str
    digest: str | None
    metadata_digest: str | None

    def as_json(self) -> dict[str, object]:
        """The file's object in PEP 691's `files`."""
        row: dict[str, object] = {
            "filename": self.file.path.name,
            "url": self.url,
            "hashes": {"sha256": self.digest} if self.digest else {},
            "size": self.file.path.stat().st_size,
            "yanked": False if self.file.yanked is None else self.file.yanked or True,
        }
        if self.file.requires_python:
            row["requires-python"] = self.file.requires_python
        if self.file.uploaded:
            row["upload-time"] = self.file.uploaded
        if self.metadata_digest:
            row["core-metadata"] = {"sha256": self.metadata_digest}
        return row

    def as_html(self) -> str:
        """The file's anchor in PEP 503's page."""
        attributes = {"href": self.url + (f"#sha256={self.digest}" if self.digest else "")}
        if self.file.requires_python:
            attributes["data-requires-python"] = self.file.requires_python
        if self.file.yanked is not None:
            attributes["data-yanked"] = self.file.yanked
        if self.metadata_digest:
            attributes["data-core-metadata"] = f"sha256={self.metadata_digest}"
            attributes["data-dist-info-metadata"] = attributes["data-core-metadata"]
        written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
        return f"<a{written}>{escape(self.file.path.name)}</a><br>\n"


def listing(file: Listed, base: str, *, metadata: bool) -> Listing:
    """The truth about a file; `base` is the URL of the folder it is served from, with its slash."""
    content = file.metadata if metadata else None
    return Listing(
        file,
        base + quote(file.path.name),
        hashlib.sha256(file.path.read_bytes()).hexdigest(),
        hashlib.sha256(content).hexdigest() if content is not None else None,
    )


def project_page(project: str, listings: Sequence[Listing], media_type: str) -> bytes:
    """The page of one project."""
    if media_type == HTML:
        anchors = "".join(row.as_html() for row in listings)
        return f"<!DOCTYPE html>\n<title>{escape(project)}</title>\n{anchors}".encode()
    page = {
        "meta": {"api-version": "1.1"},
        "name": project,
        "versions": sorted({row.file.version for row in listings}),
        "files": [row.as_json() for row in listings],
    }
    return json.dumps(page, indent=1).encode()


def root_page(projects: Sequence[str], media_type: str) -> bytes:
    """The page that names every project."""
    if media_type == HTML:
        anchors = "".join(f'<a href="{name}/">{name}</a><br>\n' for name in projects)
        return f"<!DOCTYPE html>\n<title>Simple index</title>\n{anchors}".encode()
    page = {"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in projects]}
    return json.dumps(page, indent=1).encode()


def _requires_python(path: Path) -> str | None:
    content = Listed(path).metadata if path.suffix == ".whl" else _package_information(path)
    value = BytesParser().parsebytes(content)["Requires-Python"] if content else None
    return str(value) if value is not None else None


def _package_information(sdist: Path) -> bytes | None:
    """The sdist's own PKG-INFO, one level down."""
    if not (zipfile.is_zipfile(sdist) or tarfile.is_tarfile(sdist)):
        return None
    if sdist.suffix == ".zip":
        with zipfile.ZipFile(sdist) as archive:
            wanted = next((name for name in archive.namelist() if _is_package_information(name)), None)
            return archive.read(wanted) if wanted else None
    with tarfile.open(sdist) as folder:
        member = next((name for name in folder.getnames() if _is_package_information(name)), None)
        stream = folder.extractfile(member) if member else None
        return stream.read() if stream else None


def _is_package_information(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/PKG-INFO")
