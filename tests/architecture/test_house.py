"""What the house promises of its own code, beyond what ruff, mypy and import-linter check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError

HOUSE = Path(__file__).parents[2]
SOURCE = HOUSE / "src" / "lambda_pack"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((HOUSE / "tests").rglob("*.py"))
LONGEST_FUNCTION = 50
LONGEST_MODULE = 300

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())


def nodes(module: Path) -> Iterator[ast.AST]:
    """The syntax tree of a file, flattened."""
    return ast.walk(ast.parse(module.read_text("utf-8"), str(module)))


def place(module: Path, node: ast.AST) -> str:
    """Where to look, as an editor understands it."""
    return f"{module.relative_to(HOUSE)}:{getattr(node, 'lineno', 1)}"


def speaks_or_exits(node: ast.AST) -> bool:
    """Whether the node prints or ends the process."""
    match node:
        case ast.Call(func=ast.Name(id="print" | "input" | "exit" | "quit" | "breakpoint")):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="exit" | "stdout" | "stderr" | "argv"):
            return True
        case ast.Attribute(value=ast.Name(id="os"), attr="_exit" | "abort"):
            return True
        case _:
            return False


def reads_environment(node: ast.AST) -> bool:
    """Whether the node reaches for the process's environment."""
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "putenv"):
            return True
        case ast.ImportFrom(module="os", names=names):
            return any(name.name in {"environ", "environb", "getenv", "putenv"} for name in names)
        case _:
            return False


@each_module
def test_functions_are_short(module: Path) -> None:
    functions = [node for node in nodes(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [
        f"{place(module, node)} {node.name} has {lines} lines"
        for node in functions
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]

    assert not long, f"a function has at most {LONGEST_FUNCTION} lines; give a part of it a name of its own: {long}"


@pytest.mark.parametrize("module", [*MODULES, *TESTS], ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_modules_are_short(module: Path) -> None:
    lines = module.read_text("utf-8").count("\n")

    assert lines <= LONGEST_MODULE, f"{module.relative_to(HOUSE)} has {lines} lines; split it by meaning"


@each_module
def test_modules_are_named_for_what_they_hold(module: Path) -> None:
    weak = re.search(r"(^|_)(utils?|helpers?|common|misc|managers?|base|core)(_|$)", module.stem)

    assert weak is None, f"{module.relative_to(HOUSE)}: {weak and weak.group()!r} says nothing; name what is inside"


@each_module
def test_modules_promise_their_names(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"))
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]

    assert "__all__" in names or not tree.body[1:], f"{module.relative_to(HOUSE)} has no __all__"


@each_module
def test_only_front_ends_speak_and_exit(module: Path) -> None:
    if "frontends" in module.parts or module.name in {"__main__.py", "pip_shim.py"}:
        return  # pip_shim.py is a program of its own: pip runs inside it, in another process
    loud = [place(module, node) for node in nodes(module) if speaks_or_exits(node)]

    assert not loud, f"only front-ends print, read arguments or exit; return it, or tell the Narrator: {loud}"


@each_module
def test_only_front_ends_and_processes_read_the_environment(module: Path) -> None:
    if "frontends" in module.parts or module.relative_to(SOURCE).as_posix() in {"__main__.py", "tools/process.py"}:
        return
    reads = [place(module, node) for node in nodes(module) if reads_environment(node)]

    assert not reads, f"the environment is handed in as a Mapping: {reads}"


def kinds_of(root: type[LambdaPackError]) -> list[type[LambdaPackError]]:
    """The error and all below it."""
    return [root, *(kind for below in root.__subclasses__() for kind in kinds_of(below))]


def test_each_error_has_its_own_exit_code() -> None:
    owners: dict[int, list[str]] = {}
    for kind in kinds_of(LambdaPackError):
        owners.setdefault(kind.exit_code, []).append(kind.__name__)

    assert {code: names for code, names in owners.items() if len(names) > 1} == {}
    assert set(owners) == {1, 2, 3, 4, 5, 6, 7, 130}


@pytest.mark.parametrize("module", TESTS, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_tests_use_fakes_not_patches(module: Path) -> None:
    patches = [
        place(module, node)
        for node in nodes(module)
        if isinstance(node, ast.Attribute)
        and node.attr == "setattr"
        or isinstance(node, ast.Name)
        and node.id in {"MagicMock", "Mock", "mocker"}
    ]

    assert not patches, f"give the code a fake behind a port instead of patching it: {patches}"
    assert (module.parent / "__init__.py").is_file(), f"{module.parent.relative_to(HOUSE)} needs an __init__.py"
