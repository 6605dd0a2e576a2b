"""The story of the README: requirements in, a zip out, with its report and its lock."""

from __future__ import annotations

import base64
import hashlib
import sys
from pathlib import Path

import pytest

from lambda_pack.commands.verify import verify
from lambda_pack.frontends.narrators import SilentNarrator
from lambda_pack.model.loading import Loaded, VerifyRequest
from lambda_pack.model.targets import Target
from lambda_pack.tools.loading.loader import ProgramLoader
from lambda_pack.tools.loading.seats import DirectSeat
from tests.end_to_end.workplace import Workplace, contents, files_below
from tests.frontends.schema import valid_report
from tests.support.faults import MissingHash
from tests.support.packages import make_elf, make_wheel

ZIP, REPORT, LOCK = (f"shop-python3.13-arm64.{kind}" for kind in ("zip", "report.json", "pylock.toml"))


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project that needs three packages, one of them compiled."""
    folder = work.index.folder
    make_wheel(folder, "api-1.0-py3-none-any.whl", requires=["six", 'fast[more]; python_version >= "3.8"'])
    make_wheel(folder, "six-1.17.0-py3-none-any.whl", entry_points={"console_scripts": {"six": "six:main"}})
    make_wheel(
        folder,
        "fast-2.0-cp313-cp313-manylinux_2_17_aarch64.whl",
        files={"fast/__init__.py": "", "fast/_speedups.cpython-313-aarch64-linux-gnu.so": make_elf("aarch64")},
        extras={"more": ["extra-more"]},
    )
    make_wheel(folder, "extra_more-1.0-py3-none-any.whl", files={"extra_more/__init__.py": "", "extra_more/a.py": ""})
    work.write("requirements.txt", "api")
    return work


def test_a_zip_its_report_and_its_lock_appear(shop: Workplace) -> None:
    done = shop.pack("-r", "requirements.txt", "-o", "dist/")

    assert done.exit_code == 0, done.text
    assert files_below(shop.folder / "dist") == sorted([ZIP, REPORT, LOCK])
    assert sorted(path.name for path in shop.folder.iterdir()) == ["dist", "requirements.txt"]
    report = valid_report((shop.folder / "dist" / REPORT).read_text("utf-8"))
    digest = hashlib.sha256((shop.folder / "dist" / ZIP).read_bytes())
    assert report["archive"]["path"] == f"dist/{ZIP}"
    assert report["archive"]["sha256"] == digest.hexdigest()
    assert base64.b64decode(report["archive"]["code_sha256"]) == digest.digest()
    assert report["archive"]["size"] == (shop.folder / "dist" / ZIP).stat().st_size
    assert report["archive"]["entries"] == len(contents(shop.folder / "dist" / ZIP))
    assert [package["name"] for package in report["packages"]] == ["api", "extra-more", "fast", "six"]
    assert all(package["verified"] for package in report["packages"])
    assert [timing["step"] for timing in report["timings"]] == list(range(1, 10))
    assert not files_below(shop.temporary)


def test_the_summary_is_the_result_and_the_story_is_told_beside_it(shop: Workplace) -> None:
    done = shop.pack()

    assert "packed shop for python3.13-arm64: 4 packages\n" in done.output
    assert f"  dist/{ZIP}\n" in done.output
    assert [line for line in done.errors.splitlines() if line] == [
        "[1/9] resolve everything, wheels and sdists alike",
        "[2/9] sort into compatible wheels, incompatible wheels and sdists",
        "[3/9] find compatible wheels for the rest",
        "[4/9] build the rest from source",
        "[5/9] build the rest again without a C compiler",
        "[6/9] accept packages known to misstate their compatibility",
        "[7/9] report what is still unmet",
        "[8/9] compose the bundle from the chosen wheels",
        "[9/9] clean up temporary files",
    ]


def test_its_modules_import_where_nothing_else_is_seen(shop: Workplace) -> None:
    packed = shop.packed(runtime="python3.13", architecture="arm64")
    # Its one binary is a header without code, and only the package around it is imported: any interpreter does.
    seat = DirectSeat((sys.executable,), "this interpreter")
    loader = ProgramLoader(seat, Target.parse("python3.13", "arm64"), 60, fetch_client=Path)

    done = verify(VerifyRequest(packed.zip), {}, SilentNarrator(), choose=lambda _: (loader, None))

    assert done.outcomes == tuple(map(Loaded, ("api", "extra_more", "fast", "six")))


def test_the_lock_packs_the_same_bytes_and_asks_for_nothing_but_its_files(shop: Workplace) -> None:
    first = shop.packed()
    shop.index.forget()
    make_wheel(shop.index.folder, "six-1.18.0-py3-none-any.whl")

    again = shop.packed("-r", first.lock_path, "--no-cache", "--name", "shop")

    assert again.bytes == first.bytes
    assert again.closure == first.closure == {"api": "1.0", "extra-more": "1.0", "fast": "2.0", "six": "1.17.0"}
    assert {request.path.rsplit("/", 1)[0] for request in shop.index.requests} == {"/files"}


def test_what_is_no_code_for_lambda_stays_out(shop: Workplace) -> None:
    names = shop.packed().names

    assert "six.py" in names
    assert "six-1.17.0.dist-info/METADATA" in names
    assert not [name for name in names if name.endswith(("REQUESTED", "direct_url.json"))]


def test_a_layer_of_another_name_has_everything_below_python(shop: Workplace) -> None:
    packed = shop.packed("--layout", "layer", "--name", "front-door")

    assert packed.zip.name == "front-door-python3.13-arm64.zip"
    assert {name.partition("/")[0] for name in packed.names} == {"python"}
    assert packed.report["target"]["layout"] == "layer"


def test_a_tree_instead_of_a_zip(shop: Workplace) -> None:
    packed = shop.packed()

    done = shop.pack("--to-dir", "task")

    assert done.exit_code == 0, done.text
    tree = shop.folder / "task"
    files = {path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    assert files == contents(packed.zip)
    assert sorted(path.name for path in shop.folder.iterdir()) == ["requirements.txt", "task"]


def test_own_code_with_its_ignore_file(shop: Workplace) -> None:
    shop.write("src/handler.py", "def handler(event, context): ...")
    shop.write("src/six.py", "MINE = True")
    for left_out in ("src/notes.md", "src/tests/test_handler.py", "src/__pycache__/handler.pyc", "src/data/old.csv"):
        shop.write(left_out, "")
    shop.write("src/data/new.csv", "1,2")
    shop.write("src/.lambdapackignore", "*.md", "tests/")

    packed = shop.packed("--source", "src", "--exclude", "*.csv", "--include", "new.csv")

    own = {name for name in packed.names if ".dist-info/" not in name}
    assert own == {
        *("handler.py", "six.py", "data/new.csv", "api.py", "extra_more/__init__.py", "extra_more/a.py"),
        *("fast/__init__.py", "fast/_speedups.cpython-313-aarch64-linux-gnu.so"),
    }
    assert contents(packed.zip)["six.py"] == b"MINE = True\n"
    assert any("six.py of six==1.17.0 is not in the bundle" in warning for warning in packed.report["warnings"])


def test_markers_are_evaluated_for_the_target(work: Workplace) -> None:
    for name in ("six", "idna", "everywhere"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    work.write(
        "requirements.txt",
        'six; platform_machine == "aarch64"',
        'idna; platform_machine == "x86_64" and python_version == "3.12"',
        'everywhere; sys_platform == "linux"',
    )

    arm = work.packed()
    intel = work.packed(runtime="python3.12", architecture="x86_64")

    assert (set(arm.closure), set(intel.closure)) == ({"everywhere", "six"}, {"everywhere", "idna"})


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_what_nobody_vouched_for_is_unverified(work: Workplace, resolver: str) -> None:
    """Both resolvers name the digest of what they were sent themselves; that is nobody's promise."""
    wheel = make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    place = work.index.file_url("six-1.0-py3-none-any.whl")

    verified = []
    for line in (f"six @ {place}", f"six @ {place}#sha256={digest}"):
        work.write("requirements.txt", line)
        (package,) = work.packed("--resolver", resolver).report["packages"]
        assert package["sha256"] == digest
        verified.append(package["verified"])

    assert verified == [False, True]


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_an_index_that_promises_nothing_leaves_files_unverified(work: Workplace, resolver: str) -> None:
    for name in ("six", "idna"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    work.index.misbehave("six-*", MissingHash())
    work.write("requirements.txt", "six", "idna")

    packages = work.packed("--resolver", resolver).report["packages"]

    assert {package["name"]: package["verified"] for package in packages} == {"idna": True, "six": False}


def test_requirements_that_ask_for_nothing(work: Workplace) -> None:
    work.write("requirements.txt", "# nothing yet")

    packed = work.packed()

    assert packed.names == []
    assert work.index.requests == ()


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_an_older_version_is_reported_as_held_back(work: Workplace, resolver: str) -> None:
    make_wheel(work.index.folder, "fast-1.0-cp313-cp313-manylinux_2_17_aarch64.whl")
    make_wheel(work.index.folder, "fast-2.0-cp313-cp313-manylinux_2_38_aarch64.whl")
    work.write("requirements.txt", "fast")

    packed = work.packed("--resolver", resolver)

    (held,) = packed.report["held_back"]
    assert held == {
        "name": "fast",
        "newest": "2.0",
        "chosen": "1.0",
        "why": "fast==2.0 needs glibc 2.38 or newer; python3.13 has 2.34",
        "required_by": ["fast"],
        "origin": "requirements.txt:1",
        "lag": "older by a major version",
        "uploaded": None,
    }
    assert packed.said.output.startswith("warning: fast 1.0 is older by a major version than 2.0, the newest allowed: ")


def test_an_old_runtime_warns(work: Workplace) -> None:
    work.write("requirements.txt", "# nothing")

    warned = work.packed(runtime="python3.8").said.errors

    assert "warning: python3.8 was deprecated by AWS on 2024-10-14" in warned
