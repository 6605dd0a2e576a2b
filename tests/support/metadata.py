"""The texts inside packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.requirements import Requirement

__all__ = ["Content", "core_metadata", "entry_points_text", "module_of"]

Content = bytes | str
"""What a file holds; text becomes UTF-8."""


def module_of(name: str) -> str:
    """The default module of a package.

    >>> module_of("Foo.Bar-baz")
    'foo_bar_baz'
    """
    return name.lower().replace("-", "_").replace(".", "_")


def core_metadata(
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
    extras: Mapping[str, Sequence[str]],
) -> str:
    """The header lines of METADATA and PKG-INFO. Version 2.1: resolvers may not trust an sdist's without building."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    if requires_python is not None:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    for extra, requirements in extras.items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {_within_extra(requirement, extra)}" for requirement in requirements]
    return "\n".join(lines) + "\n"


def entry_points_text(entry_points: Mapping[str, Mapping[str, str]]) -> str:
    """`entry_points.txt` from groups of name and object: `{"console_scripts": {"tool": "package:main"}}`."""
    return "\n".join(
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in points.items())
        for group, points in entry_points.items()
    )


def _within_extra(line: str, extra: str) -> str:
    requirement = Requirement(line)
    marker = f'({requirement.marker}) and extra == "{extra}"' if requirement.marker else f'extra == "{extra}"'
    requirement.marker = None
    return f"{requirement} ; {marker}"
