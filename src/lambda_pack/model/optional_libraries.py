"""Extension modules that may fail to load: their packages try them and go on without, one row of evidence each."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

from msgspec import Struct

__all__ = ["OPTIONAL", "Optional", "is_optional"]


class Optional(Struct, frozen=True):
    """Files by a pattern for their path in the wheel; `evidence` says how it is known that nothing depends on them.

    With `beside`, they may only fail for the release of that package: what else they need, they need.
    """

    pattern: str
    evidence: str
    checked: date
    beside: str | None = None


OPTIONAL = (
    Optional(
        "debugpy/_vendored/pydevd/_pydevd_bundle/pydevd_cython.*",
        "debugpy 1.8.22, whose wheel for every system has one for Windows: pydevd_trace_dispatch falls back to Python",
        date(2026, 11, 28),
    ),
    Optional(
        "debugpy/_vendored/pydevd/_pydevd_frame_eval/pydevd_frame_evaluator.*",
        "debugpy 1.8.22: pydevd_frame_eval_main goes on without frame evaluation",
        date(2026, 11, 28),
    ),
    Optional(
        "debugpy/_vendored/pydevd/pydevd_attach_to_process/attach_*",
        "debugpy 1.8.22: add_code_to_python_process loads it, to attach to another process",
        date(2026, 11, 28),
    ),
    Optional(
        "numba/np/ufunc/tbbpool.*",
        "numba.np.ufunc.parallel tries the threading layers tbb, omp and workqueue in turn",
        date(2026, 11, 26),
    ),
    Optional(
        "numba/np/ufunc/omppool.*",
        "numba.np.ufunc.parallel tries the threading layers tbb, omp and workqueue in turn",
        date(2026, 11, 26),
    ),
    Optional(
        "PIL/_typing.*",
        "pillow 13.0.0: imported by type checkers alone, and from numbers, which has no _IntegralLike",
        date(2026, 11, 28),
    ),
    Optional(
        "pyarrow/cuda.*",
        "pyarrow 26.0.1: wheels are built without CUDA, so pyarrow.cuda has no pyarrow._cuda; nothing imports it",
        date(2026, 11, 28),
    ),
    Optional(
        "shapely/vectorized/_vectorized.*",
        "shapely 1.8.5 beside numpy 2.0.2: `import shapely` and its geometries work, only shapely.vectorized does not",
        date(2026, 11, 28),
        beside="numpy",
    ),
    Optional(
        "torch/lib/libtorch_python.so",
        "torch goes on with the warning 'Failed to initialize NumPy' (torch/csrc/utils/tensor_numpy.cpp); only tensors "
        "from and to NumPy fail",
        date(2026, 11, 28),
        beside="numpy",
    ),
)


def is_optional(path: str, *, beside: str | None = None) -> bool:
    """Whether a row says that nothing depends on the file; `beside` names the package whose release it is not for."""
    rows = (row for row in OPTIONAL if row.beside in {None, beside})
    return any(fnmatchcase(path, f"*{row.pattern}") for row in rows)
