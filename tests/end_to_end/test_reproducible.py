"""Same input, same bytes: whatever the machine, the day, the order and the interpreter."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from lambda_pack.tools.interpreters import find_interpreter
from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_project, make_wheel

CHECKOUT = Path(__file__).parents[2]
OTHER = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "4711", "USER": "somebody"}
# Becomes the command, with another umask.
WITH_UMASK = "import os, sys; os.umask(0o077); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project with dependencies of every origin, and code of its own."""
    folder = work.index.folder
    make_wheel(folder, "one-1.0-py3-none-any.whl", requires=["two"], executable=["one.py"], streamed=True)
    make_wheel(folder, "two-1.0-py3-none-any.whl", files={f"two/{name}.py": name for name in "zyx"})
    make_project(work.folder / "lib", "built", files={"built/__init__.py": "", "built/data.txt": "x" * 5000})
    work.write("requirements.txt", "one", "./lib", "two")
    work.write("src/handler.py", "def handler(event, context): ...", *("# text" for _ in range(500)))
    work.write("src/été/ä.txt", "ß")
    return work


def test_another_machine_makes_the_same_bytes(shop: Workplace, tmp_path: Path) -> None:
    first = shop.packed("--source", "src")
    assert str(tmp_path) not in first.lock_path.read_text("utf-8") + json.dumps(first.report["packages"])

    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(shop.folder / "src", elsewhere / "code")
    shutil.copytree(shop.folder / "lib", elsewhere / "needs" / "projects" / "built")
    for number, path in enumerate(sorted(elsewhere.rglob("*"))):
        os.utime(path, (number * 1e8, number * 1e8))
    (elsewhere / "needs" / "requirements.txt").write_text("two\n\n./projects/built # 1\none\n", encoding="utf-8")
    done = shop.run(
        *(sys.executable, "-c", WITH_UMASK),
        *shop.command("pack", "-r", "needs/requirements.txt", "--source", "code", "-o", "out", "--no-cache"),
        extra=OTHER,
        folder=elsewhere,
    )

    assert done.exit_code == 0, done.text
    assert (elsewhere / "out" / "needs-python3.13-arm64.zip").read_bytes() == first.bytes


def test_the_order_of_lines_does_not_matter(shop: Workplace) -> None:
    lines = ["one", "two==1.0", 'six; python_version < "3"']
    made = set()
    for seed in (1, 2):
        shop.write("requirements.txt", *random.Random(seed).sample(lines, len(lines)))  # noqa: S311  # no secret
        packed = shop.packed()
        made.add((packed.bytes, packed.lock_path.read_bytes()))

    assert len(made) == 1


@pytest.mark.network
@pytest.mark.parametrize("python", [(3, 12), (3, 13)], ids=["3.12", "3.13"])
def test_another_interpreter_makes_the_same_bytes(shop: Workplace, python: tuple[int, int], tmp_path: Path) -> None:
    """The entrypoint makes an environment for that interpreter, with dependencies from the real index."""
    interpreter = find_interpreter(python, environ=os.environ)  # noqa: TID251  # the machine's interpreters
    if interpreter is None:
        pytest.skip(f"there is no Python {python[0]}.{python[1]} here")
    first = shop.packed("--source", "src")
    # What fetches the environment needs this machine's settings; what packs is told everything on its command line.
    machine = {**os.environ, "LAMBDA_PACK_ENVIRONMENTS": str(tmp_path / "environments")}  # noqa: TID251  # as above
    ready = shop.run(interpreter, CHECKOUT / "entrypoint", "--version", extra=machine)
    assert ready.exit_code == 0, ready.text

    command = shop.command("pack", "--source", "src", "-o", tmp_path / "other")[3:]
    extra = {"LAMBDA_PACK_ENVIRONMENTS": machine["LAMBDA_PACK_ENVIRONMENTS"]}
    done = shop.run(interpreter, CHECKOUT / "entrypoint", *command, extra=extra)

    assert done.exit_code == 0, done.text
    assert next((tmp_path / "other").glob("*.zip")).read_bytes() == first.bytes
