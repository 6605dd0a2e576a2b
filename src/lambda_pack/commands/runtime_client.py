"""awslambdaric, AWS's own bootstrap of a Python function, for machines that do not have it: packed by ourselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from lambda_pack.commands.pack import pack
from lambda_pack.errors import UnmetDependencies, UsageError
from lambda_pack.model.given import Given
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import Target
from lambda_pack.ports import Narrator

__all__ = ["runtime_client"]

# Every version with its hashes: the newest that each Python can have. script/lock makes it.
_LOCK: Final = Path(__file__).parents[1] / "tools" / "loading" / "awslambdaric.lock"


def runtime_client(target: Target, cache: Path, environ: Mapping[str, str], narrator: Narrator) -> Path:
    """A folder with awslambdaric for the target, fetched once for each version of our lock; no code of it is run.

    Raises:
        UsageError: there is none for the target.
        IndexUnavailable: the index did not answer.
        IntegrityError: a file is not what our lock says.
    """
    digest = hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]
    folder = cache / "runtime-clients" / f"{target}-{digest}"
    if folder.is_dir():
        return folder
    options = {"only-binary": Given((":all:",), "verify")}
    request = PackRequest(target, (_LOCK,), to_dir=folder, cache=cache, options=options)
    try:
        unmet = pack(request, environ, _Aside(narrator)).unmet
    except UnmetDependencies as error:
        raise _none(target) from error
    except UsageError:
        # Another process has been quicker.
        if not folder.is_dir():
            raise
        return folder
    if unmet:
        raise _none(target)
    return folder


def _none(target: Target) -> UsageError:
    return UsageError(
        f"the index has no awslambdaric for {target}; leave out --handler, or load with a container, whose image has it"
    )


class _Aside:
    """A narrator for a run inside a run: its steps are not the user's, and its warnings not about the user's bundle."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def step(self, number: int, sentence: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        del number
        self._narrator.note(f"awslambdaric: {sentence}")

    def note(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.note(f"awslambdaric: {text}")

    def warn(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.note(f"awslambdaric: {text}")

    def working(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.working(f"awslambdaric: {text}")

    def progress(self, label: str, done: int, total: int) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.progress(label, done, total)

    def span(self, label: str) -> AbstractContextManager[object]:
        """See `lambda_pack.ports.Narrator`."""
        return self._narrator.span(f"awslambdaric: {label}")
