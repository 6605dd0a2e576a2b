"""A setuptools of today and one of yesterday for an index of the tests, and sources that need the one of yesterday.

Both are a few lines with setuptools' own interface: `setuptools.build_meta:__legacy__` runs setup.py from a string.
What they build holds a file that names the version which built it.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.index import LoopbackIndex
from tests.support.wheels import make_wheel

__all__ = ["NEW", "OLD", "offer_setuptools", "old_project", "old_sdist"]

NEW = "84.0"
"""Uploaded in 2026; has no pkg_resources."""

OLD = "81.0"
"""Uploaded in 2021; has pkg_resources."""

_SETUPTOOLS = """
__version__ = {version!r}
CALLS = []

def setup(**keywords):
    if keywords.get("use_2to3"):
        raise SystemExit("error in %s setup command: use_2to3 is invalid." % keywords["name"])
    CALLS.append(keywords)
"""

_BUILD_META = """
import base64, hashlib, os, sys, zipfile
import setuptools

class _Legacy:
    def _run(self):
        setuptools.CALLS.clear()
        with open("setup.py") as file:
            exec(compile(file.read(), "<string>", "exec"), {"__name__": "__main__", "__file__": "setup.py"})
        return setuptools.CALLS[-1]

    def get_requires_for_build_wheel(self, config_settings=None):
        self._run()
        return []

    def _metadata(self, said):
        lines = ["Metadata-Version: 2.1", "Name: " + said["name"], "Version: " + said["version"]]
        return "\\n".join(lines + ["Requires-Dist: " + one for one in said.get("install_requires", [])]) + "\\n"

    def prepare_metadata_for_build_wheel(self, metadata_directory, config_settings=None):
        said = self._run()
        name = "%s-%s.dist-info" % (said["name"], said["version"])
        os.mkdir(os.path.join(metadata_directory, name))
        with open(os.path.join(metadata_directory, name, "METADATA"), "w") as file:
            file.write(self._metadata(said))
        return name

    def build_wheel(self, wheel_directory, config_settings=None, metadata_directory=None):
        said = self._run()
        stem = "%s-%s" % (said["name"], said["version"])
        members = {module + ".py": open(module + ".py").read() for module in said["py_modules"]}
        members[said["name"] + "_built_with.txt"] = setuptools.__version__
        members[stem + ".dist-info/METADATA"] = self._metadata(said)
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        members[stem + ".dist-info/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\n" + tags
        record = stem + ".dist-info/RECORD"
        rows = []
        for name, text in members.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            rows.append("%s,sha256=%s,%d\\n" % (name, digest, len(text.encode())))
        members[record] = "".join(rows) + record + ",,\\n"
        filename = stem + "-py3-none-any.whl"
        with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
            for name, text in members.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
        return filename

__legacy__ = _Legacy()
"""


def offer_setuptools(index: LoopbackIndex, *versions: str, dated: bool = True) -> None:
    """Put both versions, or those named, on the index."""
    times = {NEW: "2026-02-08T15:00:00Z", OLD: "2021-03-01T12:00:00Z"}
    for version in versions or (NEW, OLD):
        files = {"setuptools/__init__.py": _SETUPTOOLS.format(version=version), "setuptools/build_meta.py": _BUILD_META}
        if version == OLD:
            files["pkg_resources.py"] = "parse_requirements = list\n"
        path = make_wheel(index.folder, f"setuptools-{version}-py3-none-any.whl", files=files)
        index.add(path, uploaded=times[version] if dated else None)


def old_project(folder: Path, name: str, *, requires: Sequence[str] = (), before: str = "import pkg_resources") -> Path:
    """A project whose setup.py begins with `before`."""
    folder.mkdir(parents=True)
    for path, text in _files(name, requires, before).items():
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def old_sdist(folder: Path, name: str, *, requires: Sequence[str] = (), before: str = "import pkg_resources") -> Path:
    """The same as an sdist of version 1.0, without any metadata that could be read without running it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in _files(name, requires, before).items():
            info, content = tarfile.TarInfo(f"{name}-1.0/{member}"), text.encode()
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def _files(name: str, requires: Sequence[str], before: str) -> dict[str, str]:
    said = f'name="{name}", version="1.0", py_modules=["{name}"], install_requires={list(requires)!r}'
    setup = f"{before}\nfrom setuptools import setup\nsetup({said})\n"
    return {"setup.py": setup, f"{name}.py": "value = 1\n"}
