"""Real packages installed beside releases of others that their metadata may forbid, and imported."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from lambda_pack.files.binaries import judged_files
from lambda_pack.files.entries import OWN, PLAIN, Entry
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.tools.interpreters import find_interpreter
from lambda_pack.tools.uv_program import find_uv
from tests.support.here import our_target
from tests.support.processes import run

__all__ = ["files_of", "imported", "installed"]

_ENVIRONMENT = dict(os.environ)  # noqa: TID251  # the machine's own index settings say where packages are


def interpreter(python: str) -> Path:
    if our_target().architecture.machine != "x86_64":
        pytest.skip("the wheels of the table are those for x86_64")
    major, minor = map(int, python.split("."))
    found = find_interpreter((major, minor), environ=_ENVIRONMENT)
    if found is None:
        pytest.skip(f"no Python {python} on this machine to import anything")
    return found


def installed(folder: Path, python: str, requirement: str, *, beside: str) -> Path:
    """The packages as uv installs them, beside exactly this release of another one ('numpy==2.0.2')."""
    override = folder / "override.txt"
    override.write_text(f"{beside}\n", "utf-8")
    words = ("--only-binary", ":all:", "--override", override, "--target", folder / "packages")
    command = (find_uv(_ENVIRONMENT), "pip", "install", "-q", "--python", interpreter(python), *words)
    done = run((*command, requirement, beside), _ENVIRONMENT, folder=folder, timeout=900)
    assert done.exit_code == 0, done.text
    return folder / "packages"


def files_of(folder: Path, requirement: str) -> tuple[BinaryFile, ...]:
    """The files of one package that are judged."""
    name, _, version = requirement.partition("==")
    wanted = re.sub(r"[-_.]+", "-", f"{name}-{version}").lower()
    (metadata,) = (one for one in folder.glob("*.dist-info") if re.sub(r"[-_.]+", "-", one.stem).lower() == wanted)
    lines = (metadata / "RECORD").read_text("utf-8").splitlines()
    paths = sorted(line.rsplit(",", 2)[0] for line in lines)
    places = [(path, folder / path) for path in paths if (folder / path).is_file()]
    return judged_files(Entry(path, place, PLAIN, OWN, place.stat().st_size) for path, place in places)


_IMPORT = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
outcomes = {}
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
        outcomes[name] = ""
    except Exception as error:
        outcomes[name] = f"{type(error).__name__}: {error}"
print("\\n" + json.dumps(outcomes))
"""


def imported(folder: Path, python: str, modules: list[str]) -> dict[str, str]:
    """For each module how its import ended: empty where it did not fail."""
    environment = {
        **_ENVIRONMENT,
        "PYTHONPATH": str(folder),
        "MPLCONFIGDIR": str(folder),
        "NUMBA_CACHE_DIR": str(folder),
    }
    done = run((interpreter(python), "-c", _IMPORT, *modules), environment, folder=folder.parent, timeout=600)
    assert done.exit_code == 0, done.text
    outcomes: dict[str, str] = json.loads(done.output.splitlines()[-1])
    return outcomes
