"""Resolving with a tool that sees the indexes of a run as one, since its own options cannot say their rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from msgspec import Struct
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.utils import NormalizedName

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.model.targets import Target
from lambda_pack.tools.built_metadata import InformedResolver, SourceMetadata
from lambda_pack.tools.network.index_view import IndexView

__all__ = ["ViewedResolver"]


class ViewedResolver(Struct, frozen=True):
    """A resolver that asks a view; its answer has the files where they really are, with the digests of their index."""

    resolver: InformedResolver
    view: IndexView

    def informed(self, metadata: SourceMetadata) -> ViewedResolver:
        """See `lambda_pack.tools.built_metadata.InformedResolver`."""
        return ViewedResolver(self.resolver.informed(metadata), self.view)

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`."""
        # An error of an earlier question, or of a build, is no answer to this one.
        self.view.error = None
        try:
            lock = self.resolver.resolve(target, exclusions=exclusions, without=without)
        except LambdaPackError as error:
            if self.view.error is not None:
                raise self.view.error from error
            raise
        return replace(lock, packages=[self._moved(package) for package in lock.packages])

    def _moved(self, package: Package) -> Package:
        wheels = [self._wheel(wheel) for wheel in package.wheels or ()]
        sdist = self._sdist(package.sdist) if package.sdist is not None else None
        files = (self.view.original(file.url or "") for file in (*(package.wheels or ()), package.sdist) if file)
        index = next((file.index for file in files if file is not None), package.index)
        return replace(package, wheels=wheels or None, sdist=sdist, index=index)

    def _wheel(self, wheel: PackageWheel) -> PackageWheel:
        file = self.view.original(wheel.url or "")
        return wheel if file is None else replace(wheel, url=file.url)

    def _sdist(self, sdist: PackageSdist) -> PackageSdist:
        file = self.view.original(sdist.url or "")
        return sdist if file is None else replace(sdist, url=file.url)
