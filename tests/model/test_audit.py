"""The judgement of binaries: one row for each thing that may be wrong, and what must not be complained about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from lambda_pack.model.audit import glibc_needed, judge_binaries
from lambda_pack.model.binaries import LAYERS, BinaryFile, Damaged, ElfFacts, ElfKind, Foreign, SymbolVersion
from lambda_pack.model.findings import Finding, summaries
from lambda_pack.model.targets import Target

TARGET = Target.parse("python3.11")
OWN = "cpython-311-x86_64-linux-gnu"


def elf(  # noqa: PLR0913  # one argument for each fact that a row is about
    *needed: str,
    machine: str = "x86_64",
    bits: int = 64,
    kind: ElfKind = ElfKind.LIBRARY,
    symbols: Sequence[SymbolVersion] = (),
    provided: Sequence[SymbolVersion] = (),
    soname: str | None = None,
    runpath: Sequence[str] = (),
    rpath: Sequence[str] = (),
    is_plugin: bool = False,
) -> ElfFacts:
    """The facts of a file that needs these libraries; without a soname it is a module if its name allows that."""
    return ElfFacts(
        machine,
        bits,
        kind,
        soname,
        needed=needed,
        versions=tuple(symbols),
        provided=tuple(provided),
        runpath=tuple(runpath),
        rpath=tuple(rpath),
        is_module=kind is ElfKind.LIBRARY and soname is None and not is_plugin,
    )


def symbol(version: str, library: str = "libc.so.6") -> SymbolVersion:
    namespace, _, level = version.rpartition("_")
    return SymbolVersion(library, namespace, tuple(map(int, level.split("."))))


def judged(files: Mapping[str, object], target: Target = TARGET) -> list[tuple[str, str, str]]:
    """Severity, concern and path of each finding about one package."""
    return [(one.severity.value, one.concern.value, one.path) for one in findings(files, target)]


def findings(files: Mapping[str, object], target: Target = TARGET) -> tuple[Finding, ...]:
    listed = [
        BinaryFile(path, binary) for path, binary in files.items() if isinstance(binary, ElfFacts | Foreign | Damaged)
    ]
    return judge_binaries({"package": listed}, target)["package"]


@pytest.mark.parametrize(
    ("path", "binary", "expected"),
    [
        # what loads
        (f"x/_speed.{OWN}.so", elf("libc.so.6", symbols=[symbol("GLIBC_2.26")]), None),
        ("x/_speed.abi3.so", elf("libc.so.6", "libpthread.so.0", "libstdc++.so.6", "libgcc_s.so.1"), None),
        ("x/_speed.so", elf(symbols=[symbol("GLIBC_2.2.5")]), None),
        ("x/_speed.so", elf(symbols=[symbol("GLIBCXX_3.4.24", "libstdc++.so.6")]), None),
        ("x/_speed.so", elf(symbols=[symbol("OPENSSL_3.0.0", "libssl.so.3")]), None),
        # symbol versions
        ("x/_speed.so", elf(symbols=[symbol("GLIBC_2.27")]), "error symbols"),
        ("x/_speed.so", elf(symbols=[symbol("GLIBCXX_3.4.25", "libstdc++.so.6")]), "error symbols"),
        ("x/_speed.so", elf(symbols=[symbol("CXXABI_1.3.12", "libstdc++.so.6")]), "error symbols"),
        ("x/_speed.so", elf(symbols=[symbol("GCC_12.0.0", "libgcc_s.so.1")]), "error symbols"),
        ("x/bin/tool", elf(kind=ElfKind.PROGRAM, symbols=[symbol("GLIBC_2.34")]), "error symbols"),
        ("x.libs/libgcc_s.so.1", elf(symbols=[symbol("GLIBC_2.35")]), "error symbols"),
        ("x/_speed.so", elf(symbols=[SymbolVersion("libc.so.6", "GLIBC_PRIVATE", ())]), "warning private-symbols"),
        # machines
        (f"x/_speed.{OWN}.so", elf(machine="aarch64"), "error machine"),
        ("x/_speed.so", elf(machine="x86_64", bits=32), "error machine"),
        ("x/libfast.so", elf(machine="aarch64"), "error machine"),
        ("x/libfast.so.1.2", elf(machine="aarch64"), "error machine"),
        ("x/linux-arm64/libfast.so", elf(machine="aarch64"), "warning machine"),
        ("x/arm64/cbc", elf(machine="aarch64", kind=ElfKind.PROGRAM), "warning machine"),
        ("x/boot.o", elf(machine="aarch64", kind=ElfKind.OTHER), None),
        # names
        ("x/_speed.cpython-312-x86_64-linux-gnu.so", elf(), "error python"),
        ("x/_speed.cpython-311-x86_64-linux-musl.so", elf(), "error python"),
        ("x/_speed.cpython-311d-x86_64-linux-gnu.so", elf(), "error python"),
        ("x/_speed.pypy310-pp73-x86_64-linux-gnu.so", elf(), "error python"),
        ("x/_speed.cp311-win_amd64.pyd", Foreign("Windows"), "error system"),
        ("x/_speed.cpython-311-darwin.so", Foreign("macOS"), "error system"),
        ("x/data/libfast.so", Foreign("macOS"), None),
        # libraries
        ("x/_speed.so", elf("libGL.so.1"), "error missing-library"),
        ("x/_speed.so", elf("libc.musl-x86_64.so.1"), "error missing-library"),
        ("x/libonly.so", elf("libgomp.so.1"), "error missing-library"),
        ("x/_speed.so", elf("libcurl.so.4"), "warning doubtful-library"),
        ("x/_speed.so", elf("libpython3.11.so.1.0"), "warning doubtful-library"),
        ("numba/np/ufunc/tbbpool.so", elf("libtbb.so.12"), "warning missing-library"),
        # damage
        ("x/_speed.so", Damaged("ends inside its header"), "error damaged"),
        ("x/logo.bin", Damaged("ends inside its header"), "warning damaged"),
    ],
)
def test_one_file(path: str, binary: object, expected: str | None) -> None:
    found = [f"{severity} {concern}" for severity, concern, _ in judged({path: binary})]

    assert found == ([] if expected is None else [expected])


def test_what_lies_for_several_machines_and_pythons_needs_the_right_one_only() -> None:
    files = {
        "x/_speed.cpython-310-x86_64-linux-gnu.so": elf(),
        f"x/_speed.{OWN}.so": elf(),
        "x/_speed.cpython-311-aarch64-linux-gnu.so": elf(machine="aarch64"),
        "x/_speed.cp311-win_amd64.pyd": Foreign("Windows"),
        "x/amd/libfast.so": elf(),
        "x/arm/libfast.so": elf(machine="aarch64"),
    }

    assert judged(files) == [("warning", "machine", "x/arm/libfast.so")]


@pytest.mark.parametrize(
    ("facts", "place", "expected"),
    [
        (elf("libfast.so.1", runpath=["$ORIGIN/../x.libs"]), "x.libs/libfast.so.1", []),
        (elf("libfast.so.1", rpath=["${ORIGIN}/../x.libs"]), "x.libs/libfast.so.1", []),
        (elf("libfast.so.1"), "lib/libfast.so.1", []),
        (elf("libfast.so.1"), "libfast.so.1", []),
        (elf("libfast.so.1"), "x/libfast.so.1", ["unreachable-library"]),
        (elf("libfast.so.1", runpath=["$ORIGIN/../y.libs"]), "x.libs/libfast.so.1", ["unreachable-library"]),
        (elf("libfast.so.2", runpath=["$ORIGIN/../x.libs"]), "x.libs/libfast.so.1", ["missing-library"]),
    ],
)
def test_where_the_loader_looks(facts: ElfFacts, place: str, expected: list[str]) -> None:
    assert [concern for _, concern, _ in judged({"x/_speed.so": facts, place: elf(soname="libfast.so.1")})] == expected


def test_an_rpath_counts_for_what_is_loaded_by_it_and_a_runpath_does_not() -> None:
    files = {"x.libs/liba.so": elf("libb.so"), "x.libs/libb.so": elf(soname="libb.so")}

    assert judged({"x/_speed.so": elf("liba.so", rpath=["$ORIGIN/../x.libs"]), **files}) == []
    by_runpath = judged({"x/_speed.so": elf("liba.so", runpath=["$ORIGIN/../x.libs"]), **files})
    assert by_runpath == [("warning", "unreachable-library", "x.libs/liba.so")]


def test_a_library_without_that_soname_is_not_found_where_the_loader_does_not_look() -> None:
    """Once loaded, a library is known by its soname; its file's name counts on the search path alone."""
    module = elf("libfast.so", runpath=["$ORIGIN/../y.libs"])

    for library in (elf(soname="libfast.so.1"), elf(is_plugin=True)):
        files = {"x/_speed.so": module, "x.libs/libfast.so": library}
        assert judged(files) == [("error", "missing-library", "x/_speed.so")]


def test_a_library_for_another_machine_provides_nothing() -> None:
    files = {
        "x/_speed.so": elf("libfast.so", runpath=["$ORIGIN/../x.libs"]),
        "x.libs/libfast.so": elf(machine="aarch64"),
    }

    assert ("error", "missing-library", "x/_speed.so") in judged(files)


def test_a_bundled_library_comes_before_that_of_the_image() -> None:
    wanted = symbol("GLIBCXX_3.4.30", "libstdc++.so.6")
    module = elf("libstdc++.so.6", symbols=[wanted], runpath=["$ORIGIN"])
    newer = elf(provided=[symbol("GLIBCXX_3.4.32", "")])
    older = elf(provided=[symbol("GLIBCXX_3.4.26", "")])

    assert judged({"x/_speed.so": module, "x/libstdc++.so.6": newer}) == []
    (finding,) = findings({"x/_speed.so": module, "x/libstdc++.so.6": older})
    assert finding.why == "x/libstdc++.so.6 in the bundle ends with GLIBCXX_3.4.26"


def test_what_only_its_own_code_would_load_is_a_warning_while_something_loads() -> None:
    files = {"x/_core.so": elf("libc.so.6"), "x/libcuda_part.so": elf("libcudart.so.12")}

    assert judged(files) == [("warning", "missing-library", "x/libcuda_part.so")]


def test_what_has_no_entry_for_python_is_no_module() -> None:
    """open3d_torch_ops.so lies like a module and is loaded by torch, where there is one."""
    files = {"x/pybind.so": elf(), "x/torch_ops.so": elf("libtorch_cpu.so", is_plugin=True)}

    assert judged(files) == [("warning", "missing-library", "x/torch_ops.so")]


def test_what_a_module_loads_is_an_error_however_far_down() -> None:
    files = {
        "x/_core.so": elf("liba.so", runpath=["$ORIGIN/../x.libs"]),
        "x.libs/liba.so": elf("libb.so", runpath=["$ORIGIN"]),
        "x.libs/libb.so": elf("libGL.so.1"),
    }

    assert judged(files) == [("error", "missing-library", "x.libs/libb.so")]


def test_other_packages_of_the_bundle_provide_libraries() -> None:
    user = BinaryFile("user/_core.so", elf("libengine.so", runpath=["$ORIGIN/../engine"]))
    engine = BinaryFile("engine/libengine.so", elf(soname="libengine.so"))

    together = judge_binaries({"user": [user], "engine": [engine]}, TARGET)
    alone = judge_binaries({"user": [user]}, TARGET)

    assert together == {"user": (), "engine": ()}
    assert [one.library for one in alone["user"]] == ["libengine.so"]


def test_layers_lie_elsewhere() -> None:
    module = BinaryFile("x/_core.so", elf("libfast.so"))
    in_layer = BinaryFile("lib/libfast.so", elf(), LAYERS)
    wrong = BinaryFile("python/lib/python3.12/site-packages/y/_core.cpython-312-x86_64-linux-gnu.so", elf(), LAYERS)

    assert judge_binaries({"x": [module], "layer": [in_layer]}, TARGET) == {"x": (), "layer": ()}
    assert [one.concern.value for one in judge_binaries({"y": [wrong]}, TARGET)["y"]] == ["python"]


def test_symbols_that_only_newer_images_have() -> None:
    files = {"x/_core.so": elf(symbols=[symbol("GLIBCXX_3.4.30", "libstdc++.so.6")])}

    assert judged(files, Target.parse("python3.12")) == [("warning", "symbols", "x/_core.so")]


def test_the_way_out_of_an_old_glibc_is_the_oldest_runtime_that_has_it() -> None:
    (finding,) = findings({"x/_core.so": elf(symbols=[symbol("GLIBC_2.28")])})
    (hopeless,) = findings({"x/_core.so": elf(symbols=[symbol("GLIBC_2.38")])})

    assert finding.advice == "use python3.12 or newer (glibc 2.34), or an older version of the package"
    assert hopeless.advice == "use an older version of the package, or build it for the runtime"


def test_what_many_files_have_in_common_is_one_line() -> None:
    found = findings({f"x/m{number}.so": elf(symbols=[symbol("GLIBC_2.28")]) for number in range(3)})

    (line,) = summaries(found)
    assert line == (
        "x/m0.so (and 2 more) needs GLIBC_2.28 of libc.so.6: python3.11 has glibc 2.26; "
        "use python3.12 or newer (glibc 2.34), or an older version of the package"
    )


def test_what_one_file_misses_is_one_line() -> None:
    (line,) = summaries(findings({"x/_core.so": elf("libGL.so.1", "libX11.so.6")}))

    assert line.startswith(
        "x/_core.so needs libGL.so.1 and needs libX11.so.6: neither python3.11 nor the bundle has it"
    )


def test_only_the_targets_binaries_count_for_the_glibc_that_is_needed() -> None:
    files = [
        BinaryFile("a.so", elf(symbols=[symbol("GLIBC_2.17"), symbol("GLIBC_2.2.5")])),
        BinaryFile("b.so", elf(machine="aarch64", symbols=[symbol("GLIBC_2.35")])),
        BinaryFile("c.so", Damaged("ends early")),
    ]

    assert glibc_needed(files, TARGET) == (2, 17)
    assert glibc_needed(files[2:], TARGET) is None
