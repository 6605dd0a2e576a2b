"""Wheels, made in the test that needs them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

from tests.support.build_backend import with_record, write_zip
from tests.support.metadata import Content, core_metadata, entry_points_text, module_of

__all__ = ["make_wheel"]


def make_wheel(  # noqa: PLR0913  # each is one fact about a wheel, and a test names only the few it is about
    folder: Path,
    filename: str,
    *,
    files: Mapping[str, Content] | None = None,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    extras: Mapping[str, Sequence[str]] | None = None,
    entry_points: Mapping[str, Mapping[str, str]] | None = None,
    data: Mapping[str, Content] | None = None,
    executable: Sequence[str] = (),
    compression: int = zipfile.ZIP_DEFLATED,
    metadata_extra: str = "",
    record: bool = True,
    streamed: bool = False,
) -> Path:
    """A valid wheel, the same bytes each time; without `files` it holds one module named after the package.

    `files` and `data` (below `.data`: 'scripts/tool') map paths to content. A path in `files` may be one that is made
    otherwise ('x-1.0.dist-info/RECORD'), to make the wheel lie. `executable` holds paths in the archive.
    `metadata_extra` is header lines. `streamed` leaves the sizes to data descriptors.
    """
    name, version = filename.split("-")[:2]  # as spelt: a wheel's folders are named like the file, not normalized
    dist_info = f"{name}-{version}.dist-info"
    module = {f"{module_of(name)}.py": f'__version__ = "{version}"\n'}
    headers = core_metadata(name, version, requires=requires, requires_python=requires_python, extras=extras or {})
    texts: dict[str, Content] = {
        f"{dist_info}/METADATA": headers + metadata_extra,
        f"{dist_info}/WHEEL": _wheel_file(filename),
    }
    if entry_points:
        texts[f"{dist_info}/entry_points.txt"] = entry_points_text(entry_points)
    texts |= {f"{name}-{version}.data/{path}": content for path, content in (data or {}).items()}
    texts |= module if files is None else files
    members = {path: content.encode() if isinstance(content, str) else content for path, content in texts.items()}
    if record:
        members = with_record(members, dist_info)
    folder.mkdir(parents=True, exist_ok=True)
    return write_zip(
        folder / filename, members, executable=tuple(executable), compression=compression, streamed=streamed
    )


def _wheel_file(filename: str) -> str:
    _, _, build, tags = parse_wheel_filename(filename)
    pure = all(tag.platform == "any" for tag in tags)
    lines = ["Wheel-Version: 1.0", "Generator: tests of lambda-pack", f"Root-Is-Purelib: {str(pure).lower()}"]
    if build:
        lines.append(f"Build: {build[0]}{build[1]}")
    return "\n".join([*lines, *sorted(f"Tag: {tag}" for tag in tags)]) + "\n"
