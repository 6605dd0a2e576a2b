"""Who builds what, as far as a shared wheelhouse knows: nobody builds what another is just building.

KEY/claim.json        who builds it, since when; written once
KEY/given-up.json     nothing came of that build
"""

from __future__ import annotations

import io
import time
from contextlib import suppress

import msgspec
from msgspec import Struct

from lambda_pack.model.decoding import from_json
from lambda_pack.tools.s3.wheelhouse import Missing, S3Wheelhouse, WheelhouseError

__all__ = ["LONGEST_BUILD", "Claims"]

LONGEST_BUILD = 600.0
"""In seconds: a claim counts for so long, so that a machine that was lost costs nobody more than that."""

_LARGEST = 1 << 12  # bytes


class _Claim(Struct, frozen=True):
    """Somebody builds it; `since` is in seconds since 1970 by their clock."""

    token: str
    since: float


class Claims:
    """The claims of one run, which its `token` tells from others; any thread may use them."""

    def __init__(self, bucket: S3Wheelhouse, token: str, *, longest_build: float = LONGEST_BUILD) -> None:
        self.longest_build = longest_build
        self._bucket = bucket
        self._token = token
        self._taken: set[str] = set()

    def take(self, name: str) -> bool:
        """Claim a build; whether it is ours, or nobody's who will still end it.

        Raises:
            WheelhouseError: the bucket cannot be used.
        """
        # Before anybody can know of it: whatever comes in between, it is given up.
        self._taken.add(name)
        claim = _Claim(self._token, time.time())
        if self._bucket.add(_claim_name(name), msgspec.json.encode(claim)):
            return True
        theirs = self._claim(name)
        if theirs is not None and theirs.token == self._token:
            # The answer to a first try was lost.
            return True
        self._taken.discard(name)
        return self.is_over(name)

    def is_over(self, name: str) -> bool:
        """Whether waiting for somebody else's build is in vain.

        Raises:
            WheelhouseError: the bucket cannot be used.
        """
        claim = self._claim(name)
        # A clock may be wrong in both directions.
        if claim is None or abs(time.time() - claim.since) > self.longest_build:
            return True
        return not isinstance(self._bucket.fetch(_given_up_name(name), io.BytesIO(), most=_LARGEST), Missing)

    def keep(self, name: str) -> None:
        """Something came of the build."""
        self._taken.discard(name)

    def give_up(self, name: str) -> None:
        """Nothing did.

        Raises:
            WheelhouseError: the bucket cannot be used.
        """
        if name in self._taken:
            self._taken.discard(name)
            self._bucket.add(_given_up_name(name), b"{}")

    def give_all_up(self) -> None:
        """The run ends; what the bucket does not take, the others find out in time."""
        with suppress(WheelhouseError):
            for name in tuple(self._taken):
                self.give_up(name)

    def _claim(self, name: str) -> _Claim | None:
        content = io.BytesIO()
        self._bucket.fetch(_claim_name(name), content, most=_LARGEST)
        try:
            return from_json(content.getvalue(), _Claim)
        except msgspec.DecodeError:
            return None


def _claim_name(name: str) -> str:
    return f"{name}/claim.json"


def _given_up_name(name: str) -> str:
    return f"{name}/given-up.json"
