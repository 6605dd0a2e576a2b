"""Where things lie, as a report says it: seen from the project, so that two machines say the same."""

from __future__ import annotations

import os
from pathlib import Path

from lambda_pack.model.urls import path_of

__all__ = ["seen_from", "without_folder"]


def seen_from(project: Path, place: str) -> str:
    """A path or a `file:` URL relative to the project, with forward slashes; any other place as it is.

    >>> seen_from(Path("/somewhere/shop"), "file:///somewhere/wheels/six-1.0-py3-none-any.whl")
    '../wheels/six-1.0-py3-none-any.whl'
    >>> seen_from(Path("/somewhere/shop"), "six-1.0.tar.gz")
    'six-1.0.tar.gz'
    """
    path = path_of(place) if place.startswith("file:") else Path(place)
    if not path.is_absolute():
        return place
    try:
        return Path(os.path.relpath(path, project)).as_posix()
    except ValueError:
        # Another drive.
        return path.as_posix()


def without_folder(project: Path, text: str) -> str:
    """The text with paths below the project made relative.

    >>> without_folder(Path("/somewhere/shop"), "Processing /somewhere/shop/lib")
    'Processing lib'
    """
    if project.parent == project:
        return text
    return text.replace(f"{project.as_uri()}/", "").replace(f"{project}{os.sep}", "")
