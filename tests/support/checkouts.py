"""Small checkouts with the real `entrypoint`, whose packages come from an index that the test has made."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from tests.support.index import LoopbackIndex
from tests.support.processes import Finished, run
from tests.support.wheels import make_wheel

__all__ = ["Checkout", "locked", "make_checkout"]

HOUSE = Path(__file__).parents[2]
MAIN = """\
import os
import sys
from lambda_pack.errors import LambdaPackError
from lambda_pack.tools.parts import Part, need

def main():
    import snowflake
    print(snowflake.__version__, *sys.argv, sep="|")
    try:
        for name in sys.argv[2:] if sys.argv[1:2] == ["need"] else ():
            need(Part(name))
    except LambdaPackError as error:
        print("error:", error, file=sys.stderr)
        return error.exit_code
    if sys.argv[1:2] == ["find-uv"]:
        from lambda_pack.tools.uv_program import find_uv
        print(find_uv(os.environ))
    if sys.argv[1:2] == ["need"]:
        import hailstone
        print(hailstone.__version__)
    return 0
"""
# What parts are fetched by: nothing that is not in the standard library.
OURS = (
    *("__init__.py", "errors.py", "model/product.py", "tools/__init__.py", "tools/environment.py", "tools/parts.py"),
    *("tools/process.py", "tools/uv_program.py"),
)


class Checkout(Struct, frozen=True):
    """A checkout with one dependency, one more in the part "deliver", and a small uv in the part "resolve".

    `environment` is what its processes see.
    """

    folder: Path
    cache: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, python: str = sys.executable, **more: str) -> Finished:
        """Runs the entrypoint to its end; `more` are further environment variables."""
        command: tuple[str | Path, ...] = (python, self.folder / "entrypoint", *arguments)
        return run(command, {**self.environment, **more}, folder=self.folder, timeout=60)

    def made(self, part: str = "core") -> list[Path]:
        """The environments in which a part is whole."""
        places = self.cache.glob(f"lambda-pack/environments/*/{part}/made-from.lock")
        return [marker.parents[1] for marker in places]

    @property
    def lock(self) -> Path:
        """The lock that the environment is made from."""
        return self.folder / "requirements.lock"


def locked(wheel: Path) -> str:
    """The lines of a lock for a wheel or an sdist."""
    name, version = wheel.name.removesuffix(".tar.gz").split("-")[:2]
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def make_checkout(folder: Path, index: LoopbackIndex, environment: Mapping[str, str]) -> Checkout:
    """A checkout whose lock names `snowflake`, and `hailstone` in the part "deliver"."""
    checkout = folder / "check out"  # with a space, as on many a machine
    for name in OURS:
        (checkout / "src" / "lambda_pack" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(HOUSE / "src" / "lambda_pack" / name, checkout / "src" / "lambda_pack" / name)
    (checkout / "src" / "lambda_pack" / "__main__.py").write_text(MAIN, "utf-8")
    snowflake = make_wheel(index.folder, "snowflake-1.0-py3-none-any.whl")
    hailstone = make_wheel(index.folder, "hailstone-2.0-py3-none-any.whl")
    program = {"uv/__init__.py": b"def find_uv_bin():\n    return 'the one that was fetched'\n"}
    uv = make_wheel(index.folder, "uv-9.0-py3-none-any.whl", files=program)
    parts = {"core": snowflake, "deliver": hailstone, "resolve": uv}
    text = "\n".join(f"# part: {part}\n{locked(wheel)}" for part, wheel in parts.items())
    (checkout / "requirements.lock").write_text(text, "utf-8")
    shutil.copy2(HOUSE / "entrypoint", checkout)
    shutil.copytree(
        HOUSE / "script" / "environment",
        checkout / "script" / "environment",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    cache = folder / "cache"
    path = os.pathsep.join(["/usr/bin", "/bin"])  # no uv there
    settings = {**environment, "PATH": path, "XDG_CACHE_HOME": str(cache), "PIP_INDEX_URL": index.url}
    return Checkout(checkout, cache, settings)
