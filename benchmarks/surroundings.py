"""The environment of the timed programs: the same index for all, no settings of the user's, private caches."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["index_of", "surroundings", "with_caches"]

# They decide how an index is reached, not which packages it has.
_KEPT = frozenset(
    {
        "PIP_CERT",
        "PIP_CLIENT_CERT",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_PROXY",
        "PIP_RETRIES",
        "PIP_TIMEOUT",
        "PIP_TRUSTED_HOST",
        "UV_HTTP_TIMEOUT",
        "UV_INSECURE_HOST",
        "UV_NATIVE_TLS",
        "UV_SYSTEM_CERTS",
    }
)
_DROPPED = ("PIP_", "UV_", "POETRY_", "PEX_", "SAM_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "LAMBDA_PACK_", "COVERAGE_")


def index_of(environ: Mapping[str, str], chosen: str | None) -> str | None:
    """The one index that all tools get: the chosen one, else that of the environment; None for their default."""
    return chosen or environ.get("PIP_INDEX_URL") or environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL")


def surroundings(
    environ: Mapping[str, str], *, index: str | None, home: Path, programs: Sequence[Path]
) -> dict[str, str]:
    """What every timed program gets; `home` is the benchmarks' folder, `programs` come first on PATH.

    Settings files of pip and uv are switched off: a mirror or a folder of wheels that only one of the tools knows would
    decide the race.

    >>> found = surroundings({"UV_FIND_LINKS": "x"}, index=None, home=Path("b"), programs=[Path("p")])
    >>> found["UV_NO_CONFIG"], "UV_FIND_LINKS" in found
    ('1', False)
    """
    kept = {name: value for name, value in environ.items() if name in _KEPT or not name.startswith(_DROPPED)}
    indexes = {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": index} if index else {}
    return {
        **kept,
        **indexes,
        "PATH": os.pathsep.join([*map(str, programs), environ.get("PATH", os.defpath)]),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "UV_NO_CONFIG": "1",
        # It would make an environment of its own first, which is no part of packing.
        "POETRY_VIRTUALENVS_CREATE": "false",
        "POETRY_NO_INTERACTION": "1",
        "SAM_CLI_TELEMETRY": "0",
        "NO_PROXY": ",".join(filter(None, [environ.get("NO_PROXY", ""), "127.0.0.1"])),
        "LAMBDA_PACK_ENVIRONMENTS": str(home / "entrypoint"),
    }


def with_caches(environment: Mapping[str, str], cache: Path) -> dict[str, str]:
    """The same with all caches in this folder, those of programs that a tool starts included."""
    return {
        **environment,
        "XDG_CACHE_HOME": str(cache),
        "PIP_CACHE_DIR": str(cache / "pip"),
        "UV_CACHE_DIR": str(cache / "uv"),
        "POETRY_CACHE_DIR": str(cache / "poetry"),
        "__SAM_CLI_APP_DIR": str(cache / "sam"),
    }
