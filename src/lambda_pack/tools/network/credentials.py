"""Who we are to an index, and how to keep that out of everything people can read."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import quote, quote_plus, urlsplit

from lambda_pack.model.urls import credentials_in, masked, without_credentials
from lambda_pack.ports import Narrator

__all__ = ["Credentials", "Keyring", "Login", "Masker", "origin", "read_netrc"]

Login: TypeAlias = tuple[str, str]
"""User and password."""

Keyring: TypeAlias = Callable[[str, str], str | None]
"""The password that a keyring holds for a URL and a user, if any."""

_PORTS = MappingProxyType({"http": 80, "https": 443})
# Names that services ask for beside the secret, and that are none.
_USUAL_USERS = frozenset({"__token__", "aws", "git", "oauth2accesstoken", "token", "x-access-token"})
# What GitHub wants for a password where the user is the token.
_USER_IS_TOKEN = "x-oauth-basic"  # noqa: S105  # it says so itself
# A shorter secret is hidden inside URLs only: anywhere else it would hide half of the text.
_SHORTEST = 4


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL: what credentials belong to.

    >>> origin("https://me:secret@X.example/simple")
    ('https', 'x.example', 443)
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


class Masker:
    """Hides every secret it has learnt, in any spelling it takes on its way through URLs, headers and JSON."""

    def __init__(self) -> None:
        self._spellings: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def learn(self, secret: str) -> None:
        """From now on this text is hidden."""
        if len(secret) < _SHORTEST or secret in self._spellings:
            return
        quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
        spellings = {secret, json.dumps(secret)[1:-1], *quoted, *(_lower_escapes(text) for text in quoted)}
        with self._lock:
            # Longest first: no spelling may be left half hidden because a shorter one is inside it.
            self._spellings = tuple(sorted({*self._spellings, *spellings}, key=lambda text: (-len(text), text)))

    def learn_login(self, user: str, password: str | None) -> None:
        """Hide the password, the header made of both, and the user where it stands for a token."""
        if password and password != _USER_IS_TOKEN:
            self.learn(password)
        elif user not in _USUAL_USERS:
            self.learn(user)
        self.learn(_basic(user, password or ""))

    def mask(self, text: str) -> str:
        """The text with every secret replaced by `****`."""
        for spelling in self._spellings:
            text = text.replace(spelling, "****")
        return masked(text)


class Credentials:
    """The login for a URL: its own, its index's, netrc's, or the keyring's once a server refused."""

    def __init__(
        self,
        index_urls: Iterable[str] = (),
        *,
        netrc: Mapping[str, Login] = MappingProxyType({}),
        keyring: Keyring | None = None,
    ) -> None:
        """`netrc` has hosts as keys; `keyring` is None where the settings do not ask for one."""
        self.masker = Masker()
        self._indexes = tuple(url for url in index_urls if urlsplit(url).scheme in _PORTS)
        self._netrc = netrc
        self._keyring = keyring
        self._from_keyring: dict[tuple[object, str], Login | None] = {}
        self._lock = threading.Lock()
        for url in self._indexes:
            self._learn(url)
        for user, password in netrc.values():
            self.masker.learn_login(user, password)

    def login(self, url: str) -> Login | None:
        """What to send along with a first request."""
        named = self._learn(url) or self._of_index(url)
        if named and named[1] is not None:
            return named[0], named[1]
        found = self._netrc.get(urlsplit(url).hostname or "") or self._netrc.get("")
        if found and (named is None or named[0] == found[0]):
            return found
        if named:
            return self._ask(url, named[0]) or (named[0], "")
        return self._known(url)

    def login_after_refusal(self, url: str) -> Login | None:
        """What a keyring knows, for a server that wants to know who asks; None where nothing new is known."""
        named = credentials_in(url) or self._of_index(url)
        if named and named[1] is not None:
            return None
        return self._ask(url, named[0] if named else "")

    def _learn(self, url: str) -> tuple[str, str | None] | None:
        found = credentials_in(url)
        if found:
            self.masker.learn_login(*found)
        return found

    def _of_index(self, url: str) -> tuple[str, str | None] | None:
        """As in pip: an index's login is for every file of its scheme, host and port; the nearest path counts first."""
        rivals = [index for index in self._indexes if origin(index) == origin(url) and credentials_in(index)]
        path = urlsplit(url).path
        best = max(rivals, key=lambda index: _common(urlsplit(index).path, path), default=None)
        return credentials_in(best) if best else None

    def _known(self, url: str) -> Login | None:
        return self._from_keyring.get((origin(url), ""))

    def _ask(self, url: str, user: str) -> Login | None:
        if self._keyring is None:
            return None
        key = (origin(url), user)
        with self._lock:
            if key not in self._from_keyring:
                self._from_keyring[key] = self._answer(url, user, self._keyring)
            return self._from_keyring[key]

    def _answer(self, url: str, user: str, keyring: Keyring) -> Login | None:
        # pip asks for the index's URL first, then for the host: people store either.
        places = [without_credentials(index) for index in self._indexes if origin(index) == origin(url)]
        places.append(urlsplit(without_credentials(url)).netloc)
        # A token needs no user of its own; this is the name that token indexes agree on.
        name = user or "__token__"
        answers = (keyring(place, name) for place in dict.fromkeys(places))
        password = next((answer for answer in answers if answer), None)
        if password is None:
            return None
        self.masker.learn_login(name, password)
        return name, password


def read_netrc(environ: Mapping[str, str], *, home: Path, narrator: Narrator) -> Mapping[str, Login]:
    """The logins of the file that NETRC names, else `~/.netrc` (`~/_netrc` on Windows), by host; '' is the default.

    A damaged file is warned about and then as good as none: pip packs without it, too.
    """
    places = (Path(environ["NETRC"]),) if environ.get("NETRC") else (home / ".netrc", home / "_netrc")
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        return {}
    from netrc import NetrcParseError, netrc  # most homes have none

    try:
        hosts = netrc(str(path)).hosts
    except (NetrcParseError, OSError, UnicodeDecodeError) as error:
        # The parser's message may quote a password.
        line = f", line {error.lineno}" if isinstance(error, NetrcParseError) and error.lineno else ""
        narrator.warn(f"no login is taken from {str(path)!r}: it cannot be read{line}; correct it, or set NETRC")
        return {}
    return {
        "" if host == "default" else host: (user or account or "", password)
        for host, (user, account, password) in hosts.items()
        if password
    }


def _basic(user: str, password: str) -> str:
    return b64encode(f"{user}:{password}".encode()).decode("ascii")


def _lower_escapes(text: str) -> str:
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _common(one: str, other: str) -> int:
    """How many leading segments two paths share."""
    length = 0
    for mine, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if mine != theirs:
            break
        length += 1
    return length
