"""The private environments that the timed programs live in, outside the checkout and kept from run to run."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from benchmarks.processes import Step, output_of

__all__ = ["CHECKOUT", "Product", "cache_folder", "programs_of", "ready_entrypoint", "ready_product", "ready_rivals"]

CHECKOUT = Path(__file__).resolve().parents[1]
_MARKER = "made-from"  # written last: without it the environment is half-made


class Product(Struct, frozen=True):
    """lambda-pack as users have it: `programs` is the folder of the installed console script and its Python.

    `entrypoint` is the command that runs the checkout instead, its environment made before.
    """

    programs: Path
    entrypoint: tuple[str, ...]


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where environments and scratch folders lie: LAMBDA_PACK_BENCHMARKS, else below the user's cache folder."""
    chosen = environ.get("LAMBDA_PACK_BENCHMARKS")
    if chosen:
        return Path(chosen).absolute()
    caches = environ.get("XDG_CACHE_HOME")
    return (Path(caches) if caches else Path.home() / ".cache") / "lambda-pack" / "benchmarks"


def ready_product(folder: Path, environ: Mapping[str, str]) -> Path:
    """The programs of an environment with the checkout installed by pip, not editable; made again when it changed.

    Raises:
        Failed: it cannot be made.
    """
    environment = folder / "product"
    python = programs_of(environment) / "python"
    lock = CHECKOUT / "requirements.lock"
    pip = (str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _make(
        environment,
        f"{sys.version}\n{_digest(lock)}",
        (
            (sys.executable, "-m", "venv", "--clear", str(environment)),
            (*pip, "--no-deps", "--require-hashes", "-r", str(lock)),  # the lock is whole, but for what it leaves out
            (*pip, "--no-deps", str(CHECKOUT)),
        ),
        environ=environ,
    )
    return python.parent


def ready_entrypoint(folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command of the checkout's entrypoint, its environment made.

    It is started by the interpreter itself: a `python3` on PATH may be a shim that takes longer than what it starts.

    Raises:
        Failed: the environment cannot be made.
    """
    command = (sys.executable, str(CHECKOUT / "entrypoint"))
    environments = {"LAMBDA_PACK_ENVIRONMENTS": str(folder / "entrypoint")}
    output_of(Step((*command, "--version"), CHECKOUT), {**environ, **environments})
    return command


def ready_rivals(folder: Path, interpreter: Path, environ: Mapping[str, str]) -> Path:
    """The programs of an environment with the newest uv, pip and aws-lambda-builders; delete it to have newer ones.

    Raises:
        Failed: it cannot be made.
    """
    version = output_of(Step((str(interpreter), "-c", "import sys; print(sys.version)"), folder), environ)
    environment = folder / "rivals"
    python = programs_of(environment) / "python"
    _make(
        environment,
        f"{interpreter}\n{version}",
        (
            (str(interpreter), "-m", "venv", "--clear", str(environment)),
            (str(python), "-m", "pip", "install", "--quiet", "--upgrade", "pip", "uv", "aws-lambda-builders"),
        ),
        environ=environ,
    )
    return python.parent


def programs_of(environment: Path) -> Path:
    """The folder of an environment's programs."""
    return environment / ("Scripts" if sys.platform == "win32" else "bin")


def _make(environment: Path, origin: str, commands: tuple[tuple[str, ...], ...], *, environ: Mapping[str, str]) -> None:
    marker = environment / _MARKER
    if marker.is_file() and marker.read_text("utf-8") == origin:
        return
    environment.parent.mkdir(parents=True, exist_ok=True)
    for command in commands:
        output_of(Step(command, environment.parent), environ)
    marker.write_text(origin, "utf-8")


def _digest(lock: Path) -> str:
    files = [path for path in (CHECKOUT / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    digest = hashlib.sha256()
    for path in (lock, CHECKOUT / "pyproject.toml", *sorted(files)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(CHECKOUT)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
