"""Where pip keeps its settings: `pip.conf` in all its places, and the PIP_* variables.

Facts: pip's documentation, "Configuration", and `pip._internal.configuration` of pip 25.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.inputs.cooldowns import in_uv_words
from lambda_pack.inputs.whole_files import read_whole_text
from lambda_pack.model.given import Given, GivenSettings

__all__ = ["configuration_files", "read_pip_files", "read_pip_variables", "written_options"]

# What each option's value means to pip: one text, or words apart by white space (options that may be repeated).
_TEXTS = frozenset(
    {
        "cert",
        "client-cert",
        "index-url",
        "keyring-provider",
        "no-binary",
        "exclude-newer",
        "no-index",
        "no-require-hashes",
        "only-binary",
        "pre",
        "prefer-binary",
        "proxy",
        "require-hashes",
        "retries",
        "timeout",
    }
)
_LISTS = frozenset(
    {
        "all-releases",
        "build-constraint",
        "config-settings",
        "constraint",
        "extra-index-url",
        "find-links",
        "only-final",
        "trusted-host",
    }
)
_ALIASES = {
    "config-setting": "config-settings",
    "default-timeout": "timeout",
    "pypi-url": "index-url",
    "uploaded-prior-to": "exclude-newer",
}
# `pip install` reads [install] over [global]; [download] is heard where neither speaks louder.
_SECTIONS = ("global", "download", "install")


def read_pip_variables(environ: Mapping[str, str]) -> GivenSettings:
    """What the PIP_* variables say; an empty one says nothing, as in pip."""
    settings: dict[str, Given] = {}
    for variable in sorted(environ):
        name = _option(variable.removeprefix("PIP_")) if variable.startswith("PIP_") else ""
        settings.update(_given(name, environ[variable], variable))
    return settings


def read_pip_files(environ: Mapping[str, str], *, home: Path, platform: str = sys.platform) -> GivenSettings:
    """What pip's configuration files say together.

    Raises:
        UsageError: a file cannot be parsed.
    """
    sections: dict[str, dict[str, Given]] = {section: {} for section in _SECTIONS}
    for path in configuration_files(environ, home=home, platform=platform):
        for section, name, text in _items(path):
            if section in sections:
                sections[section].update(_given(_option(name), text, str(path)))
    # A section that speaks louder does so in whichever file it stands.
    return {name: given for section in _SECTIONS for name, given in sections[section].items()}


def written_options(
    environ: Mapping[str, str], *, home: Path, platform: str = sys.platform
) -> Iterator[tuple[str, str, str]]:
    """Yield name, text and source of every option that a PIP_* variable or one of pip's files sets.

    Raises:
        UsageError: a file cannot be parsed.
    """
    for variable in sorted(environ):
        if variable.startswith("PIP_"):
            yield variable.removeprefix("PIP_").lower().replace("_", "-"), environ[variable], variable
    for path in configuration_files(environ, home=home, platform=platform):
        for section, name, text in _items(path):
            if section in _SECTIONS:
                yield name.lower().replace("_", "-").removeprefix("--"), text, f"[{section}] of {str(path)!r}"


def configuration_files(environ: Mapping[str, str], *, home: Path, platform: str = sys.platform) -> tuple[Path, ...]:
    """Every place where pip looks, the loudest last: global, user, site, PIP_CONFIG_FILE.

    The site file is the one of the user's active environment: lambda-pack itself lives in another.
    """
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return ()
    name = "pip.ini" if platform == "win32" else "pip.conf"
    user: tuple[Path, ...] = ()
    if not (chosen and Path(chosen).exists()):
        legacy = home / ("pip" if platform == "win32" else ".pip")
        user = (legacy / name, _user_folder(environ, home, platform) / name)
    prefix = environ.get("VIRTUAL_ENV") or environ.get("CONDA_PREFIX") or sys.prefix
    everywhere = tuple(folder / name for folder in _global_folders(environ, platform))
    return (*everywhere, *user, Path(prefix) / name, *((Path(chosen),) if chosen else ()))


def _global_folders(environ: Mapping[str, str], platform: str) -> Iterator[Path]:
    if platform == "win32":
        yield Path(environ.get("PROGRAMDATA") or "C:/ProgramData") / "pip"
    elif platform == "darwin":
        yield Path("/Library/Application Support/pip")
    else:
        for folder in (environ.get("XDG_CONFIG_DIRS", "").strip() or "/etc/xdg").split(os.pathsep):
            yield Path(folder) / "pip"
        yield Path("/etc")


def _user_folder(environ: Mapping[str, str], home: Path, platform: str) -> Path:
    if platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData/Roaming") / "pip"
    if platform == "darwin":
        native = home / "Library/Application Support/pip"
        return native if native.is_dir() else home / ".config/pip"
    return Path(environ.get("XDG_CONFIG_HOME", "").strip() or home / ".config") / "pip"


def _items(path: Path) -> Iterator[tuple[str, str, str]]:
    if not path.is_file():
        return
    from configparser import Error, RawConfigParser  # most runs have no pip.conf

    parser = RawConfigParser()
    try:
        parser.read_string(read_whole_text(path), str(path))
    except (Error, OSError, UnicodeDecodeError) as error:
        # The parser's own message quotes the line, and the line may hold a password.
        raise UsageError(
            f"pip's configuration {str(path)!r} cannot be read: {type(error).__name__}; "
            "correct it, or switch it off with PIP_CONFIG_FILE"
        ) from None
    for section in parser.sections():
        for name, text in parser.items(section):
            yield section, name, text


def _option(name: str) -> str:
    option = name.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(option, option)


def _given(name: str, text: str, source: str) -> dict[str, Given]:
    if not text.strip():
        return {}
    if name == "exclude-newer":
        return {name: Given((in_uv_words(text),), source)}
    if name in _LISTS:
        return {name: Given(tuple(text.split()), source)}
    return {name: Given((text.strip(),), source)} if name in _TEXTS else {}
