"""Symbols and debug data taken out of ELF files by `strip`: binutils' or LLVM's, whichever knows the machine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from msgspec import Struct

from lambda_pack.errors import LambdaPackError
from lambda_pack.tools.process import run, tail

__all__ = ["Stripper"]


class Stripper(Struct):
    """Programs that may do it, the likeliest first; the first that has done it goes on doing it."""

    machine: str
    programs: Sequence[str]
    environment: Mapping[str, str]
    proven: str | None = None

    @classmethod
    def find(cls, machine: str, environment: Mapping[str, str]) -> Self:
        """The programs on PATH.

        Raises:
            LambdaPackError: there is none.
        """
        # binutils knows its own machine and those it was built for; LLVM's knows all.
        names = (f"{machine}-linux-gnu-strip", f"{machine}-redhat-linux-strip", "strip", "llvm-strip")
        found = [path for name in names if (path := shutil.which(name, path=environment.get("PATH")))]
        if not found:
            raise LambdaPackError(_missing(machine))
        return cls(machine, found, environment)

    def strip(self, content: bytes, scratch: Path) -> bytes | None:
        """The file without what a loader does not read; None where the program refuses this one.

        Raises:
            LambdaPackError: no program knows the machine.
        """
        file, stripped = scratch / "whole.so", scratch / "stripped.so"
        file.write_bytes(content)
        logs = []
        for program in (self.proven,) if self.proven else self.programs:
            ended = run(
                (program, "--strip-unneeded", "-o", str(stripped), str(file)),
                environment={**self.environment, "LC_ALL": "C"},
            )
            if ended.status == 0 and stripped.is_file():
                self.proven = program
                lean = stripped.read_bytes()
                stripped.unlink()
                return lean
            logs.append(ended.log)
        if self.proven is None:
            raise LambdaPackError(_missing(self.machine), log=tail("\n".join(logs)))
        return None


def _missing(machine: str) -> str:
    return (
        f"--strip needs a `strip` that knows {machine}; install binutils for it "
        f"(binutils-{machine.replace('_', '-')}-linux-gnu on Debian) or llvm, or leave out --strip"
    )
