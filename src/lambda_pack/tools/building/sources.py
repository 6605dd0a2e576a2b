"""Sources as folders: an sdist unpacked, a copy of a folder, a clone of a commit.

Nothing is built in place: package code never gets a path of the user's or of the cache.
"""

from __future__ import annotations

import errno
import gzip
import lzma
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from lambda_pack.errors import IndexUnavailable, IntegrityError, LambdaPackError, UsageError
from lambda_pack.model.packages import Checkout, Folder, Sdist, Source
from lambda_pack.model.urls import credentials_in, masked, without_credentials
from lambda_pack.ports import Index
from lambda_pack.tools.building.archives import unpack_tar, unpack_zip
from lambda_pack.tools.building.folders import copy_folder
from lambda_pack.tools.building.jobs import Fetch, Job
from lambda_pack.tools.process import run, tail

# What the decompressors and the readers of tar and zip raise on damaged archives, besides OSError.
_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    struct.error,
)
_ATTEMPTS = 5
_BAD_NAMES = {errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ, errno.ELOOP}

__all__ = ["KeptSources", "copied", "is_fetched_by_pip", "shown", "unpack", "upload_time"]


def unpack(source: Source, into: Path, *, fetch: Fetch, environment: Mapping[str, str]) -> str:
    """Put the source into a new folder, whole, and return where in it the project is.

    What is not git's but another system's stays for pip to fetch. `environment` is what programs that clone may see.

    Raises:
        IndexUnavailable: the repository did not give the commit.
        LambdaPackError: the archive cannot be read.
    """
    match source:
        case Sdist():
            _unpack_archive(source, fetch(source), into)
        case Folder():
            return copy_folder(Path(source.path, source.subdirectory or "."), Path(source.path), into)
        case Checkout() if is_fetched_by_pip(source):
            into.mkdir()
        case Checkout():
            _clone(source, into, environment)
    return source.subdirectory or "."


class KeptSources:
    """Fetches sdists and keeps each in a folder of this run, because another run may clear the cache at any moment."""

    def __init__(self, fetch: Fetch, folder: Path) -> None:
        self._fetch = fetch
        self._folder = folder
        self._kept: dict[Sdist, Path] = {}

    def __call__(self, sdist: Sdist) -> Path:
        """Return the file.

        Raises:
            IndexUnavailable: it cannot be fetched.
            IntegrityError: it is not what its hash says.
        """
        for attempt in range(_ATTEMPTS):
            if sdist in self._kept:
                break
            path = self._fetch(sdist)
            kept = Path(tempfile.mkdtemp(dir=self._folder, prefix="sdist-"), path.name)
            try:
                _link_or_copy(path, kept)
            except FileNotFoundError:
                if attempt + 1 == _ATTEMPTS:
                    raise
            else:
                self._kept[sdist] = kept
        return self._kept[sdist]


def _link_or_copy(path: Path, copy: Path) -> None:
    try:
        copy.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, or one without such links.
        shutil.copyfile(path, copy)


def is_fetched_by_pip(source: Source) -> bool:
    """Whether it is a commit of another system than git."""
    return isinstance(source, Checkout) and source.system != "git"


def upload_time(sdist: Sdist, *, index: Index | None) -> datetime | None:
    """Return when an index got an sdist, where it says so: neither a resolver nor a lock need know it."""
    if sdist.uploaded is not None or sdist.is_exact or index is None:
        return sdist.uploaded
    try:
        listed = index.files([sdist.pin.name])
    except IndexUnavailable:
        # Only another try is lost.
        return None
    same = (one for one in listed if isinstance(one, Sdist) and one.filename == sdist.filename)
    return next((one.uploaded for one in same if one.uploaded is not None), None)


def copied(job: Job, into: Path) -> Path:
    """Copy what was unpacked, for a build to write to, and return the folder in it that is the project.

    Raises:
        UsageError: the subdirectory leads out.
    """
    shutil.copytree(job.project, into, symlinks=True)
    inner = (into / job.inner).resolve()
    if not inner.is_relative_to(into.resolve()):
        raise UsageError(f"{job.inner!r} leads out of {shown(job.source)!r}; name the project's own folder")
    return inner


def shown(source: Source) -> str:
    """What readers see of it in the command."""
    match source:
        case Checkout():
            plain = f"{source.system}+{without_credentials(source.url)}@{source.commit}"
            return plain + (f"#subdirectory={source.subdirectory}" if source.subdirectory else "")
        case Sdist():
            return source.filename
        case Folder():
            return str(Path(source.path, source.subdirectory or ""))


def _unpack_archive(source: Sdist, archive: Path, into: Path) -> None:
    """As pip does: a single folder at the top is the project."""
    whole = into.with_name(f"{into.name}-whole")
    try:
        if zipfile.is_zipfile(archive):
            unpack_zip(archive, whole)
        else:
            unpack_tar(archive, whole)
    except _UNREADABLE as error:
        raise IntegrityError(
            f"{source.filename!r} cannot be unpacked: {str(error) or type(error).__name__}; it is damaged, or no "
            "archive of source: fetch it again, and tell its publisher if that does not help"
        ) from error
    except OSError as error:
        # A name that no file system takes is the archive's fault; a full disk is not.
        if error.errno not in _BAD_NAMES:
            raise LambdaPackError(
                f"{source.filename!r} cannot be unpacked: {error.strerror or error}; free some space, or set TMPDIR"
            ) from error
        raise IntegrityError(
            f"{source.filename!r} cannot be unpacked: {error.strerror} ({str(error.filename)[-100:]!r}); do not use it"
        ) from error
    found = list(whole.iterdir())
    (found[0] if len(found) == 1 and found[0].is_dir() else whole).rename(into)


def _clone(source: Checkout, into: Path, environment: Mapping[str, str]) -> None:
    git = ("git", "-c", "advice.detachedHead=false")
    # Arguments can be read by every user of the machine; the environment cannot.
    url, login = _without_login(source.url)
    steps = [
        (*git, "clone", "--quiet", "--no-checkout", url, str(into)),
        (*git, "-C", str(into), "fetch", "--quiet", "origin", source.commit),
        (*git, "-C", str(into), "checkout", "--quiet", "--detach", source.commit),
        (*git, "-C", str(into), "submodule", "--quiet", "update", "--init", "--recursive"),
    ]
    for step in steps:
        ended = run(step, environment={**environment, **login})
        # A server need not give single commits: then the clone must have it already.
        if ended.status != 0 and "fetch" not in step:
            raise IndexUnavailable(
                f"git could not get {shown(source)!r}; check the address and the commit", log=tail(masked(ended.log))
            )


def _without_login(url: str) -> tuple[str, dict[str, str]]:
    """Return a repository's URL without its login, and the variable that gives git the login for that host.

    It is the variable by which git hands `-c` to the programs that it starts (also before 2.31, which has another one).
    The login is quoted, so neither `'` nor `=` is in it.
    """
    login = credentials_in(url)
    if login is None or urlsplit(url).scheme not in {"http", "https", "file"}:
        return url, {}
    plain = without_credentials(url)
    root = urlunsplit(urlsplit(plain)._replace(path="/", query=""))
    user, password = login
    quoted = quote(user, safe="") if password is None else f"{quote(user, safe='')}:{quote(password, safe='')}"
    scheme, _, rest = root.partition("://")
    return plain, {"GIT_CONFIG_PARAMETERS": f"'url.{scheme}://{quoted}@{rest}.insteadOf={root}'"}
