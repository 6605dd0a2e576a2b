"""Turn a Python project's dependencies into an AWS Lambda or Glue bundle that really loads.

The library: `pack` for a whole archive, `PythonPipDependencyBuilder` for a folder that already holds code.
"""

from __future__ import annotations

from lambda_pack.model.product import VERSION as __version__  # noqa: N811  # the name that Python gives it

TYPE_CHECKING = False  # `typing` costs 8 ms, and the command line may need none of it
if TYPE_CHECKING:
    from typing import Any

    from lambda_pack.errors import LambdaPackError, UnmetDependencies
    from lambda_pack.frontends.library import Config, PythonPipDependencyBuilder, pack
    from lambda_pack.model.own_code import OwnCode
    from lambda_pack.model.request import PackRequest
    from lambda_pack.model.slimming import Slimming
    from lambda_pack.model.targets import Target

__all__ = [
    "Config",
    "LambdaPackError",
    "OwnCode",
    "PackRequest",
    "PythonPipDependencyBuilder",
    "Slimming",
    "Target",
    "UnmetDependencies",
    "__version__",
    "pack",
]

_HOMES = {
    "Config": "lambda_pack.frontends.library",
    "LambdaPackError": "lambda_pack.errors",
    "OwnCode": "lambda_pack.model.own_code",
    "PackRequest": "lambda_pack.model.request",
    "PythonPipDependencyBuilder": "lambda_pack.frontends.library",
    "Slimming": "lambda_pack.model.slimming",
    "Target": "lambda_pack.model.targets",
    "UnmetDependencies": "lambda_pack.errors",
    "pack": "lambda_pack.frontends.library",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # what it gives depends on the name
    """Import what is asked for when it is asked for: the command line must not pay for the library."""
    if name not in _HOMES:
        raise AttributeError(f"module 'lambda_pack' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
