"""Text that people read, kept in files beside the tests.

    UPDATE_SNAPSHOTS=1 pytest tests/frontends

writes what is said now; the difference is for a reviewer to read.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["FOLDER", "check_snapshot"]

FOLDER = Path(__file__).with_name("snapshots")


def check_snapshot(name: str, text: str) -> None:
    """Whether the text is, byte for byte, that of the file."""
    file = FOLDER / name
    if os.environ.get("UPDATE_SNAPSHOTS"):  # noqa: TID251  # how a developer says it to pytest
        file.write_text(text, encoding="utf-8", newline="\n")
    known = file.read_text("utf-8") if file.exists() else ""
    assert text == known, f"{name} is no longer what is said; UPDATE_SNAPSHOTS=1 writes it anew"
