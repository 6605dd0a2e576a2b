"""Builds in real containers: an image whose glibc is older than this machine's, without a registry."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambda_pack.tools.interpreters import find_interpreter
from tests.building.images import OLD as IMAGE
from tests.end_to_end.workplace import contents
from tests.support.packages import make_project
from tests.support.processes import Finished, run

pytestmark = [pytest.mark.network, pytest.mark.skipif(sys.platform != "linux", reason="containers here are Linux's")]

SETUP = """\
from setuptools import Extension, setup
setup(name={name!r}, version="1.0", ext_modules=[Extension({name!r}, ["module.c"], libraries={libraries!r})])
"""
MODULE = """\
#include <Python.h>
{code}
static PyMethodDef methods[] = {{{{"call", call, METH_NOARGS, ""}}, {{0}}}};
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{name}", "", -1, methods}};
PyMODINIT_FUNC PyInit_{name}(void) {{ return PyModule_Create(&module); }}
"""
# In glibc 2.34 pthread_create moved into libc.so.6, with a version of its own.
THREADS = """\
#include <pthread.h>
static void *work(void *nothing) { return nothing; }
static PyObject *call(PyObject *self, PyObject *nothing) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL)) return PyErr_NoMemory();
    pthread_join(thread, NULL);
    return PyLong_FromLong(42);
}"""
YAML = """\
extern const char *yaml_get_version_string(void);
static PyObject *call(PyObject *self, PyObject *nothing) { return PyUnicode_FromString(yaml_get_version_string()); }"""


def write_extension(folder: Path, name: str, code: str, *libraries: str) -> Path:
    """A project with one module in C, and requirements that name it."""
    (folder / name).mkdir()
    (folder / name / "setup.py").write_text(SETUP.format(name=name, libraries=list(libraries)))
    (folder / name / "module.c").write_text(MODULE.format(name=name, code=code))
    return write_requirements(folder, f"./{name}")


def write_requirements(folder: Path, *lines: str) -> Path:
    """A requirements file."""
    path = folder / "requirements.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def pack(requirements: Path, environ: Mapping[str, str], *options: str) -> Finished:
    """The real command, for python3.9 with its glibc 2.26."""
    command = (sys.executable, "-m", "lambda_pack", "pack", "-r", requirements, "--runtime", "python3.9", "--json")
    where = ("--cache-dir", requirements.parent / "cache", "-o", "out", "--build-image", IMAGE)
    return run((*command, *where, *options), environ, folder=requirements.parent, timeout=600)


def report(done: Finished, status: int = 0) -> dict[str, Any]:
    """What it came to."""
    assert done.exit_code == status, done.text
    found: dict[str, Any] = json.loads(done.output)
    return found


def test_what_the_host_links_too_new_is_built_in_a_container(tmp_path: Path, engine: dict[str, str]) -> None:
    if find_interpreter((3, 9), environ=engine) is None:
        pytest.skip("this machine has no Python 3.9 to try it with first")
    requirements = write_extension(tmp_path, "threads", THREADS, "pthread")
    found = report(pack(requirements, engine))
    (attempt,) = found["attempts"]
    assert "needs GLIBC_2.34 of libc.so.6: python3.9 has glibc 2.26" in attempt["detail"]
    (package,) = found["packages"]
    assert package["file"] == "threads-1.0-cp39-cp39-manylinux_2_26_x86_64.whl"
    assert (package["build"]["builder"], package["build"]["image"]) == ("container", IMAGE)
    assert package["build"]["image_digest"].startswith("sha256:")


def test_the_host_alone_refuses_it(tmp_path: Path, engine: dict[str, str]) -> None:
    if find_interpreter((3, 9), environ=engine) is None:
        pytest.skip("this machine has no Python 3.9")
    requirements = write_extension(tmp_path, "threads", THREADS, "pthread")
    found = report(pack(requirements, engine, "--builder", "host"), status=3)
    assert "needs GLIBC_2.34" in found["unmet"][0]["attempts"][0]["detail"]
    assert any("install docker or podman" in advice for advice in found["unmet"][0]["advice"])


def test_a_library_of_the_image_is_grafted_without_a_network(tmp_path: Path, engine: dict[str, str]) -> None:
    requirements = write_extension(tmp_path, "yamlish", YAML, "yaml")
    found = report(pack(requirements, engine, "--builder", "container", "--build-network", "none"))
    (package,) = found["packages"]
    (library,) = package["build"]["grafted"]
    assert library["name"] == "libyaml-0.so.2"
    assert library["package"].startswith("libyaml-0-2 ")
    names = contents(tmp_path / found["archive"]["path"])
    assert library["licence"] in names
    assert any(name.startswith("yamlish.libs/libyaml-0-") for name in names)


def test_the_container_sees_nothing_of_ours(tmp_path: Path, engine: dict[str, str]) -> None:
    make_project(tmp_path / "dump", "dump", build_backend="dump-environment")
    requirements = write_requirements(tmp_path, "./dump")
    secrets = {"AWS_SECRET_ACCESS_KEY": "for-nobody", "GITHUB_TOKEN": "for-nobody", "CFLAGS": "-DOURS"}
    options = ("--builder", "container", "--before-build", "ls -a /root /lambda-pack 2>&1; true")
    found = report(pack(requirements, {**engine, **secrets}, *options))
    (seen,) = [
        json.loads(data)
        for name, data in contents(tmp_path / found["archive"]["path"]).items()
        if name.endswith("_environment.json")
    ]
    assert "for-nobody" not in str(seen)
    assert "-DOURS" not in str(seen)
    assert engine["PATH"] not in str(seen)
    assert seen["SOURCE_DATE_EPOCH"] == "315532800"


def test_what_the_image_lacks_is_said(tmp_path: Path, engine: dict[str, str]) -> None:
    make_project(tmp_path / "lib", "lib")
    requirements = write_requirements(tmp_path, "./lib")
    wrong = report(pack(requirements, engine, "--builder", "container", "--runtime", "python3.12"), status=3)
    assert f"there is no Python 3.12 in {IMAGE}" in str(wrong["attempts"])
    before = report(pack(requirements, engine, "--builder", "container", "--before-build", "exit 7"), status=3)
    assert "--before-build 'exit 7' failed" in str(before["attempts"])
    missing = report(pack(requirements, engine, "--builder", "container", "--build-image", "localhost/none"), status=3)
    assert "the image 'localhost/none' cannot be had for linux/amd64" in str(missing["attempts"])


def test_a_container_ends_with_its_time(tmp_path: Path, engine: dict[str, str]) -> None:
    make_project(tmp_path / "lib", "lib")
    requirements = write_requirements(tmp_path, "./lib")
    options = ("--builder", "container", "--before-build", "sleep 600", "--build-timeout", "5")
    found = report(pack(requirements, engine, *options), status=3)
    assert "did not end within 5 seconds" in found["attempts"][0]["detail"]
    listed = run(("podman", "ps", "--all", "--quiet"), engine, folder=tmp_path)
    assert (listed.exit_code, listed.output) == (0, "")


def test_step_5_hides_the_compilers_of_the_image(tmp_path: Path, engine: dict[str, str]) -> None:
    make_project(tmp_path / "lib", "lib", build_backend="c-extension")
    requirements = write_requirements(tmp_path, "./lib")
    options = ("--builder", "container", "--before-build", "ln -sf /bin/false /usr/bin/cc", "--allow-unmet")
    found = report(pack(requirements, engine, *options), status=3)
    assert [attempt["step"] for attempt in found["attempts"]] == [4, 5]
    assert "no C compiler" in found["attempts"][1]["log"]
