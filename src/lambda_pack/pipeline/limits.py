"""Lambda's limit on the unzipped size, checked before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lambda_pack.errors import LimitExceeded
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import OWN
from lambda_pack.model.chains import Dependencies
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.limits import megabytes
from lambda_pack.model.request import PackRequest

__all__ = ["check_size"]

_LARGEST = 8


def check_size(bundle: Bundle, request: PackRequest, read_dependencies: Callable[[], Dependencies]) -> None:
    """Refuse a bundle that is larger than Lambda takes, unless the request allows that.

    Raises:
        LimitExceeded: with the largest packages, and who asked for each.
    """
    limit = FORMS[request.layout].unzipped_limit
    if request.allow_oversize or limit is None or bundle.unzipped_size <= limit:
        return
    largest = "\n".join(_largest(bundle, read_dependencies()))
    if FORMS[request.layout].is_folder:
        raise LimitExceeded(
            f"{bundle.unzipped_size:,} bytes are more than the {limit:,} an image on Lambda has room for beside the "
            "runtime; leave out one of the largest packages, or write it anyway with --allow-oversize",
            log=largest,
        )
    raise LimitExceeded(
        f"{bundle.unzipped_size:,} bytes unzipped are more than the {limit:,} Lambda takes with all layers; "
        "leave out one of the largest packages, use a container image, or write it anyway with --allow-oversize",
        log=largest,
    )


def _largest(bundle: Bundle, dependencies: Dependencies) -> Iterator[str]:
    chains = dependencies.chains()
    for owner, size in bundle.sizes[:_LARGEST]:
        if owner == OWN:
            yield f"{megabytes(size):>9}  your own code"
            continue
        chain = chains.get(owner.name)
        yield f"{megabytes(size):>9}  {owner}" + (f"  ({chain})" if chain else "")
