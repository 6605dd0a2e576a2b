"""What package code may see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.tools.environment import checkout_environment, package_environment

FIXED = {"SOURCE_DATE_EPOCH", "GIT_TERMINAL_PROMPT"}


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "XDG_CONFIG_HOME"),
        *("CC", "CFLAGS", "LDFLAGS", "PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH", "CARGO_HOME", "RUSTUP_HOME", "RUSTFLAGS"),
        *("https_proxy", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SystemRoot", "PATHEXT"),
    ],
)
def test_what_builds_need_is_there(name: str) -> None:
    assert package_environment({name: "value"})[name] == "value"


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        *("GITHUB_TOKEN", "GITHUB_ENV", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "INPUT_PASSWORD"),
        *("PIP_INDEX_URL", "PIP_CONFIG_FILE", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "TWINE_PASSWORD"),
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "SSH_AUTH_SOCK", "LD_PRELOAD"),
        *("CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_MINE_CREDENTIAL_PROVIDER", "CMAKE_SIGNING_KEY", "NIX_SECRET"),
        *("LC_PASSWORD", "DATABASE_URL", "ANYTHING"),
    ],
)
def test_what_could_be_a_secret_or_bends_the_build_is_not(name: str) -> None:
    assert package_environment({name: "value"}).keys() == FIXED


WORDS = ("AWS", "CARGO", "CMAKE", "LC", "RUST", "TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL", "PATH", "X")


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
def test_no_name_with_the_word_for_a_secret_gets_through(words: list[str]) -> None:
    name = "_".join(words)
    secret = {"TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL"} & {*words}
    assert not (secret and name in package_environment({name: "value"}))


def test_a_date_of_the_users_own_counts_and_what_is_added_counts_more() -> None:
    environ = {"SOURCE_DATE_EPOCH": "1", "PATH": "/a"}
    assert package_environment(environ)["SOURCE_DATE_EPOCH"] == "1"
    assert package_environment(environ, extra={"PATH": "/b", "TOKEN": "t"}) == {
        "SOURCE_DATE_EPOCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "PATH": "/b",
        "TOKEN": "t",
    }


def test_cloning_gets_the_agent_and_nothing_else() -> None:
    environ = {"SSH_AUTH_SOCK": "/agent", "GIT_SSH_COMMAND": "ssh -v", "GIT_CONFIG_VALUE_0": "x", "AWS_PROFILE": "x"}
    assert checkout_environment(environ) == {"SSH_AUTH_SOCK": "/agent", "GIT_SSH_COMMAND": "ssh -v"}
