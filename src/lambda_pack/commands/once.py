"""Answers that are found once for all threads of a run."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from copy import copy
from threading import Lock
from typing import Any

__all__ = ["Once"]


class Once:
    """Answers by question, each one found once; who asks meanwhile waits. An error is an answer, too."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._locks: dict[Hashable, Lock] = {}
        self._answers: dict[Hashable, Any] = {}

    def __call__(self, question: Hashable, find: Callable[[], Any]) -> Any:  # noqa: ANN401  # whatever `find` finds
        """The answer to a question; `find` is called by the first thread that asks."""
        with self._lock:
            turn = self._locks.setdefault(question, Lock())
        with turn:
            if question not in self._answers:
                try:
                    self._answers[question] = find()
                except Exception as error:  # noqa: BLE001  # raised for everybody who asks
                    self._answers[question] = error
        answer = self._answers[question]
        if isinstance(answer, Exception):
            # Each cell takes its own secrets out of it.
            raise copy(answer)
        return answer
