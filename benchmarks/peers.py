"""Tools that want a project, a template or a platform file first: each lives in an environment of its own."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.jobs import OWN_PROJECT, Job, Preparation, Programs, zipping
from benchmarks.processes import Failed, Step

__all__ = ["PEERS", "Pex", "Poetry", "Sam", "pinned"]

PEERS = {"sam": ("aws-sam-cli",), "pex": ("pex",), "poetry": ("poetry", "poetry-plugin-lambda-build")}
"""What pip installs for each, by tool."""

_TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: source
      Handler: function.handler
      Runtime: {runtime}
      Architectures: [{architecture}]
"""
_HANDLER = "def handler(event, context):\n    return event\n"

_PROJECT = """\
[project]
name = "{name}"
version = "1.0"
requires-python = "=={version}.*"
dependencies = {dependencies}

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"

[tool.poetry]
packages = [{{ include = "{name}.py" }}]

[tool.poetry-plugin-lambda-build]
package-artifact-path = "bundle.zip"
zip-compression = "ZIP_DEFLATED"
"""
_SOURCE = """
[[tool.poetry.source]]
name = "index"
url = {index}
priority = "primary"
"""


class Sam(Struct, frozen=True):
    """`sam build` on this machine, without a container, then a zip of what it built."""

    programs: Programs
    name: str = "sam"
    title: str = "sam build + zip"
    builds: bool = True

    def before(self, job: Job) -> Preparation:
        """A template of one function."""
        template = _TEMPLATE.format(runtime=job.target.runtime, architecture=job.target.architecture)
        requirements = job.requirements.read_text("utf-8")
        files = {"template.yaml": template, "source/function.py": _HANDLER, "source/requirements.txt": requirements}
        return Preparation(files)

    def steps(self, job: Job) -> Sequence[Step]:
        """It takes the runtime's Python from PATH, where the rivals' is first."""
        options = ("--template", "template.yaml", "--build-dir", str(job.folder / "built"))
        command = (self.programs.peer(self.name, "sam"), "build", *options)
        return (Step(command, job.folder), zipping(self.programs, job, "built/Function"))

    def archive(self, job: Job) -> Path:
        """Where zip put it."""
        return job.folder / "bundle.zip"


class Pex(Struct, frozen=True):
    """`pex3 venv create --layout flat-zipped`, which pex has for Lambda."""

    programs: Programs
    name: str = "pex"
    title: str = "pex"
    builds: bool = False

    def before(self, job: Job) -> Preparation:
        """The platform in pex's own form: the runtime's markers and tags."""
        described = {"marker_environment": dict(job.target.markers), "compatible_tags": list(job.target.tags)}
        return Preparation({"platform.json": json.dumps(described)})

    def steps(self, job: Job) -> Sequence[Step]:
        """One process; it bootstraps a pip of its own where its cache has none."""
        options = ("--layout", "flat-zipped", "--complete-platform", "platform.json", "--use-pip-config")
        cache = ("--pex-root", str(job.cache / "pex"), "-d", str(job.folder / "bundle"))
        locked = ("--intransitive",) if job.pylock else ()
        command = (self.programs.peer(self.name, "pex3"), "venv", "create", *options, *cache, *locked)
        return (Step((*command, "-r", str(job.requirements)), job.folder),)

    def archive(self, job: Job) -> Path:
        """Beside the folder."""
        return job.folder / "bundle.zip"


class Poetry(Struct, frozen=True):
    """`poetry lock` where nothing is locked, and `poetry build-lambda` without a container."""

    programs: Programs
    name: str = "poetry"
    title: str = "poetry-plugin-lambda-build"
    builds: bool = True

    def before(self, job: Job) -> Preparation:
        """A project that depends on what is packed; its lock is made before where the versions are known."""
        source = _SOURCE.format(index=json.dumps(job.index or self.programs.index))
        dependencies = json.dumps(pinned(job.requirements.read_text("utf-8")))
        project = _PROJECT.format(name=OWN_PROJECT, version=job.target.version, dependencies=dependencies)
        locking = (self._lock(job),) if job.pylock else ()
        return Preparation({"pyproject.toml": project + source, f"{OWN_PROJECT}.py": _HANDLER}, locking)

    def steps(self, job: Job) -> Sequence[Step]:
        """Raises Failed for another machine than this one: without a container its pip installs for where it runs."""
        if job.target.machine != platform.machine():
            raise Failed(f"without a container it packs for {platform.machine()} only, where it runs")
        build = Step((self.programs.peer(self.name, "poetry"), "build-lambda"), job.folder)
        return (build,) if job.pylock else (self._lock(job), build)

    def archive(self, job: Job) -> Path:
        """Where the project says."""
        return job.folder / "bundle.zip"

    def _lock(self, job: Job) -> Step:
        return Step((self.programs.peer(self.name, "poetry"), "lock"), job.folder)


def pinned(requirements: str) -> list[str]:
    r"""The requirements without their hashes.

    >>> pinned("six==1.0 \\\n    --hash=sha256:00\nboto3\n")
    ['six==1.0', 'boto3']
    """
    lines = [line for line in requirements.splitlines() if line and not line.startswith((" ", "#", "-"))]
    return [line.rstrip(" \\") for line in lines]
