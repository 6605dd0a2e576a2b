"""From what the steps came to, to the report."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.orders import Order
from lambda_pack.commands.places import seen_from, without_folder
from lambda_pack.commands.recorder import Recorder
from lambda_pack.model.choices import Layout, ResolverName
from lambda_pack.model.glue import GlueFacts, job_arguments
from lambda_pack.model.product import VERSION
from lambda_pack.model.report import ArchiveFacts, PackedPackage, Report, Unmet
from lambda_pack.model.stock import Attempt, HeldBack
from lambda_pack.pipeline.outcome import Outcome
from lambda_pack.tools.process import own_environment

__all__ = ["report_of", "seen_archive", "tools_of"]


def report_of(order: Order, outcome: Outcome, recorder: Recorder, mask: Callable[[str], str]) -> Report:
    """The report of a run that ends now; `mask` takes secrets out of what tools have written."""
    project = Path.cwd()

    def clean(text: str) -> str:
        return without_folder(project, mask(text))

    def attempts(made: Iterable[Attempt]) -> tuple[Attempt, ...]:
        return tuple(
            replace(one, detail=clean(one.detail), command=clean(one.command), log=clean(one.log), wheel=None)
            for one in made
        )

    return Report(
        name=order.name,
        target=order.request.target,
        layout=order.request.layout.value,
        packages=tuple(_package(package, order, project) for package in outcome.packages),
        to_build=tuple(replace(item, source=seen_from(project, item.source)) for item in outcome.to_build),
        held_back=tuple(_held_back(held, project) for held in outcome.stock.held_back),
        unmet=tuple(replace(_unmet(one, project), attempts=attempts(one.attempts)) for one in outcome.unmet),
        attempts=attempts(outcome.stock.attempts),
        warnings=tuple(map(clean, recorder.warnings)),
        archive=outcome.archive and seen_archive(outcome.archive, project),
        savings=outcome.savings,
        glue=_glue(order, outcome),
        layers=tuple(replace(layer, archive=seen_archive(layer.archive, project)) for layer in outcome.layers),
        timings=recorder.timings(),
        resolver_runs=0 if order.lock is not None else outcome.stock.resolver_runs,
        tools=tools_of(order),
    )


def _glue(order: Order, outcome: Outcome) -> GlueFacts | None:
    request = order.request
    if request.layout not in {Layout.GLUE_RAY, Layout.GLUE_SPARK} or outcome.archive is None:
        return None
    from lambda_pack.pipeline.glue import pip_installs

    pins = [str(pin) for pin in pip_installs(outcome.stock, request.glue)]
    return GlueFacts(job_arguments(request.layout, outcome.archive.path.name, pins), tuple(pins))


def _package(package: PackedPackage, order: Order, project: Path) -> PackedPackage:
    url, source = package.url, package.source
    if order.installation is not None and url is not None:
        # Its wheel was made for this run alone.
        url = order.installation.folder.as_uri()
    index = package.index and seen_from(project, package.index)
    source = source and seen_from(project, source)
    return replace(package, url=url and seen_from(project, url), source=source, index=index)


def _held_back(held: HeldBack, project: Path) -> HeldBack:
    return replace(held, origin=held.origin and without_folder(project, held.origin))


def _unmet(unmet: Unmet, project: Path) -> Unmet:
    files = (replace(file, filename=seen_from(project, file.filename)) for file in unmet.files)
    return replace(unmet, origin=unmet.origin and without_folder(project, unmet.origin), files=tuple(files))


def seen_archive(archive: ArchiveFacts, project: Path) -> ArchiveFacts:
    """Outside of the project it stays where the user said that it should be."""
    is_below = archive.path.is_relative_to(project)
    return replace(archive, path=archive.path.relative_to(project)) if is_below else archive


def tools_of(order: Order) -> tuple[tuple[str, str], ...]:
    """Names and versions of what took part; a lock needs no resolver."""
    ours = (("lambda-pack", VERSION), ("python", platform.python_version()))
    if order.lock is not None:
        return ours
    return (*ours, (order.request.resolver.value, _version(order.request.resolver)))


@cache
def _version(resolver: ResolverName) -> str:
    if resolver is ResolverName.UV:
        from lambda_pack.tools.uv_program import uv_version

        return uv_version(own_environment())
    from lambda_pack.tools.pip.program import our_pip

    return our_pip().version
