"""The options of `verify`, of which no project has settings."""

from __future__ import annotations

import argparse

from lambda_pack.frontends.options.option import values_of
from lambda_pack.model.limits import LOADING_TIME
from lambda_pack.model.targets import RUNTIMES, Architecture

__all__ = ["add_verify_options"]

_VERIFY_MANY = (
    ("layer", "ZIP", "layer of the function, in its order"),
    ("env", "NAME=VALUE", "variable that the function is configured with; it sees nothing else of yours"),
    ("skip", "MODULE", "do not import this one"),
)
_VERIFY_ONE = (
    ("runtime", "RUNTIME", f"Lambda runtime (default: what its report or its name says): {', '.join(RUNTIMES)}"),
    ("architecture", "ARCHITECTURE", f"instruction set of the runtime named: {', '.join(values_of(Architecture))}"),
    ("python", "FILE", "interpreter of this machine (default: one of the runtime's version)"),
    ("handler", "NAME", "call this handler, for example app.handler"),
    ("event", "FILE", "JSON to call it with (default: {})"),
    ("with", "MEANS", "what loads it (default: auto, whatever is there): auto, clean-root, host, container, qemu"),
    ("image", "IMAGE", "container image (default: AWS's of the runtime)"),
    ("cache-dir", "DIR", "folder for downloads and sysroots (default: the user's cache)"),
    ("sysroot", "DIR", "root folder of a system with the runtime's Python, for a clean root or qemu"),
    (
        "timeout",
        "SECONDS",
        f"how long the imports, and the handler, may take (default: {LOADING_TIME:g})",
    ),
)


def add_verify_options(parser: argparse.ArgumentParser) -> None:
    """Give `verify` its options."""
    parser.add_argument("archive", metavar="ZIP", help="the zip: a function's, or a layer's")
    for name, metavar, text in _VERIFY_MANY:
        parser.add_argument(f"--{name}", dest=name, action="append", default=[], metavar=metavar, help=text)
    for name, metavar, text in _VERIFY_ONE:
        parser.add_argument(f"--{name}", dest=name, metavar=metavar, help=text)
    parser.add_argument("--submodules", action="store_true", help="import what is inside packages, too")
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON")
