"""`lambda-pack verify` on what `lambda-pack pack` has packed, with real interpreters and the real awslambdaric."""

from __future__ import annotations

import json
import os
import platform
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from lambda_pack.model.targets import RUNTIMES, Architecture, Target
from lambda_pack.tools.interpreters import find_interpreter
from tests.end_to_end.command import COMMAND
from tests.support.debian import why_not_here
from tests.support.here import our_target
from tests.support.metadata import Content
from tests.support.processes import Finished, run
from tests.support.sysroots import sysroot
from tests.support.zips import make_zip

MACHINE: Mapping[str, str] = os.environ  # noqa: TID251  # where this machine's index and interpreters are
APP = """
import json, os, platform, sys
import markupsafe, markupsafe._speedups
import shared

def handler(event, context):
    print("called")
    return {"event": event, "machine": platform.machine(), "python": list(sys.version_info[:2]),
            "layer": shared.__file__, "escaped": str(markupsafe.escape("<")), "arn": context.invoked_function_arn,
            "secret": os.environ.get("AWS_SECRET_ACCESS_KEY"), "table": os.environ.get("TABLE")}

def raises(event, context):
    raise LookupError("no such order")

def hangs(event, context):
    import time
    time.sleep(600)
"""
SCIENCE = """
import lxml.etree, numpy, pandas, pydantic_core
from cryptography.hazmat.bindings import _rust

def handler(event, context):
    return [int(pandas.DataFrame({"a": [1, 2]}).a.sum()), float(numpy.sqrt(16))]
"""
LAYER = {"python/shared.py": "name = 'of the layer'"}


class Verified(Struct, frozen=True):
    """What `verify --json` has said."""

    done: Finished
    document: dict[str, Any]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The outcomes of a kind by what they are about."""
        return {one["what"]: one for one in self.document["outcomes"] if one["outcome"] == kind}


def verify(*arguments: str | Path, folder: Path, environment: Mapping[str, str] = MACHINE) -> Verified:
    """Runs the real command."""
    done = run((*COMMAND, "verify", "--json", *arguments), environment, folder=folder, timeout=400)
    assert done.exit_code in {0, 3}, done.text
    document = json.loads(done.output)
    assert document["loads"] is (done.exit_code == 0)
    return Verified(done, document)


def pack(folder: Path, target: Target, *requirements: str, app: str = APP, audit: str = "error") -> Path:
    """A bundle of real packages from this machine's index."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text(app, "utf-8")
    (folder / "requirements.txt").write_text("\n".join(requirements), "utf-8")
    names = ("--runtime", target.runtime.name, "--architecture", target.architecture.value, "--name", "shop")
    done = run((*COMMAND, "pack", *names, "--source", "src", "--audit", audit), MACHINE, folder=folder, timeout=400)
    assert done.exit_code == 0, done.text
    return folder / "dist" / f"shop-{target}.zip"


def without(archive: Path, *suffixes: str, plus: Mapping[str, Content]) -> Path:
    """The archive as somebody has spoilt it: what ends so is gone, other files are there."""
    with zipfile.ZipFile(archive) as opened:
        kept = {name: opened.read(name) for name in opened.namelist() if not name.endswith(suffixes)}
    spoilt = archive.with_name(f"spoilt-{archive.name}")
    return make_zip(spoilt, {**kept, **plus})


def answer(verified: Verified, handler: str) -> dict[str, Any]:
    """What the handler has returned."""
    found: dict[str, Any] = json.loads(verified.of("answered")[handler]["response"])
    return found


def the_whole_of_it(target: Target, folder: Path, options: Sequence[str | Path]) -> None:
    """A function with a layer: it loads, answers, raises, hangs, and lacks its layer; each is said rightly."""
    archive = pack(folder, target, "markupsafe")
    layer = make_zip(folder / "layer.zip", LAYER)
    event = folder / "event.json"
    event.write_text('{"order": 7}', "utf-8")
    secrets = {**MACHINE, "AWS_SECRET_ACCESS_KEY": "hunter2"}
    told = ("--layer", layer, "--handler", "app.handler", "--event", event, "--env", "TABLE=orders")

    good = verify(archive, *options, *told, folder=folder, environment=secrets)

    assert good.done.exit_code == 0, good.done.text
    assert sorted(good.of("loaded")) == ["app", "markupsafe", "shared"]
    assert good.document["target"] == {"runtime": target.runtime.name, "architecture": target.architecture.value}
    assert answer(good, "app.handler") == {
        "event": {"order": 7},
        "machine": target.architecture.machine,
        "python": list(target.runtime.python),
        "layer": answer(good, "app.handler")["layer"],
        "escaped": "&lt;",
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:verify",
        "secret": None,
        "table": "orders",
    }
    assert answer(good, "app.handler")["layer"].endswith("/opt/python/shared.py")

    lacking = verify(archive, *options, "--handler", "app.handler", "--skip", "markupsafe", folder=folder)
    assert lacking.of("failed")["app"]["error"] == "ModuleNotFoundError: No module named 'shared'"
    failed = lacking.of("failed")["app.handler"]
    assert failed["error"] == "Runtime.ImportModuleError: Unable to import module 'app': No module named 'shared'"

    alone = ("--layer", layer, "--skip", "app", "--skip", "markupsafe", "--skip", "shared")
    raising = verify(archive, *options, *alone, "--handler", "app.raises", folder=folder).of("failed")["app.raises"]
    assert (raising["error"], raising["file"]) == ("LookupError: no such order", "/var/task/app.py")
    assert 'raise LookupError("no such order")' in raising["traceback"]

    hung = verify(archive, *options, *alone, "--handler", "app.hangs", "--timeout", "8", folder=folder)
    failed = hung.of("failed")["app.hangs"]
    assert (failed["error"], failed["file"]) == (
        "Sandbox.Timedout: Task timed out after 8.00 seconds",
        "/var/task/app.py",
    )


@pytest.mark.network
@pytest.mark.parametrize("runtime", [name for name in RUNTIMES if name != "python3.15"])
def test_a_function_with_a_layer_on_each_interpreter_of_this_machine(runtime: str, tmp_path: Path) -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip(f"this is {platform.system()} on {platform.machine()}; every runtime was there for x86_64")
    target = Target.parse(runtime)
    if find_interpreter(target.runtime.python, environ=MACHINE) is None:
        pytest.skip(f"there is no Python for {runtime} here")
    archive = pack(tmp_path, target, "markupsafe")
    layer = make_zip(tmp_path / "layer.zip", LAYER)

    verified = verify(archive, "--with", "host", "--layer", layer, "--handler", "app.handler", folder=tmp_path)

    assert sorted(verified.of("loaded")) == ["app", "markupsafe", "shared"], verified.done.text
    assert answer(verified, "app.handler")["python"] == list(target.runtime.python)


@pytest.mark.network
def test_here(tmp_path: Path) -> None:
    the_whole_of_it(our_target(), tmp_path, ("--with", "host"))


@pytest.mark.network
def test_on_arm64_under_qemu(tmp_path: Path) -> None:
    root = sysroot("python3.13")
    the_whole_of_it(Target.parse("python3.13", "arm64"), tmp_path, ("--with", "qemu", "--sysroot", root))


@pytest.mark.network
@pytest.mark.parametrize("architecture", list(Architecture))
def test_in_a_clean_root(architecture: Architecture, tmp_path: Path) -> None:
    why = why_not_here({"bwrap": "bubblewrap"})
    if why is not None:
        pytest.skip(f"nothing is loaded in a clean root: {why}")
    root = sysroot("python3.13", architecture)
    the_whole_of_it(
        Target.parse("python3.13", architecture.value), tmp_path, ("--with", "clean-root", "--sysroot", root)
    )


@pytest.mark.network
def test_a_library_of_another_architecture_fails_where_it_is_loaded(tmp_path: Path) -> None:
    root = sysroot("python3.13")
    target, foreign = (
        Target.parse("python3.13", architecture.value) for architecture in (Architecture.ARM64, Architecture.X86_64)
    )
    archive = pack(tmp_path / "arm64", target, "markupsafe", app="import markupsafe._speedups")
    other = pack(tmp_path / "x86_64", foreign, "markupsafe", app="")
    with zipfile.ZipFile(other) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(".so"))
        library = opened.read(name)
    right = name.replace("x86_64", "aarch64")
    # As a sloppy tool renames it, and as it is.
    renamed = without(archive, ".so", plus={right: library})

    failed = verify(renamed, *asked(target, root), folder=tmp_path).of("failed")["app"]

    assert failed["error"].startswith("ImportError: /var/task/markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so: ")
    assert "cannot open shared object file" in failed["error"]
    assert failed["file"] == "/var/task/markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so"
    assert failed["package"].startswith("markupsafe ")
    untouched = without(archive, ".so", plus={name: library})
    failed = verify(untouched, *asked(target, root), folder=tmp_path).of("failed")["app"]
    assert failed["error"] == "ModuleNotFoundError: No module named 'markupsafe._speedups'"


def asked(target: Target, root: Path) -> tuple[str | Path, ...]:
    """What a bundle is for and what loads it, on the command line."""
    named = ("--runtime", target.runtime.name, "--architecture", target.architecture.value)
    return (*named, "--with", "qemu", "--sysroot", root)


def failures(verified: Verified) -> dict[str, str]:
    """The errors of what failed."""
    return {what: one["error"] for what, one in verified.of("failed").items()}


@pytest.mark.proof
@pytest.mark.parametrize(
    ("package", "failed", "submodules"),
    [
        # pip installs it without libgomp, which manylinux does not promise and Lambda lacks.
        ("lightgbm==4.6.0", {"lightgbm": "libgomp.so.1"}, False),
        ("cairocffi==1.7.1", {"cairocffi": "cairo"}, False),
        ("pyzbar==0.1.9", {}, False),
        ("pyzbar==0.1.9", {"pyzbar.pyzbar": "zbar", "pyzbar.wrapper": "zbar"}, True),
        ("wand==0.6.13", {}, False),
        ("wand==0.6.13", {"wand.api": "MagickWand", "wand.image": "MagickWand"}, True),
        ("black==25.11.0", {}, False),
        ("duckdb==1.4.2", {}, False),
        ("google-cloud-storage==3.17.1", {}, False),
    ],
)
@pytest.mark.parametrize("means", ["host", "clean-root"])
def test_real_packages(package: str, failed: dict[str, str], submodules: bool, means: str, tmp_path: Path) -> None:  # noqa: FBT001
    target = Target.parse("python3.13")
    options: tuple[str | Path, ...] = ("--with", means, *(["--submodules"] if submodules else []))
    if means == "clean-root":
        options += ("--sysroot", sysroot("python3.13", target.architecture))
    archive = pack(tmp_path, target, package, app="", audit="warn")

    found = failures(verify(archive, *options, folder=tmp_path))

    assert failed.keys() <= found.keys()
    assert submodules or failed.keys() == found.keys()
    assert all(word in found[module] for module, word in failed.items()), found


@pytest.mark.proof
def test_a_library_that_images_were_seen_to_have(tmp_path: Path) -> None:
    archive = pack(tmp_path, Target.parse("python3.13"), "python-magic==0.4.27", app="")

    here = verify(archive, "--with", "host", folder=tmp_path)
    clean = verify(
        archive, "--with", "clean-root", "--sysroot", sysroot("python3.13", Architecture.X86_64), folder=tmp_path
    )

    # This machine may have libmagic; a clean root has not.
    if not here.of("failed"):
        assert any(
            "magic loaded libmagic.so.1 from the system, not from the bundle" in note for note in here.document["notes"]
        )
    assert failures(clean) == {"magic": "ImportError: failed to find libmagic.  Check your installation"}


@pytest.mark.proof
def test_modules_that_need_an_extra_are_said(tmp_path: Path) -> None:
    target = Target.parse("python3.13")
    archive = pack(tmp_path, target, "black==25.11.0", "google-cloud-storage==3.17.1", app="")

    skipped = verify(archive, "--with", "host", folder=tmp_path).of("skipped")

    assert skipped["blackd"]["why"] == "needs extra 'd' of black 25.11.0 (aiohttp)"
    assert skipped["google.cloud._storage_v2"]["why"].startswith("needs extra 'grpc' of google-cloud-storage 3.17.1 ")


@pytest.mark.proof
@pytest.mark.parametrize("runtime", ["python3.11", "python3.13"])
def test_large_packages_load_on_arm64(runtime: str, tmp_path: Path) -> None:
    root = sysroot(runtime)
    target = Target.parse(runtime, "arm64")
    wanted = ("numpy", "pandas", "cryptography", "lxml", "pydantic-core")
    archive = pack(tmp_path, target, *wanted, app=SCIENCE)

    verified = verify(archive, *asked(target, root), "--handler", "app.handler", "--timeout", "300", folder=tmp_path)

    assert verified.done.exit_code == 0, verified.done.text
    assert {"numpy", "pandas", "cryptography", "lxml", "pydantic_core"} <= verified.of("loaded").keys()
    assert json.loads(verified.of("answered")["app.handler"]["response"]) == [3, 4.0]


def test_ctrl_c_ends_what_was_loaded(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    archive = make_zip(tmp_path / "shop.zip", {"hangs.py": code})
    target = our_target()
    interrupt = f"""
import os, pathlib, signal, threading, time
def wait():
    while not pathlib.Path({str(mark)!r}).exists():
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=wait, daemon=True).start()
import sys
from lambda_pack.frontends.cli import main
sys.exit(main(sys.argv[1:]))
"""
    named = ("--runtime", target.runtime.name, "--architecture", target.architecture.value, "--with", "host")

    done = run((sys.executable, "-c", interrupt, "verify", archive, *named), MACHINE, folder=tmp_path)

    assert done.exit_code == 130, done.text
    process = int(mark.read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
