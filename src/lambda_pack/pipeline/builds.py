"""Steps 4 and 5: what is built, what is not built again, and when nothing is built at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambda_pack.model.old_builds import fails_before_compiling
from lambda_pack.model.packages import Pin, Source
from lambda_pack.model.report import ToBuild
from lambda_pack.model.stock import Attempt, Stock
from lambda_pack.model.urls import masked, without_credentials
from lambda_pack.pipeline.explanations import why_no_wheel
from lambda_pack.ports import Ports

__all__ = ["build_with_compiler", "build_without_compiler", "left_to_build"]

_WITH_COMPILER = 4


def build_with_compiler(stock: Stock, ports: Ports, *, allow_unmet: bool) -> Stock:
    """Step 4: build the rest, unless the run cannot succeed whatever is built."""
    if not allow_unmet and _says_in_vain(stock, ports):
        return stock
    return stock + ports.builder.build(_sources(stock), stock.target, compiler=True)


def build_without_compiler(stock: Stock, ports: Ports, *, allow_unmet: bool) -> Stock:
    """Step 5: build again what may do without a compiler.

    What failed before anything was compiled would fail with the same log. What another build has ruled out is not
    waited for either.
    """
    again = [source for source in _sources(stock) if not any(map(_is_final, _failures(stock, source.pin)))]
    if not allow_unmet and _says_in_vain(stock, ports):
        return stock
    return stock + ports.builder.build(again, stock.target, compiler=False)


def left_to_build(stock: Stock) -> Iterator[ToBuild]:
    """Yield the packages that have a source and that nothing has tried to build."""
    for source in _sources(stock):
        if not any(attempt.pin == source.pin for attempt in stock.attempts):
            yield ToBuild(source.pin, masked(without_credentials(source.filename)), why_no_wheel(stock, source.pin))


def _says_in_vain(stock: Stock, ports: Ports) -> bool:
    """Whether something is unmet that no build can change, which is noted."""
    hopeless = [pin for pin in stock.unmet if _is_hopeless(stock, pin)]
    if hopeless and any(source.pin not in hopeless for source in _sources(stock)):
        ports.narrator.note(f"nothing is built: {', '.join(map(str, hopeless))} cannot be met in any case")
    return bool(hopeless)


def _is_hopeless(stock: Stock, pin: Pin) -> bool:
    """Whether neither step 5 nor step 6 can help.

    What is in the resolver's way was built when it was found, and its dependencies are not in the closure.
    """
    if pin in stock.obstacles or stock.source(pin) is None:
        return True
    failures = _failures(stock, pin)
    return any(map(_is_final, failures)) and all(failure.wheel is None for failure in failures)


def _sources(stock: Stock) -> Sequence[Source]:
    return tuple(source for source in stock.sources if source.pin not in stock.obstacles)


def _failures(stock: Stock, pin: Pin) -> Sequence[Attempt]:
    return tuple(one for one in stock.attempts if one.pin == pin and one.step == _WITH_COMPILER)


def _is_final(failure: Attempt) -> bool:
    return failure.wheel is None and fails_before_compiling(failure.log)
