"""The RECORD of each distribution in a bundle: true, complete, and readable by importlib.metadata."""

from __future__ import annotations

import hashlib
import importlib.metadata
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from lambda_pack.files.bundle import Bundle
from lambda_pack.files.records import without_lines
from lambda_pack.files.tree import write_tree
from lambda_pack.model.choices import DistInfo, Part
from lambda_pack.model.slimming import Slimming
from tests.files.bundles import composed, contents, made
from tests.support.wheels import make_wheel


def shop_wheel(folder: Path) -> Path:
    """A wheel with everything that a RECORD may have to say."""
    return make_wheel(
        folder,
        "Shop-1.0-py3-none-any.whl",
        files={"shop/__init__.py": "x", "shop/tests/test_it.py": "", 'shop/a,"b".txt': "odd"},
        data={"scripts/shop": "#!python\nimport shop\n", "data/share/shop.txt": "", "headers/shop.h": ""},
        entry_points={"console_scripts": {"shops": "shop:main"}},
    )


def checked(bundle: Bundle, folder: Path, name: str, *, prefix: str = "") -> set[str]:
    """The files that the distribution names, each compared with what is there, as importlib.metadata reads them."""
    write_tree(bundle, folder)
    (found,) = [one for one in importlib.metadata.distributions(path=[str(folder / prefix)]) if one.name == name]
    assert found.files is not None
    for file in found.files:
        content = Path(str(file.locate())).read_bytes()
        if file.name == "RECORD":
            assert (file.hash, file.size) == (None, None)
            continue
        assert file.hash is not None
        assert file.hash.value == urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        assert file.size == len(content)
    return {str(file) for file in found.files}


METADATA = {f"Shop-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt", "RECORD", "INSTALLER")}
FILES = {"shop/__init__.py", "shop/tests/test_it.py", 'shop/a,"b".txt', "bin/shop", "share/shop.txt"}


@pytest.mark.parametrize("prefix", ["", "python/lib/python3.13/site-packages/"])
def test_it_names_exactly_what_is_in_the_bundle(tmp_path: Path, prefix: str) -> None:
    with composed(shop_wheel(tmp_path), prefix=prefix, records=True) as bundle:
        assert checked(bundle, tmp_path / "tree", "Shop", prefix=prefix) == FILES | METADATA
        assert {entry.path.removeprefix(prefix) for entry in bundle.entries} == FILES | METADATA
        assert contents(bundle)[f"{prefix}Shop-1.0.dist-info/INSTALLER"] == b"lambda-pack\n"


def test_it_stays_true_when_files_are_left_out(tmp_path: Path) -> None:
    slimming = Slimming(parts=frozenset({Part.TESTS, Part.PROGRAMS}), dist_info=DistInfo.MINIMAL)
    with composed(shop_wheel(tmp_path), slimming=slimming, records=True) as bundle:
        left = (FILES | METADATA) - {"shop/tests/test_it.py", "bin/shop", "Shop-1.0.dist-info/WHEEL"}
        assert checked(bundle, tmp_path / "tree", "Shop") == left


def test_there_is_none_without_metadata(tmp_path: Path) -> None:
    with composed(shop_wheel(tmp_path), slimming=Slimming(dist_info=DistInfo.DROP), records=True) as bundle:
        assert not [entry.path for entry in bundle.entries if ".dist-info/" in entry.path]


def test_a_file_of_two_distributions_is_in_the_record_of_both(tmp_path: Path) -> None:
    wheels = [
        make_wheel(tmp_path, f"{name}-1.0-py3-none-any.whl", files={"ns/__init__.py": "", f"ns/{name}.py": ""})
        for name in ("a", "b")
    ]
    with composed(*wheels, records=True) as bundle:
        assert "ns/__init__.py" in checked(bundle, tmp_path / "1", "a")
        assert {"ns/__init__.py", "ns/b.py"} < checked(bundle, tmp_path / "2", "b")


def test_what_the_users_own_code_replaces_is_not_the_distributions(tmp_path: Path) -> None:
    with composed(shop_wheel(tmp_path), own=[made("shop/__init__.py", b"mine")], records=True) as bundle:
        assert checked(bundle, tmp_path / "tree", "Shop") == (FILES | METADATA) - {"shop/__init__.py"}


def test_a_record_that_says_nothing_is_made_up_for(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"a.py": "1", "a-1.0.dist-info/RECORD": '"'})
    with composed(wheel, records=True) as bundle:
        assert "a.py" in checked(bundle, tmp_path / "tree", "a")


def test_lines_of_files_that_stay_the_customers_can_be_taken_out() -> None:
    record = b'a.py,sha256=x,1\n"b,c.py",sha256=y,1\na.pyi,sha256=z,1\n'

    assert without_lines(record, ["a.py", "b,c.py"]) == b"a.pyi,sha256=z,1\n"
