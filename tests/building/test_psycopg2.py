"""psycopg2 from its source, in a container with an old glibc: the libpq that it is linked with comes along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambda_pack.model.targets import RUNTIMES
from lambda_pack.tools.interpreters import find_interpreter
from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import contents
from tests.support.processes import run

pytestmark = pytest.mark.proof

OF_DEBIAN = "apt-get update -q && apt-get install -y -q --no-install-recommends libpq-dev"
# Kerberos and LDAP, which Debian's libpq brings in, are linked against a glibc that is newer than python3.11's.
OF_SOURCE = """\
set -e
sed -n 's/^deb \\(.* bullseye main\\)$/deb-src \\1/p' /etc/apt/sources.list >/etc/apt/sources.list.d/sources.list
apt-get update -q
apt-get install -y -q --no-install-recommends make bzip2
cd /usr/src
apt-get source -q --download-only postgresql-13
tar -xf postgresql-13_*.orig.tar.*
cd postgresql-13*/
./configure -q --prefix=/usr/local --without-readline --without-zlib
for part in include interfaces/libpq bin/pg_config; do make -s -C src/$part install; done
ldconfig
"""


def pack(
    folder: Path, runtime: str, before: str, *, image: str, environment: Mapping[str, str]
) -> tuple[int, dict[str, Any]]:
    """The real command, and its report."""
    requirements = folder / "requirements.txt"
    requirements.write_text("psycopg2==2.9.10\n--no-binary psycopg2\n", "utf-8")
    builder = ("--builder", "container", "--build-image", image, "--before-build", before)
    where = ("--cache-dir", folder / "cache", "-o", "out", "--name", "db", "--json")
    command = (*COMMAND, "pack", "-r", requirements, "--runtime", runtime, *builder, *where)
    done = run(command, environment, folder=folder, timeout=1200)
    assert done.exit_code in {0, 3}, done.text
    return done.exit_code, json.loads(done.output)


def check_that_it_loads(archive: Path, runtime: str, environment: Mapping[str, str]) -> None:
    """Imported by an interpreter of that version, with the libpq that is in the bundle."""
    if find_interpreter(RUNTIMES[runtime].python, environ=environment) is None:
        pytest.skip(f"there is no Python for {runtime} on this machine to load it with")
    done = run((*COMMAND, "verify", archive, "--with", "host", "--json"), environment, folder=archive.parent)
    assert done.exit_code == 0, done.text
    assert [one["what"] for one in json.loads(done.output)["outcomes"]] == ["psycopg2"]


def test_with_the_libpq_of_the_image(tmp_path: Path, engine: dict[str, str], old_pythons: str) -> None:
    status, report = pack(tmp_path, "python3.13", OF_DEBIAN, image=old_pythons, environment=engine)

    assert status == 0, report["unmet"]
    (package,) = report["packages"]
    assert package["file"] == "psycopg2-2.9.10-cp313-cp313-manylinux_2_34_x86_64.whl"
    assert (package["build"]["builder"], package["build"]["image"]) == ("container", old_pythons)
    grafted = {library["name"]: library for library in package["build"]["grafted"]}
    assert {"libpq.so.5", "libssl.so.1.1", "libgssapi_krb5.so.2", "libldap_r-2.4.so.2"} <= grafted.keys()
    assert grafted["libpq.so.5"]["package"].startswith("libpq5 ")
    archive = tmp_path / report["archive"]["path"]
    names = contents(archive)
    assert {library["licence"] for library in grafted.values()} <= names.keys()
    assert any(name.startswith("psycopg2.libs/libpq-") for name in names)
    check_that_it_loads(archive, "python3.13", engine)


def test_the_image_s_libpq_is_too_new_for_an_older_runtime(
    tmp_path: Path, engine: dict[str, str], old_pythons: str
) -> None:
    status, report = pack(tmp_path, "python3.11", OF_DEBIAN, image=old_pythons, environment=engine)

    assert status == 3
    (unmet,) = report["unmet"]
    assert "needs GLIBC_2.27 of libc.so.6: python3.11 has glibc 2.26" in unmet["reason"]


def test_with_a_libpq_that_was_built_before(tmp_path: Path, engine: dict[str, str], old_pythons: str) -> None:
    status, report = pack(tmp_path, "python3.11", OF_SOURCE, image=old_pythons, environment=engine)

    assert status == 0, report["unmet"]
    (package,) = report["packages"]
    assert package["file"] == "psycopg2-2.9.10-cp311-cp311-manylinux_2_26_x86_64.whl"
    (library,) = package["build"]["grafted"]
    assert (library["name"], library["path"]) == ("libpq.so.5", "/usr/local/lib/libpq.so.5")
    check_that_it_loads(tmp_path / report["archive"]["path"], "python3.11", engine)
