"""What will probably be wanted is made ready before anybody asks: a core is idle while a resolver waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.files.wheel import pin_of
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.digests import Promise

__all__ = ["Forecast"]

_KIND = "forecasts"


class Forecast:
    """The cached files that the last run with the same question has used, hashed and opened by a thread of its own.

    It is only ever a guess: whoever needs a file that was not foreseen, or is not hashed yet, hashes it.
    """

    def __init__(
        self, cache: Cache, question: str, wheels: OpenWheels, *, unforeseen: Callable[[], object] = bool
    ) -> None:
        """`question` is what two runs that want the same files have in common; it must not hold credentials.

        `unforeseen` gets something else ready, in that thread, where nothing can be foreseen.
        """
        self._cache = cache
        self._question = question
        self._wheels = wheels
        self._last = self._cache.entry(_KIND, question) or b""
        self._digests: dict[tuple[Path, str], str] = {}
        self._stopped = Event()
        self._unforeseen = unforeseen
        # No daemon: Python must not end while it imports or hashes (it crashed); it takes a tenth of a second at most.
        Thread(target=self._hash, name="forecast").start()

    def digest(self, path: Path, algorithm: str) -> str | None:
        """The file's digest where it was foreseen; from the first question on nothing more is foreseen."""
        self._stopped.set()
        return self._digests.get((path, algorithm))

    def remember(self, used: Iterable[tuple[str, str, str]]) -> None:
        """Foresee these files the next time: algorithm, digest and name of each."""
        content = json.dumps(sorted(used)).encode()
        if content != self._last:
            self._last = content
            self._cache.store(_KIND, self._question, content)

    def _hash(self) -> None:
        if not self._last:
            with suppress(LambdaPackError):
                self._unforeseen()
        for algorithm, digest, filename in self._rows():
            path = self._cache.get(algorithm, digest, filename)
            if self._stopped.is_set():
                return
            if path is not None:
                try:
                    found = Promise(algorithm, frozenset({digest})).of_file(path)
                except OSError:
                    # Whoever asks for it will see.
                    return
                self._digests[path, algorithm] = found
                if found == digest:
                    # Sdists are no wheels, and an entry may be damaged.
                    with suppress(UsageError):
                        self._wheels.open_ahead(path, pin_of(path))

    def _rows(self) -> list[tuple[str, str, str]]:
        """None where the entry is damaged."""
        try:
            return [(str(algorithm), str(digest), str(name)) for algorithm, digest, name in json.loads(self._last)]
        except (ValueError, TypeError):
            return []
