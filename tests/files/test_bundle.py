"""Composing: where the files of wheels go, and who wins where two bring the same path."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.files.collisions import Overridden
from lambda_pack.files.entries import EXECUTABLE, OWN, PLAIN
from lambda_pack.model.choices import Collision
from lambda_pack.model.packages import Pin
from tests.files.bundles import composed, contents, made
from tests.support.wheels import make_wheel

A, B, C = (Pin.parse(name, "1.0") for name in "abc")


@pytest.mark.parametrize(
    ("inside", "at"),
    [
        ("pkg/x.py", "pkg/x.py"),
        ("Foo_Bar-1.0.data/purelib/pkg/x.py", "pkg/x.py"),
        ("Foo_Bar-1.0.data/platlib/pkg/x.so", "pkg/x.so"),
        ("foo.bar-1.0.0.data/data/share/x.txt", "share/x.txt"),
        ("Foo_Bar-1.0.data/scripts/tool", "bin/tool"),
        ("Foo_Bar-1.0.data/headers/x.h", None),
        ("other-1.0.data/purelib/x.py", "other-1.0.data/purelib/x.py"),
        ("foo_bar-1.0.dist-info/METADATA", "foo_bar-1.0.dist-info/METADATA"),
        ("foo_bar-1.0.dist-info/entry_points.txt", "foo_bar-1.0.dist-info/entry_points.txt"),
        ("foo_bar-1.0.dist-info/top_level.txt", "foo_bar-1.0.dist-info/top_level.txt"),
        ("foo_bar-1.0.dist-info/licenses/LICENSE", "foo_bar-1.0.dist-info/licenses/LICENSE"),
        ("foo_bar-1.0.dist-info/licenses/RECORD", "foo_bar-1.0.dist-info/licenses/RECORD"),
        ("foo_bar-1.0.dist-info/RECORD", None),
        ("foo_bar-1.0.dist-info/RECORD.jws", None),
        ("foo_bar-1.0.dist-info/RECORD.p7s", None),
        ("foo_bar-1.0.dist-info/INSTALLER", None),
        ("foo_bar-1.0.dist-info/REQUESTED", None),
        ("foo_bar-1.0.dist-info/direct_url.json", None),
        ("pkg/RECORD", "pkg/RECORD"),
        ("pkg/", None),
    ],
)
@pytest.mark.parametrize("prefix", ["", "python/"])
def test_folding(tmp_path: Path, inside: str, at: str | None, prefix: str) -> None:
    wheel = make_wheel(tmp_path, "foo_bar-1.0-py3-none-any.whl", files={inside: ""})
    always = {f"{prefix}foo_bar-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL")}
    with composed(wheel, prefix=prefix) as bundle:
        assert {entry.path for entry in bundle.entries} - always == ({prefix + at} if at else set()) - always


def test_a_scheme_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", data={"stdlib/os.py": ""})
    with (
        pytest.raises(IntegrityError, match="is for 'stdlib', which is no place that installers know"),
        composed(wheel),
    ):
        pass


def test_modes_come_from_the_wheel(tmp_path: Path) -> None:
    files = {"pkg/tool": b"#!", "pkg/x.py": b""}
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files=files, executable=["pkg/tool"])
    with composed(wheel) as bundle:
        modes = {entry.path: entry.mode for entry in bundle.entries}
    assert (modes["pkg/tool"], modes["pkg/x.py"]) == (EXECUTABLE, PLAIN)


def test_one_wheel_that_unpacks_two_files_to_one_path_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files={"x.py": "1"}, data={"purelib/x.py": "2"})
    with pytest.raises(IntegrityError, match=r"x==1\.0 brings 'x\.py' and 'x\.py', which cannot both"), composed(wheel):
        pass


def test_namespace_packages_merge(tmp_path: Path) -> None:
    wheels = [
        make_wheel(tmp_path, f"{name}-1.0-py3-none-any.whl", files={f"google/{name}/x.py": name}) for name in "abc"
    ]
    with composed(*wheels) as bundle:
        paths = {entry.path for entry in bundle.entries}
        owners = {entry.path: entry.owner for entry in bundle.entries}
    assert {"google/a/x.py", "google/b/x.py", "google/c/x.py"} <= paths
    assert owners["google/b/x.py"] == B


def test_the_same_bytes_twice_are_one_file_whatever_the_order(tmp_path: Path) -> None:
    files = {"tests/__init__.py": "same"}
    wheels = (
        make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files=files),
        make_wheel(tmp_path, "b-1.0-py3-none-any.whl", files=files, compression=0, executable=["tests/__init__.py"]),
        make_wheel(tmp_path, "c-1.0-py3-none-any.whl", files=files),
    )
    seen = set()
    for order in permutations(wheels):
        with composed(*order) as bundle:
            seen.add(tuple((entry.path, entry.owner, entry.mode) for entry in bundle.entries))
            assert bundle.overridden == ()
    assert len(seen) == 1
    assert ("tests/__init__.py", A, EXECUTABLE) in seen.pop()


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ("tests/x.py", "tests/x.py", "tests/x.py"),
        ("tests", "tests/x.py", "tests"),
        ("tests/x.py", "tests", "tests/x.py"),
        ("t/u", "t/u/v/w.py", "t/u"),
        ("t/u/v/w.py", "t/u", "t/u/v/w.py"),
    ],
)
def test_different_bytes_or_a_file_for_a_folder(tmp_path: Path, first: str, second: str, path: str) -> None:
    a = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={first: "one"})
    b = make_wheel(tmp_path, "b-1.0-py3-none-any.whl", files={second: "two"})
    with pytest.raises(UsageError, match=f"'{path}' by a==1.0 and b==1.0; .*--on-collision last"), composed(a, b):
        pass
    for order, kept, loser in (((a, b), second, A), ((b, a), first, B)):
        with composed(*order, on_collision=Collision.LAST) as bundle:
            content = contents(bundle)
            assert content[kept] == (b"two" if kept == second and loser == A else b"one")
            assert [lost.loser for lost in bundle.overridden] == [loser]
            assert {first, second} & content.keys() == {kept}


def test_a_file_may_take_the_place_of_a_folder_and_a_folder_its_place(tmp_path: Path) -> None:
    wheels = [
        make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"t/u/x.py": "1", "t/y.py": "1"}),
        make_wheel(tmp_path, "b-1.0-py3-none-any.whl", files={"t": "2"}),
        make_wheel(tmp_path, "c-1.0-py3-none-any.whl", files={"t/u/x.py": "3"}),
    ]
    with composed(*wheels, on_collision=Collision.LAST) as bundle:
        found = {path: content for path, content in contents(bundle).items() if path.startswith("t")}
        assert found == {"t/u/x.py": b"3"}
        assert Overridden("t", B, C) in bundle.overridden


def test_own_code_wins_and_says_so(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"app.py": "theirs", "same.py": "same"})
    own = [made("app.py", b"mine"), made("same.py", b"same"), made("handler.py", b"h")]
    with composed(wheel, own=own, prefix="python/") as bundle:
        assert contents(bundle)["python/app.py"] == b"mine"
        assert bundle.overridden == (Overridden("python/app.py", A, OWN),)
        assert dict(bundle.sizes)[OWN] == len(b"mine") + len(b"h")
        assert bundle.unzipped_size == sum(map(len, contents(bundle).values()))


def test_path_files_are_found_where_python_would(tmp_path: Path) -> None:
    files = {
        "a-nspkg.pth": "import sys, types\n",
        "b.pth": "# import nothing\n./lib\n",
        "pkg/c.pth": "import os\n",
        "d.pth.txt": "",
    }
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files=files)
    with composed(wheel, prefix="python/") as bundle:
        found = [(file.path, file.owner, file.runs_code) for file in bundle.path_files]
    assert found == [("python/a-nspkg.pth", A, True), ("python/b.pth", A, False)]


def test_many_collisions_are_counted(tmp_path: Path) -> None:
    a = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={f"t/{number}": "1" for number in range(15)})
    b = make_wheel(tmp_path, "b-1.0-py3-none-any.whl", files={f"t/{number}": "2" for number in range(15)})
    with pytest.raises(UsageError, match="and 5 more"), composed(a, b):
        pass
