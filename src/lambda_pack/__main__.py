"""`python -m lambda_pack`, and the `lambda-pack` command."""

from __future__ import annotations

import gc
import sys

from lambda_pack.frontends import cli

__all__ = ["main"]


def main() -> int:
    """Run the command and return its exit code; the process ends then."""
    code = cli.main()
    # Python looks once more for circles of references when it ends: 50 ms for what goes with the process anyway.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
