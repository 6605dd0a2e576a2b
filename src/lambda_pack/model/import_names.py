"""Names that modules are imported by, for distributions that are called otherwise; and modules of other systems.

A distribution's name need not be a module's. Where it is, up to PEP 503's normalization (`google.cloud.storage` and
google-cloud-storage), no row is needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

__all__ = ["distributions_of", "other_system_of"]

# Well-known pairs, written from experience; a wrong one at most excuses a module that an extra would bring.
_DISTRIBUTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Crypto": "pycryptodome pycrypto",
        "Cryptodome": "pycryptodomex",
        "IPython": "ipython",
        "MySQLdb": "mysqlclient",
        "OpenSSL": "pyopenssl",
        "PIL": "pillow",
        "_cffi_backend": "cffi",
        "_ruamel_yaml": "ruamel-yaml-clib",
        "_ruamel_yaml_clibz": "ruamel-yaml-clibz",
        "attr": "attrs",
        "bs4": "beautifulsoup4",
        "cv2": "opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless",
        "dateutil": "python-dateutil",
        "dns": "dnspython",
        "docx": "python-docx",
        "dotenv": "python-dotenv",
        "faiss": "faiss-cpu",
        "fitz": "pymupdf",
        "fuse": "fusepy",
        "git": "gitpython",
        "google.auth": "google-auth",
        "google.protobuf": "protobuf",
        "google.api": "googleapis-common-protos",
        "google.rpc": "googleapis-common-protos",
        "google.iam": "grpc-google-iam-v1",
        "googleapiclient": "google-api-python-client",
        "grpc": "grpcio",
        "grpc_status": "grpcio-status",
        "grpc_tools": "grpcio-tools",
        "jose": "python-jose",
        "jwt": "pyjwt",
        "ldap": "python-ldap",
        "libarchive": "libarchive-c",
        "lz4": "lz4",
        "magic": "python-magic",
        "markdown_it": "markdown-it-py",
        "multipart": "python-multipart",
        "nacl": "pynacl",
        "OpenEXR": "openexr",
        "opentelemetry": "opentelemetry-api opentelemetry-sdk",
        "pkg_resources": "setuptools",
        "pptx": "python-pptx",
        "psycopg2": "psycopg2 psycopg2-binary",
        "pythonjsonlogger": "python-json-logger",
        "serial": "pyserial",
        "skimage": "scikit-image",
        "sklearn": "scikit-learn",
        "slugify": "python-slugify",
        "smbclient": "smbprotocol",
        "snappy": "python-snappy",
        "socks": "pysocks",
        "telegram": "python-telegram-bot",
        "usb": "pyusb",
        "websocket": "websocket-client",
        "yaml": "pyyaml",
        "zmq": "pyzmq",
    }
)

# "MS Windows Specific Services" of https://docs.python.org/3/library/windows.html and the private modules below them;
# pywin32, pyobjc and Pyodide, which exist for one system each.
_WINDOWS: Final = (
    "_msi _overlapped _winapi _winreg msilib msvcrt nt pythoncom pywintypes win32api win32clipboard win32com win32con "
    "win32event win32file win32gui win32pipe win32process win32security winerror winreg winsound wmi"
)
_SYSTEMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(_WINDOWS.split(), "Windows"),
        **dict.fromkeys(
            ("AppKit", "CFNetwork", "Cocoa", "CoreFoundation", "Foundation", "Quartz", "_scproxy", "objc"), "macOS"
        ),
        **dict.fromkeys(("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core"), "Pyodide"),
        **dict.fromkeys(("java", "javax"), "Jython"),
    }
)
# What only Windows' `ctypes` and `os` have, by their documentation ("Availability: Windows").
# So mypy is told that a module is for one system (https://mypy.readthedocs.io/en/stable/common_issues.html).
_ASSERTED: Final = re.compile(
    r"""^\s*assert sys\.platform == ["'](?P<name>win32|darwin|emscripten)["']""", re.MULTILINE
)
# How modules for one system say so when they are imported elsewhere (rich._win32_console of rich 15).
_ONLY_ON: Final = re.compile(r"^ImportError: .*\bonly .*\bon (?P<system>Windows|macOS)\b", re.MULTILINE)
_WINDOWS_ATTRIBUTE: Final = re.compile(
    r"(?:cannot import name|module '(?:ctypes|os|asyncio|signal|multiprocessing\.connection)' has no attribute) "
    r"'(?P<name>windll|oledll|WinDLL|OleDLL|WINFUNCTYPE|WinError|HRESULT|PipeConnection|startfile|CTRL_BREAK_EVENT|CTRL_C_EVENT|"
    r"ProactorEventLoop|WindowsSelectorEventLoopPolicy|WindowsProactorEventLoopPolicy)'"
)
# "Availability: BSD, macOS" (https://docs.python.org/3/library/select.html#kqueue-objects).
_BSD_ATTRIBUTE: Final = re.compile(r"module 'select' has no attribute '(?P<name>kqueue|kevent|KQ_\w+)'")


def distributions_of(module: str) -> frozenset[NormalizedName]:
    """Return the names of distributions that may bring a module, by its dotted name.

    >>> sorted(distributions_of("google.cloud.bigquery_storage"))
    ['google', 'google-cloud', 'google-cloud-bigquery-storage']
    >>> sorted(distributions_of("yaml.cyaml"))
    ['pyyaml', 'yaml', 'yaml-cyaml']
    """
    parts = module.split(".")
    prefixes = [".".join(parts[: length + 1]) for length in range(len(parts))]
    known = (name for prefix in prefixes for name in _DISTRIBUTIONS.get(prefix, "").split())
    return frozenset(canonicalize_name(name) for name in (*prefixes, *known))


def other_system_of(missing: str, error: str) -> str | None:
    """Return what a module needs of another system, by the name of a module that it lacks, or by its traceback.

    >>> other_system_of("winreg", "ModuleNotFoundError: No module named 'winreg'")
    'winreg, which only Windows has'
    >>> other_system_of("", "AttributeError: module 'ctypes' has no attribute 'windll'. Did you mean: 'cdll'?")
    'windll, which only Windows has'
    """
    # The last part, too: six.moves has a winreg.
    for part in (missing.partition(".")[0], missing.rpartition(".")[2]):
        if part in _SYSTEMS:
            return f"{part}, which only {_SYSTEMS[part]} has"
    match = _WINDOWS_ATTRIBUTE.search(error)
    if match:
        return f"{match['name']}, which only Windows has"
    match = _ONLY_ON.search(error)
    if match:
        return f"{match['system']}, as it says"
    match = _BSD_ATTRIBUTE.search(error)
    if match:
        return f"{match['name']}, which only BSD and macOS have"
    match = _ASSERTED.search(error) if "AssertionError" in error else None
    return f"the platform {match['name']!r}, as it asserts" if match else None
