"""Ports that are made when they are first asked something: most packs build nothing, and ask no index themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from lambda_pack.model.packages import Offer, Sdist, Source, Wheel
    from lambda_pack.model.stock import Accepted, Attempt
    from lambda_pack.model.targets import Target
    from lambda_pack.ports import Builder, Index, Refiner

__all__ = ["LateBuilder", "LateIndex", "LateRefiner"]


class LateIndex:
    """The port `Index`."""

    def __init__(self, make: Callable[[], Index]) -> None:
        self._made = cache(make)

    def files(self, names: Iterable[NormalizedName]) -> Sequence[Offer]:
        """See `lambda_pack.ports.Index`."""
        return self._made().files(names)

    def metadata(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, bytes]:
        """See `lambda_pack.ports.Index`."""
        return self._made().metadata(wheels)

    def sizes(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, int | None]:
        """See `lambda_pack.ports.Index`."""
        return self._made().sizes(wheels)

    def split(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """See `lambda_pack.ports.Index`."""
        return self._made().split(names)

    def places(self, files: Iterable[Wheel | Sdist]) -> Mapping[Wheel | Sdist, str]:
        """See `lambda_pack.ports.Index`."""
        return self._made().places(files)

    def promised(self, names: Iterable[NormalizedName]) -> frozenset[str]:
        """See `lambda_pack.ports.Index`."""
        return self._made().promised(names)


class LateBuilder:
    """The port `Builder`."""

    def __init__(self, make: Callable[[], Builder]) -> None:
        self._made = cache(make)

    def build(self, sources: Sequence[Source], target: Target, *, compiler: bool) -> Sequence[Accepted | Attempt]:
        """See `lambda_pack.ports.Builder`."""
        return self._made().build(sources, target, compiler=compiler) if sources else ()

    def as_pure(self, wheel: Wheel) -> Wheel:
        """See `lambda_pack.ports.Builder`."""
        return self._made().as_pure(wheel)


class LateRefiner:
    """The port `Refiner`."""

    def __init__(self, make: Callable[[], Refiner]) -> None:
        self._made = cache(make)

    def strip(self, content: bytes, target: Target) -> bytes | None:
        """See `lambda_pack.ports.Refiner`."""
        return self._made().strip(content, target)

    def compile(self, sources: Mapping[str, bytes], target: Target) -> Mapping[str, bytes]:
        """See `lambda_pack.ports.Refiner`."""
        return self._made().compile(sources, target)
