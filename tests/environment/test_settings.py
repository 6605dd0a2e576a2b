"""pip's settings, read before pip or lambda_pack can be: the same as pip and lambda_pack read them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.processes import run

HOUSE = Path(__file__).parents[2]
OURS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from script.environment.settings import read_settings
found = read_settings()
print(json.dumps([list(found.indexes), list(found.find_links), sorted(found.trusted_hosts), list(found.certificates),
                  found.proxy, found.timeout]))
"""
PIPS = """
import json
from pip._internal.cli.parser import ConfigOptionParser
from pip._internal.commands.install import InstallCommand
found, _ = InstallCommand("install", "", isolated=False).parser.parse_args(["x"])
print(json.dumps([[found.index_url, *found.extra_index_urls], found.find_links, sorted(found.trusted_hosts or []),
                  [found.cert] if found.cert else [], found.proxy or None, float(found.timeout)]))
"""
CASES: list[tuple[str, Mapping[str, str]]] = [
    ("", {}),
    ("[global]\nindex-url = https://a.example/simple\n", {}),
    ("[global]\nindex_url = https://a.example/simple\n[install]\nindex-url = https://b.example/simple\n", {}),
    ("[global]\nindex-url = https://a.example/simple\n", {"PIP_INDEX_URL": "https://c.example/simple"}),
    ("[global]\nindex-url = https://a.example/simple\n", {"PIP_INDEX_URL": ""}),
    ("[global]\nextra-index-url =\n    https://d.example/simple\n    https://e.example/simple\n", {}),
    ("[global]\nfind-links = /somewhere/wheels\ntrusted-host = a.example\n  b.example:8080\n", {}),
    ("[install]\ntimeout = 60\nproxy = http://proxy.example:3128\n[global]\ncert = /somewhere/ca.pem\n", {}),
    ("", {"PIP_DEFAULT_TIMEOUT": "7", "PIP_EXTRA_INDEX_URL": "https://d.example/simple https://e.example/simple"}),
    ("", {"PIP_CERT": "/somewhere/ca.pem", "PIP_TRUSTED_HOST": "a.example b.example", "PIP_FIND_LINKS": "/x /y"}),
]


@pytest.mark.parametrize(("file", "variables"), CASES)
@pytest.mark.parametrize("place", [".config/pip/pip.conf", ".pip/pip.conf", "PIP_CONFIG_FILE"])
def test_they_are_what_pip_reads(
    file: str, variables: Mapping[str, str], place: str, tmp_path: Path, clean_environment: Mapping[str, str]
) -> None:
    path = Path(clean_environment["HOME"], "own.conf" if place == "PIP_CONFIG_FILE" else place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(file, "utf-8")
    chosen = {"PIP_CONFIG_FILE": str(path) if place == "PIP_CONFIG_FILE" else ""}
    environment = {**clean_environment, **chosen, **variables}

    ours, pips = (run((sys.executable, "-c", program, HOUSE), environment, folder=tmp_path) for program in (OURS, PIPS))

    assert ours.exit_code == pips.exit_code == 0, ours.errors + pips.errors
    assert json.loads(ours.output) == json.loads(pips.output)
