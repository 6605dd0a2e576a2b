"""Read from Python code, without running it, which libraries it loads by name: with ctypes, or with cffi's `dlopen`.

Calls of `find_library`, `CDLL`, `LoadLibrary` and `dlopen`, and of functions that are named like these, count where
their arguments can be read: constants, and variables and loops over constants. Several names that are tried in turn are
one load. What is left out:

- branches for other systems (`sys.platform == "win32"`), and modules that are named after them;
- libraries of Windows and macOS, and paths, which are files that the package brings itself;
- loads whose failure the code catches and goes on without;
- tests, examples, and what runs only as a script.

What cannot be read has a row in `lambda_pack.model.known_loads`. Compared with 200 real packages on 2026-11-28.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from lambda_pack.files.imports import parsed
from lambda_pack.model.binaries import NamedLoad
from lambda_pack.model.library_names import is_elsewhere_by_name, library_stem

__all__ = ["may_load_by_name", "named_loads"]

# Nothing imports these on Lambda.
_UNUSED: Final = frozenset({"test", "tests", "testing", "example", "examples", "_examples", "benchmarks", "docs"})
_OTHER_SYSTEMS: Final = frozenset(
    [
        "android",
        "bsd",
        "cocoapy",
        "cygwin",
        "darwin",
        "ios",
        "mac",
        "macca",
        "macos",
        "macosx",
        "mingw",
        "osx",
        "win",
        "win32",
        "win64",
        "windows",
    ]
)
_LINUX: Final = {"sys.platform": "linux", "os.name": "posix", "platform.system()": "Linux"}
_SONAME = re.compile(r"[^/\\]+\.so(?:\.\d+)*")
_SEARCHED = re.compile(r"[\w.+-]+")
_CAUGHT: Final = frozenset({"OSError", "ImportError", "Exception", "BaseException", "EnvironmentError"})


def may_load_by_name(path: str) -> bool:
    """Return whether a module could be imported on Lambda, as its path says.

    >>> [may_load_by_name(path) for path in ("wand/api.py", "wand/tests/api.py", "serial/tools/list_ports_osx.py")]
    [True, False, False]
    """
    *folders, name = path.removesuffix(".py").split("/")
    if name.startswith("test_") or _UNUSED.intersection(folders):
        return False
    return not any(_OTHER_SYSTEMS.intersection(part.lower().split("_")) for part in (*folders, name))


def named_loads(content: bytes) -> tuple[NamedLoad, ...]:
    """Return the libraries that a module loads by name and does not go on without, in the order of its lines."""
    # Of a bundle's thousands of modules a few pass here: the cheap test comes first, and without a loop.
    if not (b"CDLL" in content or b"dlopen" in content or b"LoadLibrary" in content or b"find_library" in content):
        return ()
    tree = parsed(content)
    if tree is None:
        return ()
    calls = list(_Scope(_last_raise(tree.body)).calls(tree.body))
    return tuple(_with_files(load, tree) for load in _merged(calls)) if calls else ()


def _with_files(load: NamedLoad, tree: ast.Module) -> NamedLoad:
    """Add the library's file names that stand elsewhere in the module, such as python-magic's 'libmagic.so.1'."""
    stems = set(map(library_stem, load.searched))
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    named = (text for text in texts if _SONAME.fullmatch(text) and library_stem(text) in stems)
    return replace(load, sonames=_once((*load.sonames, *named)))


class _Call(Struct, frozen=True):
    """The names that one call, or several that are tried in turn, would load.

    `target` is the variable that the statement assigns to, `line` where the call is.
    """

    sonames: tuple[str, ...]
    searched: tuple[str, ...]
    is_optional: bool
    target: str | None
    line: int

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(map(library_stem, (*self.sonames, *self.searched)))

    def is_alternative_to(self, other: _Call) -> bool:
        """Whether both try the same library, or fill the same variable, one after the other."""
        is_second_try = self.target is not None and self.target == other.target and self.line != other.line
        return is_second_try or bool(self.stems & other.stems)


class _Scope(Struct, frozen=True):
    """Where statements are: `names` are the texts that variables may have, `last_raise` the last line that raises.

    In a `guarded` block what fails is caught; where nothing is raised afterwards, the code goes on without it.
    """

    last_raise: int
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guarded: bool = False
    place: str = ""

    def calls(self, statements: Iterable[ast.stmt]) -> Iterator[_Call]:
        names = dict(self.names)
        for statement in statements:
            scope = _Scope(self.last_raise, names, self.guarded, self.place)
            yield from scope.of_statement(statement)
            _learn(statement, names)

    def of_statement(self, statement: ast.stmt) -> Iterator[_Call]:
        match statement:
            case ast.If(test=test, body=body, orelse=orelse):
                yield from self.of_expressions([test])
                for branch in _branches(test, body, orelse):
                    yield from self.calls(branch)
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final):
                inside = self.guarded or any(_goes_on(handler) for handler in handlers)
                yield from _Scope(self.last_raise, self.names, inside, self.place).calls(body)
                for block in (*(handler.body for handler in handlers), orelse, final):
                    yield from self.calls(block)
            case ast.With(items=items, body=body):
                yield from self.of_expressions([item.context_expr for item in items])
                inside = self.guarded or any("suppress" in ast.unparse(item.context_expr) for item in items)
                yield from _Scope(self.last_raise, self.names, inside, self.place).calls(body)
            case ast.FunctionDef(name=name, body=body) | ast.AsyncFunctionDef(name=name, body=body):
                yield from _Scope(_last_raise(body), self.names, place=f"{self.place}.{name}").calls(body)
            case ast.ClassDef(name=name, body=body):
                yield from _Scope(self.last_raise, self.names, self.guarded, f"{self.place}.{name}").calls(body)
            case (
                ast.For(iter=iterated, body=body, orelse=orelse) | ast.AsyncFor(iter=iterated, body=body, orelse=orelse)
            ):
                yield from self.of_expressions([iterated])
                yield from _Scope(self.last_raise, _looped(statement, self.names), self.guarded, self.place).calls(body)
                yield from self.calls(orelse)
            case ast.While(test=test, body=body, orelse=orelse):
                yield from self.of_expressions([test])
                yield from self.calls([*body, *orelse])
            case _:
                variable = _target(statement)
                target = f"{self.place}:{variable}" if variable else None
                yield from self.of_expressions(ast.iter_child_nodes(statement), target)

    def of_expressions(self, nodes: Iterable[ast.AST], target: str | None = None) -> Iterator[_Call]:
        for node in nodes:
            if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
                yield from self.in_turn(node, target)
                continue
            if isinstance(node, ast.Call) and (call := self.of_call(node, target)) is not None:
                yield call
            yield from self.of_expressions(ast.iter_child_nodes(node), target)

    def in_turn(self, node: ast.BoolOp, target: str | None) -> Iterator[_Call]:
        """Take `find_library("a") or find_library("b")` for one load."""
        found = list(self.of_expressions(node.values, target))
        if found:
            sonames = (name for call in found for name in call.sonames)
            searched = (name for call in found for name in call.searched)
            optional = all(call.is_optional for call in found)
            yield _Call(_once(sonames), _once(searched), optional, target, node.lineno)

    def of_call(self, node: ast.Call, target: str | None) -> _Call | None:
        kind = _loader(node.func)
        if kind is None:
            return None
        texts = [text for argument in node.args for text in _texts(argument, self.names)]
        texts = [text for text in texts if not is_elsewhere_by_name(text)]
        sonames = _once(text for text in texts if _SONAME.fullmatch(text)) if kind != "find_library" else ()
        # cffi asks `find_library` for what is no file's name; functions of packages named `dlopen` mostly do as well.
        plain = (text for text in texts if _SEARCHED.fullmatch(text) and not _SONAME.fullmatch(text))
        searched = _once(plain) if kind in {"find_library", "dlopen"} else ()
        if not sonames and not searched:
            return None
        is_allowed = any(one.arg == "allow_fail" and _is_true(one.value) for one in node.keywords)
        return _Call(
            sonames, searched, is_allowed or (self.guarded and node.lineno > self.last_raise), target, node.lineno
        )


def _loader(function: ast.expr) -> str | None:
    """Return 'find_library', 'dlopen' or 'CDLL' for what loads by name; None for anything else."""
    match function:
        case ast.Name(id=name):
            owner = ""
        case ast.Attribute(value=value, attr=name):
            owner = ast.unparse(value)
        case _:
            return None
    if "windll" in owner or "oledll" in owner:
        return None
    name = name.lstrip("_")
    return "CDLL" if name in {"CDLL", "PyDLL", "LoadLibrary"} else name if name in {"find_library", "dlopen"} else None


def _texts(node: ast.AST, names: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The texts that an expression may have; nothing for what is put together when the code runs."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Tuple(elts=nodes) | ast.List(elts=nodes) | ast.Set(elts=nodes) | ast.BoolOp(values=nodes):
            for one in nodes:
                yield from _texts(one, names)
        case ast.Name(id=name):
            yield from names.get(name, ())
        case ast.Starred(value=value):
            yield from _texts(value, names)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            for branch in _branches(test, [body], [orelse]):
                yield from (text for one in branch for text in _texts(one, names))
        case _:
            return


def _learn(statement: ast.stmt, names: dict[str, tuple[str, ...]]) -> None:
    """Note the texts that variables may have after a statement, from whichever of its branches Linux takes."""
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value)
        ):
            names[name] = () if value is None else tuple(_texts(value, names))
        case ast.If(test=test, body=body, orelse=orelse):
            before = dict(names)
            for branch in _branches(test, body, orelse):
                inside = dict(before)
                for one in branch:
                    _learn(one, inside)
                for name, texts in inside.items():
                    if texts != before.get(name, ()):
                        names[name] = _once((*names.get(name, ()), *texts))
        case _:
            return


def _looped(statement: ast.stmt, names: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    match statement:
        case ast.For(target=ast.Name(id=name), iter=iterated):
            return {**names, name: tuple(_texts(iterated, names))}
        case _:
            return names


def _branches(test: ast.expr, body: list, orelse: list) -> list[list]:  # type: ignore[type-arg]
    """The branches that Linux may take."""
    truth = _truth(test)
    return [body, orelse] if truth is None else [body] if truth else [orelse]


def _truth(test: ast.expr) -> bool | None:  # noqa: PLR0911  # one for each form of a test
    """What a test of the system says on Linux; None where that depends on something else."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            truth = _truth(operand)
            return None if truth is None else not truth
        case ast.BoolOp(op=op, values=values):
            truths = {_truth(value) for value in values}
            decisive = isinstance(op, ast.Or)
            return decisive if decisive in truths else None if None in truths else not decisive
        case ast.Call(func=ast.Attribute(value=value, attr="startswith"), args=[argument]):
            system = _LINUX.get(_dotted(value))
            return None if system is None else any(system.startswith(text) for text in _texts(argument, {}))
        case ast.Compare(left=ast.Name(id="__name__"), comparators=[ast.Constant(value="__main__")]):
            return False
        case ast.Compare(left=left, ops=[ast.Eq() | ast.In()], comparators=[value]):
            return _is_linux(left, value)
        case ast.Compare(left=left, ops=[ast.NotEq() | ast.NotIn()], comparators=[value]):
            truth = _is_linux(left, value)
            return None if truth is None else not truth
        case _:
            return None


def _is_linux(asked: ast.expr, named: ast.expr) -> bool | None:
    """Whether what says the system is one of the names that it is compared with; None where it is something else."""
    system, names = _LINUX.get(_dotted(asked)), tuple(_texts(named, {}))
    return None if system is None or not names else system.lower() in {name.lower() for name in names}


def _dotted(node: ast.expr) -> str:
    """Return an expression as text, without what is often around it: `_sys.platform`, `platform.system().lower()`."""
    text = ast.unparse(node)
    return re.sub(r"^_|\.lower\(\)$", "", text)


def _goes_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches what a missing library raises, and raises nothing itself."""
    caught = handler.type
    names = set(re.findall(r"\w+", ast.unparse(caught))) if caught is not None else _CAUGHT
    return bool(names & _CAUGHT) and not _last_raise(handler.body)


def _last_raise(statements: Iterable[ast.stmt]) -> int:
    """The line of the last statement that raises, those in functions inside of these aside; 0 where none does."""
    last = 0
    for statement in statements:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Raise(lineno=line):
                last = max(last, line)
            case _:
                children = (child for child in ast.iter_child_nodes(statement))
                blocks = (child.body if isinstance(child, ast.ExceptHandler) else [child] for child in children)
                inside = (one for block in blocks for one in block if isinstance(one, ast.stmt))
                last = max(last, _last_raise(inside))
    return last


def _target(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)]):
            return name
        case _:
            return None


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _merged(calls: Iterable[_Call]) -> Iterator[NamedLoad]:
    """Join the calls that try the same library, or assign to the same variable; one that must succeed is enough."""
    groups: list[list[_Call]] = []
    for call in calls:
        alike = [group for group in groups if any(call.is_alternative_to(one) for one in group)]
        groups = [group for group in groups if group not in alike] + [
            [one for group in alike for one in group] + [call]
        ]
    for group in groups:
        if not all(one.is_optional for one in group):
            sonames = _once(name for one in group for name in one.sonames)
            yield NamedLoad(sonames, _once(name for one in group for name in one.searched))


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
