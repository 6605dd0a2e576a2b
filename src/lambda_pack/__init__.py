"""Turn a Python project's dependencies into an AWS Lambda or Glue bundle that really loads."""

__version__ = "0.1.0"
