"""One bundle of many: a function or a layer that a file names, for one target."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from msgspec import Struct

from lambda_pack.model.delivery import Delivery
from lambda_pack.model.request import PackRequest

__all__ = ["Cell", "CellKind"]


class CellKind(Enum):
    """What a bundle is to Lambda."""

    FUNCTION = "function"
    LAYER = "layer"


class Cell(Struct, frozen=True):
    """A cell of the matrix of names, runtimes and architectures.

    `name` is the one in the file, `place` where it stands there; the request has a name, too: that of the bundle.
    `contents` are files and folders that go into it as they are, or decide about it, beside what the requirements say.
    `deployed_as` is what Lambda calls the function or the layer; None where nobody knows it before it is deployed.
    """

    kind: CellKind
    name: str
    request: PackRequest
    delivery: Delivery | None = None
    deployed_as: str | None = None
    place: str = ""
    contents: tuple[Path, ...] = ()

    @property
    def label(self) -> str:
        """NAME-RUNTIME-ARCHITECTURE: how its files are called, and nobody else's of a plan."""
        return f"{self.request.name}-{self.request.target}"
