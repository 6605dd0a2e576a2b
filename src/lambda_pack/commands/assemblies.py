"""A CDK assembly written anew: assets replaced by zips, and everything that names them by what they hold renamed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.files.whole import scratch_folder, writing_to
from lambda_pack.inputs.cdk import ASSET, documents_of

__all__ = ["write_assembly"]


def write_assembly(assembly: Path, zips: Mapping[Path, Path], into: Path) -> None:
    """Copy an assembly, with a zip in the place of each of these folders of assets; whole or not at all.

    The CDK publishes an asset under its name, once: with other contents it must have another name, and so must each
    template that names it.

    Raises:
        UsageError: something else lies where the copy shall be.
    """
    if into.exists() and not (into / "manifest.json").is_file():
        raise UsageError(f"{into.as_posix()!r} is there and is no assembly of the CDK; name another place")
    into = into.absolute()
    with writing_to(into):
        into.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(str(into.parent)) as name:
            scratch = Path(name)
            made = scratch / into.name
            shutil.copytree(assembly, made, symlinks=True, ignore=shutil.ignore_patterns(*(one.name for one in zips)))
            renamed = dict(_placed(assembly, zips, made))
            _rename(made, renamed)
            if into.exists():
                into.rename(scratch / "before")
            made.rename(into)


def _placed(assembly: Path, zips: Mapping[Path, Path], made: Path) -> Iterator[tuple[str, str]]:
    """The zips copied; the old name and the new one of each asset."""
    for folder, archive in zips.items():
        content = archive.read_bytes()
        name = hashlib.sha256(content).hexdigest()
        (made / folder.relative_to(assembly).with_name(f"asset.{name}.zip")).write_bytes(content)
        yield folder.name.removeprefix("asset."), name


def _rename(made: Path, renamed: Mapping[str, str]) -> None:
    """Put new names everywhere; a template that has changed gets a new one, which may change another template."""
    zipped = frozenset(renamed.values())
    while renamed:
        changed = []
        for path in documents_of(made, ".json"):
            before = path.read_text("utf-8")
            after = _with_names(before, renamed)
            if after != before:
                path.write_text(after, "utf-8")
                changed.append(path.name)
        renamed = {
            asset: hashlib.sha256((path.parent / source["path"]).read_bytes()).hexdigest()
            for path in documents_of(made, ".assets.json")
            for asset, source in _sources(path)
            if source["path"] in changed and source["path"].endswith(".template.json")
        }
    for path in documents_of(made, ".assets.json"):
        _name_zips(path, zipped)


def _with_names(text: str, renamed: Mapping[str, str]) -> str:
    return ASSET.sub(lambda found: renamed.get(found[0], found[0]), text)


def _sources(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    for asset, file in json.loads(path.read_text("utf-8")).get("files", {}).items():
        if "path" in file.get("source", {}):
            yield asset, file["source"]


def _name_zips(path: Path, zipped: frozenset[str]) -> None:
    document = json.loads(path.read_text("utf-8"))
    for asset in zipped & document.get("files", {}).keys():
        source = document["files"][asset]["source"]
        source |= {"path": f"{source['path']}.zip", "packaging": "file"}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False), "utf-8")
