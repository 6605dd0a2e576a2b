"""The usual names of templates that deploy functions, for messages to users who did not name theirs as one."""

from __future__ import annotations

from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import shown

__all__ = ["refuse_template", "template_hint"]

_NAMES = ("template.yaml", "template.yml", "serverless.yml", "serverless.yaml", "cdk.out")


def template_hint(folder: Path) -> str:
    """Return the end of a message that says how the template in a folder is packed; empty where it has none."""
    found = next((folder / name for name in _NAMES if (folder / name).exists()), None)
    if found is None:
        return ""
    return f"; the functions of {found.name} are packed with `lambda-pack pack --template {shown(found).as_posix()}`"


def refuse_template(path: Path) -> None:
    """Refuse a file that is a template by its name, where something else is read.

    Raises:
        UsageError: it is one.
    """
    if path.name in _NAMES:
        place = shown(path).as_posix()
        raise UsageError(
            f"{place!r} is a template; its functions are packed with `lambda-pack pack --template {place}`"
        )
