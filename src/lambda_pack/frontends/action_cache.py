"""What the action keeps between runs, and under which key."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lambda_pack.commands.orders import Order, read_order
from lambda_pack.errors import UsageError
from lambda_pack.inputs.home import home_folder
from lambda_pack.model.product import VERSION
from lambda_pack.model.request import PackRequest
from lambda_pack.model.urls import masked
from lambda_pack.tools.parts import environment_folder

__all__ = ["CACHE_OUTPUTS", "cache_folder", "cache_outputs"]

CACHE_OUTPUTS = ("cache-path", "cache-key", "cache-restore-key")


def cache_folder(request: PackRequest, environ: Mapping[str, str]) -> Path:
    """Where the run keeps its cache: below the runner's temporary folder, unless the user named another place."""
    if request.cache is not None:
        return request.cache.absolute()
    return Path(environ.get("RUNNER_TEMP") or ".").absolute() / "lambda-pack" / "cache"


def cache_outputs(requests: Sequence[PackRequest], environ: Mapping[str, str]) -> Mapping[str, str]:
    """The key says what is asked for, for which targets, and which lambda-pack asks; credentials have no part in it.

    Another key with the same beginning does as well: what the cache holds is found by its digest.

    Raises:
        UsageError: the requirements of the only request are missing or wrong; of several, the others count.
    """
    orders = list(_orders(requests, environ))
    digest = hashlib.sha256("\n".join(line for order in orders for line in _asked_for(order)).encode()).hexdigest()
    targets = "+".join(sorted({str(request.target) for request in requests}))
    # Wheels that are built here are for this machine.
    begin = f"lambda-pack-{VERSION}-{sys.platform}-{platform.machine()}-{targets}-"
    # Parts that have been added to the environment need not be fetched again either: uv is the largest of all files.
    folders = (cache_folder(requests[0], environ), environment_folder())
    paths = "\n".join(str(folder) for folder in folders if folder is not None)
    values = (paths, begin + digest[:32], begin)
    return dict(zip(CACHE_OUTPUTS, values, strict=True))


def _orders(requests: Sequence[PackRequest], environ: Mapping[str, str]) -> Iterator[Order]:
    for request in requests:
        try:
            yield read_order(request, environ, home=home_folder())
        except UsageError:
            # One that is wrong stops no other: packing it says so.
            if len(requests) == 1:
                raise


def _asked_for(order: Order) -> Iterator[str]:
    if order.lock is not None:
        for locked in order.lock.packages:
            yield f"{locked.package.name} {locked.package.version} {locked.package.marker}"
    for line in (*order.requirements.requested, *order.requirements.constraints):
        # The query of a URL may be a signature, as good as a password.
        yield re.sub(r"\?[^\s#]*", "", masked(str(line)))
        yield from (f"{algorithm}:{digest}" for algorithm, digest in line.hashes)
