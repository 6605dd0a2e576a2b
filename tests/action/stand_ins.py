"""What the stand-ins of nested actions do: `stand_ins.py setup-python|upload|download`, in a step under act."""

# ruff: noqa: TID251, S310, T201  # a program in a job's step: its input is the environment, its server act's own

from __future__ import annotations

import base64
import fnmatch
import hashlib
import io
import json
import os
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

SERVICE = "twirp/github.actions.results.api.v1.ArtifactService"


def write(file: str, text: str) -> None:
    """Add to one of the runner's files."""
    with Path(os.environ[file]).open("a", encoding="utf-8") as opened:
        opened.write(text)


def setup_python() -> None:
    """Find the interpreter that the real action would have downloaded."""
    import findpython  # the other parts run where only the standard library is

    major, minor = map(int, os.environ["VERSION"].split("."))
    found = findpython.find(major, minor)
    if found is None:
        sys.exit(f"there is no Python {major}.{minor} on this machine")
    write("GITHUB_OUTPUT", f"python-path={found.real_path}\n")
    if os.environ["UPDATE"] == "true":
        write("GITHUB_PATH", f"{found.real_path.parent}\n")


def call(method: str, **fields: str | int) -> Any:  # noqa: ANN401  # JSON
    """One call of the artifact service, as the run and the job that the runtime token names."""
    token = os.environ["ACTIONS_RUNTIME_TOKEN"]
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    scope = next(scope for scope in claims["scp"].split() if scope.startswith("Actions.Results:"))
    _, run, job = scope.split(":")
    document = {"workflow_run_backend_id": run, "workflow_job_run_backend_id": job, **fields}
    request = urllib.request.Request(
        f"{os.environ['ACTIONS_RESULTS_URL'].rstrip('/')}/{SERVICE}/{method}",
        json.dumps(document).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def artifact() -> tuple[str, bytes]:
    """Name and bytes: an archive of stored files or, on request, one file as it is under its own name."""
    workspace = Path(os.environ["GITHUB_WORKSPACE"])
    files = [workspace / line for line in os.environ["FILES"].splitlines() if line]
    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        sys.exit(f"no such files: {missing}")
    if os.environ["ARCHIVE"].lower() == "false":
        if len(files) > 1:
            sys.exit("without an archive there can be one file only")
        return files[0].name, files[0].read_bytes()
    root = Path(os.path.commonpath([file.parent for file in files]))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(root))
    return os.environ["NAME"], packed.getvalue()


def upload() -> None:
    """Create, put, finalize."""
    name, data = artifact()
    created = call("CreateArtifact", name=name, version=4)
    put = urllib.request.Request(f"{created['signedUploadUrl']}&comp=block", data, method="PUT")
    urllib.request.urlopen(put).close()
    digest = hashlib.sha256(data).hexdigest()
    done = call("FinalizeArtifact", name=name, size=str(len(data)), hash=f"sha256:{digest}")
    identity = done["artifactId"]
    address = f"https://github.example/artifacts/{identity}"
    write("GITHUB_OUTPUT", f"artifact-id={identity}\nartifact-digest={digest}\nartifact-url={address}\n")


def download() -> None:
    """List, ask for an address, get; then unpack, each artifact into a folder of its name."""
    into = Path(os.environ["GITHUB_WORKSPACE"], os.environ["INTO"])
    for row in call("ListArtifacts").get("artifacts") or []:
        name = row["name"]
        if not fnmatch.fnmatchcase(name, os.environ["PATTERN"]):
            continue
        with urllib.request.urlopen(call("GetSignedArtifactURL", name=name)["signedUrl"]) as answer:
            data = answer.read()
        zipfile.ZipFile(io.BytesIO(data)).extractall(into / name)
        print(f"downloaded {name}: {len(data)} bytes")


if __name__ == "__main__":
    {"setup-python": setup_python, "upload": upload, "download": download}[sys.argv[1]]()
