"""Zips such as other tools make them: any path, any mode."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.metadata import Content

__all__ = ["LINK", "make_zip"]

LINK = stat.S_IFLNK | 0o777


def make_zip(path: Path, files: Mapping[str, Content], *, modes: Mapping[str, int] | None = None) -> Path:
    """A zip of these files, 0644 unless `modes` says otherwise; mode 0 is that of a system without modes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            mode = (modes or {}).get(name, stat.S_IFREG | 0o644)
            info.create_system = 3 if mode else 0
            info.external_attr = mode << 16
            archive.writestr(info, content)
    return path
