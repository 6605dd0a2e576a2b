"""Finds the known word that is most like one that is not known."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["advice_for", "meant"]

# So many choices are all named.
_FEW = 8
# From 0 to 1, as difflib has it; below it, words have little in common ('nonsense' and 'no-index' have 0.67).
# In a short word one letter is much.
_LIKENESS = 0.75
_LIKENESS_OF_SHORT = 0.6
_SHORT = 4


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like this one; None where none is.

    >>> meant("runtme", ["runtime", "resolver"]), meant("apo", ["api"]), meant("colour", ["runtime"])
    ('runtime', 'api', None)
    """
    from difflib import get_close_matches  # only errors need it

    likeness = _LIKENESS if len(word) > _SHORT else _LIKENESS_OF_SHORT
    near = get_close_matches(word.replace("_", "-"), sorted(known), n=1, cutoff=likeness)
    return near[0] if near else None


def advice_for(word: str, known: Iterable[str]) -> str:
    """Return what to write instead, in words that stand behind a semicolon.

    >>> advice_for("functon", ["function", "layer"]), advice_for("x", ["function", "layer"])
    ("did you mean 'function'? choose one of: function, layer", 'choose one of: function, layer')
    """
    listed = list(known)
    near = meant(word, listed)
    choices = f"choose one of: {', '.join(listed)}"
    if near is None:
        return choices
    return f"did you mean {near!r}?" + (f" {choices}" if len(listed) <= _FEW else "")
