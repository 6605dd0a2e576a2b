"""Credentials inside URLs: found, put in, and hidden from readers."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit, urlunsplit

from lambda_pack.model.packages import without_credentials

__all__ = ["credentials_in", "masked", "with_credentials"]

# Everything up to the last `@` before the path; `git@` is the user that every git server asks for, and no secret.
_USERINFO = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?!git@)[^\s/?#'\"<>]+@", re.IGNORECASE)


def masked(text: str) -> str:
    """The text with the user information of every URL in it hidden.

    >>> masked("from https://me:secret@x.example/simple")
    'from https://****@x.example/simple'
    """
    return _USERINFO.sub(r"\g<scheme>****@", text)


def with_credentials(url: str, user: str, password: str) -> str:
    """The URL with this user and password, replacing any it has.

    >>> with_credentials("https://x.example/simple", "me", "a/b")
    'https://me:a%2Fb@x.example/simple'
    """
    from urllib.parse import quote  # only named indexes of uv need it

    parts = urlsplit(without_credentials(url))
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc}"))


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
