"""The modules that a target's Python has itself."""

from __future__ import annotations

import sys
from types import MappingProxyType

from lambda_pack.model.targets import Runtime

__all__ = ["standard_modules"]

# Between 3.7 and 3.15: "New Modules" and "Removed" of https://docs.python.org/3/whatsnew (read 2026-11-26).
_NEW = MappingProxyType(
    {
        "graphlib": (3, 9),
        "zoneinfo": (3, 9),
        "tomllib": (3, 11),
        "annotationlib": (3, 14),
        "compression": (3, 14),
        "profiling": (3, 15),
    }
)
_LAST = MappingProxyType(
    {
        (3, 7): "macpath",
        (3, 8): "dummy_threading _dummy_thread",
        (3, 9): "formatter parser symbol",
        (3, 10): "binhex",
        (3, 11): "asynchat asyncore distutils imp smtpd",
        (3, 12): (
            "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr "
            "spwd sunau telnetlib uu xdrlib"
        ),
    }
)
"""The last version that had a module."""


def standard_modules(runtime: Runtime) -> frozenset[str]:
    """The names of the target's own top-level modules.

    Our interpreter knows its own (`sys.stdlib_module_names`); what came and went between it and the target is in the
    tables above.
    """
    later = {name for name, since in _NEW.items() if since > runtime.python}
    gone = {name for last, names in _LAST.items() if last >= runtime.python for name in names.split()}
    past = {name for last, names in _LAST.items() if last < runtime.python for name in names.split()}
    new = {name for name, since in _NEW.items() if since <= runtime.python}
    return (frozenset(sys.stdlib_module_names) | gone | new) - later - (past - gone)
