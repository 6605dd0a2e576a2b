"""Step 8: the chosen wheels, fetched and checked, and the user's own code, as one bundle."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.files.bundle import Bundle, compose
from lambda_pack.files.entries import Entry
from lambda_pack.files.records import records_size, with_records
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.chains import Dependencies
from lambda_pack.model.choices import Layout
from lambda_pack.model.packages import Offer, Pin, Sdist, Wheel
from lambda_pack.model.report import ArchiveFacts, LayerFacts, PackedPackage
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements, proofs_in
from lambda_pack.model.slimming import Saving
from lambda_pack.model.stock import Stock
from lambda_pack.model.urls import masked, without_credentials
from lambda_pack.pipeline.consistency import check_consistency
from lambda_pack.pipeline.dependencies import dependencies_between
from lambda_pack.pipeline.limits import check_size
from lambda_pack.pipeline.own_code import OwnFolder, own_code
from lambda_pack.pipeline.undetermined import tell_undetermined
from lambda_pack.ports import Narrator, Ports

__all__ = ["Composed", "Parts", "Writer", "compose_bundle", "planned"]

Writer: TypeAlias = Callable[[Bundle], ArchiveFacts]


class Composed(Struct, frozen=True):
    """A bundle that was written: its packages, and for a lock each wheel with what it came from, digests known.

    With `layers` it is in several archives, of which `archive` is the first.
    """

    archive: ArchiveFacts
    packages: tuple[PackedPackage, ...]
    origins: tuple[tuple[Wheel, Offer], ...]
    savings: tuple[Saving, ...] = ()
    layers: tuple[LayerFacts, ...] = ()


class Parts(Struct, frozen=True):
    """What a bundle is made of: the wheels that are chosen, and the user's own folders."""

    stock: Stock
    own: Sequence[OwnFolder]


def compose_bundle(
    parts: Parts, request: PackRequest, requirements: Requirements, *, ports: Ports, write: Writer
) -> Composed:
    """Fetch what is chosen, check what nobody had promised a digest for, and write the whole.

    Raises:
        IntegrityError: a file is not what was promised, or is damaged or hostile.
        UsageError: two packages own one path, or own code cannot be read.
        LimitExceeded: the bundle is larger than Lambda takes, and the request does not allow that.
    """
    stock = parts.stock
    wheels = [wheel for wheel, _ in stock.chosen]
    fetched = ports.downloads.fetch(wheels)
    paths = {wheel: fetched[wheel] for wheel in wheels}
    opened = {wheel: ports.wheels.open(paths[wheel], wheel.pin) for wheel in wheels}
    digests = {wheel: _digest(opened[wheel], wheel) for wheel in wheels}
    tell_undetermined(stock, requirements, lambda: {one: opened[one].metadata() for one in wheels}, ports.narrator)
    check_consistency(stock, requirements, opened.values(), ports.narrator, allow_unmet=request.allow_unmet)
    mine = {project.pin.name for project in requirements.projects}
    apart = mine | request.glue.pip_install
    dependencies = {wheel: opened[wheel] for wheel in wheels if wheel.pin.name not in apart}
    built = {wheel: opened[wheel] for wheel in wheels if wheel.pin.name in mine}
    left_out = _left_out(stock, request, requirements, ports=ports, opened=opened)
    own = own_code(parts.own, built, ports.narrator)
    archives = tuple(dependencies.values())
    bundle = _bundle(request, archives, paths, own=own.entries, narrator=ports.narrator)
    for warning in (*_warnings(bundle), *_oversights(bundle, request)):
        ports.narrator.warn(warning)
    bundle = _finished(bundle, request, (*archives, *built.values()), ports=ports)
    read_dependencies = partial(dependencies_between, stock, requirements, archives)
    check_size(bundle, request, read_dependencies)
    divided = _parts(bundle, request, read_dependencies, narrator=ports.narrator)
    written = [(part, write(part)) for part in divided]
    sizes = {owner: size for owner, size in bundle.sizes if isinstance(owner, Pin)}
    sizes |= {wheel.pin: size + records_size(bundle, opened[wheel]) for wheel, size in own.sizes.items()}
    # A lock is about what others publish: own code goes with the sources.
    origins = tuple((wheel, _proven(origin, digests, ports)) for wheel, origin in stock.origins if wheel not in built)
    return Composed(
        written[0][1],
        tuple(one for one in _packed(stock, digests, sizes) if one.pin.name not in request.glue.pip_install),
        origins,
        savings=(*left_out, *bundle.savings),
        layers=tuple(_layers(written)),
    )


def _finished(bundle: Bundle, request: PackRequest, wheels: Sequence[WheelArchive], *, ports: Ports) -> Bundle:
    """The bundle with its files refined as the request says, and with what describes them then."""
    if request.slimming.refines:
        from lambda_pack.pipeline.refinement import refined

        bundle = refined(bundle, request, ports.refiner, ports.narrator)
    if request.layout is Layout.GLUE_SPARK:
        return bundle
    return with_records(bundle, wheels, prefix=request.prefix)


def _left_out(
    stock: Stock,
    request: PackRequest,
    requirements: Requirements,
    *,
    ports: Ports,
    opened: Mapping[Wheel, WheelArchive],
) -> tuple[Saving, ...]:
    is_for_ray = request.layout is Layout.GLUE_RAY
    if not is_for_ray and not stock.left_out and not request.slimming.packages:
        return ()
    from lambda_pack.pipeline.slimming import savings_of_packages, warnings_of_packages

    if is_for_ray:
        from lambda_pack.pipeline.glue import warnings_for_ray

        warnings = warnings_for_ray(stock, requirements, request.glue, opened)
    else:
        dependencies = dependencies_between(stock, requirements, opened.values())
        warnings = warnings_of_packages(stock, requirements, request.slimming, dependencies)
    for warning in warnings:
        ports.narrator.warn(warning)
    return savings_of_packages(stock, ports.index)


def _bundle(
    request: PackRequest,
    dependencies: Sequence[WheelArchive],
    paths: Mapping[Wheel, Path],
    *,
    own: Sequence[Entry],
    narrator: Narrator,
) -> Bundle:
    """The bundle in its layout, before it is divided."""
    if request.layout is Layout.GLUE_SPARK:
        from lambda_pack.pipeline.glue import zip_of_wheels

        return zip_of_wheels(paths, request.prefix)
    bundle = compose(
        dependencies, own, prefix=request.prefix, on_collision=request.on_collision, slimming=request.slimming
    )
    if request.layout is Layout.GLUE_RAY:
        from lambda_pack.files.ray_rules import fit_for_ray

        bundle, warnings = fit_for_ray(bundle, request.prefix)
        for warning in warnings:
            narrator.warn(warning)
    return bundle


def _parts(
    bundle: Bundle, request: PackRequest, read_dependencies: Callable[[], Dependencies], *, narrator: Narrator
) -> tuple[Bundle, ...]:
    if request.layering is None:
        return (bundle,)
    from lambda_pack.pipeline.layering import in_parts

    return in_parts(bundle, request.layering, request, dependencies=read_dependencies(), narrator=narrator)


def _layers(written: Iterable[tuple[Bundle, ArchiveFacts]]) -> Iterator[LayerFacts]:
    for part, archive in written:
        if part.layer is not None:
            packages = sorted({entry.owner.name for entry in part.entries if isinstance(entry.owner, Pin)})
            yield LayerFacts(part.layer, archive, tuple(packages))


def _proven(origin: Offer, digests: Mapping[Wheel, str], ports: Ports) -> Offer:
    """The origin with the one digest that its file has, whatever was promised for it."""
    match origin:
        case Wheel():
            return replace(origin, hashes=(("sha256", digests[origin]),))
        case Sdist(hashes=hashes) if [algorithm for algorithm, _ in hashes] != ["sha256"]:
            path = ports.downloads.fetch([origin])[origin]
            return replace(origin, hashes=(("sha256", hashlib.sha256(path.read_bytes()).hexdigest()),))
        case _:
            return origin


def _digest(archive: WheelArchive, wheel: Wheel) -> str:
    """The SHA-256 of the whole file. Where nobody promised a digest, the wheel's own RECORD is the only witness."""
    proofs = proofs_in(wheel.hashes)
    digests = [digest for algorithm, digest in proofs if algorithm == "sha256"]
    if len(digests) == 1:
        return digests[0]
    if not proofs:
        archive.verify_record()
    return archive.digest()


def _warnings(bundle: Bundle) -> Iterator[str]:
    for file in bundle.path_files:
        what = "runs code that Lambda will not run" if file.runs_code else "names folders that Lambda will not search"
        yield f"{file.path} of {file.owner} {what}: .pth files are not processed in /var/task"
    for overridden in bundle.overridden:
        yield f"{overridden.path} of {overridden.loser} is not in the bundle: {overridden.winner} brings its own"
    if bundle.metadata_readers:
        names = ", ".join(map(str, bundle.metadata_readers))
        yield (
            f"metadata is left out, and these read it or are found by it: {names}; they may fail when they run, "
            "and --dist-info minimal keeps what they read"
        )


def _oversights(bundle: Bundle, request: PackRequest) -> Iterator[str]:
    if request.sources or request.projects or request.handler is not None:
        from lambda_pack.files.oversights import find_oversights

        yield from find_oversights(bundle.entries, request.target, prefix=request.prefix, handler=request.handler)


def _packed(stock: Stock, digests: Mapping[Wheel, str], sizes: Mapping[Pin, int]) -> Iterator[PackedPackage]:
    verdicts, audits = dict(stock.chosen), dict(stock.audits)
    builds = {item.wheel: item.build for item in stock.accepted}
    for wheel, origin in stock.origins:
        source = None if isinstance(origin, Wheel) else origin.filename
        yield PackedPackage(
            pin=wheel.pin,
            filename=wheel.filename,
            url=masked(without_credentials(wheel.url)) if source is None else None,
            sha256=digests[wheel],
            size=sizes.get(wheel.pin, 0),
            is_verified=bool(proofs_in(wheel.hashes)),
            evidence=verdicts[wheel].evidence,
            source=source,
            findings=audits[wheel].findings if wheel in audits else (),
            build=builds.get(wheel),
            index=origin.index if isinstance(origin, Wheel | Sdist) else None,
        )


def planned(stock: Stock) -> Iterator[PackedPackage]:
    """The packages that have a wheel, as far as they are known before anything is fetched."""
    for wheel, verdict in stock.chosen:
        yield PackedPackage(
            pin=wheel.pin,
            filename=wheel.filename,
            url=masked(without_credentials(wheel.url)),
            sha256=dict(wheel.hashes).get("sha256"),
            size=None,
            is_verified=bool(proofs_in(wheel.hashes)),
            evidence=verdict.evidence,
            index=wheel.index,
        )
