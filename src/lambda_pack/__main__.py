"""`python -m lambda_pack`, and the `lambda-pack` command."""

from __future__ import annotations

import sys

from lambda_pack.frontends.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
