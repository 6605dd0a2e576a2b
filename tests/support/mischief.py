"""Applies faults to the answers of a `LoopbackIndex`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from threading import Lock
from urllib.parse import quote

from msgspec.structs import replace

from tests.support.faults import (
    Cut,
    Damage,
    Fault,
    MissingHash,
    NoRange,
    Protect,
    Redirect,
    Refuse,
    Rule,
    Slow,
    WrongHash,
    WrongLength,
)
from tests.support.pages import Listing
from tests.support.serving import Answer, Asked, ranged

__all__ = ["Mischief"]


class Mischief:
    """The rules in force, and how often each was applied to each path."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._counts: dict[tuple[int, str], int] = {}
        self._lock = Lock()

    def add(self, rules: Iterable[Rule]) -> None:
        """More rules, after those there are."""
        self._rules += tuple(rules)

    def promise(self, row: Listing) -> Listing:
        """What the page says of a file."""
        for rule in self._rules:
            if rule.concerns(f"/files/{row.file.path.name}"):
                match rule.fault:
                    case WrongHash():
                        row = replace(row, digest=hashlib.sha256(b"another file").hexdigest())
                    case MissingHash():
                        row = replace(row, digest=None)
                    case _:
                        continue
        return row

    def refusal(self, asked: Asked, path: str) -> Answer | None:
        """The first fault that leaves nothing of the answer."""
        for number, rule in enumerate(self._rules):
            match rule.fault:
                case Protect(user, password, times):
                    token = base64.b64encode(f"{user}:{password}".encode()).decode()
                    if asked.headers.get("authorization") != f"Basic {token}" and self._due(number, path, times):
                        return Answer(401, {"WWW-Authenticate": 'Basic realm="index"'})
                case Refuse(status, times, retry_after) if self._due(number, path, times):
                    later = {} if retry_after is None else {"Retry-After": str(retry_after)}
                    return Answer(status, {"Content-Type": "text/plain", **later}, b"refused on purpose\n")
                case Redirect(to, status, times) if self._due(number, path, times):
                    return Answer(status, {"Location": to.replace("{path}", quote(path))})
                case _:
                    continue
        return None

    def spoilt(self, answer: Answer, asked: Asked, path: str) -> Answer:
        """The answer with every other fault, and the range that was asked for."""
        due = [] if asked.method == "HEAD" else self._due_for_body(path)
        body = bytearray(answer.body)
        if body and any(isinstance(fault, Damage) for fault in due):
            body[len(body) // 2] ^= 1
        answer = replace(answer, body=bytes(body))
        if not any(isinstance(rule.fault, NoRange) and rule.concerns(path) for rule in self._rules):
            answer = ranged(replace(answer, headers={**answer.headers, "Accept-Ranges": "bytes"}), asked)
        for fault in due:
            match fault:
                case WrongLength(more):
                    answer = replace(answer, more=more)
                case Cut(after):
                    answer = replace(answer, cut=after)
                case Slow():
                    answer = replace(answer, slow=fault)
                case _:
                    continue
        return answer

    def _due_for_body(self, path: str) -> list[Fault]:
        return [
            rule.fault
            for number, rule in enumerate(self._rules)
            if isinstance(rule.fault, Damage | WrongLength | Cut | Slow) and self._due(number, path, rule.fault.times)
        ]

    def _due(self, number: int, path: str, times: int | None) -> bool:
        """Whether the rule concerns the path, and has not had its `times` there; counts it."""
        if not self._rules[number].concerns(path):
            return False
        with self._lock:
            count = self._counts.get((number, path), 0)
            self._counts[number, path] = count + 1
        return times is None or count < times
