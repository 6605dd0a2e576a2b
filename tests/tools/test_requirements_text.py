"""Requirements as text for pip and uv."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from lambda_pack.model.exclusions import Exclusions
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import Origin, Requested, Requirements
from lambda_pack.tools.requirements_text import constraints_text, requirements_text

HERE = Origin("r.txt", 1)
FOLDER = Path("/projects/mine")
HASH = ("sha256", "0" * 64)


def named(text: str, **details: object) -> Requested:
    """A requirement with a name."""
    return Requested(HERE, Requirement(text), **details)  # type: ignore[arg-type]  # each test names real ones


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (named('a[x,y]<2,>=1 ; python_version < "3.12"'), 'a[x,y]<2,>=1; python_version < "3.12"'),
        (named("a @ https://x.example/a.zip"), "a @ https://x.example/a.zip"),
        (
            named("a[b] @ git+ssh://git@x.example/a@v1#subdirectory=s"),
            "a[b] @ git+ssh://git@x.example/a@v1#subdirectory=s",
        ),
        (named('a @ ./lib ; os_name == "nt"'), 'a @ file:///projects/mine/lib ; os_name == "nt"'),
        (Requested(HERE, None, "file:///x%20y/lib"), "file:///x%20y/lib"),
        (Requested(HERE, None, "file:///x%20y/lib", frozenset({"b", "a"})), "/x y/lib[a,b]"),
        (Requested(HERE, None, "../lib", marker=Marker('os_name == "nt"')), 'file:///projects/lib ; os_name == "nt"'),
        (Requested(HERE, None, "git+https://x.example/a.git"), "git+https://x.example/a.git"),
        (named("a==1", hashes=(HASH,)), "a==1 --hash=sha256:" + "0" * 64),
        (named("a==1", config_settings=(("k", "v w"),)), "a==1 --config-settings='k=v w'"),
    ],
)
def test_each_requirement_is_one_line(line: Requested, expected: str) -> None:
    text = requirements_text(Requirements(FOLDER, (line,)), hashes=True, config_settings=True)
    assert text == expected + "\n"


def test_what_uv_rejects_stays_out() -> None:
    line = named("a==1", hashes=(HASH,), config_settings=(("k", "v"),))
    assert requirements_text(Requirements(FOLDER, (line,)), hashes=False) == "a==1\n"


def test_constraints_come_before_what_is_excluded() -> None:
    pins = [Pin.parse(name, version) for name, version in (("z", "1.0+cpu"), ("b", "2rc1"), ("z", "1.1"))]
    requirements = Requirements(FOLDER, constraints=(named("c<3", hashes=(HASH,)),))
    assert constraints_text(requirements, Exclusions(frozenset(pins))) == "c<3\nb!=2rc1\nz!=1.1,!=1.0+cpu\n"
    assert constraints_text(requirements, hashes=True) == f"c<3 --hash=sha256:{'0' * 64}\n"
