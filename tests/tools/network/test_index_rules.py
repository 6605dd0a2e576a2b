"""What our index offers under the settings of each tool: the newest version is the one that the tool takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.inputs.index_settings import read_index_settings
from lambda_pack.inputs.project import read_inputs
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.selection import Selection
from lambda_pack.model.targets import Target
from tests.support.index_rules import RULES, Rule, placed, served
from tests.tools.network.fetching import bench

TARGET = Target.parse("python3.12")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The indexes of the table, by name."""
    with served(tmp_path_factory.mktemp("indexes")) as found:
        yield found


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_table(rule: Rule, urls: Mapping[str, str], tmp_path: Path) -> None:
    """By the settings alone: the newest version that our index offers of each package."""
    place = placed(rule, urls, tmp_path)
    reading = read_inputs([place.folder], Selection(), place.environ)
    indexes = read_index_settings(place.environ, home=place.home, written=reading.written).indexes
    requirements = Requirements(place.folder, reading.written.requested, indexes=indexes).on(TARGET)
    with bench(requirements.indexes, tmp_path / "cache", allowed=requirements.allowed) as tools:
        files = tools.index.files(map(canonicalize_name, rule.takes))
    newest: dict[str, Version] = {}
    for file in files:
        version = file.pin.version
        if version is not None and requirements.allowed(file.pin.name).contains(version):
            newest[file.pin.name] = max(version, newest.get(file.pin.name, version))
    assert {name: str(version) for name, version in newest.items()} == rule.takes
