from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from lambda_pack.errors import IndexUnavailable, IntegrityError, UsageError
from lambda_pack.model.input_limits import ARCHIVE_BYTES
from lambda_pack.model.packages import Checkout, Folder, Pin, Sdist
from lambda_pack.tools.building.jobs import Job
from lambda_pack.tools.building.sources import copied, unpack
from tests.support.packages import make_project, make_sdist
from tests.support.processes import run
from tests.tools.building.yards import NATIVE

PIN = Pin.parse("lib", "1.0")


def unpacked(source: Sdist | Folder | Checkout, folder: Path, archive: Path | None = None) -> Path:
    """The source as a folder."""
    return unpacked_job(source, folder, archive).project


def unpacked_job(source: Sdist | Folder | Checkout, folder: Path, archive: Path | None = None) -> Job:
    """A job whose source is unpacked."""
    project = folder / "unpacked"

    def fetch(_: Sdist) -> Path:
        assert archive is not None, "nothing is fetched here"
        return archive

    path = os.environ["PATH"]  # noqa: TID251  # git is where the machine has it
    inner = unpack(source, project, fetch=fetch, environment={"PATH": path})
    return Job(source, NATIVE, project, folder, has_compiler=True, inner=inner)


def test_a_folder_is_copied(tmp_path: Path) -> None:
    (tmp_path / "project" / "inner").mkdir(parents=True)
    source = Folder(PIN, str(tmp_path / "project"), "inner")
    copy = copied(unpacked_job(source, tmp_path), tmp_path / "copy")
    assert copy == tmp_path / "copy" / "inner"


@pytest.mark.parametrize("inner", ["..", "../../elsewhere", "/etc"])
def test_a_subdirectory_stays_in_its_folder(tmp_path: Path, inner: str) -> None:
    (tmp_path / "project").mkdir()
    source = Folder(PIN, str(tmp_path / "project"), inner)
    with pytest.raises(UsageError, match="leads out of"):
        copied(unpacked_job(source, tmp_path), tmp_path / "copy")


@pytest.mark.parametrize("form", ["tar.gz", "tgz", "tar.bz2", "tar.xz", "tar", "zip"])
def test_the_folder_at_the_top_is_the_project(tmp_path: Path, form: str) -> None:
    archive = make_sdist(tmp_path, "lib", "1.0", form=form)  # type: ignore[arg-type]  # each is a form
    project = unpacked(Sdist(PIN, archive.name, archive.as_uri()), tmp_path, archive)
    assert (project / "pyproject.toml").is_file()


def test_what_may_be_started_stays_so(tmp_path: Path) -> None:
    archive = tmp_path / "lib-1.0.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name, mode in (("lib/configure", 0o100755), ("lib/setup.py", 0o100644)):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            opened.writestr(info, "")
    project = unpacked(Sdist(PIN, archive.name, archive.as_uri()), tmp_path, archive)
    assert (project / "configure").stat().st_mode & stat.S_IXUSR
    assert not (project / "setup.py").stat().st_mode & stat.S_IXUSR


def test_an_archive_leaves_nothing_outside(tmp_path: Path) -> None:
    archive = tmp_path / "lib-1.0.tar"
    with tarfile.open(archive, "w") as opened:
        opened.addfile(tarfile.TarInfo("../outside"))
    with pytest.raises(IntegrityError, match="cannot be unpacked"):
        unpacked(Sdist(PIN, archive.name, archive.as_uri()), tmp_path, archive)
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("form", ["tar.gz", "tar.bz2", "tar.xz", "zip"])
@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "text", "swapped"])
def test_a_damaged_archive_is_named(tmp_path: Path, form: str, damage: str) -> None:
    archive = make_sdist(tmp_path, "lib", "1.0", form=form)  # type: ignore[arg-type]  # each is a form
    whole = archive.read_bytes()
    middle = len(whole) // 2
    archive.write_bytes(
        {
            "cut": whole[:middle],
            "changed": whole[:middle]
            + bytes(byte ^ 0xFF for byte in whole[middle : middle + 40])
            + whole[middle + 40 :],
            "empty": b"",
            "text": b"Not found\n",
            "swapped": whole[:20] + b"\xff" * 60 + whole[80:],
        }[damage]
    )
    with pytest.raises(IntegrityError, match=rf"'{archive.name}' cannot be unpacked"):
        unpacked(Sdist(PIN, archive.name, archive.as_uri()), tmp_path, archive)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"], ids=["long", "NUL"])
def test_a_member_that_no_disk_takes(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "lib-1.0.tar.gz"
    with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as opened:
        member = tarfile.TarInfo("x" * 4)
        member.pax_headers = {"path": name}
        opened.addfile(member)
    with pytest.raises(IntegrityError, match=r"'lib-1.0.tar.gz' cannot be unpacked"):
        unpacked(Sdist(PIN, archive.name, archive.as_uri()), tmp_path, archive)


def test_an_archive_that_is_larger_than_any(tmp_path: Path) -> None:
    archive = tmp_path / "lib-1.0.tar"
    with tarfile.open(archive, "w") as opened:
        member = tarfile.TarInfo("lib/x")
        member.size = ARCHIVE_BYTES.most + 1  # of which nothing is there
        opened.addfile(member)
    with pytest.raises(IntegrityError, match="more than 8,589,934,592 bytes unpacked"):
        unpacked(Sdist(PIN, archive.name, archive.as_uri()), tmp_path, archive)


def repository(folder: Path) -> tuple[Path, str]:
    """A project under git, and its one commit."""
    project, environment = make_project(folder / "repository", "lib"), {"PATH": os.environ["PATH"]}  # noqa: TID251  # as above
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x.invalid")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        assert run((*git, *words), environment, folder=project).exit_code == 0
    return project, run((*git, "rev-parse", "HEAD"), environment, folder=project).output.strip()


def test_a_checkout_has_its_history_and_no_login(tmp_path: Path) -> None:
    project, commit = repository(tmp_path)
    clone = unpacked(
        Checkout(PIN, "git", project.as_uri().replace("file://", "file://me:s3cret@localhost"), commit), tmp_path
    )
    assert (clone / "pyproject.toml").is_file()
    assert (clone / ".git").is_dir()
    assert not [path for path in (clone / ".git").rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]


def test_a_login_is_not_in_the_arguments_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every user of a machine can read the arguments of its programs."""
    project, commit = repository(tmp_path)
    told = tmp_path / "told"
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text(f'#!/bin/sh\necho "$@" >> {told}\nexec {shutil.which("git")} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    url = project.as_uri().replace("file://", "file://me:s3cr%3Det%27@localhost")
    clone = unpacked(Checkout(PIN, "git", url, commit), tmp_path)

    assert (clone / "pyproject.toml").is_file()
    assert "clone" in told.read_text()
    assert "s3cr" not in told.read_text()


def test_a_commit_that_is_not_there_is_the_repositorys_fault(tmp_path: Path) -> None:
    project, _ = repository(tmp_path)
    with pytest.raises(IndexUnavailable, match="git could not get"):
        unpacked(Checkout(PIN, "git", project.as_uri(), "0" * 40), tmp_path)
