"""Runs aws-lambda-builders once: `builders_program.py SOURCE ARTIFACTS SCRATCH RUNTIME ARCHITECTURE`.

It lives in the rivals' environment and uses the public Python interface of the package, as AWS SAM does.
"""

import sys
from pathlib import Path

from aws_lambda_builders.builder import LambdaBuilder  # type: ignore[import-not-found]  # only the rivals have it


def main() -> None:
    """Build SOURCE/requirements.txt into ARTIFACTS."""
    source, artifacts, scratch, runtime, architecture = sys.argv[1:]
    for folder in (artifacts, scratch):
        Path(folder).mkdir(parents=True)
    builder = LambdaBuilder(language="python", dependency_manager="pip", application_framework=None)
    manifest = str(Path(source, "requirements.txt"))
    builder.build(source, artifacts, scratch, manifest, runtime=runtime, architecture=architecture)


if __name__ == "__main__":
    main()
