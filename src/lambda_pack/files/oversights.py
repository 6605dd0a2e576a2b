"""What looks wrong with own code in a bundle: names that hide others, secrets, a handler that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lambda_pack.files.entries import OWN, Entry, chunks
from lambda_pack.files.imports import parsed
from lambda_pack.model.standard_library import standard_modules
from lambda_pack.model.targets import Target

__all__ = ["find_oversights"]

_INIT: Final = "/__init__.py"
_MODULE: Final = re.compile(r"([A-Za-z_]\w*)\.(?:py|pyc|so|cpython-\w+-[\w-]+\.so|abi3\.so)")

# By name alone; a certificate is no secret (see `_holds_a_secret`), and neither is an example.
_SECRETS: Final = re.compile(
    r"(?i)\.env(?:\.(?!example|sample|template|dist)[\w-]+)?|.*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|\.?(?:netrc|pypirc|npmrc|pgpass|htpasswd|git-credentials)"
    r"|credentials(?:\.(?:json|csv|ini|ya?ml))?|service[-_]account.*\.json|.*\.tfstate|secrets?\.(?:json|ya?ml|toml|ini)"
)
_PUBLIC: Final = b"-----BEGIN CERTIFICATE-----"
_PRIVATE: Final = b"PRIVATE KEY-----"
_LARGEST_KEY: Final = 1 << 20


def find_oversights(entries: Sequence[Entry], target: Target, *, prefix: str, handler: str | None) -> Iterator[str]:
    """In words what the user should look at; `handler` is as Lambda takes it, None where nobody named one.

    Raises:
        UsageError: a file cannot be read.
    """
    files = {entry.path.removeprefix(prefix): entry for entry in entries}
    own = _modules({path: entry for path, entry in files.items() if entry.owner == OWN})
    packages = _modules({path: entry for path, entry in files.items() if entry.owner != OWN})
    yield from _hidden(own, packages, target)
    for path, entry in files.items():
        if entry.owner == OWN and _holds_a_secret(path, entry):
            yield f"{path} of your own code looks like a secret, and everybody who gets the bundle gets it; exclude it"
    if handler is not None:
        yield from _missing(handler, files)


def _modules(files: Mapping[str, Entry]) -> dict[str, Entry]:
    """Top-level modules and packages by name; of a namespace package nothing hides anything."""
    found = {}
    for path, entry in files.items():
        if match := _MODULE.fullmatch(path):
            found[match[1]] = entry
    for path, entry in files.items():
        if path.endswith(_INIT) and path.count("/") == 1:
            found[path.removesuffix(_INIT)] = entry
    return found


def _hidden(own: Mapping[str, Entry], packages: Mapping[str, Entry], target: Target) -> Iterator[str]:
    standard = standard_modules(target.runtime)
    for name, entry in own.items():
        if name in standard:
            yield f"{entry.path} of your own code hides the standard library's {name} from everything; rename it"
        other = packages.get(name)
        if other is None or entry.path.endswith(_INIT) == other.path.endswith(_INIT):
            # Two packages are one folder, and what both have has been told.
            continue
        if other.path.endswith(_INIT):
            yield f"{entry.path} of your own code is never imported: the package {name} of {other.owner} comes first"
        else:
            yield f"{entry.path} of your own code hides {other.path} of {other.owner}; rename it"


def _holds_a_secret(path: str, entry: Entry) -> bool:
    folder, _, name = path.rpartition("/")
    if not _SECRETS.fullmatch(name) and not folder.endswith(".aws"):
        return False
    if not name.lower().endswith((".pem", ".key")) or entry.size > _LARGEST_KEY:
        return True
    content = b"".join(chunks(entry))
    return _PUBLIC not in content or _PRIVATE in content


def _missing(handler: str, files: Mapping[str, Entry]) -> Iterator[str]:
    module, dot, name = handler.rpartition(".")
    path = module.replace(".", "/")
    if not dot or not path or not name.isidentifier():
        yield f"the handler {handler!r} is not MODULE.FUNCTION, as Lambda takes it"
        return
    source = files.get(f"{path}.py") or files.get(f"{path}{_INIT}")
    if source is None:
        if not any(one.startswith(f"{path}.") for one in files):
            yield f"the handler {handler!r} is not there: nothing in the bundle is the module {module!r}"
        return
    tree = parsed(b"".join(chunks(source)))
    if tree is None:
        # It may be for a Python that is newer than ours.
        return
    names = _Names()
    names.visit(tree)
    if name in names.coroutines:
        yield f"the handler {handler!r} is a coroutine function, which Lambda calls and never awaits"
    elif name not in names.bound and not names.is_open:
        yield f"the handler {handler!r} is not there: {source.path} binds no {name!r}"


class _Names(ast.NodeVisitor):
    """The names that a module binds; `is_open` where it may bind others that nobody can see here."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.coroutines: set[str] = set()
        self.is_open = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self.is_open |= node.name == "__getattr__"
        self._globals_in(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        # A decorator may make an ordinary function of it.
        (self.bound if node.decorator_list else self.coroutines).add(node.name)
        self._globals_in(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)

    def visit_Import(self, node: ast.Import) -> None:
        self.bound.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.is_open |= any(alias.name == "*" for alias in node.names)
        self.bound.update(alias.asname or alias.name for alias in node.names)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        self.is_open |= node.id in {"globals", "exec", "setattr"}

    def _globals_in(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global):
                self.bound.update(inner.names)
