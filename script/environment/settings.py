"""The indexes that pip would use, and how: its configuration files, the PIP_* variables and its default index.

Facts: pip's documentation, "Configuration"; `pip._internal.configuration` of pip 26.
lambda_pack.inputs.pip_settings reads the same for packs, with packages that are not here yet.
"""

from __future__ import annotations

import configparser
import importlib.util
import os
import site
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Settings", "bundled_pips", "default_index", "own_pip", "pip_certificates", "read_settings"]

_TIMEOUT = 15.0  # seconds, pip's


class Settings(NamedTuple):
    """Where packages come from. `indexes` are URLs in the order in which they are asked.

    `are_named` says whether pip's own settings name an index or a folder; `timeout` is in seconds.
    """

    indexes: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    trusted_hosts: frozenset[str] = frozenset()
    certificates: tuple[str, ...] = ()
    client_certificate: str | None = None
    proxy: str | None = None
    timeout: float = _TIMEOUT
    are_named: bool = False


def read_settings() -> Settings:
    """Return what pip would use. Without a default index (there is no pip to ask) `indexes` may be empty."""
    found = {**_from_files(), **_from_variables()}
    main = found.get("index-url", "").strip() or found.get("pypi-url", "").strip()
    wants_none = found.get("no-index", "").strip().lower() in {"1", "true", "yes", "on", "t", "y"}
    indexes = [main or default_index() or "", *found.get("extra-index-url", "").split()]
    links = tuple(found.get("find-links", "").split())
    try:
        timeout = float(found.get("timeout") or found.get("default-timeout") or _TIMEOUT)
    except ValueError:
        timeout = _TIMEOUT
    certificates = (os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE"), found.get("cert"))
    return Settings(
        indexes=() if wants_none else tuple(dict.fromkeys(index for index in indexes if index)),
        find_links=links,
        trusted_hosts=frozenset(found.get("trusted-host", "").lower().split()),
        certificates=tuple(name for name in certificates if name),
        client_certificate=found.get("client-cert") or None,
        proxy=found.get("proxy") or None,
        timeout=timeout,
        are_named=bool(main or indexes[1:] or links),
    )


def default_index() -> str | None:
    """Return the index that pip asks by default.

    pip is asked for it, so that one which was patched for a mirror is heard, and this source names no host.
    """
    for folder in _pip_folders():
        sys.path.insert(0, str(folder))
        try:
            from pip._internal.models.index import PyPI
        except ImportError:
            continue
        else:
            return str(PyPI.simple_url)
        finally:
            sys.path.remove(str(folder))
    return None


def pip_certificates() -> str | None:
    """Return the certificates that pip brings along (PEM), for a Python that has none of its own."""
    for folder in _pip_folders():
        if folder.is_dir():
            path = folder / "pip" / "_vendor" / "certifi" / "cacert.pem"
            if path.is_file():
                return path.read_text("ascii", "ignore")
        else:
            with zipfile.ZipFile(folder) as wheel:
                return wheel.read("pip/_vendor/certifi/cacert.pem").decode("ascii", "ignore")
    return None


def own_pip() -> Path | None:
    """Return the package pip that is installed for this interpreter.

    We run without `site`, which costs tens of milliseconds where packages have a say in it.
    """
    if sys.modules.get("pip", ...) is None:
        return None
    prefixes = [str(_virtual_environment()), *site.PREFIXES]
    for folder in site.getsitepackages(list(dict.fromkeys(prefixes))):
        package = Path(folder, "pip")
        if (package / "__init__.py").is_file():
            return package
    return None


def _virtual_environment() -> Path:
    """Return the folder of the virtual environment that the interpreter is from, else its prefix."""
    folder = Path(sys.executable).parent.parent
    return folder if (folder / "pyvenv.cfg").is_file() else Path(sys.prefix)


def bundled_pips() -> Iterator[Path]:
    """Yield the wheels of pip that came with this Python, or with its distribution."""
    ensurepip = importlib.util.find_spec("ensurepip") if sys.modules.get("ensurepip", ...) is not None else None
    folders = [Path(ensurepip.origin).parent / "_bundled"] if ensurepip and ensurepip.origin else []
    folders += [Path(folder) for folder in [sysconfig.get_config_var("WHEEL_PKG_DIR")] if folder]
    for folder in folders:
        yield from sorted(folder.glob("pip-*.whl"))


def _pip_folders() -> Iterator[Path]:
    """Yield what to put on `sys.path` to import pip: the interpreter's own first."""
    own = own_pip()
    if own is not None:
        yield own.parent
    yield from bundled_pips()


def _from_variables() -> dict[str, str]:
    prefix = "PIP_"
    return {
        name.removeprefix(prefix).lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith(prefix) and value.strip()
    }


def _from_files() -> dict[str, str]:
    """Return the options of [global] under those of [install], each from the last file that has it."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for path in _configuration_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text("utf-8"))
        except FileNotFoundError:
            continue
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue  # the pack itself refuses it, with the file's name; pip would, too
        for section, options in sections.items():
            if parser.has_section(section):
                options.update(
                    (name.replace("_", "-").removeprefix("--"), text)
                    for name, text in parser.items(section)
                    if text.strip()
                )
    return {**sections["global"], **sections["install"]}


def _configuration_files() -> Iterator[Path]:
    """Yield the places where pip looks, the one that wins last."""
    chosen = os.environ.get("PIP_CONFIG_FILE", "")
    if chosen == os.devnull:
        return
    name = "pip.ini" if sys.platform == "win32" else "pip.conf"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # `Path.home` fails where there is no home
    yield from (folder / name for folder in _global_folders())
    if not (chosen and Path(chosen).exists()):
        yield home / ("pip" if sys.platform == "win32" else ".pip") / name
        yield _user_folder(home) / name
    yield _virtual_environment() / name
    if chosen:
        yield Path(chosen)


def _global_folders() -> Iterator[Path]:
    if sys.platform == "win32":
        yield Path(os.environ.get("PROGRAMDATA") or "C:/ProgramData") / "pip"
    elif sys.platform == "darwin":
        yield Path("/Library/Application Support/pip")
    else:
        for folder in (os.environ.get("XDG_CONFIG_DIRS", "").strip() or "/etc/xdg").split(os.pathsep):
            yield Path(folder) / "pip"
        yield Path("/etc")


def _user_folder(home: Path) -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "pip"
    if sys.platform == "darwin":
        native = home / "Library" / "Application Support" / "pip"
        return native if native.is_dir() else home / ".config" / "pip"
    return Path(os.environ.get("XDG_CONFIG_HOME", "").strip() or home / ".config") / "pip"
