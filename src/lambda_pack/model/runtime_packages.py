"""The packages that Lambda's Python runtimes bring along, below /var/runtime."""

from __future__ import annotations

from typing import Final

__all__ = ["RUNTIME_PACKAGES"]

RUNTIME_PACKAGES: Final = frozenset(
    {"boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"}
)
"""By normalized name. Their versions move with every update of a runtime, and AWS advises to bring one's own:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-sdk-included (read 2026-11-21)."""
