"""Lambda's limit on the unzipped size, checked before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import LimitExceeded
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import OWN, Entry, Owner
from lambda_pack.files.slimming import slimmed
from lambda_pack.model.chains import Dependencies
from lambda_pack.model.choices import Part
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.limits import megabytes
from lambda_pack.model.packages import Pin
from lambda_pack.model.request import PackRequest
from lambda_pack.model.runtime_packages import RUNTIME_PACKAGES
from lambda_pack.model.slimming import Slimming, saved_in_all

__all__ = ["check_size"]

_LARGEST = 8
# What `--drop` may leave out without a look at what the handler does.
_DROPPED = (Part.TESTS, Part.DOCS, Part.HEADERS, Part.STUBS)


def check_size(bundle: Bundle, request: PackRequest, read_dependencies: Callable[[], Dependencies]) -> None:
    """Refuse a bundle that is larger than Lambda takes, unless the request allows that.

    Raises:
        LimitExceeded: with the largest packages, who asked for each, and what would make this bundle smaller.
    """
    limit = FORMS[request.layout].unzipped_limit
    if request.allow_oversize or limit is None or bundle.unzipped_size <= limit:
        return
    dependencies = read_dependencies()
    log = "\n".join((*_largest(bundle, dependencies), "", *_ways_out(bundle, request, limit, dependencies)))
    sizes = f"{megabytes(bundle.unzipped_size)} unzipped ({bundle.unzipped_size:,} bytes) are more than the {limit:,}"
    if FORMS[request.layout].is_folder:
        raise LimitExceeded(
            f"{sizes} an image on Lambda has room for beside the runtime; leave out one of the largest packages, or "
            "write it anyway with --allow-oversize",
            log=log,
        )
    raise LimitExceeded(
        f"{sizes} Lambda takes with all layers; leave out what is named below, use a container image, or write it "
        "anyway with --allow-oversize",
        log=log,
    )


def _largest(bundle: Bundle, dependencies: Dependencies) -> Iterator[str]:
    chains = dependencies.chains()
    for owner, size in bundle.sizes[:_LARGEST]:
        if owner == OWN:
            yield f"{megabytes(size):>9}  your own code"
            continue
        chain = chains.get(owner.name)
        yield f"{megabytes(size):>9}  {owner}" + (f"  ({chain})" if chain else "")


def _ways_out(bundle: Bundle, request: PackRequest, limit: int, dependencies: Dependencies) -> Iterator[str]:
    """Say what this bundle would have without some of it, and whether that fits."""
    whole, is_folder = bundle.unzipped_size, FORMS[request.layout].is_folder
    new = frozenset(part for part in _DROPPED if part not in request.slimming.parts)
    kept, savings = slimmed(_by_owner(bundle), Slimming(parts=new), request.prefix)
    sizes = {part[0].owner: sum(entry.size for entry in part) for part in kept if part}
    options = []
    if helping := [saving for saving in savings if saving.size]:
        options.append(f"--drop {','.join(saving.label for saving in helping)}")
        yield _without(f"with {options[-1]}", whole - saved_in_all(helping), limit)
    theirs = [owner for owner in sizes if isinstance(owner, Pin) and owner.name in RUNTIME_PACKAGES]
    if theirs and not request.slimming.without_runtime and not is_folder:
        options.append("--exclude-runtime-packages")
        yield _without(f"with {options[-1]}", whole - sum(dict(bundle.sizes)[owner] for owner in theirs), limit)
        sizes = {owner: size for owner, size in sizes.items() if owner not in theirs}
    if len(options) > 1:
        yield _without("with both options", sum(sizes.values()), limit)
    # The fewest of the largest packages, each with those that need it: a layer would count for the same limit.
    gone: list[str] = []
    for owner, _ in sorted(sizes.items(), key=lambda item: (-item[1], str(item[0]))):
        if sum(sizes.values()) <= limit:
            break
        if isinstance(owner, Pin) and owner in sizes:
            names = {owner.name, *_needing(owner.name, dependencies)}
            gone += [one.name for one in sizes if isinstance(one, Pin) and one.name in names]
            sizes = {one: size for one, size in sizes.items() if not (isinstance(one, Pin) and one.name in names)}
    if gone:
        also = f" and with {'both options' if len(options) > 1 else options[0]}" if options else ""
        yield _without(f"without {', '.join(gone)}{also}", sum(sizes.values()), limit)
    if not is_folder:
        yield "as a container image (--layout oci-dir): up to 10 GB; layers do not help, they count for the same limit"


def _needing(name: NormalizedName, dependencies: Dependencies) -> Iterator[NormalizedName]:
    """The packages that require a package, directly or through others."""
    waiting, seen = [name], {name}
    while waiting:
        needed = waiting.pop(0)
        for one in dependencies.requires:
            if one not in seen and any(canonicalize_name(line.name) == needed for line in dependencies.of(one)):
                seen.add(one)
                waiting.append(one)
                yield one


def _without(what: str, size: int, limit: int) -> str:
    return f"{megabytes(size):>9}  {what}: {'fits' if size <= limit else 'still too large'}"


def _by_owner(bundle: Bundle) -> list[tuple[Entry, ...]]:
    parts: dict[Owner, list[Entry]] = {}
    for entry in bundle.entries:
        parts.setdefault(entry.owner, []).append(entry)
    return list(map(tuple, parts.values()))
