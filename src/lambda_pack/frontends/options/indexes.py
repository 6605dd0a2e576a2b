"""Indexes and files, with the names and the meaning that pip gives them."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option, values_of
from lambda_pack.model.choices import IndexStrategy

__all__ = ["INDEXES"]

INDEXES = Group.of(
    "indexes and files, as in pip",
    Option("index-url", "main index (default: the public one)", short="i", metavar="URL"),
    Option("extra-index-url", "further index", Kind.MANY, metavar="URL"),
    Option(
        "index-strategy",
        "what several indexes mean (default: as the tool they were set for)",
        choices=values_of(IndexStrategy),
    ),
    Option("find-links", "folder or page with files", Kind.MANY, short="f", metavar="PLACE"),
    Option("no-index", "ask no index", Kind.SWITCH),
    Option("trusted-host", "host whose certificate is not checked", Kind.MANY, metavar="HOST"),
    Option("constraint", "constraints file", Kind.MANY, short="c", metavar="FILE"),
    Option("no-binary", "build these from source", Kind.MANY, metavar="NAMES"),
    Option("only-binary", "never build these", Kind.MANY, metavar="NAMES"),
    Option(
        "exclude-newer", "leave out files uploaded after a date, or within a duration like '7 days'", metavar="TIME"
    ),
    Option("exclude-newer-package", "the same for one package; false: no limit", Kind.MANY, metavar="NAME=TIME"),
    Option("pre", "allow pre-releases", Kind.SWITCH),
    Option("all-releases", "allow pre-releases of these", Kind.MANY, metavar="NAMES"),
    Option("only-final", "allow no pre-releases of these", Kind.MANY, metavar="NAMES"),
    Option("prefer-binary", "prefer older wheels to newer source", Kind.SWITCH),
    Option("require-hashes", "every requirement must have a hash", Kind.SWITCH),
    Option("no-require-hashes", "hashes at some requirements do not demand them of all", Kind.SWITCH),
    Option("cert", "file with certificate authorities", metavar="FILE"),
    Option("client-cert", "client certificate and key", metavar="FILE"),
    Option("proxy", "proxy for all requests", metavar="URL"),
    Option("timeout", "seconds to wait for the index", metavar="SECONDS"),
    Option("retries", "how often a passing fault is retried", metavar="COUNT"),
    Option("keyring-provider", "where credentials are looked up", choices=("disabled", "subprocess")),
)
