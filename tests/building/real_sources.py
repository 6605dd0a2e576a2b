"""Real sources, and what becomes of each on every target: packed by the real command, from the real index."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_pack.tools.interpreters import find_interpreter
from tests.support.debian import why_not_here
from tests.support.processes import run

__all__ = ["ARCHITECTURES", "RUNTIMES", "TABLE", "lay_out", "read_table", "verdicts_on", "why_not"]

RUNTIMES = ("python3.11", "python3.12", "python3.13")
ARCHITECTURES = ("x86_64", "arm64")
TABLE = Path(__file__).with_name("verdicts.json")

SDISTS = {
    "docopt": "0.6.2",
    "langdetect": "1.0.9",
    "crcmod": "1.7",
    "simplejson": "3.8.2",
    "psutil": "5.6.7",
    "sqlalchemy": "1.1.18",
    "psycopg2": "2.9.10",
}
PROGRAMS = {"cc": "gcc", "git": "git", "pg_config": "libpq-dev", "cargo": "cargo"}

RUST = {
    "pyproject.toml": """\
[build-system]
requires = ["maturin>=1.7,<2", "cffi"]
build-backend = "maturin"
[project]
name = "rusty"
version = "1.0"
[tool.maturin]
bindings = "cffi"
""",
    "Cargo.toml": """\
[package]
name = "rusty"
version = "1.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
""",
    "src/lib.rs": '#[no_mangle]\npub extern "C" fn answer() -> i32 { 42 }\n',
}
MESON = {
    "pyproject.toml": """\
[build-system]
requires = ["meson-python>=0.17"]
build-backend = "mesonpy"
[project]
name = "mesonic"
version = "1.0"
""",
    "meson.build": """\
project('mesonic', 'c', version: '1.0')
python = import('python').find_installation(pure: false)
python.extension_module('mesonic', 'mesonic.c', install: true)
""",
    "mesonic.c": """\
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "mesonic", "", -1, 0};
PyMODINIT_FUNC PyInit_mesonic(void) { return PyModule_Create(&module); }
""",
}
PURE = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools>=70"]
build-backend = "setuptools.build_meta"
[project]
name = "NAME"
version = "1.0"
[tool.setuptools]
py-modules = ["NAME"]
""",
    "NAME.py": "ANSWER = 42\n",
}


def why_not() -> str | None:
    """Why the table cannot be made here; None where it can, after programs were installed if need be."""
    environ = dict(os.environ)  # noqa: TID251  # the machine's proxy, certificates and programs
    if (sys.platform, os.uname().machine) != ("linux", "x86_64"):
        return "the table is that of a machine with Linux on x86_64"
    for runtime in RUNTIMES:
        major, minor = runtime.removeprefix("python").split(".")
        if find_interpreter((int(major), int(minor)), environ=environ) is None:
            return f"this machine has no interpreter for {runtime}"
    return why_not_here(PROGRAMS)


def lay_out(folder: Path) -> Path:
    """The requirements, with the projects that are made here: by path with `-e`, by commit, and for two backends."""
    projects = {"rusty": RUST, "mesonic": MESON, "edited": _named("edited"), "committed": _named("committed")}
    for name, files in projects.items():
        for path, text in files.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text, "utf-8")
    repository, environ = folder / "committed", {"PATH": os.environ["PATH"]}  # noqa: TID251  # where git is
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x.invalid")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        assert run((*git, *words), environ, folder=repository).exit_code == 0
    lines = [f"{name}=={version}" for name, version in SDISTS.items()]
    lines += [f"--no-binary {','.join(SDISTS)}", "./rusty", "./mesonic", "-e ./edited"]
    lines += [f"committed @ git+{repository.as_uri()}"]
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return requirements


def verdicts_on(runtime: str, architecture: str, requirements: Path, *options: str) -> dict[str, str]:
    """What became of each package of the requirements, built on this machine."""
    command = (sys.executable, "-m", "lambda_pack", "pack", "-r", requirements, "--allow-unmet", "--json")
    target = ("--runtime", runtime, "--architecture", architecture, "--builder", "host", "--prefer", "newest")
    out = requirements.parent / f"{runtime}-{architecture}"
    done = run(
        (*command, *target, "-o", out, *options),
        dict(os.environ),  # noqa: TID251  # as a user would run it
        folder=requirements.parent,
        timeout=1800,
    )
    assert done.exit_code in (0, 3), done.text
    return verdicts_in(json.loads(done.output))


def verdicts_in(report: Mapping[str, Any]) -> dict[str, str]:
    """The report in a word or two for each package."""
    failed = {attempt["name"] for attempt in report["attempts"] if attempt["step"] == 4}
    packed = {
        package["name"]: _kind(package) + (", by step 5" if package["name"] in failed else "")
        for package in report["packages"]
    }
    unmet = {one["name"]: f"unmet: {_plain(one['reason'])}" for one in report["unmet"]}
    return dict(sorted({**packed, **unmet}.items()))


def _plain(reason: str) -> str:
    """Without what changes with every update of the machine: digests in names, and how many libraries there were."""
    return re.sub(r"-[0-9a-f]{8}\.", ".", re.sub(r", and \d+ more of this kind", "", reason))


def read_table() -> dict[str, dict[str, str]]:
    """Package by package for each target, as the script last saw them."""
    table: dict[str, dict[str, str]] = json.loads(TABLE.read_text("utf-8"))
    return table


def _kind(package: Mapping[str, Any]) -> str:
    build = package["build"]
    if build is None:
        return "fetched"
    if build["grafted"]:
        return f"compiled, with {'libpq.so.5' if 'libpq' in str(build['grafted']) else 'libraries'} grafted"
    if package["file"].endswith("-none-any.whl"):
        return "pure in fact" if build["retagged_from"] else "pure"
    return "compiled"


def _named(name: str) -> dict[str, str]:
    return {path.replace("NAME", name): text.replace("NAME", name) for path, text in PURE.items()}
