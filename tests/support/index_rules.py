"""Which index each tool takes a package from, as a table: settings of the tool, and the versions that it takes.

`public`, `private` and `more` are indexes on loopback that hold different versions of the same names, so a version says
which index it is from. The real tools are asked by tests/end_to_end/test_index_rules.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel

__all__ = ["RULES", "Place", "Rule", "placed", "served"]

SHELVES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "public": {"corp-lib": ("3.0", "99.0"), "corp-dep": ("99.0",), "plain": ("1.0",)},
        "private": {"corp-lib": ("1.0",), "corp-dep": ("1.0",), "inner": ("1.0",)},
        "more": {"corp-lib": ("2.0",), "plain": ("2.0",)},
        "links": {"corp-lib": ("50.0",), "plain": ("0.5",)},
    }
)
"""What each index offers; corp-lib requires corp-dep wherever it is."""
_PRIVATE = {"corp-lib": "1.0", "corp-dep": "1.0", "plain": "1.0"}
_MERGED = {"corp-lib": "99.0", "corp-dep": "99.0", "plain": "1.0"}
# Only what the requirements name keeps to an index: what that requires is looked for where everything is.
_DIRECT = {"corp-lib": "1.0", "corp-dep": "99.0", "plain": "1.0"}


class Rule(Struct, frozen=True):
    """Settings and what follows: `{public}` and the like stand for URLs, `home/` for the user's home."""

    name: str
    tool: str
    takes: Mapping[str, str]
    environ: Mapping[str, str] = MappingProxyType({})
    files: Mapping[str, str] = MappingProxyType({})
    requires: tuple[str, ...] = ("corp-lib", "plain")

    def __str__(self) -> str:
        return self.name


def _uv_index(*rows: str) -> str:
    return "".join(f"[[tool.uv.index]]\n{row}\n" for row in rows)


_PUBLIC_OF_UV = 'name = "pub"\nurl = "{public}"\ndefault = true'
_CORP = 'name = "corp"\nurl = "{private}"'
_CORP_ONLY = f"{_CORP}\nexplicit = true"
_FROM_CORP = '[tool.uv.sources]\ncorp-lib = { index = "corp" }\n'


def _sources(tool: str, *rows: str) -> str:
    return "".join(f"[[tool.{tool}.source]]\n{row}\n" for row in rows)


_POETRY = "[tool.poetry]\npackage-mode = false\n"
_PUB = 'name = "pub"\nurl = "{public}"'
_PYPI = 'name = "pypi"\nurl = "{public}"'
_POETRY_LIB = '[tool.poetry.dependencies]\ncorp-lib = { source = "corp" }\n'

RULES = (
    # pip merges, and the newest version wins, wherever it is.
    Rule(
        "pip merges its variables' indexes",
        "pip",
        _MERGED,
        {"PIP_INDEX_URL": "{public}", "PIP_EXTRA_INDEX_URL": "{private}"},
    ),
    Rule(
        "pip merges the indexes of a requirements file",
        "pip",
        _MERGED,
        files={"requirements.txt": "--index-url {private}\n--extra-index-url {public}\ncorp-lib\nplain\n"},
    ),
    Rule(
        "pip merges three",
        "pip",
        {"corp-lib": "99.0", "corp-dep": "99.0", "plain": "2.0"},
        {"PIP_INDEX_URL": "{private}", "PIP_EXTRA_INDEX_URL": "{more} {public}"},
    ),
    Rule(
        "pip merges find-links",
        "pip",
        {"corp-lib": "50.0", "corp-dep": "1.0", "plain": "2.0"},
        {"PIP_INDEX_URL": "{private}", "PIP_EXTRA_INDEX_URL": "{more}", "PIP_FIND_LINKS": "{links}"},
    ),
    # uv: the first index that knows a package has all of it.
    Rule(
        "uv takes the first index of UV_INDEX",
        "uv",
        _PRIVATE,
        {"UV_INDEX": "corp={private}", "UV_DEFAULT_INDEX": "{public}"},
    ),
    Rule(
        "uv takes the first of several",
        "uv",
        {"corp-lib": "2.0", "corp-dep": "1.0", "plain": "2.0"},
        {"UV_INDEX": "{more} {private}", "UV_DEFAULT_INDEX": "{public}"},
    ),
    Rule(
        "uv takes UV_EXTRA_INDEX_URL before UV_INDEX_URL",
        "uv",
        _PRIVATE,
        {"UV_EXTRA_INDEX_URL": "{private}", "UV_INDEX_URL": "{public}"},
    ),
    Rule(
        "uv takes UV_INDEX before UV_EXTRA_INDEX_URL",
        "uv",
        {"corp-lib": "2.0", "corp-dep": "1.0", "plain": "2.0"},
        {"UV_INDEX": "{more}", "UV_EXTRA_INDEX_URL": "{private}", "UV_DEFAULT_INDEX": "{public}"},
    ),
    Rule(
        "uv merges when it is told so",
        "uv",
        _MERGED,
        {"UV_INDEX": "{private}", "UV_DEFAULT_INDEX": "{public}", "UV_INDEX_STRATEGY": "unsafe-best-match"},
    ),
    Rule(
        "uv goes on to the next index where the first has no version that is allowed",
        "uv",
        {"corp-lib": "3.0", "corp-dep": "1.0", "plain": "1.0"},
        {"UV_INDEX": "{private}", "UV_DEFAULT_INDEX": "{public}", "UV_INDEX_STRATEGY": "unsafe-first-match"},
        requires=("corp-lib>1,<50", "plain"),
    ),
    Rule(
        "uv merges find-links into the first index",
        "uv",
        {"corp-lib": "50.0", "corp-dep": "1.0", "plain": "1.0"},
        {"UV_INDEX": "{private}", "UV_DEFAULT_INDEX": "{public}", "UV_FIND_LINKS": "{links}"},
    ),
    Rule(
        "uv.toml names indexes",
        "uv",
        _PRIVATE,
        files={
            "home/.config/uv/uv.toml": '[[index]]\nurl = "{private}"\n[[index]]\nurl = "{public}"\ndefault = true\n'
        },
    ),
    Rule(
        "uv.toml comes after the variables",
        "uv",
        {"corp-lib": "2.0", "corp-dep": "1.0", "plain": "2.0"},
        {"UV_INDEX": "{more}", "UV_DEFAULT_INDEX": "{public}"},
        {"home/.config/uv/uv.toml": '[[index]]\nurl = "{private}"\n'},
    ),
    Rule(
        "uv.toml has a strategy",
        "uv",
        _MERGED,
        {"UV_INDEX": "{private}", "UV_DEFAULT_INDEX": "{public}"},
        {"home/.config/uv/uv.toml": 'index-strategy = "unsafe-best-match"\n'},
    ),
    Rule(
        "a flat index has its place among the others",
        "uv",
        {"corp-lib": "50.0", "corp-dep": "99.0", "plain": "0.5"},
        files={
            "home/.config/uv/uv.toml": '[[index]]\nname = "flat"\nurl = "{links}"\nformat = "flat"\n'
            '[[index]]\nurl = "{public}"\ndefault = true\n'
        },
    ),
    Rule(
        "uv's manifest names indexes",
        "uv",
        _PRIVATE,
        files={"pyproject.toml": _uv_index(_CORP, _PUBLIC_OF_UV)},
    ),
    Rule(
        "uv's manifest has a strategy",
        "uv",
        _MERGED,
        files={"pyproject.toml": _uv_index(_CORP, _PUBLIC_OF_UV) + '[tool.uv]\nindex-strategy = "unsafe-best-match"\n'},
    ),
    Rule(
        "a variable is louder than uv's manifest",
        "uv",
        {"corp-lib": "2.0", "corp-dep": "1.0", "plain": "2.0"},
        {"UV_DEFAULT_INDEX": "{public}", "UV_INDEX": "{more}"},
        {"pyproject.toml": _uv_index(_CORP)},
    ),
    Rule(
        "an explicit index serves what names it, and nothing else",
        "uv",
        _DIRECT,
        files={"pyproject.toml": _uv_index(_CORP_ONLY, _PUBLIC_OF_UV) + _FROM_CORP},
    ),
    Rule(
        "an explicit index that nothing names is not asked",
        "uv",
        _MERGED,
        files={"pyproject.toml": _uv_index(_CORP_ONLY, _PUBLIC_OF_UV)},
    ),
    Rule(
        "a source names an index that others may use, too",
        "uv",
        {"corp-lib": "99.0", "corp-dep": "1.0", "plain": "1.0"},
        files={"pyproject.toml": _uv_index(_CORP, _PUBLIC_OF_UV) + '[tool.uv.sources]\ncorp-lib = { index = "pub" }\n'},
    ),
    Rule(
        "a source of what is required by others alone is not heeded",
        "uv",
        {"corp-lib": "99.0", "corp-dep": "99.0", "plain": "1.0"},
        files={
            "pyproject.toml": _uv_index(_CORP_ONLY, _PUBLIC_OF_UV)
            + '[tool.uv.sources]\ncorp-dep = { index = "corp" }\n'
        },
    ),
    Rule(
        "sources by marker",
        "uv",
        _DIRECT,
        files={
            "pyproject.toml": _uv_index(_CORP_ONLY, 'name = "other"\nurl = "{more}"\nexplicit = true', _PUBLIC_OF_UV)
            + "[tool.uv.sources]\ncorp-lib = [\n"
            '  { index = "corp", marker = "sys_platform == \'linux\'" },\n'
            '  { index = "other", marker = "sys_platform != \'linux\'" },\n]\n'
        },
    ),
    Rule(
        "a variable gives a named index another URL",
        "uv",
        {"corp-lib": "2.0", "corp-dep": "99.0", "plain": "2.0"},
        {"UV_INDEX": "corp={more}"},
        {"pyproject.toml": _uv_index(_CORP_ONLY, _PUBLIC_OF_UV) + _FROM_CORP},
    ),
    Rule(
        "a member of a workspace has the indexes and sources of its root",
        "uv",
        _DIRECT,
        files={
            "../pyproject.toml": _uv_index(_CORP_ONLY, _PUBLIC_OF_UV)
            + _FROM_CORP
            + '[tool.uv.workspace]\nmembers = ["shop"]\n',
            "pyproject.toml": "",
        },
    ),
    Rule(
        "a member's own index only has a name",
        "uv",
        _DIRECT,
        files={
            "../pyproject.toml": _uv_index(_PUBLIC_OF_UV) + '[tool.uv.workspace]\nmembers = ["shop"]\n',
            "pyproject.toml": _uv_index(_CORP) + _FROM_CORP,
        },
    ),
    # poetry merges primary sources; others go by priority.
    Rule(
        "poetry merges primary sources",
        "poetry",
        _MERGED,
        files={"pyproject.toml": _POETRY + _sources("poetry", _PUB, _CORP)},
    ),
    Rule(
        "poetry asks a supplemental source for what is nowhere else",
        "poetry",
        {**_MERGED, "inner": "1.0"},
        files={"pyproject.toml": _POETRY + _sources("poetry", _PUB, f'{_CORP}\npriority = "supplemental"')},
        requires=("corp-lib", "plain", "inner"),
    ),
    Rule(
        "poetry asks a supplemental source where no version is allowed",
        "poetry",
        {"corp-lib": "1.0", "corp-dep": "99.0", "plain": "1.0"},
        files={"pyproject.toml": _POETRY + _sources("poetry", _PUB, f'{_CORP}\npriority = "supplemental"')},
        requires=("corp-lib<3", "plain"),
    ),
    Rule(
        "poetry's explicit source serves what names it",
        "poetry",
        _DIRECT,
        files={"pyproject.toml": _POETRY + _POETRY_LIB + _sources("poetry", _PUB, f'{_CORP}\npriority = "explicit"')},
    ),
    Rule(
        "poetry's primary source serves alone what names it",
        "poetry",
        _DIRECT,
        files={"pyproject.toml": _POETRY + _POETRY_LIB + _sources("poetry", _PUB, _CORP)},
    ),
    # pdm merges, by patterns of names.
    Rule("pdm merges", "pdm", _MERGED, files={"pyproject.toml": _sources("pdm", _PYPI, _CORP)}),
    Rule(
        "pdm includes packages by pattern",
        "pdm",
        _PRIVATE,
        files={"pyproject.toml": _sources("pdm", _PYPI, f'{_CORP}\ninclude_packages = ["corp-*"]')},
    ),
    Rule(
        "pdm's included packages come from no other source",
        "pdm",
        {"corp-lib": "1.0", "corp-dep": "99.0", "plain": "2.0"},
        files={
            "pyproject.toml": _sources(
                "pdm", _PYPI, f'{_CORP}\ninclude_packages = ["corp-lib"]', 'name = "more"\nurl = "{more}"'
            )
        },
    ),
    Rule(
        "pdm excludes packages by pattern",
        "pdm",
        {"corp-lib": "1.0", "corp-dep": "1.0", "plain": "1.0"},
        files={"pyproject.toml": _sources("pdm", f'{_PYPI}\nexclude_packages = ["corp-*"]', _CORP)},
    ),
    Rule(
        "pdm respects the order of sources where it is told so",
        "pdm",
        {"corp-lib": "1.0", "corp-dep": "1.0", "plain": "1.0"},
        files={
            "pyproject.toml": _sources("pdm", _CORP, _PYPI) + "[tool.pdm.resolution]\nrespect-source-order = true\n"
        },
    ),
)


class Place(Struct, frozen=True):
    """A project and a home where the settings of a rule are; `environ` is all that a tool sees."""

    folder: Path
    home: Path
    environ: Mapping[str, str]


@contextmanager
def served(folder: Path) -> Iterator[Mapping[str, str]]:
    """The URLs of the indexes by name, while they are served; `links` is one page of all its files."""
    with ExitStack() as stack:
        found = {}
        for shelf, packages in SHELVES.items():
            for name, versions in packages.items():
                requires = ("corp-dep",) if name == "corp-lib" else ()
                for version in versions:
                    make_wheel(
                        folder / shelf, f"{name.replace('-', '_')}-{version}-py3-none-any.whl", requires=requires
                    )
            index = stack.enter_context(LoopbackIndex(folder / shelf))
            found[shelf] = index.files_url if shelf == "links" else index.url
        yield found


def placed(rule: Rule, urls: Mapping[str, str], tmp_path: Path) -> Place:
    """The settings of a rule, written where its tool looks for them."""

    def filled(text: str) -> str:
        for name, url in urls.items():
            text = text.replace(f"{{{name}}}", url)
        return text

    folder, home = tmp_path / "shop", tmp_path / "home"
    for path in (folder, home):
        path.mkdir()
    files = {name: filled(text) for name, text in rule.files.items()}
    if "pyproject.toml" in files:
        lines = ", ".join(f'"{line}"' for line in rule.requires)
        project = (
            f'[project]\nname = "shop"\nversion = "1.0"\nrequires-python = ">=3.11,<3.15"\ndependencies = [{lines}]\n'
        )
        files["pyproject.toml"] = project + files["pyproject.toml"]
    elif "requirements.txt" not in files:
        files["requirements.txt"] = "".join(f"{line}\n" for line in rule.requires)
    for name, text in files.items():
        path = home / name.removeprefix("home/") if name.startswith("home/") else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    # PIP_CONFIG_FILE hides /etc/pip.conf, which a test cannot move.
    quiet = {"HOME": str(home), "XDG_CONFIG_DIRS": str(home / "none"), "PIP_CONFIG_FILE": os.devnull}
    return Place(folder, home, {**quiet, **{name: filled(text) for name, text in rule.environ.items()}})
