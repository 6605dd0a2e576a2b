"""The judgement of binaries: one row for each thing that may be wrong, and what must not be complained about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace
from packaging.version import Version

from lambda_pack.model.audit import glibc_needed, judge_binaries, judge_bundle
from lambda_pack.model.binaries import (
    LAYERS,
    BinaryFile,
    Companion,
    Damaged,
    ElfFacts,
    ElfKind,
    Foreign,
    Generated,
    SymbolVersion,
)
from lambda_pack.model.findings import Concern, Finding, Severity, summaries
from lambda_pack.model.images import PackageType
from lambda_pack.model.packages import Wheel
from lambda_pack.model.targets import Target

TARGET = Target.parse("python3.11")
PYDEVD = "debugpy/_vendored/pydevd"
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
        # Its package goes on without it.
        (f"{PYDEVD}/pydevd_attach_to_process/attach_linux_amd64.so", elf(machine="aarch64"), "warning machine"),
        (f"{PYDEVD}/_pydevd_bundle/pydevd_cython.cp39-win_amd64.pyd", Foreign("Windows"), "warning system"),
        (
            f"{PYDEVD}/_pydevd_bundle/pydevd_cython.cpython-311-aarch64-linux-gnu.so",
            elf(machine="aarch64"),
            "warning machine",
        ),
        # libraries
        ("x/_speed.so", elf("libGL.so.1"), "error missing-library"),
        ("x/_speed.so", elf("libc.musl-x86_64.so.1"), "error missing-library"),
        ("x/libonly.so", elf("libgomp.so.1"), "error missing-library"),
        ("x/_speed.so", elf("libxml2.so.2"), "warning doubtful-library"),
        # aws/aws-lambda-base-images, issue 120
        ("x/_speed.so", elf("libcurl.so.4"), "error missing-library"),
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


NUMPY_1 = Companion("numpy", "<2", "was compiled for NumPy 1")
NUMPY_2_1 = Companion("numpy", ">=2.1", "was compiled for NumPy 2.1 or newer")


def made_for(*companions: Companion, soname: str | None = None, machine: str = "x86_64") -> ElfFacts:
    return replace(elf(soname=soname, machine=machine), companions=companions)


@pytest.mark.parametrize(
    ("path", "binary", "numpy", "expected"),
    [
        ("x/_core.so", made_for(NUMPY_1), "2.5.5", "error numpy<2"),
        ("x/_core.so", made_for(NUMPY_1), "2.0.0rc1", "error numpy<2"),
        ("x/_core.so", made_for(NUMPY_1), "1.26.4", None),
        ("x/_core.so", made_for(NUMPY_2_1), "2.0.2", "error numpy>=2.1"),
        ("x/_core.so", made_for(NUMPY_2_1), "1.26.4", "error numpy>=2.1"),
        ("x/_core.so", made_for(NUMPY_2_1), "2.1.0rc1", None),
        ("x/_core.so", made_for(NUMPY_2_1), "2.5.5", None),
        # a package that goes without NumPy, or finds it elsewhere
        ("x/_core.so", made_for(NUMPY_1), None, None),
        # a library that no module loads
        ("x/libextra.so", made_for(NUMPY_1, soname="libextra.so"), "2.5.5", "warning numpy<2"),
        # modules that their packages go on without
        ("shapely/vectorized/_vectorized.so", made_for(NUMPY_1), "2.5.5", "warning numpy<2"),
        # modules of other machines are another matter
        ("x/_core.cpython-311-aarch64-linux-gnu.so", made_for(NUMPY_1, machine="aarch64"), "2.5.5", "error None"),
    ],
)
def test_modules_beside_releases_of_numpy(path: str, binary: ElfFacts, numpy: str | None, expected: str | None) -> None:
    releases = {} if numpy is None else {"numpy": Version(numpy)}
    found = judge_binaries({"x": [BinaryFile(path, binary)]}, TARGET, releases=releases)["x"]

    assert [f"{one.severity.value} {one.goes_with}" for one in found] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("numpy", "expected"),
    [
        ("1.26.4", [("warning", "h5py/_npystrings.so", "numpy>=2.1")]),
        ("1.22.4", [("error", "h5py/h5d.so", "numpy>=1.23"), ("error", "h5py/_npystrings.so", "numpy>=2.1")]),
        ("2.5.5", []),
    ],
)
def test_a_module_for_newer_releases_beside_others_for_older_ones_is_an_extra(
    numpy: str, expected: list[tuple[str, str, str]]
) -> None:
    modest = Companion("numpy", ">=1.23", "was compiled for NumPy 1.23 or newer")
    files = [BinaryFile("h5py/h5d.so", made_for(modest)), BinaryFile("h5py/_npystrings.so", made_for(NUMPY_2_1))]

    found = judge_binaries({"h5py": files}, TARGET, releases={"numpy": Version(numpy)})["h5py"]

    assert [(one.severity.value, one.path, one.goes_with) for one in found] == expected


def test_a_library_that_a_module_loads_is_as_needed_as_the_module() -> None:
    files = [
        BinaryFile(f"pyarrow/lib.{OWN}.so", elf("libarrow_python.so.1400", runpath=["$ORIGIN"])),
        BinaryFile("pyarrow/libarrow_python.so.1400", made_for(NUMPY_1, soname="libarrow_python.so.1400")),
    ]

    (finding,) = judge_binaries({"pyarrow": files}, TARGET, releases={"numpy": Version("2.5.5")})["pyarrow"]

    assert finding == Finding(
        "pyarrow/libarrow_python.so.1400",
        Concern.RELEASE,
        Severity.ERROR,
        "was compiled for NumPy 1",
        "the bundle has numpy 2.5.5",
        "add 'numpy<2' to the requirements, or take another version of this package",
        goes_with="numpy<2",
    )


def test_a_row_about_numpy_excuses_nothing_else() -> None:
    torch = "torch/lib/libtorch_python.so"
    files = [
        BinaryFile("torch/_C.so", elf("libtorch_python.so", runpath=["$ORIGIN/lib"])),
        BinaryFile(torch, replace(elf("libnowhere.so", soname="libtorch_python.so"), companions=(NUMPY_1,))),
    ]

    found = judge_binaries({"torch": files}, TARGET, releases={"numpy": Version("2.5.5")})["torch"]

    assert [(one.severity.value, one.concern.value) for one in found] == [
        ("error", "missing-library"),
        ("warning", "package-release"),
    ]


PROTOBUF_6 = Generated((Companion("protobuf", ">=6.31.1", "was generated for protobuf 6.31.1 or newer"),))
PROTOBUF_3 = Generated((Companion("protobuf", "<4", "was generated by a protoc older than 3.19"),))


@pytest.mark.parametrize(
    ("files", "protobuf", "expected"),
    [
        ({"x/a_pb2.py": PROTOBUF_6}, "5.29.5", ["error x/a_pb2.py"]),
        ({"x/a_pb2.py": PROTOBUF_6}, "6.31.1", []),
        ({"x/a_pb2.py": PROTOBUF_6}, None, []),
        ({"x/a_pb2.py": PROTOBUF_3}, "4.25.8", ["error x/a_pb2.py"]),
        ({"x/a_pb2.py": PROTOBUF_3}, "3.20.3", []),
        ({"x/tests/a_pb2.py": PROTOBUF_3}, "4.25.8", ["warning x/tests/a_pb2.py"]),
        # wandb brings each module for several releases, and chooses
        ({"x/v3/a_pb2.py": PROTOBUF_3, "x/v6/a_pb2.py": PROTOBUF_6}, "6.33.1", []),
        (
            {"x/v3/a_pb2.py": PROTOBUF_3, "x/v6/a_pb2.py": PROTOBUF_6},
            "5.29.5",
            ["error x/v3/a_pb2.py", "error x/v6/a_pb2.py"],
        ),
    ],
)
def test_generated_code_beside_releases_of_protobuf(
    files: Mapping[str, Generated], protobuf: str | None, expected: list[str]
) -> None:
    releases = {} if protobuf is None else {"protobuf": Version(protobuf)}
    listed = [BinaryFile(path, generated) for path, generated in files.items()]

    found = judge_binaries({"x": listed}, TARGET, releases=releases)["x"]

    assert [f"{one.severity.value} {one.path}" for one in found] == expected


def test_generated_code_is_no_binary() -> None:
    wheel = Wheel.parse("file:///onnx-1.0-py3-none-any.whl")
    own = Wheel.parse("file:///protobuf-5.29.5-py3-none-any.whl")

    audit = judge_bundle({wheel: [BinaryFile("onnx/a_pb2.py", PROTOBUF_6)], own: []}, [], TARGET)

    assert audit.wheels[wheel].binaries == 0
    assert [one.goes_with for one in audit.wheels[wheel].findings] == ["protobuf>=6.31.1"]


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


@pytest.mark.parametrize(
    ("runtime", "package_type", "library", "expected"),
    [
        ("python3.11", PackageType.ZIP, "libexpat.so.1", "error missing-library"),
        ("python3.11", PackageType.IMAGE, "libexpat.so.1", None),
        ("python3.12", PackageType.ZIP, "libexpat.so.1", "error missing-library"),
        ("python3.12", PackageType.IMAGE, "libexpat.so.1", "warning doubtful-library"),
        ("python3.14", PackageType.ZIP, "libglib-2.0.so.0", "warning doubtful-library"),
        ("python3.15", PackageType.IMAGE, "libglib-2.0.so.0", None),
        ("python3.12", PackageType.IMAGE, "libGL.so.1", "error missing-library"),
    ],
)
def test_what_lies_below_depends_on_the_package_type(
    runtime: str, package_type: PackageType, library: str, expected: str | None
) -> None:
    binaries = {"x": [BinaryFile("x/_speed.abi3.so", elf(library))]}

    found = judge_binaries(binaries, Target.parse(runtime), package_type=package_type)["x"]

    assert [f"{one.severity.value} {one.concern.value}" for one in found] == ([] if expected is None else [expected])
    if runtime == "python3.11":
        assert all("only the container image does" in one.why for one in found)
