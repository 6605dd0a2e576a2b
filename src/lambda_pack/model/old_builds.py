"""Why old sources do not build with today's tools, and which build requirements make them build again.

Everything here is read from the log of a failed build. Nothing is run, and the tables can be checked row by row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from msgspec import Struct

from lambda_pack.model.building import BuildLimits

__all__ = [
    "DROPPED",
    "TOOLS_OF_PYTHON",
    "Cause",
    "Dropped",
    "cause_of",
    "fails_alike",
    "fails_before_compiling",
    "lacks_a_program",
    "next_limits",
    "without_hints",
]


class Dropped(Struct, frozen=True):
    """Something that old sources use and that a newer tool, or Python itself, does not have any more.

    `symptom` is a regular expression for the line of the log that shows it. `constraint` brings it back, None where no
    build requirement can. `newest_python` is the last Python on which a tool within the constraint still runs, or the
    last that had it where there is no constraint; None is any. `evidence` says how the row was seen, `checked` when.
    `is_compiled` says that it shows while something is compiled: a package may do without that.
    """

    what: str
    tool: str
    version: str
    symptom: str
    constraint: str | None
    newest_python: tuple[int, int] | None
    evidence: str
    checked: date
    is_compiled: bool = False


_CHECKED = date(2026, 11, 28)


def _module(name: str) -> str:
    return rf"^.*(?:ModuleNotFound|Import)Error: No module named '?{re.escape(name)}\b"


def _of_python(what: str, version: str, newest: tuple[int, int], symptom: str) -> Dropped:
    evidence = f"https://docs.python.org/3/whatsnew/{version}.html"
    return Dropped(what, "Python", version, symptom, None, newest, evidence, _CHECKED)


DROPPED = (
    Dropped(
        "pkg_resources",
        "setuptools",
        "82",
        _module("pkg_resources"),
        "setuptools<82",
        None,
        "setuptools 82.0.0 (2026-02-08) ships without it; its changelog names the removal",
        _CHECKED,
    ),
    Dropped(
        "use_2to3",
        "setuptools",
        "58",
        r"^.*\buse_2to3 is invalid",
        "setuptools<58",
        # setuptools 57 needs distutils of the standard library, gone in 3.12.
        (3, 11),
        "setuptools 58.0.0 (2021-09-05) refuses it; 57.5.0 builds with Python 3.11, and fails to start with 3.12",
        _CHECKED,
    ),
    Dropped(
        "what Cython has only up to 0.29",
        "Cython",
        "3",
        r"^.*(?:Error compiling Cython file|Cython\.Compiler\.Errors\.CompileError|AttributeError: cython_sources)",
        "Cython<3",
        None,
        "PyYAML 5.4.1 fails with Cython 3.3.1 (AttributeError: cython_sources) and builds with 0.29.33",
        _CHECKED,
        is_compiled=True,
    ),
    Dropped(
        "the C API of NumPy 1",
        "NumPy",
        "2",
        r"^.*(?:PyArray_Descr|_PyArray_Descr)\W.* has no member named"
        r"|^.*error: \W?(?:PyArray_GetArrayParamsFromObject|NPY_CHAR|PyArray_SetNumericOps)\W",
        "numpy<2",
        # 1.26.4 is the last of 1.x: it has wheels up to cp312.
        (3, 12),
        "https://numpy.org/doc/stable/numpy_2_0_migration_guide.html#c-api-changes",
        _CHECKED,
        is_compiled=True,
    ),
    Dropped(
        "longintrepr.h (its C code was made by an old Cython)",
        "Python",
        "3.11",
        r"^.*fatal error: longintrepr\.h: No such file",
        None,
        (3, 10),
        "pyclipper 1.2.1 and thriftpy2 0.4.14 under Python 3.12; https://docs.python.org/3/whatsnew/3.11.html",
        _CHECKED,
        is_compiled=True,
    ),
    _of_python("imp", "3.12", (3, 11), _module("imp")),
    _of_python("asynchat", "3.12", (3, 11), _module("asynchat")),
    _of_python("asyncore", "3.12", (3, 11), _module("asyncore")),
    _of_python("lib2to3", "3.13", (3, 12), _module("lib2to3")),
    _of_python("pipes", "3.13", (3, 12), _module("pipes")),
    _of_python("cgi", "3.13", (3, 12), _module("cgi")),
    _of_python(
        "configparser.SafeConfigParser",
        "3.12",
        (3, 11),
        r"^.*module 'configparser' has no attribute 'SafeConfigParser'",
    ),
    _of_python("readfp() of configparser", "3.12", (3, 11), r"^.*ConfigParser' object has no attribute 'readfp'"),
    _of_python("inspect.getargspec", "3.11", (3, 10), r"^.*module 'inspect' has no attribute 'getargspec'"),
    _of_python("the ABCs in collections", "3.10", (3, 9), r"^.*cannot import name '\w+' from 'collections'"),
)
"""One row for each. The list is short because most failures are cured by date."""

_SETUPTOOLS_47 = datetime(2020, 6, 1, tzinfo=UTC)
_SETUPTOOLS_66_1 = datetime(2023, 1, 21, tzinfo=UTC)

TOOLS_OF_PYTHON = MappingProxyType(
    {
        (3, 8): _SETUPTOOLS_47,
        (3, 9): _SETUPTOOLS_47,
        (3, 10): _SETUPTOOLS_47,
        (3, 11): _SETUPTOOLS_47,
        (3, 12): _SETUPTOOLS_66_1,
        (3, 13): _SETUPTOOLS_66_1,
    }
)
"""The first day whose build tools run under each Python: older ones are not taken, however old the source is.

Seen on 2026-11-28: of setuptools 40.8, 44.1.1, 58, 60, 62, 65.7, 66.0, 66.1, 67.8 and 69, with a setup.py of one line
under each of these Pythons, the first that works everywhere up to 3.11 is 44.1.1 (2020-05-29), and from 3.12 on 66.1.0
(2023-01-20), because distutils and pkgutil.ImpImporter are gone there. A newer Python is taken to need what 3.13 does.
"""

# A build that ended by one of these looked for a program of the system that is not there.
# The compiler of the build without one, which is step 5, does not exist on purpose.
_LACKS_A_PROGRAM = re.compile(
    r"""
    [Cc]ommand\ '(?!/lambda-pack/)[^']*'\ failed:\ No\ such\ file | executable\ not\ found
    | cmake:?\ (?:command\ )?not\ found | [\w.]+[-_]config:?\ (?:command\ )?not\ found | [Dd]id\ not\ find\ executable
    | FileNotFoundError:\ .*No\ such\ file\ or\ directory:\ '[a-z][\w+-]*'
    | can't\ find\ Rust\ compiler
    """,
    re.VERBOSE,
)
# Or needs something else that no build requirement brings.
_NOT_BY_REQUIREMENTS = re.compile(
    r"""
    fatal\ error:\ (?!numpy/)\S+:\ No\ such\ file | cannot\ find\ -l | unable\ to\ execute
    | No\ matching\ distribution\ found | ResolutionImpossible
    | Max\ retries\ exceeded | NewConnectionError | builds-this-without-a-compiler
    """,
    re.VERBOSE,
)

# pip names the stage that failed (seen in 23.2 to 26.3). In these nothing is compiled yet.
_BEFORE_COMPILING = re.compile(
    r"(?:Getting requirements to build wheel|Preparing metadata \(pyproject\.toml\)|[Ii]nstalling build dependencies"
    r"|Installing backend dependencies)(?: for \S+)? did not run successfully"
)
_LAST_FILE = re.compile(r'^\s*File "(?P<file>[^"]+)", line \d+', re.MULTILINE)
_HINT = re.compile(r"^hint: .*(?:\n[ \t]+.*)*\n?", re.MULTILINE)


class Cause(Struct, frozen=True):
    """What a log shows: the row of the table, and which part of the source needs it."""

    dropped: Dropped
    subject: str

    def __str__(self) -> str:
        """In words that stand behind "failed:"."""
        row = self.dropped
        return f"{self.subject} needs {row.what}, which {row.tool} dropped in {row.version}"

    def constraint_on(self, python: tuple[int, int]) -> str | None:
        """The build constraint that brings it back on this Python; None where none does."""
        newest = self.dropped.newest_python
        return self.dropped.constraint if newest is None or python <= newest else None

    def way_out(self, python: tuple[int, int]) -> str:
        """What a user can do who builds with this Python."""
        row = self.dropped
        if (constraint := self.constraint_on(python)) is not None:
            return (
                f"limit what its build requires: write {constraint!r} into a file and name it with --build-constraint"
            )
        newest = "{}.{}".format(*(row.newest_python or python))
        limited = f"{row.constraint} does not run on Python {python[0]}.{python[1]}" if row.constraint else None
        because = f"{limited}, and {newest} is the last that it runs on" if limited else f"{newest} is the last with it"
        return f"take a newer version or another package: {because}"


def cause_of(log: str) -> Cause | None:
    """The last thing in the log of a failed build that a row of the table explains.

    >>> str(cause_of("ModuleNotFoundError: No module named 'pkg_resources'"))
    'its build needs pkg_resources, which setuptools dropped in 82'
    """
    found = [(match.start(), row) for row in DROPPED for match in re.finditer(row.symptom, log, re.MULTILINE)]
    if not found:
        return None
    place, row = max(found, key=lambda pair: pair[0])
    files = [match["file"] for match in _LAST_FILE.finditer(log, 0, place)]
    # setuptools runs setup.py from a string.
    is_setup = "setup command:" in log[place:] or (bool(files) and files[-1].endswith(("<string>", "setup.py")))
    return Cause(row, "its setup.py" if is_setup else "its build")


def lacks_a_program(log: str) -> bool:
    """Whether the build looked for a program of the system that is not there, and shows no cause of the table."""
    return cause_of(log) is None and _LACKS_A_PROGRAM.search(log) is not None


def fails_alike(log: str) -> bool:
    """Whether the same build fails in the same way on another machine with the same Python.

    It does where the cause is one of the table, or where nothing had been compiled yet when it failed; but not where
    it lacks a program that another machine may have.
    """
    return cause_of(log) is not None or (fails_before_compiling(log) and not lacks_a_program(log))


def fails_before_compiling(log: str) -> bool:
    """Whether the same build fails in the same way without a compiler."""
    cause = cause_of(log)
    return _BEFORE_COMPILING.search(log) is not None or (cause is not None and not cause.dropped.is_compiled)


def next_limits(
    logs: Collection[str], *, uploaded: datetime | None, python: tuple[int, int], tried: Collection[BuildLimits]
) -> BuildLimits | None:
    """What to try next for a source; None where no limit on its build requirements can help any more.

    `logs` are those of its failed builds, today's requirements first, `tried` the limits of the others. First comes
    the date of upload, where it is known, then the constraints for what the logs show: at most one try more than the
    table has rows.
    """
    today, *_ = logs
    cause = cause_of(today)
    is_another = _LACKS_A_PROGRAM.search(today) or _NOT_BY_REQUIREMENTS.search(today)
    if is_another or (cause is not None and cause.constraint_on(python) is None):
        return None
    why = str(cause) if cause is not None else None
    if uploaded is not None and not any(limits.before for limits in tried):
        floor = TOOLS_OF_PYTHON.get(python, max(TOOLS_OF_PYTHON.values()))
        # A day more: what was uploaded on that day was there.
        return BuildLimits(before=max(uploaded + timedelta(days=1), floor), why=why)
    constraints = tuple(dict.fromkeys(_constraints(logs, python)))
    known = {limits.constraints for limits in tried}
    return BuildLimits(constraints=constraints, why=why) if constraints and constraints not in known else None


def without_hints(log: str) -> str:
    r"""The log of uv without its hints: they name constraints that its own build requirements may not have.

    >>> without_hints("error: no\nhint: add `distutils`\n  to it\nmore")
    'error: no\nmore'
    """
    return _HINT.sub("", log)


def _constraints(logs: Collection[str], python: tuple[int, int]) -> Iterator[str]:
    found = (cause_of(log) for log in logs)
    for cause in found:
        if cause is not None and (constraint := cause.constraint_on(python)) is not None:
            yield constraint
