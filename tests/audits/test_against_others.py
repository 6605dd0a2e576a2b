"""Our verdict on ten real wheels against auditwheel's, our facts against pyelftools' and readelf's: or why not."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lambda_pack.files.binaries import wheel_binaries
from lambda_pack.model.audit import glibc_needed, judge_binaries
from lambda_pack.model.binaries import ElfFacts
from lambda_pack.model.findings import errors_in
from lambda_pack.model.targets import Target
from tests.audits.fetching import fetch
from tests.support.processes import run

pytestmark = pytest.mark.network

WEAK = "the loader goes on without weak symbol versions (glibc, dl-version.c), and auditwheel counts them"
LIBSTDCXX = "auditwheel's policy for glibc 2.26 has an older libstdc++ than Amazon Linux 2, which has that of gcc 7.3"

# auditwheel names the lowest of its policies that has all: glibc 2.14 is in that of 2.17, 2.25 in that of 2.26, and
# CXXABI_1.3.9 of libstdc++ (greenlet) in that of 2.24, CXXABI_1.3.11 (kuzu) in that of 2.27.
#
# Requirement, Python, platform, auditwheel's tag, the glibc that we see, and why the two differ for python3.11 (2.26).
SMALL = [
    ("MarkupSafe==3.0.2", "312", "manylinux_2_17_aarch64", "manylinux_2_17_aarch64", (2, 17), None),
    ("PyYAML==6.0.2", "312", "manylinux_2_17_x86_64", "manylinux_2_17_x86_64", (2, 14), None),
    ("greenlet==3.2.3", "312", "manylinux_2_28_x86_64", "manylinux_2_24_x86_64", (2, 14), None),
    ("cryptography==45.0.5", "312", "manylinux_2_34_aarch64", "manylinux_2_34_aarch64", (2, 34), None),
    ("wasmtime==50.0.1", "311", "manylinux1_x86_64", "manylinux_2_28_x86_64", (2, 17), WEAK),
]
LARGE = [
    ("orjson==3.11.0", "312", "manylinux_2_17_x86_64", "manylinux_2_17_x86_64", (2, 14), None),
    ("pydantic-core==2.33.2", "312", "manylinux_2_17_aarch64", "manylinux_2_17_aarch64", (2, 17), None),
    ("lxml==6.0.0", "312", "manylinux_2_28_x86_64", "manylinux_2_26_x86_64", (2, 25), None),
    ("numpy==2.5.5", "312", "manylinux_2_28_x86_64", "manylinux_2_27_x86_64", (2, 27), None),
    ("kuzu==0.11.3", "311", "manylinux_2_28_x86_64", "manylinux_2_27_x86_64", (2, 23), LIBSTDCXX),
]


@pytest.mark.parametrize(
    ("requirement", "python", "platform", "tag", "glibc", "difference"),
    [*SMALL, *(pytest.param(*row, marks=pytest.mark.proof) for row in LARGE)],
)
def test_the_verdicts_of_auditwheel(  # noqa: PLR0913, PLR0917  # the columns of the table
    oracle: Path,
    shelf: Path,
    requirement: str,
    python: str,
    platform: str,
    tag: str,
    glibc: tuple[int, ...],
    difference: str | None,
) -> None:
    wheel = fetch(requirement, python, platform, shelf)
    shown = run(
        (oracle.with_name("auditwheel"), "show", "--json", "--disable-isa-ext-check", wheel),
        {"PATH": str(oracle.parent)},
        folder=shelf,
        timeout=600,
    )
    verdict = json.loads(shown.output)
    target = Target.parse(f"python3.{python[1:]}", "arm64" if tag.endswith("aarch64") else "x86_64")
    old = Target.parse("python3.11", target.architecture.value)
    files = wheel_binaries(wheel)

    assert verdict["overall_tag"] == tag
    assert glibc_needed(files, target) == glibc
    assert not errors_in(judge_binaries({"wheel": files}, target)["wheel"])
    # For another Python its modules have other names, so only what is linked is compared.
    linked = [one for one in judge_binaries({"wheel": files}, old)["wheel"] if one.concern.value == "symbols"]
    too_new = int(tag.split("_")[2]) > old.runtime.glibc[1]
    assert (bool(errors_in(linked)) == too_new) == (difference is None), difference


_NUMBERED = re.compile(r"[A-Z]+_[0-9.]+")

_PYELFTOOLS = """
import json, sys
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
with open(sys.argv[1], "rb") as stream:
    elf = ELFFile(stream)
    dynamic = next(one for one in elf.iter_segments() if one.header.p_type == "PT_DYNAMIC")
    tags = list(dynamic.iter_tags())
    text = lambda kind, field: [getattr(tag, field) for tag in tags if tag.entry.d_tag == kind]
    needed = [
        (file.name, version.name, version.entry.vna_flags & 2)
        for section in elf.iter_sections() if isinstance(section, GNUVerNeedSection)
        for file, versions in section.iter_versions() for version in versions
    ]
    print(json.dumps({
        "machine": elf.header.e_machine,
        "needed": text("DT_NEEDED", "needed"),
        "soname": text("DT_SONAME", "soname"),
        "rpath": text("DT_RPATH", "rpath"),
        "runpath": text("DT_RUNPATH", "runpath"),
        "versions": [(library, name) for library, name, weak in needed if not weak],
        "is_module": any(one.name.startswith("PyInit") for one in elf.get_section_by_name(".dynsym").iter_symbols()),
    }))
"""


def told_by_pyelftools(oracle: Path, file: Path) -> dict[str, Any]:
    said = run((oracle, "-c", _PYELFTOOLS, file), {"PATH": str(oracle.parent)}, folder=file.parent)
    assert said.exit_code == 0, said.text
    known: dict[str, Any] = json.loads(said.output)
    return known


_MACHINE = re.compile(r"Machine: +(.+)")
_TEXT = re.compile(r"\((NEEDED|SONAME|RPATH|RUNPATH)\)[^\[]*\[([^\]]*)\]")
_NEEDS = re.compile(r"File: (?P<file>\S+) +Cnt:|Name: (?P<name>\S+) +Flags: (?P<flags>.*?) +Version:")


def told_by_readelf(readelf: Path, file: Path) -> dict[str, Any]:
    said = run((readelf, "-W", "-hdV", "--dyn-syms", file), {"LC_ALL": "C"}, folder=file.parent)
    assert said.exit_code == 0, said.text
    texts = _TEXT.findall(said.output)
    machine = _MACHINE.search(said.output)
    assert machine
    versions, library = [], ""
    for row in _NEEDS.finditer(said.output.partition("Version needs section")[2]):
        library = row["file"] or library
        if row["name"] and "WEAK" not in row["flags"]:
            versions.append([library, row["name"]])
    known = {kind.lower(): [text for one, text in texts if one == kind] for kind in _KINDS}
    machines = {"Advanced Micro Devices X86-64": "EM_X86_64", "AArch64": "EM_AARCH64"}
    return {
        **known,
        "machine": machines[machine[1]],
        "versions": versions,
        "is_module": re.search(r" PyInit", said.output) is not None,
    }


_KINDS = ("NEEDED", "SONAME", "RPATH", "RUNPATH")

WHEELS = [
    ("psycopg2-binary==2.9.10", "manylinux_2_17_x86_64"),
    ("cryptography==45.0.5", "manylinux_2_34_aarch64"),
    pytest.param("lxml==6.0.0", "manylinux_2_28_x86_64", marks=pytest.mark.proof),
    pytest.param("numpy==2.5.5", "manylinux_2_28_x86_64", marks=pytest.mark.proof),
]


@pytest.mark.parametrize(("requirement", "platform"), WHEELS)
def test_the_facts_of_pyelftools(oracle: Path, shelf: Path, tmp_path: Path, requirement: str, platform: str) -> None:
    for facts, file in unpacked(fetch(requirement, "312", platform, shelf), tmp_path):
        check_facts(facts, told_by_pyelftools(oracle, file))


@pytest.mark.parametrize(("requirement", "platform"), WHEELS)
def test_the_facts_of_readelf(readelf: Path, shelf: Path, tmp_path: Path, requirement: str, platform: str) -> None:
    for facts, file in unpacked(fetch(requirement, "312", platform, shelf), tmp_path):
        check_facts(facts, told_by_readelf(readelf, file))


def unpacked(wheel: Path, folder: Path) -> list[tuple[ElfFacts, Path]]:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    found = [(file.binary, folder / file.path) for file in wheel_binaries(wheel)]
    assert found
    return [(facts, file) for facts, file in found if isinstance(facts, ElfFacts)]


def check_facts(facts: ElfFacts, known: dict[str, Any]) -> None:
    assert {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}[known["machine"]] == facts.machine
    assert tuple(known["needed"]) == facts.needed
    assert (known["soname"] or [None])[0] == facts.soname
    assert [one for text in known["rpath"] for one in text.split(":")] == list(facts.rpath)
    assert [one for text in known["runpath"] for one in text.split(":")] == list(facts.runpath)
    assert known["is_module"] == facts.is_module
    for one in facts.versions:
        assert [one.library, one.name] in known["versions"]
    numbered = {(file, name.partition("_")[0]) for file, name in known["versions"] if _NUMBERED.fullmatch(name)}
    assert numbered <= {(one.library, one.namespace) for one in facts.versions}
