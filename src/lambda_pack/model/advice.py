"""What a user can do about a dependency that is unmet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from msgspec import Struct
from packaging.utils import NormalizedName

from lambda_pack.model.findings import Concern, Finding
from lambda_pack.model.images import PackageType
from lambda_pack.model.library_packages import package_of_library
from lambda_pack.model.old_builds import cause_of, fails_alike, lacks_a_program
from lambda_pack.model.packages import Offer, Pin, Wheel
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Attempt, Stock
from lambda_pack.model.targets import RUNTIMES, Architecture, Target
from lambda_pack.model.verdicts import Fits, judge, preference

__all__ = ["NOT_LOOKED_AT", "Inspection", "advise", "best_by_tags", "other_targets"]


class Inspection(Struct, frozen=True):
    """What the files of an unmet package's wheels say, as far as they were looked at.

    `here` are the errors of the wheel that would be taken on the target, `elsewhere` those of the one that would be on
    other targets: empty where it loads there.
    """

    here: tuple[Finding, ...] = ()
    elsewhere: Mapping[Target, tuple[Finding, ...]] = MappingProxyType({})
    package_type: PackageType = PackageType.ZIP


NOT_LOOKED_AT = Inspection()


def advise(
    stock: Stock,
    pin: Pin,
    requirements: Requirements,
    *,
    way: Sequence[NormalizedName] = (),
    inspection: Inspection = NOT_LOOKED_AT,
) -> tuple[str, ...]:
    """What would help, the most likely first; never empty. `way` leads from a requirement down to the package."""
    found = (*_advice(stock, pin, requirements, inspection), *_newest_instead(stock, pin, requirements, way))
    return found or (f"ask the maintainers of {pin.name} for a wheel for {stock.target}, or replace the package",)


def other_targets(target: Target) -> tuple[Target, ...]:
    """The targets that a user could choose instead: other runtimes of the architecture, and the other architecture."""
    lambdas = RUNTIMES.values() if target.runtime.name in RUNTIMES else ()
    runtimes = (
        Target(runtime, target.architecture)
        for runtime in lambdas
        if runtime != target.runtime
        and target.architecture in runtime.architectures
        and not runtime.preview
        and (runtime.deprecated or date.max) >= (target.runtime.deprecated or date.min)
    )
    others = (one for one in Architecture if one in target.runtime.architectures and one is not target.architecture)
    return (*runtimes, *(Target(target.runtime, architecture) for architecture in others))


def best_by_tags(wheels: Iterable[Wheel], target: Target) -> Wheel | None:
    """The wheel that would be taken on a target if its files were not looked at."""
    fitting = [(wheel, verdict) for wheel in wheels if isinstance(verdict := judge(wheel, target), Fits)]
    return max(fitting, key=lambda pair: preference(*pair))[0] if fitting else None


def _advice(stock: Stock, pin: Pin, requirements: Requirements, inspection: Inspection) -> Iterator[str]:
    offers = [offer for offer in stock.offers if offer.pin.name == pin.name]
    if not offers:
        yield f"no index knows {pin.name!r}: check the spelling, or name its index with --extra-index-url"
        return
    if pin.version is None:
        newest = max((offer.pin.version for offer in offers if offer.pin.version is not None), default=None)
        if newest is not None:
            yield f"no version of {pin.name} satisfies {_asked(pin, requirements)}; the newest on offer is {newest}"
    yield from _what_its_files_need(stock.target, inspection)
    yield from _choose_another(stock, pin, inspection)
    older = max(stock.fitting_versions(pin.name), default=None)
    if any(unloadable == pin for unloadable, _ in stock.unloadable):
        if not any(one.library or one.goes_with for one in inspection.here):
            yield "pack it in spite of what its files need with --audit warn, where a layer or own code brings that"
    elif older is not None:
        yield f"{pin.name} {older} has a wheel that fits: allow it in the requirements"
    source = stock.source(pin)
    attempts = [attempt for attempt in stock.attempts if attempt.pin == pin]
    if source is not None and attempts:
        yield from _build_otherwise(attempts, stock.target)
    elif source is None and any(_is_source(offer, pin) for offer in offers):
        yield from _permissions(pin, requirements)


def _what_its_files_need(target: Target, inspection: Inspection) -> Iterator[str]:
    """How to bring the libraries that are missing, and which releases of other packages would do."""
    findings = inspection.here
    libraries = sorted({one.library for one in findings if one.concern is Concern.MISSING and one.library is not None})
    if libraries:
        named = " and ".join(_with_package(library, target.runtime.system) for library in libraries)
        # Container functions have no layers.
        is_zip = inspection.package_type is PackageType.ZIP
        other = "put it into lib/ of a layer" if is_zip else "install it in the Dockerfile"
        yield (
            f"bring {named}: copy it into lib/ of a folder and pack that with --source, or {other} and pack with "
            "--audit warn"
        )
    for beside in sorted({one.goes_with for one in findings if one.goes_with is not None}):
        yield f"let the requirements allow {beside!r}: it loads beside that"


def _with_package(library: str, system: str) -> str:
    package = package_of_library(library, system)
    return f"{library} (package {package} of {system})" if package else library


def _choose_another(stock: Stock, pin: Pin, inspection: Inspection) -> Iterator[str]:
    """Other targets, each with how much is known: a wheel by its tags, or one whose files were looked at."""
    wheels = [wheel for wheel, _ in stock.wheels(pin)]
    fitting = [target for target in other_targets(stock.target) if best_by_tags(wheels, target) is not None]
    looked_at = [target for target in fitting if target in inspection.elsewhere]
    loading = [target for target in looked_at if not inspection.elsewhere[target]]
    by_tags = [target for target in fitting if target not in inspection.elsewhere]
    for targets, remark in (
        (loading, ", and its files load there"),
        (by_tags, " by its tags; whether its files load there was not looked at"),
    ):
        runtimes = [one.runtime.name for one in targets if one.architecture is stock.target.architecture]
        if runtimes:
            yield f"choose another runtime: {pin} has a wheel for {', '.join(runtimes)}{remark}"
        for other in targets:
            if other.architecture is not stock.target.architecture:
                yield f"choose another architecture: {pin} has a wheel for {other}{remark}"


def _build_otherwise(attempts: Sequence[Attempt], target: Target) -> Iterator[str]:
    if any(fails_alike(attempt.log) for attempt in attempts):
        yield from _other_tools(attempts, target)
    elif any(lacks_a_program(attempt.log) for attempt in attempts):
        yield (
            "bring the program that its build looks for, which the log names: install it here, or build in an image "
            "that has it, with --build-image"
        )
    else:
        yield (
            f"build it where {target} runs (the same architecture and glibc), or in a container: install docker or "
            "podman, and see --build-image; the log says why it failed here"
        )


def _other_tools(attempts: Sequence[Attempt], target: Target) -> Iterator[str]:
    """A build that fails before anything is compiled: it does so in a container as well."""
    python = target.runtime.python
    tried = {constraint for attempt in attempts if attempt.limits for constraint in attempt.limits.constraints}
    causes = {str(cause): cause for attempt in attempts if (cause := cause_of(attempt.log)) is not None}
    open_ways = [cause for cause in causes.values() if cause.constraint_on(python) not in tried]
    yield from dict.fromkeys(cause.way_out(python) for cause in open_ways)
    if not open_ways:
        yield (
            "limit what its build requires to what its version was written for, in a file that --build-constraint "
            "names, or take another version; the log says where it fails, which is before anything is compiled"
        )


def _asked(pin: Pin, requirements: Requirements) -> str:
    """What the user's lines ask of a package; where there are several, each with its place: they may conflict."""
    lines = {
        str(line.requirement.specifier): f"{str(line.requirement.specifier)!r} ({line.origin})"
        for line in (*requirements.requested, *requirements.constraints)
        if line.requirement is not None and line.name == pin.name and line.requirement.specifier
    }
    if len(lines) > 1:
        return f"{' and '.join(lines.values())} together"
    return f"{next(iter(lines))!r}" if lines else "all that is asked of it"


def _newest_instead(stock: Stock, pin: Pin, requirements: Requirements, way: Sequence[NormalizedName]) -> Iterator[str]:
    """An older version that was taken for its wheel may ask for what the newest does not ask for."""
    for held in stock.held_back:
        if held.name in {pin.name, *way} and requirements.files.allows_sdist(held.name):
            yield (
                f"--prefer newest takes {held.name} {held.newest} and builds it where it must: {held.chosen}, in its "
                f"place for now, leads to {pin}"
            )


def _is_source(offer: Offer, pin: Pin) -> bool:
    return offer.pin == pin and not isinstance(offer, Wheel)


def _permissions(pin: Pin, requirements: Requirements) -> Iterator[str]:
    """What the user would have to take back, in the order in which it is looked at."""
    files = requirements.files
    if files.building.refusal(pin.name) and files.building.nothing:
        yield "let it be built, if you trust its code: leave out --no-build"
    elif pin.name in files.building.never:
        yield "let it be built, if you trust its code: leave out --no-build-package for it"
    elif files.building.refusal(pin.name):
        yield f"let it be built, if you trust its code: add --only-build {pin.name}"
    elif files.why_no_sdist(pin.name):
        yield "let it be built: lift --only-binary for it"
