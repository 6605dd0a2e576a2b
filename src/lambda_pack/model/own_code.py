"""The user's own code: a folder or a single module, and where it lies in the bundle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.globs import GlobRules

__all__ = ["OwnCode"]

# As texts: every start reads them, and few need them compiled. Of Windows, `C:\code` and `C:/code` have no prefix.
_DRIVE: Final = r"[A-Za-z]:[\\/][^:]*"
_SAFE: Final = r"(?:(?!\.{1,2}(?:/|\Z))[^/\\\0-\x1f:]+(?:/|\Z))+"


class OwnCode(Struct, frozen=True):
    """`path` is a folder or a file; `prefix` is the folder of the bundle that it goes into, empty or with a slash.

    `rules` are globs that decide about its files after all other patterns, where a template has some.
    """

    path: Path
    prefix: str = ""
    rules: GlobRules | None = None

    @classmethod
    def parse(cls, text: str) -> OwnCode:
        r"""What `--source` takes: a path, and after its last colon the folder in the bundle.

        Raises:
            UsageError: the folder in the bundle leads out of it.

        >>> OwnCode.parse("src:shop/api")
        OwnCode(path=PosixPath('src'), prefix='shop/api/', rules=None)
        >>> OwnCode.parse(r"C:\code").prefix, OwnCode.parse(r"C:\code:lib").prefix
        ('', 'lib/')
        """
        path, colon, prefix = text.rpartition(":")
        if not colon or re.fullmatch(_DRIVE, text):
            return cls(Path(text))
        if not path or not re.fullmatch(_SAFE, prefix):
            raise UsageError(f"{text!r} is not DIR:FOLDER; write the folder in the bundle as 'lib' or 'shop/api'")
        return cls(Path(path), f"{prefix.rstrip('/')}/")
