"""What `--json` prints where a command ends before it has its own document to print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from lambda_pack.errors import LambdaPackError

__all__ = ["ERROR_VERSION", "telling_errors"]

ERROR_VERSION = 1


@contextmanager
def telling_errors(*, as_json: bool) -> Iterator[None]:
    """Print an error of the block as a JSON document, too, where that is asked for: every exit has one document."""
    try:
        yield
    except LambdaPackError as error:
        if as_json:
            details = {"exit_code": error.exit_code, "message": str(error), "log": error.log}
            document = {"schema_version": ERROR_VERSION, "error": details}
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        raise
