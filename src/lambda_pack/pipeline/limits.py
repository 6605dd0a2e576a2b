"""Lambda's limit on the unzipped size, checked before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambda_pack.errors import LimitExceeded
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import OWN
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.chains import dependencies_in, find_chains, with_names
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.limits import megabytes
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock

__all__ = ["check_size"]

_LARGEST = 8


def check_size(
    bundle: Bundle, request: PackRequest, stock: Stock, *, requirements: Requirements, wheels: Sequence[WheelArchive]
) -> None:
    """Refuse a bundle that Lambda will not take, unless the request does not mind.

    Raises:
        LimitExceeded: with the largest packages, and who asked for each.
    """
    limit = FORMS[request.layout].unzipped_limit
    if request.allow_oversize or limit is None or bundle.unzipped_size <= limit:
        return
    largest = "\n".join(_largest(bundle, stock, requirements, wheels))
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


def _largest(bundle: Bundle, stock: Stock, requirements: Requirements, wheels: Sequence[WheelArchive]) -> Iterator[str]:
    requires = {wheel.pin.name: dependencies_in(wheel.metadata()) for wheel in wheels}
    chains = find_chains(with_names(requirements.requested, stock.offers), requires, stock.target)
    for owner, size in bundle.sizes[:_LARGEST]:
        if owner == OWN:
            yield f"{megabytes(size):>9}  your own code"
            continue
        chain = chains.get(owner.name)
        yield f"{megabytes(size):>9}  {owner}" + (f"  ({chain})" if chain else "")
