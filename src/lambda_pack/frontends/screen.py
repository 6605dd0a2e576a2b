"""Text that strangers had a hand in, made fit for a terminal."""

from __future__ import annotations

__all__ = ["clean"]


def clean(text: str) -> str:
    r"""The text without control characters but line breaks and tabs: a package's name must not move the cursor.

    >>> clean("a\x1b[31mb\n")
    'a?[31mb\n'
    """
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)
