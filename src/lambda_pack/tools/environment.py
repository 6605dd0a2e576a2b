"""The environment that package code may see: an allow-list, because nobody can list every secret.

uv, pip and every build get these variables and no others. Left out on purpose:

- `PIP_*` and `UV_*`: index settings are read in one place and handed over as explicit options, so credentials in them
  reach only what fetches.
- `PYTHON*` and `VIRTUAL_ENV`: they would bend the interpreter that was chosen.
- `SSH_AUTH_SOCK`: whoever holds it can act as the user. It is given by `checkout_environment`, to what may clone.

`HOME` stays: git, ssh, netrc and cargo keep their settings there. An allow-list is hygiene, not a sandbox: package code
runs as the user and can read the user's files.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "FUNCTION_ARN",
    "STEADY",
    "building_variables",
    "checkout_environment",
    "function_environment",
    "package_environment",
]

_SYSTEM = """
    HOME LANG LANGUAGE LOGNAME PATH SHELL TERM TMPDIR TZ USER XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME
    XDG_RUNTIME_DIR ALLUSERSPROFILE APPDATA COMMONPROGRAMFILES COMSPEC HOMEDRIVE HOMEPATH LOCALAPPDATA
    NUMBER_OF_PROCESSORS OS PATHEXT PROCESSOR_ARCHITECTURE PROGRAMDATA PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432
    SYSTEMDRIVE SYSTEMROOT TEMP TMP USERNAME USERPROFILE WINDIR PYENV_ROOT
"""
_NETWORK = """
    ALL_PROXY FTP_PROXY HTTP_PROXY HTTPS_PROXY NO_PROXY CURL_CA_BUNDLE GIT_SSL_CAINFO GIT_SSL_CAPATH NETRC
    NIX_SSL_CERT_FILE REQUESTS_CA_BUNDLE SSL_CERT_DIR SSL_CERT_FILE
"""
_BUILDING = """
    AR ARCHFLAGS AS CC CFLAGS CPATH CPP CPPFLAGS CXX CXXFLAGS C_INCLUDE_PATH CPLUS_INCLUDE_PATH F77 F90 FC FFLAGS LD
    LDFLAGS LDSHARED LD_LIBRARY_PATH LIBRARY_PATH DYLD_LIBRARY_PATH MACOSX_DEPLOYMENT_TARGET MAKE MAKEFLAGS NM RANLIB
    SDKROOT SOURCE_DATE_EPOCH STRIP DISTUTILS_USE_SDK INCLUDE LIB LIBPATH MSSDK VCINSTALLDIR VCTOOLSINSTALLDIR
    WINDOWSSDKDIR JAVA_HOME LLVM_CONFIG PBR_VERSION
"""
_ALLOWED = frozenset((_SYSTEM + _NETWORK + _BUILDING).split())
_ALLOWED_PREFIXES = ("LC_", "PKG_CONFIG", "CMAKE_", "CARGO_", "RUST", "SETUPTOOLS_SCM_", "HATCH_BUILD_", "NIX_")
_SECRET = ("TOKEN", "SECRET", "PASS", "KEY", "CREDENTIAL", "AUTH", "COOKIE", "PRIVATE", "SESSION")
_CHECKOUT = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "GIT_SSH", "GIT_SSH_COMMAND")

_FUNCTION = "verify"
_REGION = "us-east-1"
_SYSTEM_LIBRARIES = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib"
# An account that AWS uses in its examples.
FUNCTION_ARN = f"arn:aws:lambda:{_REGION}:123456789012:function:{_FUNCTION}"
# What a build writes into its files should not depend on the day: 1980-01-01, the oldest date a zip can hold.
STEADY = MappingProxyType({"SOURCE_DATE_EPOCH": "315532800"})
"""The variables that make builds give the same bytes each time, where their backends allow."""

_UNLESS_SET = MappingProxyType(
    {
        **STEADY,
        # There is nobody to type a password.
        "GIT_TERMINAL_PROMPT": "0",
    }
)


def package_environment(environ: Mapping[str, str], *, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What of `environ` a process that may run package code gets; `extra` is added as it is.

    >>> package_environment({"PATH": "/bin", "AWS_SECRET_ACCESS_KEY": "x", "CARGO_REGISTRY_TOKEN": "x"})["PATH"]
    '/bin'
    """
    allowed = {name: value for name, value in environ.items() if _is_allowed(name.upper())}
    return {**_UNLESS_SET, **allowed, **(extra or {})}


def building_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """What of `environ` may change what a compiler makes, in order: a built wheel depends on it."""
    names = _BUILDING.split()
    return {
        name: environ[name]
        for name in sorted(environ)
        if _is_allowed(name.upper()) and (name in names or name.startswith(_ALLOWED_PREFIXES[1:]))
    }


def checkout_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What cloning over ssh needs besides: the agent's socket and the user's choice of ssh program."""
    return {name: environ[name] for name in _CHECKOUT if name in environ}


def function_environment(runtime: str, *, task: str, layers: str, temporary: str) -> dict[str, str]:
    """What a function sees on Lambda, and nothing of ours: not even a home, where credentials may lie.

    The arguments are the runtime's name and folders as the function sees them.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime

    >>> function_environment("python3.13", task="/var/task", layers="/opt", temporary="/tmp")["AWS_EXECUTION_ENV"]
    'AWS_Lambda_python3.13'
    """
    return {
        "AWS_DEFAULT_REGION": _REGION,
        # botocore would ask the machine for credentials that are not the function's.
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_NAME": _FUNCTION,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{_FUNCTION}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "1980/01/01/[$LATEST]00000000000000000000000000000000",
        "AWS_REGION": _REGION,
        "HOME": temporary,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": task,
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"{_SYSTEM_LIBRARIES}:{task}:{task}/lib:{layers}/lib",
        "PATH": f"/var/lang/bin:/usr/local/bin:/usr/bin:/bin:{layers}/bin",
        "TMPDIR": temporary,
        "TZ": ":UTC",
    }


def _is_allowed(name: str) -> bool:
    return (name in _ALLOWED or name.startswith(_ALLOWED_PREFIXES)) and not any(word in name for word in _SECRET)
