"""The one door to every maker of packages."""

from __future__ import annotations

from tests.support.elf import make_elf
from tests.support.sources import Details, Form, Kind, build_events, built_environment, make_project, make_sdist
from tests.support.wheels import make_wheel

__all__ = [
    "Details",
    "Form",
    "Kind",
    "build_events",
    "built_environment",
    "make_elf",
    "make_project",
    "make_sdist",
    "make_wheel",
]
