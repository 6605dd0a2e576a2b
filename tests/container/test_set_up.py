"""The set-up of the image, with stand-ins for package managers that write down what they were told."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from msgspec import Struct

from tests.container.podman import HOUSE
from tests.support.processes import Finished, run

# All that the script needs of a base, beside a Python and a package manager.
TOOLS = ("chmod", "dirname", "env", "ln", "mkdir", "mktemp", "readlink", "rm", "sh")
MANAGER = """\
#!/bin/sh
echo "${{0##*/}} $*" >>'{log}'
for word; do
    case $word in
    python3.*-venv) ;;
    python3.*) test -e "{offers}/$word" && ln -s "{offers}/$word" '{programs}'/ || exit 1 ;;
    esac
done
"""
# This Python, saying that it is another one.
PRETENDER = """\
#!/bin/sh
if [ "$1" = -c ]; then
    shift
    exec '{python}' -c 'import sys; sys.version_info = ({version}, 0, "final", 0); exec(sys.argv.pop(1))' "$@"
fi
exec '{python}' "$@"
"""


class Base(Struct, frozen=True):
    """A base image as the script sees it: the programs on PATH, and the Pythons that its distribution offers."""

    folder: Path

    @property
    def programs(self) -> Path:
        """All that is on PATH."""
        return self.folder / "bin"

    @property
    def entrypoint(self) -> Path:
        """The one that the image will have."""
        return self.folder / "checkout" / "entrypoint"

    def has(self, name: str, version: str = f"{sys.version_info.major}.{sys.version_info.minor}") -> None:
        """Puts a Python on PATH."""
        write_program(self.programs / name, PRETENDER, python=sys.executable, version=version.replace(".", ", "))

    def offers(self, name: str) -> None:
        """Has the distribution offer a Python."""
        write_program(
            self.folder / "offers" / name, PRETENDER, python=sys.executable, version=name[6:].replace(".", ", ")
        )

    def is_kept_by(self, manager: str) -> None:
        """Gives the base a package manager."""
        places = {"log": self.folder / "log", "offers": self.folder / "offers", "programs": self.programs}
        write_program(self.programs / manager, MANAGER, **places)

    def set_up(self, *step: str) -> Finished:
        """Runs a step of the script."""
        script = self.folder / "checkout" / "script" / "image"
        return run((script, *step), {"PATH": str(self.programs)}, folder=self.folder)

    def told(self) -> list[str]:
        """What the package manager was told to do, in order."""
        log = self.folder / "log"
        return log.read_text("utf-8").splitlines() if log.exists() else []


def write_program(path: Path, text: str, **places: object) -> None:
    """A program made from a template."""
    path.write_text(text.format(**places), "utf-8")
    path.chmod(0o755)


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """A base without any Python and package manager."""
    for name in ("bin", "offers", "checkout/script"):
        (tmp_path / name).mkdir(parents=True)
    for name in TOOLS:
        found = shutil.which(name)
        assert found, f"{name} is on every machine with a shell"
        (tmp_path / "bin" / name).symlink_to(found)
    for name in ("entrypoint", "requirements.lock", "script/image"):
        shutil.copy2(HOUSE / name, tmp_path / "checkout" / name)
    return Base(tmp_path)


RPM = "install -y --setopt=tsflags=nodocs"
DEB = "install -y --no-install-recommends"
TOOLCHAIN = {"rpm": "gcc gcc-c++ git make", "deb": "ca-certificates g++ gcc git libc6-dev make pkg-config"}


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("dnf", [f"dnf {RPM} {TOOLCHAIN['rpm']} more", "dnf clean all"]),
        ("microdnf", [f"microdnf {RPM} {TOOLCHAIN['rpm']} more", "microdnf clean all"]),
        ("yum", [f"yum {RPM} {TOOLCHAIN['rpm']} more", "yum clean all"]),
        ("apt-get", ["apt-get update", f"apt-get {DEB} {TOOLCHAIN['deb']} more"]),
    ],
)
def test_compilers_come_from_the_base_s_own_distribution(base: Base, manager: str, expected: list[str]) -> None:
    base.has("python3")
    base.is_kept_by(manager)

    done = base.set_up("compilers", "more")

    assert done.exit_code == 0, done.text
    assert base.told() == expected


@pytest.mark.parametrize(
    ("manager", "expected"),
    [
        ("yum", f"yum {RPM} python3-devel {TOOLCHAIN['rpm']}"),
        ("apt-get", f"apt-get {DEB} python3-dev {TOOLCHAIN['deb']}"),
    ],
)
def test_a_python_without_its_headers_gets_them(base: Base, manager: str, expected: str) -> None:
    base.has("python3", "3.99")  # nowhere are headers of that one
    base.is_kept_by(manager)

    assert base.set_up("compilers").exit_code == 0
    assert expected in base.told()


@pytest.mark.parametrize(
    ("has_python", "message"),
    [
        (False, "the base has no python3; choose one with"),
        (True, "no apt-get, dnf, microdnf or yum: a base of another"),
    ],
)
def test_a_base_that_will_not_do_is_told_so(base: Base, *, has_python: bool, message: str) -> None:
    if has_python:
        base.has("python3")

    done = base.set_up("compilers")

    assert done.exit_code == 1
    assert message in done.errors


@pytest.mark.parametrize("step", [(), ("all",)])
def test_a_step_that_is_none(base: Base, step: tuple[str, ...]) -> None:
    done = base.set_up(*step)

    assert (done.exit_code, base.told()) == (1, [])
    assert "which step?" in done.errors


def test_the_base_s_python_runs_lambda_pack_where_it_is_new_enough(base: Base) -> None:
    base.has("python3", "3.11")
    base.has("python3.13")

    done = base.set_up("python")

    assert done.exit_code == 0, done.text
    assert base.entrypoint.read_bytes() == (HOUSE / "entrypoint").read_bytes(), "the same file as everywhere"
    assert (base.folder / "checkout" / "python").readlink() == base.programs / "python3"


def test_a_newer_python_beside_it_is_taken_as_it_is(base: Base) -> None:
    base.has("python3", "3.9")
    base.has("python3.12", "3.12")
    base.is_kept_by("dnf")

    done = base.set_up("python")

    assert done.exit_code == 0, done.text
    assert base.told() == []
    first, _, rest = base.entrypoint.read_text("utf-8").partition("\n")
    assert first == f"#!{base.programs}/python3.12"
    assert rest == (HOUSE / "entrypoint").read_text("utf-8").partition("\n")[2]


@pytest.mark.parametrize(
    ("manager", "packages"), [("microdnf", "python3.12"), ("apt-get", "python3.12 python3.12-venv")]
)
def test_a_newer_python_is_asked_for_next(base: Base, manager: str, packages: str) -> None:
    base.has("python3", "3.9")
    base.is_kept_by(manager)
    base.offers("python3.12")

    done = base.set_up("python")

    assert done.exit_code == 0, done.text
    assert [line for line in base.told() if "install" in line][-1].endswith(f" {packages}")
    assert (base.folder / "checkout" / "python").readlink() == base.programs / "python3.12"


def test_the_shell_scripts_are_clean() -> None:
    linter = shutil.which("shellcheck", path=str(Path(sys.executable).parent)) or shutil.which("shellcheck")
    if linter is None:
        pytest.skip("shellcheck is not installed here: it comes with the lint group")
    scripts = ("script/image", "script/proof", "tests/container/hold-emulation", "tests/container/in-own-dev")

    done = run((linter, *scripts), {"PATH": os.defpath}, folder=HOUSE)

    assert done.exit_code == 0, done.text
