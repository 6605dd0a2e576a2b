"""One lock for several targets at once: markers say which package is for which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.markers import Marker
from packaging.pylock import Package, Pylock
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from lambda_pack.model.locks import CREATOR, package_of
from lambda_pack.model.packages import Offer, Pin
from lambda_pack.model.targets import Target

__all__ = ["joint_lock"]


def joint_lock(wanted: Mapping[Target, Sequence[tuple[Pin, Offer]]], folder: Path) -> Pylock:
    """The lock in which each target finds what it was given: every package with the file that it comes from.

    Files on this disk are named relative to `folder`, where the lock will lie.
    """
    found: dict[tuple[str, str], tuple[Package, list[Target]]] = {}
    for target, origins in wanted.items():
        for pin, origin in origins:
            package = package_of(pin, origin, folder)
            known, targets = found.get(_key(package), (package, []))
            found[_key(package)] = _joined(known, package), [*targets, target]
    packages = [replace(package, marker=_marker(targets, wanted)) for package, targets in found.values()]
    pythons = {target.runtime.python for target in wanted}
    return Pylock(
        lock_version=Version("1.0"),
        environments=[Marker(f"{_condition(target)} and sys_platform == 'linux'") for target in wanted],
        requires_python=SpecifierSet("=={}.{}.*".format(*pythons.pop())) if len(pythons) == 1 else None,
        created_by=CREATOR,
        packages=sorted(packages, key=lambda package: (package.name, str(package.version), str(package.marker))),
    )


def _key(package: Package) -> tuple[str, str]:
    """What two packages have in common that may be one entry: files of one version, or the very same tree."""
    tree = package.vcs or package.directory or package.archive
    return package.name, str(tree or package.version)


def _joined(one: Package, other: Package) -> Package:
    wheels = {wheel.filename: wheel for wheel in (*(one.wheels or ()), *(other.wheels or ()))}
    return replace(one, wheels=list(wheels.values()) or None, sdist=one.sdist or other.sdist)


def _marker(targets: Sequence[Target], everywhere: Iterable[Target]) -> Marker | None:
    """What is true on these targets and false on the others: as little as tells them apart."""
    others = [target for target in everywhere if target not in targets]
    if not others:
        return None
    for said in (_machine, _python, _condition):
        conditions = dict.fromkeys(map(said, targets))
        if not conditions.keys() & set(map(said, others)):
            break
    return Marker(" or ".join(f"({condition})" if " and " in condition else condition for condition in conditions))


def _machine(target: Target) -> str:
    return f"platform_machine == '{target.architecture.machine}'"


def _python(target: Target) -> str:
    return "python_version == '{}.{}'".format(*target.runtime.python)


def _condition(target: Target) -> str:
    return f"{_python(target)} and {_machine(target)}"
