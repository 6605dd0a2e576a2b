"""What stands in a URL: file name, path, and credentials, which are found, put in, and hidden from readers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

__all__ = [
    "credentials_in",
    "filename_of",
    "masked",
    "may_hold_secret",
    "path_of",
    "with_credentials",
    "with_login",
    "without_credentials",
]

# Everything up to the last `@` before the path; `git@` is the user that every git server asks for, and no secret.
_USERINFO = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?!git@)[^\s/?#'\"<>]+@", re.IGNORECASE)

_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_LONGEST_WORD = 12  # letters; tokens have 16 and more


def filename_of(url: str) -> str:
    """The last segment of a URL's path, unquoted.

    >>> filename_of("https://x.example/a/b-1.0%2Bcpu-py3-none-any.whl#sha256=00")
    'b-1.0+cpu-py3-none-any.whl'
    """
    return unquote(urlsplit(url).path).rsplit("/", 1)[-1]


def path_of(url: str) -> Path:
    """The path of a `file:` URL.

    >>> path_of("file:///a%20b/c.whl#sha256=00").as_posix()
    '/a b/c.whl'
    """
    if os.name == "nt":
        from nturl2path import url2pathname  # drives and shares, where there are any

        return Path(url2pathname(urlsplit(url).path))
    # What urllib.request does here, without its 15 ms of imports.
    return Path(unquote(urlsplit(url).path))


def masked(text: str) -> str:
    """The text with the user information of every URL in it hidden.

    >>> masked("from https://me:secret@x.example/simple")
    'from https://****@x.example/simple'
    """
    return _USERINFO.sub(r"\g<scheme>****@", text)


def may_hold_secret(text: str) -> bool:
    """Whether a URL in the text has a login, a query or a long word in its path: some indexes take those for passwords.

    >>> [may_hold_secret(f"https://{rest}") for rest in ("x.example/simple", "x.example/0123456789abcdef/simple")]
    [False, True]
    """
    for url in _URL.findall(text):
        parts = urlsplit(url)
        is_long = any(len(word) > _LONGEST_WORD for word in parts.path.split("/"))
        if parts.scheme.lower() != "file" and (masked(url) != url or parts.query or is_long):
            return True
    return False


def without_credentials(url: str) -> str:
    """The URL without user, password and `#fragment`: what may be shown, recorded and compared.

    >>> without_credentials("git+https://me:token@x.example/a.git@v1#egg=a")
    'git+https://x.example/a.git@v1'
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))


def with_credentials(url: str, user: str, password: str) -> str:
    """The URL with this user and password, replacing any it has.

    >>> with_credentials("https://x.example/simple", "me", "a/b")
    'https://me:a%2Fb@x.example/simple'
    """
    from urllib.parse import quote  # only named indexes of uv need it

    parts = urlsplit(without_credentials(url))
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))


def with_login(name: str, url: str, environ: Mapping[str, str], *, prefix: str) -> str:
    """The URL of a named index, with the login that `<prefix>_<NAME>_USERNAME` and `_PASSWORD` hold for it, if any.

    >>> with_login("my-index", "https://x.example/simple", {"UV_INDEX_MY_INDEX_USERNAME": "me"}, prefix="UV_INDEX")
    'https://me:@x.example/simple'
    """
    variable = f"{prefix}_{re.sub(r'[^A-Z0-9]', '_', name.upper())}"
    user, password = environ.get(f"{variable}_USERNAME", ""), environ.get(f"{variable}_PASSWORD", "")
    return with_credentials(url, user, password) if user or password else url


def credentials_in(url: str) -> tuple[str, str | None] | None:
    """User and password of a URL, decoded; the password is None where only a user was written.

    >>> credentials_in("https://me:a%2Fb@x.example/simple")
    ('me', 'a/b')
    """
    userinfo, found, _ = urlsplit(url).netloc.rpartition("@")
    if not found or not userinfo:
        return None
    user, colon, password = userinfo.partition(":")
    return unquote(user), unquote(password) if colon else None
