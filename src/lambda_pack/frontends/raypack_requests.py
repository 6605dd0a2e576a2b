"""What `[tool.raypack]` says, where nobody says anything else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.frontends.target_requests import layout_of
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given

__all__ = ["of_raypack"]

# Whoever says one of these means none of the others.
_TOGETHER = (("project", "source"), ("input", "requirements"), ("s3-bucket", "s3-uri"))


def of_raypack(said: Mapping[str, Given], folder: Path, project: Path) -> dict[str, Given]:
    """For the layout of Glue for Ray: the settings of the table, and the project's own code; nothing for others.

    `project` is relative to `folder`, as the user named it.

    Raises:
        UsageError: the table has a value of the wrong kind, or would upload to nowhere.
    """
    if layout_of(said) is not Layout.GLUE_RAY or not (folder / project).is_dir():
        return {}
    from lambda_pack.inputs.raypack import raypack_settings  # few bundles are for Ray

    # PROJECT says where to look, and leaves open which of its files counts.
    taken = {name for name, given in said.items() if (name, given.values) != ("requirements", (str(project),))}
    taken |= {name for names in _TOGETHER for name in names if not taken.isdisjoint(names)}
    found = {name: value for name, value in raypack_settings(folder / project).items() if name not in taken}
    if not found.get("s3-bucket", "any"):
        raise UsageError("upload_to_s3 in [tool.raypack] needs s3_bucket_name; write it there, or say --s3-uri")
    paths = {name: str(project / found[name]) for name in ("input", "project") if name in found}
    return {name: Given((value,), "[tool.raypack]") for name, value in (found | paths).items()}
