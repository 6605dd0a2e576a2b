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
    "has_token",
    "masked",
    "path_of",
    "with_credentials",
    "with_login",
    "without_credentials",
]

# A URL with user information as people write it, which may be none that RFC 3986 allows: a password with `/`, `#`, `?`
# or quotes reaches to the last `@` of the word; one with spaces is known by the colon before it, which no port follows.
_WITH_LOGIN = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*)://"
    r"(?P<rest>(?:[^\s/@:\[]+:(?!\s|[0-9]+(?:[/'\"),;]|$)|['\"),;]*(?:\s|$))[^\n@]*)?[^\s@]*@\S*)",
    re.IGNORECASE,
)
# Of signed URLs of S3, CloudFront, Google and Azure, and of indexes that take a token.
_TOKEN = re.compile(
    r"([?&;](?:amp;)?[\w.%-]*(?:token|sig|signature|secret|passw(?:or)?d|pwd|credential|api[-_]?key|access[-_]?key(?:id)?"
    r"|key-pair-id|policy|auth|authorization|jwt)=)[^&\s'\"<>#;]+",
    re.IGNORECASE,
)
# The `@v1` of `git+https://x.example/a.git@v1`: a host with a dot and a path lead to it, and no host follows it.
_REPOSITORY = re.compile(r"(?:.*@)?[^/@:]+\.[^/@:]*(?::[0-9]+)?/[^@]*", re.DOTALL)
_HOST_AND_PATH = re.compile(r"[^/]*\.[^/]*/|.*\.git\b")


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
    """Hide the user information of every URL in the text: everything from `://` to the last `@` of the word.

    Values in queries that are tokens or signatures by their names are hidden, too. Rather too much is hidden than too
    little: a path with an `@` is hidden as well. What stays readable are `git@`,
    the user that every git server asks for, `file:` URLs, and the revision at the end of a repository's URL.

    >>> masked("from https://me:secret@x.example/simple")
    'from https://****@x.example/simple'
    >>> masked("https://x.example/a.whl?X-Amz-Date=2026&X-Amz-Signature=ab12 was answered")
    'https://x.example/a.whl?X-Amz-Date=2026&X-Amz-Signature=**** was answered'
    >>> masked("git+https://me:a/b#c@x.example/a.git@v1")
    'git+https://****@x.example/a.git@v1'
    """
    return _TOKEN.sub(r"\1****", _WITH_LOGIN.sub(_masked_login, text))


def has_token(url: str) -> bool:
    """Whether the query of a URL holds a token or a signature: who has the URL may read what it names.

    >>> has_token("https://x.example/a.whl?sig=ab"), has_token("https://x.example/a.whl?v=1")
    (True, False)
    """
    return _TOKEN.search(url) is not None


def _masked_login(found: re.Match[str]) -> str:
    scheme, rest = found["scheme"], found["rest"]
    end = _end_of_login(scheme, rest)
    return found[0] if end < 0 or rest[:end] == "git" else f"{scheme}://****{rest[end:]}"


def _end_of_login(scheme: str, rest: str) -> int:
    """The position of the `@` behind the user information of what follows `://`; below 0 where there is none."""
    if scheme.lower() == "file":
        return -1
    end = rest.rfind("@")
    is_revision = _REPOSITORY.fullmatch(rest[:end]) and not _HOST_AND_PATH.match(rest[end + 1 :])
    return rest.rfind("@", 0, end) if end > 0 and "+" in scheme and is_revision else end


def without_credentials(url: str) -> str:
    """The URL without user, password and `#fragment`: what may be shown, recorded and compared.

    >>> without_credentials("git+https://me:token@x.example/a.git@v1#egg=a")
    'git+https://x.example/a.git@v1'
    """
    _, plain = _split_login(url)
    return urlunsplit(urlsplit(plain)._replace(fragment=""))


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
    userinfo, _ = _split_login(url)
    if not userinfo:
        return None
    user, colon, password = userinfo.partition(":")
    return unquote(user), unquote(password) if colon else None


def _split_login(url: str) -> tuple[str, str]:
    """The user information of a URL, as it was written, and the URL without it.

    A password that should have been percent-encoded ends the authority too soon, and leaves what is no port behind the
    user's colon: then the user information goes on to the last `@`.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        return "", url
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    end = authority.rfind("@")
    if end < 0 and re.fullmatch(r"[^\[:]+:(?![0-9]*$).*", authority):
        end = _end_of_login(scheme, rest)
    return ("", url) if end < 0 else (rest[:end], f"{scheme}://{rest[end + 1 :]}")
