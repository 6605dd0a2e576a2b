"""Why pip could not resolve: judged by the exception that ended it, never by its prose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_pack.errors import IndexUnavailable, IntegrityError, LambdaPackError, UnmetDependencies, UsageError
from lambda_pack.model.urls import masked
from lambda_pack.tools.pip.program import SCRATCH, Pip
from lambda_pack.tools.process import Completed, tail

__all__ = ["refusal"]

# A program that pip started has failed.
_PROGRAMS = frozenset({"InstallationSubprocessError", "FailedToPrepareCandidate"})

# A source did not say its metadata.
_NOT_BUILT = _PROGRAMS | {"MetadataGenerationFailed", "BuildDependencyInstallError"}

# A full disk, or too little memory, is no index's fault.
_OF_THE_MACHINE = frozenset({"OSError", "MemoryError", "KeyboardInterrupt", "SystemExit", "PipError"})

# By the names of pip's own exceptions, those they inherit from included (pip 23.2 to 26.3). The first row that holds
# one of the names decides.
_ROWS: tuple[tuple[frozenset[str], type[LambdaPackError], str], ...] = (
    (frozenset({"HashMismatch"}), IntegrityError, "a file has none of the hashes that the requirements name"),
    (
        frozenset(
            {
                *("NetworkConnectionError", "ConnectionFailedError", "ConnectionTimeoutError", "ProxyConnectionError"),
                *("SSLVerificationError", "SSLMissingError", "IncompleteDownloadError", "RequestException"),
                # The last is that of an index page which ended too early: pip does not look at its length.
                *("HTTPError", "CheckoutFailed", "JSONDecodeError"),
            }
        ),
        IndexUnavailable,
        "pip could not fetch what it needs",
    ),
    (
        frozenset(
            {"DistributionNotFound", "ResolutionImpossible", "ResolutionTooDeepError", "UnsupportedPythonVersion"}
        ),
        UnmetDependencies,
        "no set of versions satisfies the requirements",
    ),
    (
        _NOT_BUILT,
        UnmetDependencies,
        "the metadata of a package could not be built",
    ),
    (
        frozenset({"HashError", "HashErrors", "CommandError", "RequirementsFileParseError", "InvalidWheelFilename"}),
        UsageError,
        "pip refuses the requirements",
    ),
    (
        frozenset({"InvalidWheel", "MetadataInconsistent", "MetadataInvalid", "BadZipFile", "TarError"}),
        IntegrityError,
        "a file is damaged, or is not what its name says",
    ),
    # What is left of pip's own: a folder or checkout that is no project, an archive that cannot be unpacked.
    (frozenset({"InstallationError"}), UsageError, "pip cannot use what the requirements name"),
)


def refusal(pip: Pip, ended: Completed, *, outcome: Mapping[str, Any], scratch: Path) -> LambdaPackError:
    """What to raise for a run of pip's that failed; `outcome` is what the shim wrote, empty where it could not."""
    log = tail(masked(ended.log)).replace(str(scratch), SCRATCH)
    if outcome.get("missing"):
        return LambdaPackError(
            f"pip {pip.version} has changed inside ({outcome['missing']!r}) and cannot be told about the target;"
            " choose --resolver uv, or install an older pip",
            log=log,
        )
    message = " ".join(masked(str(outcome.get("message", ""))).replace(str(scratch), SCRATCH).split())
    errors = _names(outcome)
    for names, kind, sentence in _ROWS:
        if errors & names:
            unreachable = outcome.get("unreachable", ())
            if "DistributionNotFound" in errors and unreachable:
                # pip goes on without an index page that it could not get, and then misses the package.
                url, reason = map(masked, unreachable[0])
                return IndexUnavailable(
                    f"the index did not answer as it should at {url!r}: {reason}; check it, then run again", log=log
                )
            if kind is UnmetDependencies and "source" in outcome and errors & _NOT_BUILT:
                # The URL in it may have a login: it is compared, and never shown.
                return UnmetDependencies(f"{sentence}: {message}", log=log, sources=(str(outcome["source"]),))
            return kind(f"{sentence}: {message}", log=log)
    if errors and not errors & _OF_THE_MACHINE:
        # pip ended with a traceback of its own: mostly it could not read what an index answered.
        return IndexUnavailable(
            f"pip {pip.version} ended with an error of its own: {message or min(errors)}; check the index, or choose "
            "--resolver uv",
            log=log,
        )
    return LambdaPackError(
        f"pip {pip.version} ended with exit status {ended.status}: {message}; or choose --resolver uv", log=log
    )


def _names(outcome: Mapping[str, Any]) -> frozenset[str]:
    names = frozenset(outcome.get("errors", ()))
    # git is a program like a build backend to pip, and a remote like an index to us.
    cloning = names & _PROGRAMS and str(outcome.get("description", "")).startswith("git ")
    return names | {"CheckoutFailed"} if cloning else names
