"""A virtual environment, or a folder that pip has installed into with --target, as an input."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from email.parser import BytesParser
from pathlib import Path

from packaging.pylock import Package
from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, parse_tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from lambda_pack.errors import UsageError
from lambda_pack.inputs.reading import Reading
from lambda_pack.model.installed import Distribution, Installation
from lambda_pack.model.locked import Dependency, Locked, LockedPackage
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.selection import Selection

__all__ = ["installation_in", "read_installation"]

# They came with the environment, and only installing needs them.
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})
# Of files that are left out, how many are named.
_NAMED = 5


def installation_in(folder: Path) -> Path | None:
    """Where the distributions of an environment or a folder lie; None where it is neither."""
    if (folder / "pyvenv.cfg").is_file():
        places = sorted((*folder.glob("lib/python3*/site-packages"), *folder.glob("Lib/site-packages")))
        return next((place for place in places if place.is_dir()), None)
    return folder if next(folder.glob("*.dist-info"), None) is not None else None


def read_installation(folder: Path, place: Path, selection: Selection) -> Reading:
    """What is installed in `place`, which is `folder` or lies in it: nothing is resolved, all of it is packed.

    Installers that nothing else asks for are left out, and so is what is installed in editable mode: its code is not
    there.

    Raises:
        UsageError: groups or extras are asked for, or a distribution cannot be read.
    """
    if not selection.is_plain:
        raise UsageError(f"{folder.as_posix()!r} is an environment, which has no groups and no extras; leave them out")
    found, warnings = [], []
    for dist_info in sorted(path for path in place.glob("*.dist-info") if path.is_dir()):
        if _is_editable(dist_info):
            name = dist_info.name.removesuffix(".dist-info")
            warnings.append(f"{name} is installed in editable mode: its code is packed with --project, not from there")
        else:
            found.append(_distribution(dist_info, folder))
            warnings += _missing(found[-1], dist_info)
    warnings += (f"{one.name} has no .dist-info and is left out; install it again" for one in place.glob("*.egg-*"))
    warnings += _of_no_distribution(place)
    kept = _without_installers(found)
    is_environment = place != folder
    return Reading(
        folder=folder.absolute().parent if is_environment else folder.absolute(),
        lock=_as_lock(kept, folder),
        name=(folder.absolute().parent if is_environment else folder.absolute()).name,
        warnings=tuple(warnings),
        installation=Installation(place.absolute(), tuple(kept)),
    )


def _distribution(dist_info: Path, folder: Path) -> Distribution:
    parse = BytesParser().parsebytes
    try:
        metadata = parse((dist_info / "METADATA").read_bytes(), headersonly=True)
        wheel = parse((dist_info / "WHEEL").read_bytes(), headersonly=True)
        pin = Pin.parse(metadata["Name"], metadata["Version"])
        listed = _listed(dist_info)
    except (OSError, InvalidVersion, TypeError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            f"{str(dist_info)!r} is not a distribution that can be read: {error}; install it again"
        ) from error
    tags = [tag for text in wheel.get_all("Tag", []) for tag in parse_tag(text)]
    return Distribution(
        pin=pin,
        dist_info=dist_info.name,
        tags=frozenset[Tag](tags),
        files=tuple(_files(dist_info.parent, listed)),
        requires=tuple(_requirements(metadata.get_all("Requires-Dist", []))),
        is_requested=(dist_info / "REQUESTED").is_file(),
        spread=tuple(_spread(dist_info, folder, listed)),
    )


def _listed(dist_info: Path) -> Sequence[str]:
    """The paths in RECORD, but for those of what was compiled when it was installed."""
    rows = csv.reader((dist_info / "RECORD").read_text("utf-8").splitlines())
    return sorted({row[0] for row in rows if row and not row[0].endswith(".pyc")})


def _files(place: Path, listed: Sequence[str]) -> Iterator[str]:
    """What is there of the files that RECORD lists beside the metadata."""
    return (path for path in listed if _is_inside(path) and (place / path).is_file())


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and {"", ".", ".."}.isdisjoint(path.split("/")) and "\\" not in path


def _spread(dist_info: Path, folder: Path, listed: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """The files that RECORD lists elsewhere below `folder`: data and scripts, as the wheel's `.data` folder had them.

    Scripts that installers generate from entry points, and headers, are in no bundle.
    """
    place = dist_info.parent
    generated = _entry_points(dist_info)
    for path in listed:
        outside = _outside(path)
        if not path.startswith("../") or not _is_inside(outside):
            continue
        # pip --target moves what it had installed elsewhere, and leaves the paths in RECORD as they were.
        file = folder.absolute() / outside
        kind, _, name = outside.partition("/")
        if not file.is_file() or (place != folder and Path(os.path.normpath(place.absolute() / path)) != file):
            continue
        if kind in {"bin", "Scripts"} and name:
            if name.removesuffix(".exe") not in generated:
                yield f"scripts/{name}", file
        elif kind != "include":
            yield f"data/{outside}", file


def _entry_points(dist_info: Path) -> frozenset[str]:
    """The names of the scripts that an installer has generated."""
    from importlib.metadata import Distribution as Metadata  # 20 ms, for environments alone

    points = Metadata.at(dist_info).entry_points if (dist_info / "entry_points.txt").is_file() else ()
    return frozenset(point.name for point in points if point.group in {"console_scripts", "gui_scripts"})


def _missing(one: Distribution, dist_info: Path) -> Iterator[str]:
    """A warning where RECORD lists modules that are not there."""
    there = frozenset(one.files)
    missing = [path for path in _listed(dist_info) if _is_inside(path) and path not in there]
    if missing:
        yield f"{one.pin} lacks {missing[0]!r}, which its RECORD lists ({len(missing)} in all); install it again"


def _of_no_distribution(place: Path) -> Iterator[str]:
    """A warning where modules or folders lie beside the distributions and no RECORD lists them: the user's own code."""
    recorded: set[str] = set()
    for dist_info in place.glob("*.dist-info"):
        try:
            recorded |= {_outside(path).partition("/")[0] for path in _listed(dist_info)}
        except (OSError, UnicodeDecodeError, csv.Error):
            continue  # of an editable project: all others were read before
    names = [one.name for one in sorted(place.iterdir()) if one.name not in recorded and _may_be_code(one)]
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield (
            f"{', '.join(names[:_NAMED])}{more} in {place.as_posix()!r} is no part of a distribution and is left out; "
            "put your own code into a folder of its own, and pack that with --source"
        )


def _outside(path: str) -> str:
    """The path without the folders above that it begins with."""
    return re.sub(r"\A(?:\.\./)+", "", path)


def _may_be_code(path: Path) -> bool:
    """Whether a name is not one that Python, an installer or an operating system leaves behind."""
    is_left_behind = path.name.startswith((".", "__", "_virtualenv")) or path.name == "easy-install.pth"
    return not is_left_behind and path.suffix not in {".dist-info", ".egg-info", ".egg-link", ".egg", ".pth"}


def _requirements(lines: Sequence[str]) -> Iterator[Requirement]:
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _is_editable(dist_info: Path) -> bool:
    direct = dist_info / "direct_url.json"
    try:
        return bool(json.loads(direct.read_text("utf-8")).get("dir_info", {}).get("editable"))
    except (OSError, ValueError, AttributeError):
        return False


def _without_installers(found: Sequence[Distribution]) -> list[Distribution]:
    asked = {canonicalize_name(line.name) for one in found if one.pin.name not in _INSTALLERS for line in one.requires}
    return [one for one in found if one.pin.name not in _INSTALLERS or one.pin.name in asked]


def _as_lock(found: Sequence[Distribution], folder: Path) -> Locked:
    """What is there is decided; what was asked for by name explains the rest."""
    # What only an extra asks for was asked for by the user, who named that extra.
    plain = (line for one in found for line in one.requires if "extra" not in str(line.marker or ""))
    asked = {canonicalize_name(line.name) for line in plain}
    roots = [one for one in found if one.is_requested] or [one for one in found if one.pin.name not in asked]
    origin = Origin(folder.as_posix(), 1)
    return Locked(
        packages=tuple(
            LockedPackage(
                Package(name=one.pin.name, version=one.pin.version), requires=tuple(map(Dependency, one.requires))
            )
            for one in found
        ),
        roots=tuple(Requested(origin, Requirement(one.pin.name)) for one in roots),
    )
