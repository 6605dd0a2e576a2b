"""Which of a file's promised digests count, and whether it keeps them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from lambda_pack.errors import IntegrityError
from lambda_pack.files.mapping import mapped
from lambda_pack.model.packages import Hashes, Sdist, Wheel
from lambda_pack.model.requirements import CHECKED_ALGORITHMS, is_checkable

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Promise"]


class Promise(Struct, frozen=True):
    """What a file's digest must be: any of `digests` by the strongest algorithm that anybody named.

    `is_proof` is False where nobody promised anything that proves something; then `algorithm` is what to file it under.
    """

    algorithm: str
    digests: frozenset[str]

    @classmethod
    def of(cls, hashes: Hashes) -> Promise:
        """The promise that these pairs make together."""
        for algorithm in CHECKED_ALGORITHMS:
            digests = frozenset(digest.lower() for name, digest in hashes if name.lower() == algorithm)
            if digests:
                return cls(algorithm, digests)
        return cls("sha256", frozenset())

    @classmethod
    def of_source(cls, file: Wheel | Sdist) -> Promise:
        """Return the promise about a file that is to be packed or built.

        Raises:
            IntegrityError: only digests are promised that nothing here can check: it would be packed unverified.
        """
        if not is_checkable(file.hashes):
            promised = ", ".join(f"{algorithm}:{digest}" for algorithm, digest in file.hashes)
            raise IntegrityError(
                f"{file.filename!r} is promised by {promised!r} alone, which cannot be checked; "
                "lock again with sha256, or find out who wrote this"
            )
        return cls.of(file.hashes)

    @property
    def is_proof(self) -> bool:
        """Whether a file that keeps it is certainly the one that was meant."""
        return bool(self.digests) and CHECKED_ALGORITHMS[self.algorithm]

    def digest(self) -> _Hash:
        """A new hash object of the algorithm."""
        return hashlib.new(self.algorithm, usedforsecurity=self.is_proof)

    def of_file(self, path: Path) -> str:
        """The digest of a file on disk; other threads run meanwhile."""
        digest = self.digest()
        with path.open("rb", buffering=0) as stream:
            # An empty file cannot be mapped.
            if os.fstat(stream.fileno()).st_size:
                # At once, without a copy: each piece that is read would have to wait for the interpreter's lock.
                content, _ = mapped(stream)
                with content:
                    digest.update(content)
        return digest.hexdigest()

    def is_kept(self, digest: str) -> bool:
        """Whether a file with this digest is one that was promised; without a promise every file is."""
        return not self.digests or digest in self.digests

    def broken(self, digest: str, *, filename: str, where: str) -> IntegrityError:
        """The error for a file with another digest; `where` it comes from is shown, so it must be masked."""
        expected = " or ".join(f"{self.algorithm}:{one}" for one in sorted(self.digests))
        return IntegrityError(
            f"{filename!r} from {where!r} is not the file that was promised: expected {expected}, "
            f"got {self.algorithm}:{digest}; if the file was replaced on purpose make the lock or hashes anew, "
            "otherwise do not use it"
        )
