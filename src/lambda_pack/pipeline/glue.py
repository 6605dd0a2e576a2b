"""Step 8 for AWS Glue: a zip of modules for Ray, with what will not work there said, or a zip of wheels for Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import OWN, PLAIN, Entry
from lambda_pack.files.ray_rules import several
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.glue import GlueSettings
from lambda_pack.model.glue_modules import RAY_MODULES
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.pipeline.dependencies import dependencies_between
from lambda_pack.pipeline.slimming import without_use

__all__ = ["pip_installs", "warnings_for_ray", "zip_of_wheels"]


def zip_of_wheels(wheels: Mapping[Wheel, Path], prefix: str) -> Bundle:
    """A bundle of the wheels themselves, and of the file that says which of them are to be installed: all."""
    pins = "".join(f"{pin}\n" for pin in sorted(str(wheel.pin) for wheel in wheels)).encode()
    entries = [Entry(f"{prefix}requirements.txt", pins, PLAIN, OWN, len(pins))]
    for wheel, path in wheels.items():
        entries.append(Entry(f"{prefix}{wheel.filename}", path, PLAIN, wheel.pin, path.stat().st_size))
    return Bundle(tuple(sorted(entries, key=lambda entry: entry.path)))


def pip_installs(stock: Stock, settings: GlueSettings) -> tuple[Pin, ...]:
    """What was chosen with the others and is left to Glue's pip."""
    return tuple(wheel.pin for wheel, _ in stock.chosen if wheel.pin.name in settings.pip_install)


def warnings_for_ray(
    stock: Stock, requirements: Requirements, settings: GlueSettings, wheels: Mapping[Wheel, WheelArchive]
) -> Iterator[str]:
    """What will not, or may not, work on Glue for Ray."""
    asked: list[tuple[str, Requirement]] = [
        (str(line.origin), line.requirement)
        for line in (requirements.requested or requirements.lineage.direct)
        if line.requirement is not None and line.counts_on(stock.target)
    ]
    dependencies = dependencies_between(stock, requirements, wheels.values())
    asked += ((str(wheel.pin), line) for wheel in wheels for line in dependencies.of(wheel.pin.name))
    yield from _skewed(asked, settings)
    yield from without_use(stock, requirements, dependencies)
    natives = sorted(str(wheel.pin) for wheel in wheels if not wheel.is_pure)
    if natives:
        yield (
            f"shared objects, for Linux on ARM64 and judged for glibc 2.17 (AWS does not say which Ray has): "
            f"{several(natives)}; try them there, or leave them to Glue's pip with --pip-install"
        )
    yield from _not_for_pip(stock, settings)


def _skewed(asked: Sequence[tuple[str, Requirement]], settings: GlueSettings) -> Iterator[str]:
    for who, line in asked:
        name = canonicalize_name(line.name)
        provided = RAY_MODULES.get(name)
        if provided is None or name in settings.pip_install:
            continue
        if not line.specifier.contains(Version(provided), prereleases=True):
            yield (
                f"{who} asks for {line.name}{line.specifier}, and Glue for Ray has {provided}: ask for what works with "
                f"that, or have Glue's pip change it with --pip-install {name}"
            )


def _not_for_pip(stock: Stock, settings: GlueSettings) -> Iterator[str]:
    """Glue's pip takes wheels from the public index and compiles nothing."""
    there = {pin.name for pin in pip_installs(stock, settings)}
    for name in sorted(settings.pip_install - there):
        yield f"--pip-install {name}: nothing asks for it, so Glue's pip is not told of it"
    for wheel, origin in stock.origins:
        if wheel.pin.name in there and not isinstance(origin, Wheel):
            yield f"--pip-install {wheel.pin}: it has no wheel for {stock.target}, and Glue's pip compiles nothing"
