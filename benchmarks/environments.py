"""The private environments that the timed programs live in, outside the checkout and kept from run to run."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.processes import Step, output_of

__all__ = [
    "CHECKOUT",
    "cache_folder",
    "default_index",
    "programs_of",
    "ready_entrypoint",
    "ready_peer",
    "ready_product",
    "ready_rivals",
]

CHECKOUT = Path(__file__).resolve().parents[1]
_MARKER = "made-from"  # written last: without it the environment is half-made


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
    # The benchmarks' own Python is that of an environment, which takes longer to start than the one it was made with.
    command = (str(getattr(sys, "_base_executable", sys.executable)), str(CHECKOUT / "entrypoint"))
    environments = {"LAMBDA_PACK_ENVIRONMENTS": str(folder / "entrypoint")}
    output_of(Step((*command, "--version"), CHECKOUT), {**environ, **environments})
    return command


def ready_rivals(folder: Path, interpreter: Path, environ: Mapping[str, str]) -> Path:
    """The programs of an environment with the newest uv, pip and aws-lambda-builders; delete it to have newer ones.

    Raises:
        Failed: it cannot be made.
    """
    return ready_peer(folder / "rivals", ("pip", "uv", "aws-lambda-builders"), interpreter, environ=environ)


def ready_peer(environment: Path, packages: Sequence[str], interpreter: Path, *, environ: Mapping[str, str]) -> Path:
    """The programs of an environment with the newest of these packages; delete it to have newer ones.

    Raises:
        Failed: it cannot be made.
    """
    asked = Step((str(interpreter), "-c", "import sys; print(sys.version)"), environment.parent)
    python = programs_of(environment) / "python"
    _make(
        environment,
        f"{interpreter}\n{output_of(asked, environ)}",
        (
            (str(interpreter), "-m", "venv", "--clear", str(environment)),
            (str(python), "-m", "pip", "install", "--quiet", "--upgrade", *packages),
        ),
        environ=environ,
    )
    return python.parent


def default_index(programs: Path, environ: Mapping[str, str]) -> str:
    """The index that pip asks when nobody names one: poetry asks its host by other ways, which a mirror may not have.

    Raises:
        Failed: pip does not say.
    """
    question = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return output_of(Step((str(programs / "python"), "-c", question), programs), environ).strip()


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
