"""Settings in pip's words. They may hold credentials: `program` hands them over unseen, never a command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from packaging.version import Version

from lambda_pack.model.building import BuildPermission
from lambda_pack.model.choices import ResolverName
from lambda_pack.model.cooldown import Cooldown
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.requirements import FileChoice, Requested, Requirements
from lambda_pack.tools.network.index_urls import is_native
from lambda_pack.tools.requirements_text import build_constraints_text

__all__ = [
    "config_options",
    "constraint_options",
    "date_options",
    "file_options",
    "index_options",
    "knows_cooldowns",
    "permission_options",
    "write_constraints",
]


def index_options(indexes: IndexSettings) -> tuple[str, ...]:
    """Where pip looks, and how it gets there.

    pip merges whatever it is given: only settings that `is_native` allows may come here (else those of an `IndexView`).
    """
    if not is_native(indexes, ResolverName.PIP):
        raise AssertionError("pip would merge indexes that have rules; give it those of an IndexView")
    return tuple(_index_options(indexes))


def file_options(files: FileChoice) -> tuple[str, ...]:
    """Which kinds of file pip may take.

    >>> file_options(FileChoice(no_binary=frozenset({"a"}), only_binary=frozenset({":all:"})))
    ('--only-binary', ':all:', '--no-binary', 'a')
    """
    named = (("--no-binary", files.no_binary), ("--only-binary", files.only_binary))
    options: list[str] = []
    # A later option overrides an earlier one, so what concerns all comes before what concerns one.
    for for_all in (True, False):
        for option, names in named:
            for name in sorted(names):
                if (name == ":all:") is for_all:
                    options += [option, name]
    return (*options, *_release_options(files), *(("--prefer-binary",) if files.prefer_binary else ()))


def knows_cooldowns(pip_version: str) -> bool:
    """Whether this pip has `--uploaded-prior-to`, and hands it on to the environments that it makes for builds."""
    return Version(pip_version) >= Version("26.0")


def permission_options(permission: BuildPermission) -> tuple[str, ...]:
    """Keep out sources of build requirements whose code may not run; behind all other choices of files.

    Who alone may run code is not asked for as a build requirement: pip has no option that allows both kinds of file.
    """
    kept_out = ":all:" if permission.only or permission.nothing else ",".join(sorted(permission.never))
    return ("--only-binary", kept_out) if kept_out else ()


def config_options(settings: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """PEP 517 config settings.

    >>> config_options([("--build-option", "--fast")])
    ('--config-settings=--build-option=--fast',)
    """
    return tuple(f"--config-settings={key}={value}" for key, value in settings)


def write_constraints(constraints: tuple[Requested, ...], folder: Path, more: tuple[str, ...] = ()) -> Path | None:
    """Write a file with what limits the requirements of builds, `more` in pip's syntax; None where nothing does."""
    if not constraints and not more:
        return None
    path = folder / "build-constraints.txt"
    text = build_constraints_text(Requirements(folder, build_constraints=constraints))
    path.write_text(text + "".join(f"{line}\n" for line in more), encoding="utf-8")
    return path


def date_options(before: datetime | None, cooldown: Cooldown) -> tuple[str, ...]:
    """Limit what builds require to what was uploaded before a time, as wheels; behind the options of the indexes.

    Only as wheels: what was not built for a Python then would be compiled for minutes, with tools of another day. pip
    takes the last of several times, so the time of an earlier cooldown is repeated.
    """
    if before is None:
        return ()
    earliest = min(before, cooldown.strictest or before)
    return ("--uploaded-prior-to", earliest.isoformat(), "--only-binary", ":all:")


def constraint_options(path: Path | None, pip_version: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """That file for a pip that builds: options, and variables for one that has no such option yet.

    Before 25.3 pip took its general constraints for those of builds, where they stood in the environment.
    """
    if path is None:
        return (), {}
    if Version(pip_version) >= Version("25.3"):
        return ("--build-constraint", str(path)), {}
    return (), {"PIP_CONSTRAINT": str(path)}


def _release_options(files: FileChoice) -> Iterator[str]:
    """Which pre-releases pip may take; it refuses `--pre` beside the other two options."""
    if files.all_releases == {":all:"} and not files.only_final:
        # pip before 26.0 knows this option alone.
        yield "--pre"
        return
    named = (("--all-releases", files.all_releases), ("--only-final", files.only_final))
    for for_all in (True, False):
        for option, names in named:
            for name in sorted(names):
                if (name == ":all:") is for_all:
                    yield from (option, name)


def _index_options(indexes: IndexSettings) -> Iterator[str]:
    single = (
        ("--index-url", indexes.index_url),
        ("--cert", _absolute(indexes.certificates)),
        ("--client-cert", _absolute(indexes.client_certificate)),
        ("--proxy", indexes.proxy),
    )
    several = (
        ("--extra-index-url", tuple(url for url in indexes.extra_index_urls if url not in indexes.flat_urls)),
        # pip's word for an index that is one page of links.
        (
            "--find-links",
            (*map(_place, indexes.find_links), *(url for url in indexes.extra_index_urls if url in indexes.flat_urls)),
        ),
        ("--trusted-host", indexes.trusted_hosts),
    )
    for option, value in single:
        if value is not None:
            yield from (option, value)
    for option, values in several:
        for value in values:
            yield from (option, value)
    if indexes.no_index:
        yield "--no-index"
    if (before := indexes.cooldown.strictest) is not None:
        # pip has one time for all packages: the earliest lets in nothing that is too new.
        yield from ("--uploaded-prior-to", before.isoformat())
    yield from ("--timeout", str(indexes.timeout), "--retries", str(indexes.retries))
    yield from ("--keyring-provider", "subprocess" if indexes.keyring else "disabled")


def _place(text: str) -> str:
    """A place of `--find-links` as it is from any folder: pip runs in one of ours."""
    return text if "://" in text else str(Path(text).absolute())


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())
