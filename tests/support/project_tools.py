"""Tools that lock projects or check templates, from the public index into environments of their own, kept for later."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import platformdirs
from msgspec import Struct
from uv import find_uv_bin

from tests.support.processes import Finished, run

__all__ = ["TOOLS", "ProjectTool"]

# What is installed, and as of which day where a newer release of a dependency broke the tool (pdm 2.29 and hishel 1.1).
_PACKAGES: Mapping[str, tuple[tuple[str, ...], str | None]] = MappingProxyType(
    {
        "poetry": (("poetry>=2.1", "poetry-plugin-export"), None),
        "poetry-1": (("poetry<2", "poetry-plugin-export<1.9", "virtualenv<20.27"), "2025-01-01"),
        "pdm": (("pdm",), "2026-02-01"),
        "pipenv": (("pipenv",), None),
        "hatch": (("hatch",), None),
        "uv": (("uv",), None),
        "cfn-lint": (("cfn-lint>=1.30",), None),
        "sam": (("aws-sam-cli", "pip", "setuptools"), None),
    }
)
TOOLS = tuple(_PACKAGES)


class ProjectTool(Struct, frozen=True):
    """One of `TOOLS`, ready to run; `home` is where it keeps what it remembers."""

    name: str
    programs: Path
    home: Path

    @classmethod
    def ready(cls, name: str, home: Path) -> ProjectTool:
        """Installed where it was not yet; an installation that was cut short is made again."""
        packages, as_of = _PACKAGES[name]
        folder = platformdirs.user_cache_path("lambda-pack") / "tests" / "project-tools" / f"{name}-{as_of or 'newest'}"
        if not (folder / "whole").is_file():
            newest = ("--exclude-newer", as_of) if as_of else ()
            _succeed((find_uv_bin(), "venv", "--clear", "--python", sys.executable, folder), folder.parent)
            _succeed((find_uv_bin(), "pip", "install", "--python", folder, *newest, *packages), folder.parent)
            (folder / "whole").touch()
        return cls(name, folder / "bin", home)

    def __call__(self, *arguments: str | Path, folder: Path) -> str:
        """Runs the tool in a folder, which must succeed; returns its standard output."""
        # 'poetry-1' is an older poetry.
        program = self.programs / self.name.removesuffix("-1")
        # hatch would write the folders of this home into the user's own settings.
        self._hatch_settings.parent.mkdir(parents=True, exist_ok=True)
        self._hatch_settings.touch()
        return _succeed((program, *arguments), folder, self._environment).output

    @property
    def _hatch_settings(self) -> Path:
        return self.home / "hatch.toml"

    @property
    def _environment(self) -> Mapping[str, str]:
        """This machine's, which says where the index is, with nothing of an environment that we run in."""
        kept = {name: text for name, text in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}  # noqa: TID251
        quiet = {"PIPENV_IGNORE_VIRTUALENVS": "1", "PDM_CHECK_UPDATE": "0", "PIPENV_NOSPIN": "1", "NO_COLOR": "1"}
        places = {"XDG_CONFIG_HOME": kept.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))}
        keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        places |= {"HATCH_CONFIG": str(self._hatch_settings)}
        return {**kept, **quiet, **places, **keyring, "HOME": str(self.home), "PATH": f"{self.programs}:{kept['PATH']}"}


def _succeed(
    command: tuple[str | Path, ...], folder: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> Finished:
    folder.mkdir(parents=True, exist_ok=True)
    done = run(command, environment or os.environ, folder=folder, timeout=400)  # noqa: TID251  # as above
    assert done.exit_code == 0, f"{' '.join(map(str, command))}\n{done.text}"
    return done
