"""Images to build in: Debian 11, whose glibc is older than Lambda's, with the Pythons of newer releases."""

from __future__ import annotations

from pathlib import Path

from tests.container.podman import Podman
from tests.container.standalone import make

__all__ = ["OLD", "OLD_WITH_PYTHONS", "add_pythons", "make_old"]

OLD = "localhost/base:bullseye"
OLD_WITH_PYTHONS = "localhost/pythons:bullseye"
# Debian has no 3.12 in any release.
VERSIONS = ("3.11", "3.13")
PLACE = "/opt/pythons"

# glibc 2.31, Python 3.9, and a library that Lambda's image lacks; the machine that builds has a newer glibc.
PACKAGES = ("python3", "python3-distutils", "python3-dev", "gcc", "libc6-dev", "libyaml-dev", "ca-certificates")


def make_old(podman: Podman) -> None:
    """Makes `OLD`."""
    assert podman.debian("bullseye", *PACKAGES) == OLD


def add_pythons(podman: Podman, folder: Path) -> None:
    """Makes `OLD_WITH_PYTHONS` of it, with what it is made of in a new folder.

    They run with a glibc of their own; what is compiled with their headers is linked with the image's.
    """
    folder.mkdir()
    lines = [f"FROM {OLD}"]
    for version in VERSIONS:
        python = make(podman, folder, PLACE, version)
        home = f"{PLACE}/{python.key}"
        lines.append(f"ADD {python.archive.name} {PLACE}/")
        lines.append(f"RUN mv {PLACE}/python {home} && ln -s {home}/bin/python{version} /usr/local/bin/")
    # Of the folder, what the image needs and no more.
    (folder / ".dockerignore").write_text("*\n!*.tar.gz\n", "utf-8")
    (folder / "Dockerfile").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    built = podman.podman("build", "--layers=false", "--tag", OLD_WITH_PYTHONS, folder, timeout=900)
    assert built.exit_code == 0, built.text
