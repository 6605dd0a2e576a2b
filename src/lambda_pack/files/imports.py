"""What modules import, read without running them: who needs a folder cannot do without it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence

from lambda_pack.files.entries import Entry, chunks

__all__ = ["Imports", "parsed"]

# `pk.tests.util`, `.tests`, and `pk.tests:Case` as entry points write it.
_MODULE = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)*(?::[\w.]*)?")


def parsed(source: bytes) -> ast.Module | None:
    """The syntax tree of a module; None for what this Python cannot read."""
    try:
        with warnings.catch_warnings():
            # Of strange escapes in other people's strings.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Imports:
    """The imports between the modules of a bundle, by the paths of their files."""

    def __init__(self, files: Iterable[tuple[str, Entry]]) -> None:
        """`files` are paths as seen from a folder of `sys.path`, each with its content."""
        self._modules = {path: entry for path, entry in files if path.endswith(".py")}

    def needed(self, folders: Iterable[str]) -> frozenset[str]:
        """Those of these folders that a module outside of all of them imports, directly or through others.

        Imports inside of functions count, and so does every string that is the name of a module, such as that in
        `import_module("pk.tests.util")`; a name that is put together at run time cannot be seen.
        """
        waiting = {folder: folder.replace("/", ".") for folder in folders}
        words = frozenset(folder.rpartition("/")[2].encode() for folder in waiting)
        outside = [path for path in self._modules if not any(path.startswith(f"{folder}/") for folder in waiting)]
        needed: set[str] = set()
        while outside:
            asked = {name for path in outside for name in self._of(path, words)}
            found = [folder for folder, name in waiting.items() if name in asked or _below(name, asked)]
            for folder in found:
                del waiting[folder]
            needed.update(found)
            # What they import is needed as well.
            outside = [path for path in self._modules if any(path.startswith(f"{folder}/") for folder in found)]
        return frozenset(needed)

    def _of(self, path: str, words: Iterable[bytes]) -> Iterator[str]:
        """The absolute names that a module imports; of one that has none of the words in it, nothing is asked."""
        source = b"".join(chunks(self._modules[path]))
        if not any(word in source for word in words) or (tree := parsed(source)) is None:
            return
        package = path.split("/")[:-1]
        for node in ast.walk(tree):
            match node:
                case ast.Import(names=names):
                    yield from (alias.name for alias in names)
                case ast.ImportFrom(module=module, names=names, level=level):
                    above = package[: len(package) - level + 1] if level else []
                    base = ".".join([*above, *([module] if module else [])])
                    yield base
                    yield from (f"{base}.{alias.name}" for alias in names)
                case ast.Constant(value=str(text)) if _MODULE.fullmatch(text):
                    yield from _named(text, package)
                case ast.Call(args=[ast.Constant(value=str(text)), ast.Constant(value=str(base)), *_]):
                    yield from _named(text, base.split("."))
                case ast.Call(args=[ast.Constant(value=str(text)), *_], keywords=keywords):
                    bases = (one.value.value for one in keywords if isinstance(one.value, ast.Constant))
                    yield from (name for base in bases for name in _named(text, str(base).split(".")))
                case _:
                    pass


def _named(text: str, package: Sequence[str]) -> Iterator[str]:
    """The absolute name of the module that a string names, as `import_module` and `resolve_name` read it."""
    name = text.partition(":")[0]
    relative = name.lstrip(".")
    level = len(name) - len(relative)
    if level <= len(package):
        yield ".".join([*package[: len(package) - level + 1], relative]) if level else relative


def _below(name: str, asked: Iterable[str]) -> bool:
    return any(one.startswith(f"{name}.") for one in asked)
