"""`lambda-pack verify --with container`, in an image that is made here: no AWS image can be had on every machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambda_pack.model.targets import Architecture
from tests.container.podman import Podman
from tests.end_to_end.command import COMMAND
from tests.support.here import our_target
from tests.support.processes import run
from tests.support.zips import make_zip

pytestmark = pytest.mark.proof

APP = """
import os, pathlib, socket
import shared

def reachable():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    except OSError as error:
        return type(error).__name__
    return "reachable"

def handler(event, context):
    writable = [place for place in ("/var/task", "/opt", "/tmp", "/") if os.access(place, os.W_OK)]
    seen = pathlib.Path("/proc/self/environ").read_bytes().decode()
    return {"event": event, "user": os.getuid(), "writable": writable, "network": reachable(),
            "secret": "hunter2" in seen, "table": os.environ["TABLE"], "variables": sorted(os.environ)}

def hangs(event, context):
    while True:
        pass
"""


def test_a_function_with_a_layer_in_a_container(podman: Podman, tmp_path: Path) -> None:
    architecture = our_target().architecture
    if architecture is not Architecture.X86_64:
        pytest.skip(f"an image of this machine's architecture is made, and it is {architecture.value}")
    image = podman.debian("bookworm", "ca-certificates", "python3")
    function = make_zip(tmp_path / "shop-python3.11-x86_64.zip", {"app.py": APP})
    layer = make_zip(tmp_path / "layer.zip", {"python/shared.py": ""})
    # Both engines would hand over a proxy; this one is of no use to whoever asks the index for awslambdaric before.
    secrets = {"ftp_proxy": "http://me:hunter2@proxy.example:3128", "AWS_SECRET_ACCESS_KEY": "hunter2"}
    environment = {**podman.on_path(), **secrets}
    options = ("--with", "container", "--image", image, "--layer", layer, "--env", "TABLE=orders", "--json")

    done = run((*COMMAND, "verify", function, *options, "--handler", "app.handler"), environment, folder=tmp_path)

    assert done.exit_code == 0, done.text
    document = json.loads(done.output)
    assert document["loader"].startswith(f"python3.11 in a container of {image} (")
    assert document["loader"].endswith("started by podman")
    outcomes = {one["what"]: one for one in document["outcomes"]}
    assert outcomes.keys() == {"app", "shared", "app.handler"}
    answer = json.loads(outcomes["app.handler"]["response"])
    assert (answer["user"], answer["writable"]) == (65534, ["/tmp"])  # noqa: S108  # the container's
    assert answer["network"] == "OSError"
    assert (answer["secret"], answer["table"]) == (False, "orders")
    assert "container" not in answer["variables"]

    hung = run(
        (*COMMAND, "verify", function, *options, "--handler", "app.hangs", "--timeout", "5"),
        environment,
        folder=tmp_path,
    )

    assert hung.exit_code == 3, hung.text
    (failed,) = (one for one in json.loads(hung.output)["outcomes"] if one["outcome"] == "failed")
    assert failed["error"] == "Sandbox.Timedout: Task timed out after 5.00 seconds"
    assert failed["file"] == "/var/task/app.py"
    assert podman.podman("ps", "--all", "--quiet").output == ""
