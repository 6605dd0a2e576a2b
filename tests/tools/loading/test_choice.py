"""What loads a bundle, on machines that have this or that; and what is said where nothing does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lambda_pack.errors import IndexUnavailable, UsageError
from lambda_pack.model.loading import LoadWith, VerifyRequest
from lambda_pack.model.targets import Architecture, Target
from lambda_pack.tools.loading.choice import choose_seat, sysroot_folder
from lambda_pack.tools.loading.clean_root import CleanRootSeat
from lambda_pack.tools.loading.container import default_image
from lambda_pack.tools.loading.seats import DirectSeat
from tests.support.here import our_target


def program(folder: Path, name: str, text: str = "exit 0") -> Path:
    """A program that somebody has installed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


def image_here(architecture: str) -> str:
    """An engine that has an image, and fetches no other."""
    known = json.dumps([{"Id": "0123456789abcdef", "RepoDigests": [], "Architecture": architecture}])
    return f"[ \"$1\" = image ] && echo '{known}'; exit 0"


def foreign() -> Target:
    """Our version on the other architecture."""
    ours = our_target()
    other = Architecture.ARM64 if ours.architecture is Architecture.X86_64 else Architecture.X86_64
    return Target(ours.runtime, other)


def test_our_own_interpreter(tmp_path: Path) -> None:
    chosen = choose_seat(VerifyRequest(Path("x.zip")), our_target(), cache=tmp_path, environ={})

    assert isinstance(chosen.seat, DirectSeat)
    assert chosen.seat.command == (sys.executable,)
    assert "of this machine" in chosen.seat.description


def test_an_interpreter_of_another_version_is_refused(tmp_path: Path) -> None:
    request = VerifyRequest(Path("x.zip"), interpreter=Path(sys.executable))

    with pytest.raises(UsageError, match=r"is no Python 3\.8; name one that is with --python"):
        choose_seat(request, Target.parse("python3.8", our_target().architecture.value), cache=tmp_path, environ={})


@pytest.mark.parametrize("named", [True, False])
def test_an_emulator_with_a_sysroot(tmp_path: Path, *, named: bool) -> None:
    target = foreign()
    machine = target.architecture.machine
    emulator = program(tmp_path / "bin", f"qemu-{machine}-static")
    sysroot = tmp_path / "system" if named else sysroot_folder(tmp_path / "cache", target)
    python = program(sysroot / "usr/bin", target.runtime.name)
    request = VerifyRequest(Path("x.zip"), sysroot=sysroot if named else None)

    chosen = choose_seat(request, target, cache=tmp_path / "cache", environ={"PATH": str(tmp_path / "bin")})

    assert isinstance(chosen.seat, DirectSeat)
    assert (chosen.seat.command[0], chosen.seat.command[-3:]) == (str(emulator), ("-L", str(sysroot), str(python)))
    assert chosen.note == "the system's libraries are those of the sysroot"


def test_what_to_install_is_said_for_each_way(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refusal:
        choose_seat(VerifyRequest(Path("x.zip")), foreign(), cache=tmp_path, environ={"PATH": str(tmp_path)})

    text = str(refusal.value)
    assert text.startswith(f"nothing here can load a bundle for {foreign()}; clean-root: no python3.")
    assert "; host: this is Linux on " in text
    assert "install qemu-user-static" in text
    assert "neither docker nor podman answers: start one of them" in text


def test_a_clean_root_comes_first(tmp_path: Path) -> None:
    target = our_target()
    program(tmp_path / "bin", "bwrap")
    python = program(sysroot_folder(tmp_path, target) / "usr/bin", target.runtime.name)
    environ = {"PATH": str(tmp_path / "bin")}

    chosen = choose_seat(VerifyRequest(Path("x.zip")), target, cache=tmp_path, environ=environ)
    named = choose_seat(
        VerifyRequest(Path("x.zip"), interpreter=Path(sys.executable)), target, cache=tmp_path, environ=environ
    )

    assert isinstance(chosen.seat, CleanRootSeat)
    assert chosen.seat.sysroot.folder == python.parents[2]
    assert chosen.note == "the system's libraries are those of the sysroot"
    # Somebody who names an interpreter wants that one.
    assert isinstance(named.seat, DirectSeat)


def test_a_reason_of_two_ways_is_said_once(tmp_path: Path) -> None:
    program(tmp_path, "qemu-aarch64-static")

    with pytest.raises(UsageError) as refusal:
        choose_seat(
            VerifyRequest(Path("x.zip")),
            Target.parse("python3.13", "arm64"),
            cache=tmp_path,
            environ={"PATH": str(tmp_path)},
        )

    assert str(refusal.value).count("mmdebstrap") == 1
    assert "clean-root, qemu: no python3.13 in " in str(refusal.value)


def test_how_to_make_a_sysroot_is_said(tmp_path: Path) -> None:
    program(tmp_path, "qemu-aarch64")
    request = VerifyRequest(Path("x.zip"), means=LoadWith.QEMU)

    with pytest.raises(UsageError) as refusal:
        choose_seat(request, Target.parse("python3.13", "arm64"), cache=tmp_path, environ={"PATH": str(tmp_path)})

    folder = tmp_path / "sysroots" / "python3.13-arm64"
    assert "make it with `mmdebstrap --variant=extract --architectures=arm64 --include=" in str(refusal.value)
    assert f"python3.13 trixie {folder}`, or name one with --sysroot" in str(refusal.value)


def test_a_sysroot_of_bullseye_is_made_without_its_security_archive(tmp_path: Path) -> None:
    program(tmp_path, "qemu-aarch64")
    request = VerifyRequest(Path("x.zip"), means=LoadWith.QEMU)

    with pytest.raises(UsageError) as refusal:
        choose_seat(request, Target.parse("python3.9", "arm64"), cache=tmp_path, environ={"PATH": str(tmp_path)})

    hook = """--setup-hook='sed -i /security/d "$1"/etc/apt/sources.list'"""
    assert f"--architectures=arm64 {hook} --include=" in str(refusal.value)


def test_a_container_of_awss_image(tmp_path: Path) -> None:
    # Docker is installed and does not answer.
    program(tmp_path, "docker", "exit 1")
    podman = program(tmp_path, "podman", image_here("arm64"))
    request = VerifyRequest(Path("x.zip"), means=LoadWith.CONTAINER)
    target = Target.parse("python3.14", "arm64")

    chosen = choose_seat(request, target, cache=tmp_path, environ={"PATH": str(tmp_path)})

    image = "public.ecr.aws/lambda/python:3.14"
    assert default_image(target) == image
    assert chosen.seat.description == f"python3.14 in a container of {image} (0123456789ab), started by {podman.name}"
    assert "/var/runtime" in chosen.seat.clients


def test_an_image_for_another_architecture_is_fetched_anew_or_refused(tmp_path: Path) -> None:
    program(tmp_path, "podman", image_here("amd64"))
    request = VerifyRequest(Path("x.zip"), means=LoadWith.CONTAINER, image="mine")

    with pytest.raises(Exception, match="the image 'mine' cannot be had for linux/arm64; name another with --image"):
        choose_seat(request, Target.parse("python3.14", "arm64"), cache=tmp_path, environ={"PATH": str(tmp_path)})


def test_an_image_that_cannot_be_had_leaves_the_other_ways_their_words(tmp_path: Path) -> None:
    """Podman and qemu are there, neither a sysroot nor the registry: that is the network's, and no bug."""
    target = foreign()
    program(tmp_path, f"qemu-{target.architecture.machine}-static")
    program(tmp_path, "podman", '[ "$1" = pull ] && { echo no route to host >&2; exit 1; }; echo []; exit 0')

    with pytest.raises(IndexUnavailable) as refusal:
        choose_seat(VerifyRequest(Path("x.zip")), target, cache=tmp_path, environ={"PATH": f"{tmp_path}:/bin:/usr/bin"})

    text = str(refusal.value)
    assert refusal.value.exit_code == 5
    assert text.startswith(f"nothing here can load a bundle for {target}; clean-root, qemu: no python3.")
    assert "; host: this is Linux on " in text
    assert "; container: the image " in text
    assert "docker" not in text
    assert "no route to host" in refusal.value.log
