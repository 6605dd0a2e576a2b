"""Projects on the disk."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_requirements"]


def write_requirements(folder: Path, *lines: str) -> Path:
    """A requirements file."""
    path = folder / "requirements.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
