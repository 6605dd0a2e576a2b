"""Installing what builds require with uv, several times faster than pip does it for each build."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from lambda_pack.model.building import BuildPermission
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.tools.uv_settings import index_settings, network_variables, settings_text

__all__ = ["UvInstaller"]


class UvInstaller(Struct, frozen=True):
    """The uv that fills the build environments of pip. `cache` is uv's own, None for its default."""

    program: str
    cache: Path | None = None

    def settings(
        self, indexes: IndexSettings, constraints: Path | None, permission: BuildPermission
    ) -> Mapping[str, Any]:
        """Return what the shim of pip needs; the text of uv.toml in it may hold credentials."""
        options = ["--quiet", "--no-python-downloads"]
        options += ["--cache-dir", str(self.cache)] if self.cache else []
        options += ["--constraints", str(constraints), "--build-constraints", str(constraints)] if constraints else []
        options += ["--no-build"] if permission.only or permission.nothing else []
        options += [f"--no-build-package={name}" for name in sorted(permission.never)]
        return {
            "program": self.program,
            "options": options,
            "variables": network_variables(indexes),
            "config": settings_text(index_settings(indexes, reuse_pages=True)),
        }
