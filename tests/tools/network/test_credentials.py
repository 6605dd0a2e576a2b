from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.tools.network.credentials import Credentials, Login, Masker, read_netrc
from tests.tools.network.fetching import Listener


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://me:pw@index.example/simple/x/", ("me", "pw")),
        ("https://index.example/files/x.whl", ("user", "p@ss")),
        ("https://INDEX.example:443/files/x.whl", ("user", "p@ss")),
        ("https://index.example/second/files/x.whl", ("other", "second")),
        ("https://index.example:8443/files/x.whl", None),
        ("http://index.example/files/x.whl", None),
        ("https://evil.example/files/x.whl", None),
        ("https://index.example.evil.example/x.whl", None),
        ("https://netrc.example/x.whl", ("from", "netrc")),
        ("https://token@host.example/x.whl", ("token", "")),
    ],
)
def test_whose_login_goes_where(url: str, login: Login | None) -> None:
    credentials = Credentials(
        ["https://user:p%40ss@index.example/simple", "https://other:second@index.example/second/simple"],
        netrc={"netrc.example": ("from", "netrc")},
    )
    assert credentials.login(url) == login


def test_a_keyring_is_asked_only_for_a_named_user_or_after_a_refusal() -> None:
    asked: list[tuple[str, str]] = []

    def keyring(place: str, user: str) -> str | None:
        asked.append((place, user))
        return "fromring" if place == "index.example" else None

    credentials = Credentials(["https://index.example/simple", "https://named@second.example/simple"], keyring=keyring)
    assert credentials.login("https://index.example/simple/x/") is None
    assert not asked
    assert credentials.login_after_refusal("https://index.example/simple/x/") == ("__token__", "fromring")
    assert credentials.login("https://index.example/simple/y/") == ("__token__", "fromring")
    assert asked == [("https://index.example/simple", "__token__"), ("index.example", "__token__")]
    assert credentials.login("https://second.example/simple/y/") == ("named", "")
    assert credentials.masker.mask("it is fromring") == "it is ****"


def test_a_keyring_is_not_asked_where_a_password_is_written() -> None:
    credentials = Credentials(["https://me:pw@index.example/"], keyring=lambda _place, _user: "other")
    assert credentials.login_after_refusal("https://index.example/x") is None


@pytest.mark.parametrize(
    ("variable", "name"), [("NETRC", "elsewhere"), ("", ".netrc"), ("", "_netrc")], ids=["NETRC", ".netrc", "_netrc"]
)
def test_netrc_is_read_from_each_of_its_places(tmp_path: Path, variable: str, name: str) -> None:
    path = tmp_path / name
    path.write_text("machine index.example login me password pw\ndefault login any password all\n")
    found = read_netrc({variable: str(path)} if variable else {}, home=tmp_path, narrator=Listener())
    assert found == {"index.example": ("me", "pw"), "": ("any", "all")}


def test_no_netrc_is_no_login_and_a_damaged_one_is_warned_about(tmp_path: Path) -> None:
    listener = Listener()
    assert read_netrc({}, home=tmp_path, narrator=listener) == {}
    assert not listener.warnings
    (tmp_path / ".netrc").write_text("machine index.example passwort geheim\n")
    assert read_netrc({}, home=tmp_path, narrator=listener) == {}
    (warning,) = listener.warnings
    assert "line 1" in warning
    assert "geheim" not in warning


# 'x-oauth-basic' is a service's word for 'the user is the token'.
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=20).filter(
    lambda text: text != "x-oauth-basic"
)


@given(SECRETS)
def test_no_spelling_of_a_secret_survives(secret: str) -> None:
    masker = Masker()
    masker.learn_login("me", secret)
    header = base64.b64encode(f"me:{secret}".encode()).decode()
    for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], header):
        assert masker.mask(f"[ {spelling} ]") == "[ **** ]"


@given(SECRETS)
def test_unknown_user_information_in_urls_is_hidden(secret: str) -> None:
    text = f"Looking in indexes: https://me:{quote(secret, safe='')}@x.example/simple, and more"
    assert Masker().mask(text) == "Looking in indexes: https://****@x.example/simple, and more"


def test_a_token_as_user_is_hidden_but_a_name_is_not() -> None:
    credentials = Credentials(["https://ghp_token@x.example/", "https://alice:wonderland@y.example/"])
    assert credentials.masker.mask("ghp_token of alice in wonderland") == "**** of alice in ****"
