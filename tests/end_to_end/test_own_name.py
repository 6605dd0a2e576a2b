"""A project's own name never goes to an index: a stranger's package of that name would be packed in its place.

The index of these tests holds such strangers, each with a dependency of its own. It remembers what it was asked.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec import Struct, field

from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_project, make_wheel

STRANGERS = ("my-app", "lib", "sibling", "stranger")
PEP_621 = """\
[project]
name = "My.App"
version = "1.0"
dependencies = ["six"]
[project.optional-dependencies]
a = ["idna; python_version >= '3.8'"]
other = ["attrs"]
all = ["my_app[a]"]
circle = ["my-app[round]"]
round = ["MY-APP[circle, a]"]
[dependency-groups]
dev = ["my-app[all]", "iniconfig"]
never = ["my-app[a]; python_version < '3'", "iniconfig"]
"""
POETRY = """\
[tool.poetry]
name = "my-app"
version = "1.0"
[tool.poetry.dependencies]
six = "*"
idna = { version = "*", optional = true }
[tool.poetry.extras]
a = ["idna"]
[tool.poetry.group.dev.dependencies]
my-app = { path = ".", extras = ["a"], develop = true }
named = { version = "*", optional = true }
[tool.poetry.group.other.dependencies]
My_App = { version = "*", extras = ["a"] }
"""
PDM = """\
[project]
name = "my-app"
version = "1.0"
dependencies = ["six"]
[project.optional-dependencies]
a = ["idna"]
[tool.pdm.dev-dependencies]
dev = ["-e file:///${PROJECT_ROOT}/#egg=my-app[a]", "iniconfig"]
"""
UV = """\
[project]
name = "my-app"
version = "1.0"
dependencies = ["six"]
[project.optional-dependencies]
a = ["idna"]
[tool.uv]
dev-dependencies = ["my-app[a]"]
[tool.uv.sources]
my-app = { workspace = true }
"""
FROM_ANOTHER = """\
[project]
name = "my-app"
version = "1.0"
dependencies = ["plugin"]
[project.optional-dependencies]
a = ["idna"]
"""
WORKSPACE = """\
[project]
name = "my-app"
version = "1.0"
dependencies = ["lib"]
[tool.uv.sources]
lib = { workspace = true }
[tool.uv.workspace]
members = ["lib", "sibling"]
"""
SOURCES = "[tool.uv.sources]\nsibling = { workspace = true }\n"
PATHS = '[tool.uv.sources]\nsibling = { path = "../sibling" }\n'


class Case(Struct, frozen=True):
    """`files` are written as they are, `projects` made so that they build offline, each with the end of its manifest.

    `packed` is what the lock must have: the project that is asked for its dependencies, and those of `--project`, are
    own code and not in it.
    """

    files: Mapping[str, str]
    arguments: tuple[str, ...]
    packed: str
    projects: Mapping[str, str] = field(default_factory=dict)
    resolvers: tuple[str, ...] = ("uv", "pip")


FILE = ("-r", "requirements.txt")
CASES = {
    "pep-621-extra": Case({"pyproject.toml": PEP_621}, (".", "--extra", "all"), "idna six"),
    "pep-621-circle": Case({"pyproject.toml": PEP_621}, (".", "--extra", "circle"), "idna six"),
    "pep-735-group": Case({"pyproject.toml": PEP_621}, (".", "--only-group", "dev"), "idna iniconfig six"),
    "marker-on-the-way": Case({"pyproject.toml": PEP_621}, (".", "--only-group", "never"), "iniconfig"),
    "poetry-path": Case({"pyproject.toml": POETRY}, (".", "--only-group", "dev"), "idna named six"),
    "poetry-name": Case({"pyproject.toml": POETRY}, (".", "--group", "other"), "idna six"),
    "pdm": Case({"pyproject.toml": PDM}, (".", "--group", "dev"), "idna iniconfig six"),
    "uv": Case({"pyproject.toml": UV}, (".", "--group", "dev"), "idna six"),
    # pip would build these applications to ask them, with a setuptools that this index does not have.
    "of-another-package": Case({"pyproject.toml": FROM_ANOTHER}, (".",), "idna plugin", resolvers=("uv",)),
    "workspace": Case({"pyproject.toml": WORKSPACE}, (".",), "idna lib sibling six", {"lib": SOURCES, "sibling": ""}),
    "path-of-a-path": Case(
        {"requirements.txt": "./lib\n"}, FILE, "idna lib sibling six", {"lib": PATHS, "sibling": ""}
    ),
    "requirements-by-name": Case({"requirements.txt": "my-app[a]\n"}, FILE, "idna my-app six", {".": ""}),
    "requirements-in-a-folder": Case(
        {"needs/lambda.txt": "my-app[a]\n", ".git": "gitdir: elsewhere\n"},
        ("-r", "needs/lambda.txt"),
        "idna my-app six",
        {".": ""},
    ),
    "requirements-of-another": Case({"requirements.txt": "plugin\n"}, FILE, "idna my-app plugin six", {".": ""}),
    "editable": Case({"requirements.txt": "-e .[all]\nplugin\n"}, FILE, "idna my-app plugin six", {".": ""}),
    "path": Case({"requirements.txt": "./lib[all]\n"}, FILE, "idna lib sibling six", {"lib": PATHS, "sibling": ""}),
    "project": Case(
        {"requirements.txt": "lib[a]\n"},
        (*FILE, "--project", "lib"),
        "idna sibling six",
        {"lib": PATHS, "sibling": ""},
    ),
    "project-of-another": Case(
        {"requirements.txt": "plugin\n"}, (*FILE, "--project", "my-app"), "idna plugin six", {"my-app": ""}
    ),
    "setup.py": Case({"requirements.txt": "plugin\n"}, FILE, "idna my-app plugin six", {".": "setup.cfg"}),
}


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """An index with what the projects need, and strangers that have the projects' names."""
    for name in ("six", "idna", "attrs", "iniconfig", "named"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    make_wheel(work.index.folder, "plugin-1.0-py3-none-any.whl", requires=["My_App[a]>=1"])
    for name in STRANGERS:
        make_wheel(work.index.folder, f"{name.replace('-', '_')}-99.0-py3-none-any.whl", requires=["stranger"])
    make_wheel(work.index.folder, "stranger-1.0-py3-none-any.whl")
    return work


def laid_out(shop: Workplace, case: Case) -> None:
    """Write the files and the projects of a case."""
    for place, ending in case.projects.items():
        name = "my-app" if place == "." else place
        requires = ["idna"] if name == "sibling" else ["sibling", "six"] if name == "lib" else ["six"]
        extras = {"a": ["idna"], "all": [f"{name}[a]"]}
        folder = make_project(
            shop.folder / place, name, requires=requires, extras=extras, project_table=ending != "setup.cfg"
        )
        if ending == "setup.cfg":
            shop.write("setup.cfg", "[metadata]", "name = My_App")
        else:
            manifest = folder / "pyproject.toml"
            manifest.write_text(manifest.read_text("utf-8") + ending, "utf-8")
    for path, text in case.files.items():
        shop.write(path, *text.splitlines())


@pytest.mark.parametrize(
    ("case", "resolver"),
    [pytest.param(case, one, id=f"{name}-{one}") for name, case in CASES.items() for one in case.resolvers],
)
def test_a_stranger_with_the_projects_name_is_never_asked_for(shop: Workplace, case: Case, resolver: str) -> None:
    laid_out(shop, case)

    packed = shop.packed(*case.arguments, "--resolver", resolver)

    assert [one.path for stranger in STRANGERS for one in shop.index.asked(f"/simple/{stranger}/")] == []
    assert sorted(packed.closure) == case.packed.split()


@pytest.mark.parametrize("command", ["check", "lock"])
def test_other_commands_do_not_ask_for_it_either(shop: Workplace, command: str) -> None:
    laid_out(shop, CASES["pep-621-extra"])

    done = shop.run(*shop.command(command, ".", "--extra", "all"))

    assert done.exit_code == 0, done.text
    assert not shop.index.asked("/simple/my-app/")


def test_groups_that_make_layers_do_not_ask_for_it(shop: Workplace) -> None:
    laid_out(shop, CASES["pep-735-group"])

    done = shop.pack(".", "--group", "dev", "--layers", "deps=group:dev", "-o", "layers")

    assert done.exit_code == 0, done.text
    assert not shop.index.asked("/simple/my-app/")


def test_a_project_with_the_name_of_its_dependency_is_told(shop: Workplace) -> None:
    shop.write("pyproject.toml", "[project]", 'name = "six"', 'version = "1"', 'dependencies = ["six>=1", "idna"]')

    packed = shop.packed(".")

    assert list(packed.closure) == ["idna"]
    assert "pyproject.toml:4: 'six' is the project's own name" in packed.said.errors


class Refused(Struct, frozen=True):
    """Extras of the project 'my-app' 1, and what is refused when its extra 'all' is packed."""

    why: str
    extras: tuple[str, ...]
    said: str


REFUSED = (
    Refused(
        why="an extra that the project does not have",
        extras=('all = ["my-app[b]"]',),
        said="'my-app[b]' names an extra that the project does not have; choose one of: all",
    ),
    Refused(
        why="another version than the project's own",
        extras=('a = ["idna"]', 'all = ["my-app[a]>=2"]'),
        said="pyproject.toml:6: 'my-app[a]>=2' asks for another version than the project's own, 1;",
    ),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.why)
def test_a_requirement_that_the_project_itself_does_not_meet_is_refused(shop: Workplace, case: Refused) -> None:
    project = ("[project]", 'name = "my-app"', 'version = "1"')
    shop.write("pyproject.toml", *project, "[project.optional-dependencies]", *case.extras)

    done = shop.pack(".", "--extra", "all")

    assert done.exit_code == 2
    assert case.said in done.errors
