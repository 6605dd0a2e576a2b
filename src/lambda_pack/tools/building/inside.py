"""What runs where a wheel is built, beside the build: on this machine or in a container. A script, never imported.

It runs under any interpreter from Python 3.7 on (newer syntax stands in annotations only) and imports nothing of
lambda-pack but, in a container, a copy of `compilers`. Its first argument is what to do, its second a JSON file:

requires    say what the backend of `project` requires besides `requires`, which pip installs from `wheelhouse`
wheel       build `project`, with what lies in `wheelhouse` alone
libraries   copy the system libraries that the binaries of `wheel` would load into `folder`, with their licences
"""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess  # noqa: TID251  # not our process: it runs in a container, or below one that tools.process started
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

# `ldd`: '\tlibpq.so.5 => /lib/x86_64-linux-gnu/libpq.so.5 (0x00007f…)'.
FOUND = re.compile(r"^\s*(\S+) => (/.+) \(0x[0-9a-f]+\)$")


def pip(settings: dict[str, Any], *arguments: str, environment: dict[str, str]) -> int:
    """Run the pip that was brought along, on nothing but the files that were."""
    program = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('pip', run_name='__main__')"
    offline = ["--no-index", "--find-links", settings["wheelhouse"], "--disable-pip-version-check", "--no-input"]
    command = [sys.executable, "-c", program, settings["pip"], *arguments, *offline, "--no-cache-dir", "--no-color"]
    known = {**environment, "PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}
    return subprocess.call(command, env=known)  # noqa: S603  # as above


def requires(settings: dict[str, Any]) -> None:
    """Ask the backend, as PEP 517 says it is asked."""
    folder, project = tempfile.mkdtemp(), Path(settings["project"])
    needed = ["install", "--target", folder, "--quiet", *settings["requires"]]
    if settings["requires"] and pip(settings, *needed, environment=surroundings()):
        raise SystemExit(1)
    os.chdir(project)
    sys.path[:0] = [*(str(project / path) for path in settings["path"]), folder]
    module, _, attribute = settings["backend"].partition(":")
    backend = importlib.import_module(module)
    for name in filter(None, attribute.split(".")):
        backend = getattr(backend, name)
    hook = getattr(backend, "get_requires_for_build_wheel", None)
    found = list(hook(settings["config"])) if hook else []
    Path(settings["answer"]).write_text(json.dumps(found), encoding="utf-8")


def wheel(settings: dict[str, Any]) -> None:
    """Build; without a compiler where that is asked for."""
    environment = {**surroundings(), **settings["environment"]}
    if not settings["compiler"]:
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        compilers: Any = importlib.import_module("compilers")
        environment = compilers.without_compilers(environment, Path(tempfile.mkdtemp()) / "path")
    arguments = ["wheel", "--no-deps", "--progress-bar", "off", "--wheel-dir", settings["out"], *settings["options"]]
    raise SystemExit(pip(settings, *arguments, settings["project"], environment=environment))


def libraries(settings: dict[str, Any]) -> None:
    """Whatever the loader would take from the system."""
    folder = Path(settings["folder"])
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(settings["wheel"]) as archive:
        archive.extractall(place)  # what was just built here
        for path in filter(is_elf, Path(place).rglob("*")):
            found.update({name: real for name, real in loaded(path) if not real.startswith(place)})
    rows = []
    for name, real in sorted(found.items()):
        shutil.copyfile(real, str(folder / name))
        package, licence = owner(real)
        if licence is not None:
            shutil.copyfile(licence, str(folder / (name + ".licence")))
        text = None if licence is None else name + ".licence"
        rows.append({"name": name, "path": real, "package": package, "licence": text})
    (folder / "libraries.json").write_text(json.dumps(rows), encoding="utf-8")


def surroundings() -> dict[str, str]:
    """The variables here: those of the container's image."""
    return dict(os.environ)  # noqa: TID251  # not our process: nothing of the user's is in it


def is_elf(path: Path) -> bool:
    """Whether a file begins as binaries of Linux do."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def loaded(path: Path) -> list[tuple[str, str]]:
    """Name and place of each library that the loader would load with a file, and with what it loads."""
    matches = map(FOUND.match, said("ldd", str(path)).splitlines())
    return [(match[1], match[2]) for match in matches if match]


def owner(path: str) -> tuple[str | None, str | None]:
    """The system's package that a library belongs to, with its version, and the file with its licence."""
    real = str(Path(path).resolve())
    # Where /lib is a link to /usr/lib, packages may know either name.
    for place in dict.fromkeys([path, real, "/usr" + path, real.replace("/usr", "", 1)]):
        found = owner_in_debian(place) or owner_in_fedora(place)
        if found:
            return found
    return None, None


def owner_in_debian(place: str) -> tuple[str, str | None] | None:
    """The same by dpkg."""
    name = said("dpkg-query", "--search", place).partition(": ")[0]
    if not name:
        return None
    label = said("dpkg-query", "--show", "--showformat", "${Package} ${Version}", name).strip()
    licence = Path("/usr/share/doc", name.partition(":")[0], "copyright")
    return label or name, str(licence) if licence.is_file() else None


def owner_in_fedora(place: str) -> tuple[str, str | None] | None:
    """The same by rpm."""
    label = said("rpm", "--query", "--file", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}", place).strip()
    if not label:
        return None
    share, name = Path("/usr/share"), label.partition(" ")[0]
    texts = [*share.glob("licenses/" + name + "*/*"), *share.glob("doc/" + name + "*/[CL][OI]*")]
    return label, str(min(texts)) if texts else None


def said(*command: str) -> str:
    """What a program writes; nothing where it fails or is not there."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603  # fixed programs
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


WORKS = {"requires": requires, "wheel": wheel, "libraries": libraries}

if __name__ == "__main__":
    WORKS[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
