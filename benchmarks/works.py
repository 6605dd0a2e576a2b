"""What is packed: one row for each work. They are those of the project's measurements, so figures can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

__all__ = ["WORKS", "Work"]


class Work(Struct, frozen=True):
    """A list of top-level requirements, by a short name."""

    name: str
    requirements: tuple[str, ...]


_ALL = (
    Work("S", ("requests",)),
    Work("M", ("fastapi", "pydantic", "sqlalchemy", "boto3", "httpx")),
    Work("L", ("pandas", "numpy", "scipy", "pyarrow", "scikit-learn")),
)

WORKS: Mapping[str, Work] = MappingProxyType({work.name: work for work in _ALL})
