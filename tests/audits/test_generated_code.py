"""Real generated code beside real releases of protobuf: our verdict against what an interpreter does with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from lambda_pack.model.audit import judge_binaries
from lambda_pack.model.binaries import Generated
from lambda_pack.model.findings import Concern, errors_in
from lambda_pack.model.targets import Target
from tests.audits.importing import files_of, imported, installed

pytestmark = [pytest.mark.network, pytest.mark.proof]


@pytest.mark.parametrize(
    ("requirement", "protobuf", "is_refused"),
    [
        # written by protoc before 3.19
        ("opentelemetry-proto==1.11.1", "3.20.3", False),
        ("opentelemetry-proto==1.11.1", "4.25.8", True),
        ("googleapis-common-protos==1.52.0", "3.20.3", False),
        ("googleapis-common-protos==1.52.0", "5.29.5", True),
        # by protoc 3.19 to 5.26, which leaves no mark
        ("opentelemetry-proto==1.27.0", "3.20.3", False),
        ("opentelemetry-proto==1.27.0", "6.33.1", False),
        ("qdrant-client==1.15.1", "4.25.8", False),
        ("qdrant-client==1.15.1", "6.33.1", False),
        # by protoc 5.27 or newer, which says its own version
        ("googleapis-common-protos==1.70.0", "4.25.8", False),
        ("grpcio-health-checking==1.71.0", "4.25.8", True),
        ("grpcio-health-checking==1.71.0", "5.29.5", False),
        ("grpcio-health-checking==1.71.0", "6.33.1", False),
        ("tensorboard==2.21.0", "5.29.5", True),
        ("tensorboard==2.21.0", "6.33.1", False),
        # with services
        ("mlflow-skinny==2.9.2", "6.33.1", True),
    ],
)
def test_generated_code_beside_releases_of_protobuf(
    tmp_path: Path, requirement: str, protobuf: str, *, is_refused: bool
) -> None:
    folder = installed(tmp_path, "3.12", requirement, beside=f"protobuf=={protobuf}")
    files = files_of(folder, requirement)

    found = judge_binaries({"": files}, Target.parse("python3.12"), releases={"protobuf": Version(protobuf)})[""]

    errors = errors_in(one for one in found if one.concern is Concern.RELEASE)
    assert bool(errors) == is_refused
    suspects = [one.path for one in errors] or [one.path for one in files if isinstance(one.binary, Generated)]
    modules = [path.removesuffix(".py").replace("/", ".") for path in suspects if "grpc.py" not in path]
    outcomes = imported(folder, "3.12", modules[:20])
    assert all(outcomes.values()) if is_refused else not any(outcomes.values())
