"""What is read from a uv.lock is what `uv export` says for the target: the real uv, on indexes of the test's own."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from lambda_pack.errors import UsageError
from lambda_pack.inputs.project import read_inputs
from lambda_pack.model.locked import LockedPackage, needed
from lambda_pack.model.selection import Selection
from lambda_pack.model.targets import Target
from tests.support.index import LoopbackIndex
from tests.support.uv_workspaces import Exported, LockedWorkspace, Release, exported, make_releases

Manifests = Mapping[str, Mapping[str, Any]]
RELEASES = (
    Release("a", "1.0"),
    Release("a", "2.0"),
    Release("b", "1.0", ("a",), {"x": ("c",)}),
    Release("b", "2.0", ("a>=1; python_version >= '3.12'",), {"x": ("c",), "y": ("d; sys_platform == 'linux'",)}),
    Release("c", "1.0", ("d; sys_platform == 'win32'",)),
    Release("c", "2.0", ("d; platform_machine == 'aarch64'", "e[x]")),
    Release("d", "1.0", ("b",)),
    Release("d", "2.0"),
    Release("e", "1.0", (), {"x": ("b[y]",)}),
    Release("e", "2.0", (), {"x": ("a", "d")}),
)
ELSEWHERE = (Release("a", "1.0"), Release("a", "2.0"), Release("c", "2.0"), Release("d", "3.0", ("a",)))
NAMES = ("a", "b", "c", "d", "e")
PLACES = (".", "m1", "m2", "m3")
TARGETS = ("python3.11 x86_64", "python3.12 x86_64", "python3.13 arm64")
MARKERS = (
    "sys_platform == 'linux'",
    "sys_platform == 'win32'",
    "python_version < '3.12'",
    "python_version >= '3.12'",
    "platform_machine == 'aarch64'",
)
BUILD = {"requires": ["hatchling"], "build-backend": "hatchling.build"}


@pytest.fixture(scope="module")
def indexes() -> Iterator[tuple[LoopbackIndex, LoopbackIndex]]:
    """Two indexes with packages of the same names."""
    with tempfile.TemporaryDirectory() as folder:
        make_releases(Path(folder, "one"), RELEASES)
        make_releases(Path(folder, "two"), ELSEWHERE)
        with LoopbackIndex(Path(folder, "one")) as one, LoopbackIndex(Path(folder, "two")) as two:
            yield one, two


def found(folder: Path, selection: Selection, target: Target) -> list[Exported]:
    """What our reading needs, in the words of `exported`."""
    lock = read_inputs([folder], selection, {}).lock
    assert lock is not None
    # `--no-emit-project` leaves out a project that one of its own dependencies needs; in a bundle it must be.
    return sorted(_told(one) for one in needed(lock, target) if one.package.name not in lock.own)


def _told(locked: LockedPackage) -> Exported:
    package = locked.package
    if package.wheels:
        return package.name, str(package.version), str(package.wheels[0].url)
    assert package.directory is not None
    return package.name, "", os.path.normpath(package.directory.path)


def markers() -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.just(""), st.sampled_from(MARKERS))


@st.composite
def requirements(draw: st.DrawFn, names: tuple[str, ...]) -> str:
    name = draw(st.sampled_from(names))
    extras = draw(st.sampled_from(["", "", "[x]", "[y]", "[x,y]"])) if name in "bem1m2m3" else ""
    versions = draw(st.sampled_from(["", "", "==1.0", "==2.0", "<2", ">=1"])) if name in NAMES else ""
    marker = draw(markers())
    return f"{name}{extras}{versions}" + (f"; {marker}" if marker else "")


def lists(names: tuple[str, ...], most: int = 3) -> st.SearchStrategy[list[str]]:
    return st.lists(requirements(names), max_size=most, unique=True)


@st.composite
def workspaces(draw: st.DrawFn) -> Manifests:
    """Manifests by place; the indexes' URLs are put in when they are known."""
    members = PLACES[1 : 1 + draw(st.integers(0, 3))]
    names = (*NAMES, *members)
    manifests = {place: draw(projects("app" if place == "." else place, names)) for place in (".", *members)}
    tool = manifests["."]["tool"]["uv"]
    if members:
        tool["workspace"] = {"members": list(members)}
        tool["sources"] = {name: {"workspace": True} for name in members}
        if draw(st.integers(0, 3)) == 0:
            # A root that is no project.
            for key in ("project", "build-system"):
                manifests["."].pop(key, None)
            tool.pop("package", None)
            tool.pop("conflicts", None)
    for name in draw(st.lists(st.sampled_from(["a", "c", "d"]), max_size=2, unique=True)):
        marker = draw(markers())
        source: Any = {"index": "second", **({"marker": marker} if marker else {})}
        tool.setdefault("sources", {})[name] = [source] if marker else source
    if draw(st.booleans()):
        tool["conflicts"] = [*tool.get("conflicts", ()), *draw(conflicts(manifests))]
    if draw(st.integers(0, 4)) == 0:
        tool["override-dependencies"] = draw(lists(NAMES, 1))
    if draw(st.integers(0, 4)) == 0:
        tool["constraint-dependencies"] = ["a<3", "d<3"]
    if draw(st.integers(0, 4)) == 0:
        tool["dependency-metadata"] = [
            {"name": "b", "requires-dist": ["d", "a; extra == 'x'"], "provides-extra": ["x"]}
        ]
    if draw(st.integers(0, 5)) == 0:
        tool["environments"] = ["sys_platform == 'linux'"]
    return manifests


@st.composite
def projects(draw: st.DrawFn, name: str, names: tuple[str, ...]) -> dict[str, Any]:
    own = (*names, name)
    manifest: dict[str, Any] = {
        "project": {
            "name": name,
            "version": "1.0",
            "requires-python": ">=3.11",
            "dependencies": draw(lists(tuple(one for one in names if one != name))),
            "optional-dependencies": draw(st.dictionaries(st.sampled_from(["x", "y"]), lists(own), max_size=2)),
        },
        "tool": {"uv": {}},
    }
    groups = draw(st.dictionaries(st.sampled_from(["g", "h"]), lists(own), max_size=2))
    if groups:
        manifest["dependency-groups"] = groups
        if len(groups) > 1 and draw(st.booleans()):
            manifest["dependency-groups"]["g"] = [*groups["g"], {"include-group": "h"}]
    if draw(st.booleans()):
        manifest["build-system"] = BUILD
    elif draw(st.booleans()):
        manifest["tool"]["uv"]["package"] = draw(st.booleans())
    if draw(st.integers(0, 2)) == 0:
        manifest["tool"]["uv"]["default-groups"] = sorted(groups)
    parts = [{"extra": one} for one in manifest["project"]["optional-dependencies"]]
    parts += [{"group": one} for one in groups]
    if len(parts) > 1 and draw(st.booleans()):
        manifest["tool"]["uv"]["conflicts"] = [draw(st.lists(st.sampled_from(parts), min_size=2, unique_by=str))]
    return manifest


@st.composite
def conflicts(draw: st.DrawFn, manifests: Manifests) -> list[list[dict[str, str]]]:
    parts: list[dict[str, str]] = []
    for manifest in manifests.values():
        project = manifest.get("project")
        if project is not None:
            parts += [{"package": project["name"], "extra": one} for one in project["optional-dependencies"]]
            parts += [{"package": project["name"], "group": one} for one in manifest.get("dependency-groups", ())]
            parts.append({"package": project["name"]})
    if len(parts) < 2:
        return []
    return draw(st.lists(st.lists(st.sampled_from(parts), min_size=2, max_size=3, unique_by=str), max_size=2))


@st.composite
def selections(draw: st.DrawFn, manifests: Manifests) -> tuple[str, Selection]:
    at = draw(st.sampled_from(sorted(manifests)))
    within = [manifests[at]] if "project" in manifests[at] else list(manifests.values())
    extras = sorted(
        {one for manifest in within for one in manifest.get("project", {}).get("optional-dependencies", ())}
    )
    groups = sorted({one for manifest in within for one in manifest.get("dependency-groups", ())})
    only = draw(st.integers(0, 5)) == 0 and bool(groups)
    chosen = tuple(draw(st.lists(st.sampled_from(groups), unique=True, min_size=int(only)))) if groups else ()
    if only:
        return at, Selection(only_groups=chosen)
    return at, Selection(chosen, tuple(draw(st.lists(st.sampled_from(extras), unique=True))) if extras else ())


def compare(workspace: LockedWorkspace, at: str, selection: Selection) -> None:
    """Export one selection and read it, for all targets."""
    said = workspace.export(selection, at)
    for name in TARGETS:
        target = Target.parse(*name.split())
        if not said.exit_code:
            try:
                read = found(workspace.folder / at, selection, target)
            except UsageError as refusal:
                if not _is_by_dependency(str(refusal), selection):
                    raise
            else:
                assert read == exported(said.output, target, at), name
        elif _is_certain(said.text):
            with pytest.raises(UsageError):
                found(workspace.folder / at, selection, target)


def _is_by_dependency(refusal: str, selection: Selection) -> bool:
    """Whether we refuse a conflict of an extra that no user named, but a dependency: uv 0.13.8 checks the named ones.

    It resolved as if they were never wanted together, so what it exports then is not known to go together.
    """
    extras = frozenset(re.findall(r"'[\w-]+\[([\w-]+)\]'", refusal))
    return "exclude each other in the lock's conflicts" in refusal and bool(extras - frozenset(selection.extras))


def _is_certain(refusal: str) -> bool:
    """Whether what uv 0.13.8 refuses must be refused.

    It refuses projects and groups in conflict without regard to the target, and takes another member's group of the
    same name for a wanted one. It writes a set of conflicts that it finds twice as one of a single entry, and does not
    read that again.
    """
    return "error: Extra" in refusal or not any(
        words in refusal for words in ("are incompatible with the", "must have at least two entries")
    )


def with_index(manifests: Manifests, url: str) -> Manifests:
    """The same, with the second index in the root."""
    root = dict(manifests["."])
    uv = {**root.get("tool", {}).get("uv", {}), "index": [{"name": "second", "url": url, "explicit": True}]}
    return {**manifests, ".": {**root, "tool": {"uv": uv}}}


def project(name: str, *dependencies: str, uv: Mapping[str, Any] | None = None, **tables: Any) -> dict[str, Any]:  # noqa: ANN401
    """A manifest; `extras` and `groups` are tables of their own."""
    manifest: dict[str, Any] = {
        "project": {
            "name": name,
            "version": "1.0",
            "requires-python": ">=3.11",
            "dependencies": list(dependencies),
            "optional-dependencies": tables.get("extras", {}),
        },
        "dependency-groups": tables.get("groups", {}),
        "build-system": BUILD,
        "tool": {"uv": dict(uv or {})},
    }
    return manifest


LIB = project(
    "m1", extras={"old": ["a==1.0"], "new": ["a==2.0"]}, uv={"conflicts": [[{"extra": "old"}, {"extra": "new"}]]}
)
ROOT = {"workspace": {"members": ["m1"]}, "sources": {"m1": {"workspace": True}}}
AGAINST_M1 = {**ROOT, "conflicts": [[{"package": "app", "group": "g"}, {"package": "m1"}]]}
DEEP = {
    "workspace": {"members": ["m1", "m2", "m3"]},
    "sources": {name: {"workspace": True} for name in ("m1", "m2", "m3")},
}
OWN = {"conflicts": [[{"extra": "x"}, {"extra": "y"}], [{"group": "g"}, {"group": "h"}]]}
SECOND = {"sources": {"a": [{"index": "second", "marker": "platform_machine == 'aarch64'"}]}}
SECOND_BY_EXTRA = {"sources": {"a": [{"index": "second", "extra": "x"}]}, "conflicts": OWN["conflicts"][:1]}
VIRTUAL = {
    "dependency-groups": {"g": ["d"]},
    "tool": {"uv": {**ROOT, "default-groups": ["g"]}},
}


@pytest.mark.parametrize(
    ("manifests", "selection", "expected"),
    [
        ({".": project("app", "m1[old]", uv=ROOT), "m1": LIB}, Selection(), {"m1": None, "a": "1.0"}),
        ({".": project("app", "m1[new]", uv=ROOT), "m1": LIB}, Selection(), {"m1": None, "a": "2.0"}),
        ({".": project("app", "m1", uv=ROOT), "m1": LIB}, Selection(), {"m1": None}),
        (
            {
                ".": project("app", "m3", uv=DEEP),
                "m3": project("m3", "m2"),
                "m2": project("m2", "m1[old]", "b; sys_platform == 'win32'"),
                "m1": LIB,
            },
            Selection(),
            {"m1": None, "m2": None, "m3": None, "a": "1.0"},
        ),
        (
            {".": project("app", "b", extras={"x": ["a==1.0"], "y": ["a==2.0"]}, uv=OWN)},
            Selection(extras=("x",)),
            {"a": "1.0", "b": "2.0"},
        ),
        (
            {".": project("app", groups={"g": ["a==1.0", "app[x]"], "h": ["a==2.0"]}, extras={"x": ["d"]}, uv=OWN)},
            Selection(groups=("g",)),
            {"a": "1.0", "d": "2.0"},
        ),
        (
            {".": project("app", "a", extras={"x": ["a==1.0"], "y": ["a==2.0"]}, uv=SECOND_BY_EXTRA)},
            Selection(extras=("x",)),
            {"a": "1.0"},
        ),
        ({".": project("app", "a", uv=SECOND)}, Selection(), {"a": "2.0"}),
        ({".": project("app", "b[y]")}, Selection(), {"a": "2.0", "b": "2.0", "d": "2.0"}),
        ({".": VIRTUAL, "m1": LIB}, Selection(groups=("g",)), {"m1": None, "d": "2.0"}),
        ({".": VIRTUAL, "m1": LIB}, Selection(extras=("old",)), {"m1": None, "a": "1.0"}),
        (
            {
                ".": project("app", groups={"g": ["m1[x]"]}, uv=AGAINST_M1),
                "m1": project("m1", "d", extras={"x": ["b"]}),
            },
            Selection(only_groups=("g",)),
            {"m1": None, "a": "2.0", "b": "2.0", "d": "2.0"},
        ),
    ],
    ids=(
        "conflicting-extra",
        "the-other-extra",
        "no-extra",
        "through-members",
        "own-extras",
        "own-extra-in-a-group",
        "source-by-extra",
        "source-by-marker",
        "extra-of-a-package",
        "group-of-a-virtual-root",
        "extra-at-a-virtual-root",
        "only-a-group-against-a-project",
    ),
)
def test_small_workspaces(
    tmp_path: Path,
    indexes: tuple[LoopbackIndex, LoopbackIndex],
    manifests: Manifests,
    selection: Selection,
    expected: Mapping[str, str | None],
) -> None:
    one, two = indexes
    workspace = LockedWorkspace.written(tmp_path / "shop", with_index(manifests, two.url), one, one.folder.parent)
    locked = workspace.lock()
    assert not locked.exit_code, locked.text
    read = found(workspace.folder, selection, Target.parse("python3.12", "x86_64"))
    assert {name: version or None for name, version, _ in read} == expected
    compare(workspace, ".", selection)
    assert read_inputs([workspace.folder], selection, {}).stale is None


def test_conflicting_extras_together_are_refused(tmp_path: Path, indexes: tuple[LoopbackIndex, LoopbackIndex]) -> None:
    manifest = project("app", extras={"x": ["a==1.0"], "y": ["a==2.0"]}, uv=OWN)
    workspace = LockedWorkspace.written(tmp_path / "shop", {".": manifest}, indexes[0], indexes[0].folder.parent)
    workspace.lock()
    with pytest.raises(UsageError, match=r"'app\[x\]' and 'app\[y\]' exclude each other in the lock's conflicts"):
        found(workspace.folder, Selection(extras=("x", "y")), Target.parse("python3.12", "x86_64"))


def test_a_group_that_names_a_package_of_several_versions_means_all_of_them(
    tmp_path: Path, indexes: tuple[LoopbackIndex, LoopbackIndex]
) -> None:
    # A lock does not say which version a group of a virtual root means. `uv export` gives both, and `uv sync` says
    # that there are several. We refuse them before anything is fetched (tests/model/test_locks.py).
    virtual = {"dependency-groups": {"g": ["a"]}, "tool": {"uv": ROOT}}
    one = indexes[0]
    workspace = LockedWorkspace.written(tmp_path / "shop", {".": virtual, "m1": LIB}, one, one.folder.parent)
    workspace.lock()
    target = Target.parse("python3.12", "x86_64")
    compare(workspace, ".", Selection(groups=("g",)))
    reading = read_inputs([workspace.folder], Selection(groups=("g",)), {})
    assert reading.lock is not None
    versions = [str(one.package.version) for one in needed(reading.lock, target) if one.package.name == "a"]
    assert versions == ["1.0", "2.0"]
    assert "Found multiple packages matching `a`" in workspace.sync(Selection(groups=("g",))).text


def test_default_groups_are_named(tmp_path: Path, indexes: tuple[LoopbackIndex, LoopbackIndex]) -> None:
    manifest = project("app", "a", groups={"dev": ["d"], "web": ["b"]}, uv={"default-groups": ["dev", "web"]})
    workspace = LockedWorkspace.written(tmp_path / "shop", {".": manifest}, indexes[0], indexes[0].folder.parent)
    workspace.lock()
    (warning,) = read_inputs([workspace.folder], Selection(), {}).warnings
    assert "'web' are default groups of" in warning
    assert warning.endswith("pack them with --group web")
    assert read_inputs([workspace.folder], Selection(groups=("web",)), {}).warnings == ()


@pytest.mark.proof
@settings(max_examples=150, derandomize=False, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_generated_workspaces(indexes: tuple[LoopbackIndex, LoopbackIndex], data: st.DataObject) -> None:
    one, two = indexes
    manifests = with_index(data.draw(workspaces()), two.url)
    with tempfile.TemporaryDirectory() as folder:
        workspace = LockedWorkspace.written(Path(folder, "shop"), manifests, one, one.folder.parent)
        locked = workspace.lock()
        assume(not locked.exit_code)
        for _ in range(3):
            at, selection = data.draw(selections(manifests))
            note((workspace.folder / "uv.lock").read_text("utf-8"))
            compare(workspace, at, selection)
