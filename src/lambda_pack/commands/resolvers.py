"""The resolver of an order: uv or pip, a lock in their place, or one of them that sees all indexes as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.commands.orders import Order
from lambda_pack.model.choices import ResolverName
from lambda_pack.model.forbidden import without_forbidden
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.requirements import Requirements
from lambda_pack.ports import Index, Resolver
from lambda_pack.tools.environment import checkout_environment, package_environment

if TYPE_CHECKING:
    from lambda_pack.commands.shared_work import SharedWork
    from lambda_pack.tools.built_metadata import InformedResolver
    from lambda_pack.tools.network.index_view import IndexView
    from lambda_pack.tools.uv_resolver import UvResolver

__all__ = ["Resolvers"]


class Resolvers(Struct, frozen=True):
    """Makes the resolver of an order; `environ` is everything that we see."""

    order: Order
    environ: Mapping[str, str]

    def begun(self, stack: ExitStack, folder: Path, shared: SharedWork | None) -> InformedResolver | None:
        """The resolver, uv begun already; None where a lock takes its place, or where it does not know the rules.

        `folder` is made, and is its own; what runs is ended with the stack.
        """
        from lambda_pack.tools.network.index_urls import is_native

        requirements, request = without_forbidden(self.order.requirements), self.order.request
        if self.order.lock is not None or not is_native(requirements.indexes, request.resolver):
            return None
        environment = package_environment(self.environ, extra=self._checkouts())
        folder.mkdir(mode=0o700)
        if request.resolver is ResolverName.PIP:
            from lambda_pack.tools.pip.resolver import PipResolver

            return PipResolver(requirements, environment=environment, scratch=folder)
        from lambda_pack.tools.uv_resolver import BegunResolver

        # uv has a cache of its own, and --no-cache means that one, too.
        resolver = self._uv(requirements, environment, folder, cache=None if request.use_cache else folder / "cache")
        if shared and not shared.begins(self.order, stack):
            # Another order has begun: there is an answer already, or there will be.
            return resolver
        running = stack.enter_context(resolver.begun(resolver.question(request.target)))
        return BegunResolver(resolver, running)

    def viewing(self, view: Callable[[], IndexView], folder: Path) -> InformedResolver | None:
        """A resolver that sees all indexes as one; None where a lock takes its place."""
        if self.order.lock is not None:
            return None
        from lambda_pack.tools.network.index_view import without_proxy
        from lambda_pack.tools.viewed_resolver import ViewedResolver

        requirements, request = without_forbidden(self.order.requirements), self.order.request
        direct = without_proxy(self.environ, requirements.indexes.proxy)
        environment = package_environment(self.environ, extra={**self._checkouts(), **direct})
        requirements = replace(requirements, indexes=view().settings(requirements.indexes))
        folder.mkdir(mode=0o700)
        if request.resolver is ResolverName.PIP:
            from lambda_pack.tools.pip.resolver import PipResolver

            return ViewedResolver(PipResolver(requirements, environment=environment, scratch=folder), view())
        # A cache of its own: what uv knew of this index would never be asked for again.
        return ViewedResolver(self._uv(requirements, environment, folder, cache=folder / "cache"), view())

    def locked(self, index_over: Callable[[IndexSettings], Index], folder: Path) -> Resolver:
        """What is installed, or a lock, in the place of a resolver."""
        if self.order.installation is not None:
            from lambda_pack.tools.installed_resolver import InstalledResolver

            folder.mkdir(mode=0o700)
            return InstalledResolver(self.order.installation, folder)
        from lambda_pack.tools.locked_resolver import LockedResolver

        lock = self.order.lock
        if lock is None:
            raise AssertionError("without a lock a resolver was begun")
        return LockedResolver(lock, lambda url: index_over(self._named_index(url)))

    def _named_index(self, url: str | None) -> IndexSettings:
        """The index that a lock names for a package, and no other; for None all those of the user's settings.

        The public one by name is whatever the user has in its place.
        """
        from lambda_pack.tools.network.index_urls import public_index

        indexes = self.order.requirements.indexes
        if url is None:
            return indexes
        alone = replace(indexes, extra_index_urls=(), supplemental_urls=(), scopes=())
        if not indexes.no_index and url.rstrip("/") == public_index().rstrip("/"):
            return alone
        return replace(alone, index_url=url, find_links=(), no_index=False, flat_urls=indexes.flat_urls & {url})

    def _uv(
        self, requirements: Requirements, environment: Mapping[str, str], folder: Path, *, cache: Path | None
    ) -> UvResolver:
        from lambda_pack.tools.interpreters import base_interpreter
        from lambda_pack.tools.uv_program import find_uv
        from lambda_pack.tools.uv_resolver import UvResolver

        return UvResolver(
            requirements,
            find_uv(self.environ),
            interpreter=base_interpreter(),
            environment=environment,
            scratch=folder,
            cache=cache,
        )

    def _checkouts(self) -> Mapping[str, str]:
        """The ssh agent, for requirements that are cloned over ssh; no other run lends it to package code."""
        lines = (*self.order.requirements.requested, *self.order.requirements.constraints)
        urls = (line.requirement.url if line.requirement else line.url for line in lines)
        return checkout_environment(self.environ) if any(url and "git+ssh" in url for url in urls) else {}
