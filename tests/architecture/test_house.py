"""What the house promises of its own code, beyond what ruff, mypy and import-linter check."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lambda_pack.errors import LambdaPackError

HOUSE = Path(__file__).parents[2]
SOURCE = HOUSE / "src" / "lambda_pack"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((HOUSE / "tests").rglob("*.py"))
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400

# They run in processes of their own, under other interpreters: programs that we carry, not parts of ours.
PROGRAMS = {
    "tools/building/inside.py",
    "tools/building/repair.py",
    "tools/loading/import_program.py",
    "tools/loading/invoke_program.py",
    "tools/pip/shim.py",
    "tools/refining/compile_program.py",
}


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


def patches_code(node: ast.AST) -> bool:
    """Whether the node puts a stand-in into somebody else's module."""
    match node:
        case ast.Attribute(value=ast.Name(id="monkeypatch"), attr="setattr" | "setitem"):
            return True
        case ast.Name(id="MagicMock" | "Mock" | "mocker"):
            return True
        case _:
            return False


def place_below(module: Path) -> str:
    """The module's name as the design says it: `model/targets.py`."""
    return module.relative_to(SOURCE).as_posix()


def except_for(*exempt: str) -> list[Path]:
    """The modules but these, and but the programs; 'frontends/' stands for a whole floor."""
    return [module for module in MODULES if not place_below(module).startswith((*exempt, *PROGRAMS))]


def test_functions_are_short() -> None:
    long = [
        f"{place(module, node)} {node.name}: {lines} lines"
        for module in MODULES
        for node in nodes(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]

    assert not long, f"a function has at most {LONGEST_FUNCTION} lines; give a part of it a name of its own: {long}"


def test_modules_are_short() -> None:
    sizes = {module: module.read_text("utf-8").count("\n") for module in MODULES}
    long = [f"{module.relative_to(HOUSE)}: {lines} lines" for module, lines in sizes.items() if lines > LONGEST_MODULE]

    assert not long, f"a module has at most {LONGEST_MODULE} lines; split it by meaning: {long}"


def test_modules_are_named_for_what_they_hold() -> None:
    weak = re.compile(r"(^|_)(utils?|helpers?|common|misc|managers?|base|core)(_|$)")
    vague = [place_below(module) for module in MODULES if any(map(weak.search, [module.stem, module.parent.name]))]

    assert not vague, f"these names say nothing; name what is inside: {vague}"


def test_modules_promise_their_names() -> None:
    silent = [
        place_below(module)
        for module in except_for("__main__.py")
        if len(ast.parse(module.read_text("utf-8")).body) > 1 and "\n__all__ = " not in module.read_text("utf-8")
    ]

    assert not silent, f"a module says in __all__ what others may use: {silent}"


def test_only_front_ends_speak_and_exit() -> None:
    quiet = except_for("frontends/", "__main__.py")
    loud = [place(module, node) for module in quiet for node in nodes(module) if speaks_or_exits(node)]

    assert not loud, f"only front-ends print, read arguments or exit; return it, or tell the Narrator: {loud}"


def test_only_front_ends_and_processes_read_the_environment() -> None:
    others = except_for("frontends/", "__main__.py", "tools/process.py")
    reads = [place(module, node) for module in others for node in nodes(module) if reads_environment(node)]

    assert not reads, f"the environment is handed in as a Mapping: {reads}"


def test_each_error_has_its_own_exit_code() -> None:
    # What is below one of these says more about it, and has its exit code.
    kinds: tuple[type[LambdaPackError], ...] = (LambdaPackError, *LambdaPackError.__subclasses__())
    codes = [kind.exit_code for kind in kinds]

    assert sorted(codes) == [1, 2, 3, 4, 5, 6, 7, 130], {kind.__name__: kind.exit_code for kind in kinds}


def test_tests_use_fakes_not_patches() -> None:
    patches = [place(module, node) for module in TESTS for node in nodes(module) if patches_code(node)]

    assert not patches, f"give the code a fake behind a port instead of patching it: {patches}"


def test_each_folder_of_tests_is_a_package() -> None:
    bare = {str(module.parent.relative_to(HOUSE)) for module in TESTS if not (module.parent / "__init__.py").is_file()}

    assert not bare, f"two tests of one name collide without an __init__.py in {bare}"
