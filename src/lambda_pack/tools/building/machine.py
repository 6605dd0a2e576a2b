"""The machine that builds, as far as it matters for what it builds."""

from __future__ import annotations

import os
import platform
import sys

from msgspec import Struct

from lambda_pack.model.targets import Target

__all__ = ["Host"]


class Host(Struct, frozen=True):
    """`system` and `machine` are as Python's `platform` names them; musl systems have no glibc."""

    system: str
    machine: str
    glibc: tuple[int, int] | None

    @classmethod
    def here(cls) -> Host:
        """This machine."""
        return cls(platform.system(), platform.machine(), _glibc())

    def cannot_compile_for(self, target: Target) -> str | None:
        """In words why nothing that is compiled here can run there; None where it may."""
        if (self.system, self.machine) == ("Linux", target.architecture.machine):
            return None
        machine = target.architecture.machine
        return f"not compiled: this machine is {self.system} on {self.machine}, the target Linux on {machine}"


def _glibc() -> tuple[int, int] | None:
    if sys.platform == "win32" or "CS_GNU_LIBC_VERSION" not in os.confstr_names:
        return None
    try:
        # 'glibc 2.36'; distributions write things like '2.36-9+deb12' elsewhere, never here.
        major, minor = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()[1].split(".")[:2]
        return int(major), int(minor)
    except (OSError, IndexError, ValueError):
        return None
