"""Everything that lambda-pack refuses, and the exit code each refusal has.

    LambdaPackError            1   a bug, or a tool or disk that failed
    ├── UsageError             2   the request cannot be understood
    ├── UnmetDependencies      3   a dependency has no file that loads on the target, or own code does not
    │   └── ConflictingRequirements 3   no set of versions satisfies the requirements
    ├── LimitExceeded          4   the bundle is larger than Lambda takes
    ├── IndexUnavailable       5   the network or the index failed
    ├── IntegrityError         6   a hash differs, an archive is damaged or hostile
    ├── DeliveryError          7   the archive could not be delivered
    └── Interrupted          130   SIGINT or SIGTERM

A message says what, where and what now: lower-case start, no full stop, values in `!r`.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import ClassVar

__all__ = [
    "ConflictingRequirements",
    "DeliveryError",
    "IndexUnavailable",
    "IntegrityError",
    "Interrupted",
    "LambdaPackError",
    "LimitExceeded",
    "UnmetDependencies",
    "UsageError",
    "came_of_interruption",
]


class LambdaPackError(Exception):
    """The root of all refusals; raised itself where a tool or the disk failed, and nobody misused anything."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, log: str = "") -> None:
        """`log` is the end of the output of the tool that failed, credentials masked."""
        super().__init__(message)
        self.log = log


class UsageError(LambdaPackError):
    """The request cannot be understood: an unknown runtime, a bad line, options that exclude each other."""

    exit_code = 2


class UnmetDependencies(LambdaPackError):  # noqa: N818  # the seed's callers read it as a sentence
    """At least one dependency has no file that loads on the target, or a binary of the user's own does not."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        missing: Sequence[object] = (),
        log: str = "",
        sources: Sequence[str] | None = None,
        failed: Sequence[tuple[object, Sequence[object]]] = (),
    ) -> None:
        """`missing` holds one `lambda_pack.model.report.Unmet` for each dependency, in the closure's order.

        It is empty where the requirements contradict each other: then `log` has the resolver's own words. So it is for
        own code: the message names its files.

        `sources` are the texts by which a resolver names sources that did not say their metadata ('' where it names
        none), None where that was not the reason. `failed` has each `lambda_pack.model.packages.Source` that could not
        be built for its metadata, with its attempts (`lambda_pack.model.stock.Attempt`).
        """
        super().__init__(message, log=log)
        self.missing = tuple(missing)
        self.sources = None if sources is None else tuple(sources)
        self.failed = tuple(failed)


class ConflictingRequirements(UnmetDependencies):
    """No set of versions satisfies the requirements; `lines` are the user's own, each with its place ('FILE:LINE')."""

    def __init__(self, message: str, *, log: str = "", lines: Sequence[tuple[str, str]] = ()) -> None:
        """`log` has the resolver's own words."""
        told = "".join(f"\n  {place}: {line}" for line, place in lines)
        super().__init__(f"{message}{told}", log=log)
        self.lines = tuple(lines)


class LimitExceeded(LambdaPackError):  # noqa: N818  # see UnmetDependencies
    """The bundle is larger than Lambda takes."""

    exit_code = 4


class IndexUnavailable(LambdaPackError):  # noqa: N818  # see UnmetDependencies
    """The network, or the package index behind it, did not answer as it should."""

    exit_code = 5


class IntegrityError(LambdaPackError):
    """A file is not what its hash says, or an archive is damaged, inconsistent or hostile."""

    exit_code = 6


class DeliveryError(LambdaPackError):
    """The archive was made but could not be delivered."""

    exit_code = 7


class Interrupted(LambdaPackError):  # noqa: N818  # see UnmetDependencies
    """SIGINT or SIGTERM arrived."""

    exit_code = 130


def came_of_interruption(error: BaseException | None) -> bool:
    """Whether an error was met while an interruption was unwinding: a lock half released is no bug of the user's."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt | Interrupted):
            return True
        error = error.__context__
    return False
