"""What stands in a URL."""

from __future__ import annotations

import pytest

from lambda_pack.model.urls import credentials_in, filename_of, masked, without_credentials


@pytest.mark.parametrize(
    ("url", "filename"),
    [
        ("https://x.example/a/foo-1.0.tar.gz", "foo-1.0.tar.gz"),
        ("https://x.example/foo-1.0.tar.gz?token=1#sha256=00", "foo-1.0.tar.gz"),
        ("https://x.example/foo-1.0%2Bcpu.tar.gz", "foo-1.0+cpu.tar.gz"),
        ("file:///with%20space/foo.zip", "foo.zip"),
        ("https://x.example", ""),
    ],
)
def test_file_names(url: str, filename: str) -> None:
    assert filename_of(url) == filename


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a", "https://x.example/a"),
        ("https://me:secret@x.example:8/a?b=c#d", "https://x.example:8/a?b=c"),
        ("https://me:se@cret@x.example/a@b", "https://x.example/a@b"),
        ("git+ssh://git@x.example/a.git@v1", "git+ssh://x.example/a.git@v1"),
        ("file:///a/b", "file:///a/b"),
    ],
)
def test_credentials_go(url: str, expected: str) -> None:
    assert without_credentials(url) == expected


PASSWORDS = (
    "a/b",
    "a#b",
    "a?b",
    "a'b",
    'a"b',
    "a<b",
    "a>b",
    "a b",
    "a@b",
    "a%2Fb",
    "a:b",
    "a\\b",
    "a;b",
    "ab ",
    "é,b",
    "123 45",
    "'p w'",
    '"p w"',
)


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "text",
    [
        "https://me:{}@x.example/simple",
        "could not reach 'https://me:{}@x.example/simple': refused",
        "git+https://me:{}@x.example/a.git",
        "git+https://me:{}@x.example/a.git@v1",
        "git+https://me:{}@x.example/a.git@feature/v1 ; mail you@y.example",
        '{{"url": "http://me:{}@x.example:8080/simple"}}',
    ],
)
def test_no_password_is_readable_however_it_is_spelt(text: str, password: str) -> None:
    hidden = masked(text.format(password))

    assert password.strip() not in hidden
    assert "://****@" in hidden
    assert "x.example" in hidden


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "https://x.example:8080/simple and https://y.example/",
            "https://x.example:8080/simple and https://y.example/",
        ),
        ("no answer from https://x.example: ask me@y.example", "no answer from https://x.example: ask me@y.example"),
        ("http://[::1]:8080/simple or you@y.example", "http://[::1]:8080/simple or you@y.example"),
        ("git+ssh://git@x.example/a.git@v1", "git+ssh://git@x.example/a.git@v1"),
        ("git+https://x.example/a/b@v1.0", "git+https://x.example/a/b@v1.0"),
        ("file:///some/me@work/a.whl", "file:///some/me@work/a.whl"),
        ("https://token@x.example", "https://****@x.example"),
        ("https://to/ken@x.example/simple", "https://****@x.example/simple"),
    ],
)
def test_what_is_no_secret_stays_readable(text: str, expected: str) -> None:
    assert masked(text) == expected


@pytest.mark.parametrize("password", ["a/b", "a#b", "a?b", "a'b", "a@b", "a<b"])
def test_a_password_that_is_not_encoded_is_understood(password: str) -> None:
    url = f"https://me:{password}@x.example/simple"

    assert credentials_in(url) == ("me", password)
    assert without_credentials(url) == "https://x.example/simple"


@pytest.mark.parametrize(
    "name",
    [
        *("token", "access_token", "private_token", "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Credential"),
        *("X-Goog-Signature", "Signature", "Key-Pair-Id", "Policy", "sig", "AWSAccessKeyId", "api_key", "apikey"),
        *("password", "auth", "jwt", "client_secret"),
    ],
)
@pytest.mark.parametrize("text", ["{}", "get {} now", "'{}'", '"{}",', "<a href={}>", "({})", "{}#sha256=00", "\n{}\n"])
@pytest.mark.parametrize("before", ["?", "?v=1&", "?v=1;", "?v=1&amp;"])
def test_tokens_in_queries_are_hidden(name: str, text: str, before: str) -> None:
    url = f"https://x.example/a-1.0-py3-none-any.whl{before}{name}=s3cr%2Fet&w=2"
    shown = masked(text.format(url))
    assert "s3cr" not in shown
    assert f"{name}=****&w=2" in shown


@pytest.mark.parametrize("query", ["", "?v=1", "?design=2", "?keyword=a", "?page=2&size=3"])
def test_other_queries_stay(query: str) -> None:
    url = f"https://x.example/a.whl{query}"
    assert masked(url) == url
