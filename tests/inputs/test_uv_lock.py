from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.selection import Selection
from tests.inputs.locks import ARM, X86, lock_in, names, packages, read

HASH = "sha256:" + "0" * 64
MANIFEST = """\
[project]
name = "shop"
version = "1.0"
dependencies = [
  "six; platform_machine == 'aarch64'",
  "numpy",
  "member",
]
[project.optional-dependencies]
fast = ["ujson"]
[dependency-groups]
dev = ["pytest"]
[[tool.uv.index]]
name = "private"
url = "https://x.example/simple"
"""
LOCK = f"""\
version = 1
revision = 3
requires-python = ">=3.11"
[manifest]
members = ["member", "shop"]
[[package]]
name = "idna"
version = "3.0"
source = {{ registry = "https://x.example/simple" }}
wheels = [{{ url = "https://x.example/idna-3.0-py3-none-any.whl", hash = "{HASH}", size = 7 }}]
[[package]]
name = "member"
version = "1.0"
source = {{ editable = "packages/member" }}
dependencies = [{{ name = "idna" }}]
[[package]]
name = "numpy"
version = "1.0"
source = {{ registry = "https://x.example/simple" }}
resolution-markers = ["python_full_version < '3.12'"]
sdist = {{ url = "https://x.example/numpy-1.0.tar.gz", hash = "{HASH}" }}
[[package]]
name = "numpy"
version = "2.0"
source = {{ registry = "https://x.example/simple" }}
resolution-markers = ["python_full_version >= '3.12'"]
sdist = {{ url = "https://x.example/numpy-2.0.tar.gz", hash = "{HASH}" }}
[[package]]
name = "pytest"
version = "8.0"
source = {{ git = "https://x.example/pytest.git?subdirectory=src&rev=v8#{"a" * 40}" }}
[[package]]
name = "six"
version = "1.0"
source = {{ url = "https://x.example/six-1.0-py3-none-any.whl" }}
wheels = [{{ url = "https://x.example/six-1.0-py3-none-any.whl", hash = "{HASH}" }}]
[[package]]
name = "ujson"
version = "5.0"
source = {{ registry = "links" }}
wheels = [{{ path = "ujson-5.0-py3-none-any.whl", hash = "{HASH}" }}]
[[package]]
name = "shop"
version = "1.0"
source = {{ virtual = "." }}
dependencies = [
  {{ name = "member" }},
  {{ name = "numpy", version = "1.0", marker = "python_full_version < '3.12'" }},
  {{ name = "numpy", version = "2.0", marker = "python_full_version >= '3.12'" }},
  {{ name = "six", marker = "platform_machine == 'aarch64'" }},
]
[package.optional-dependencies]
fast = [{{ name = "ujson" }}]
[package.dev-dependencies]
dev = [{{ name = "pytest" }}]
[package.metadata]
requires-dist = [
  {{ name = "member", editable = "packages/member" }},
  {{ name = "numpy" }},
  {{ name = "six", marker = "platform_machine == 'aarch64'" }},
  {{ name = "ujson", marker = "extra == 'fast'" }},
]
provides-extras = ["fast"]
[package.metadata.requires-dev]
dev = [{{ name = "pytest" }}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A workspace of two."""
    member = tmp_path / "packages" / "member"
    member.mkdir(parents=True)
    sources = "[tool.uv.workspace]\nmembers = ['packages/*']\n[tool.uv.sources]\nmember = { workspace = true }\n"
    (tmp_path / "pyproject.toml").write_text(MANIFEST + sources, "utf-8")
    (member / "pyproject.toml").write_text('[project]\nname = "member"\ndependencies = ["idna"]\n', "utf-8")
    (tmp_path / "uv.lock").write_text(LOCK, "utf-8")
    return tmp_path


def test_the_main_dependencies_for_a_target(shop: Path) -> None:
    reading = read(shop)
    assert names(reading, X86) == {"idna": "3.0", "member": "None", "numpy": "2.0"}
    assert names(reading, ARM) == {"idna": "3.0", "member": "None", "numpy": "2.0", "six": "1.0"}
    assert (reading.name, reading.stale) == ("shop", None)


def test_direct_dependencies_point_at_their_lines(shop: Path) -> None:
    lines = {str(root.name): root.origin.line for root in lock_in(read(shop)).roots}
    assert lines == {"six": 5, "numpy": 6, "member": 7}
    assert lock_in(read(shop)).requires_of(X86).keys() == {"member"}


@pytest.mark.parametrize(
    ("selection", "more"),
    [(Selection(extras=("Fast",)), {"ujson"}), (Selection(groups=("dev",)), {"pytest"})],
)
def test_extras_and_groups_add(shop: Path, selection: Selection, more: set[str]) -> None:
    assert names(read(shop, selection), X86).keys() == {"idna", "member", "numpy", *more}


def test_only_a_group(shop: Path) -> None:
    assert names(read(shop, Selection(only_groups=("dev",))), X86).keys() == {"pytest"}


@pytest.mark.parametrize("selection", [Selection(extras=("slow",)), Selection(groups=("docs",))])
def test_what_the_lock_does_not_have(shop: Path, selection: Selection) -> None:
    with pytest.raises(UsageError, match=r"is not a(n extra| extra| group) of .*uv\.lock'; choose one of: (fast|dev)"):
        read(shop, selection)


def test_a_member_is_locked_at_the_root(shop: Path) -> None:
    reading = read(shop, at="packages/member")
    assert names(reading, X86) == {"idna": "3.0"}
    assert (reading.name, reading.folder) == ("member", shop)


def test_where_files_are(shop: Path) -> None:
    found = {str(one.package.name): one.package for one in packages(read(shop, Selection(("dev",), ("fast",))), ARM)}
    assert found["idna"].wheels is not None
    assert found["idna"].wheels[0].url == "https://x.example/idna-3.0-py3-none-any.whl"
    assert found["ujson"].wheels is not None
    assert found["ujson"].wheels[0].path == "links/ujson-5.0-py3-none-any.whl"
    assert found["six"].archive is not None
    assert found["six"].archive.hashes == {"sha256": "0" * 64}
    assert found["member"].directory is not None
    assert found["member"].directory.path == "packages/member"
    assert found["pytest"].vcs is not None
    assert (found["pytest"].vcs.commit_id, found["pytest"].vcs.subdirectory) == ("a" * 40, "src")
    assert found["pytest"].vcs.url == "https://x.example/pytest.git"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"numpy"', '"numpy>=2"', "'numpy' in"),
        ('"pytest"', '"pytest", "attrs"', "'attrs' in the group 'dev' of"),
        ('fast = ["ujson"]', "fast = []", "'ujson' in"),
    ],
)
def test_a_manifest_that_went_on(shop: Path, old: str, new: str, said: str) -> None:
    manifest = shop / "pyproject.toml"
    manifest.write_text(manifest.read_text("utf-8").replace(old, new, 1), "utf-8")
    stale = read(shop).stale
    assert stale is not None
    assert said in stale


def test_logins_by_the_name_of_the_index(shop: Path) -> None:
    reading = read(shop, UV_INDEX_PRIVATE_USERNAME="me", UV_INDEX_PRIVATE_PASSWORD="secret")  # noqa: S106  # what is looked for
    assert reading.sources == ("https://me:secret@x.example/simple",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version = 1\n", "version = 2\n", r"has the format 2, and lambda-pack knows 1; update lambda-pack"),
        ("registry = ", "carrier-pigeon = ", r"says 'carrier-pigeon' of the source of 'idna'"),
        ("[[package]]", "[package]", "is not TOML"),
        ('name = "idna"\nversion = "3.0"', 'name = "idna"\nversion = "x"', "cannot be understood"),
        ('name = "idna"\n', "", "'name' is missing"),
        ("https://x.example/idna", "https://[::/idna", "Invalid IPv6 URL"),
    ],
)
def test_what_is_no_lock_is_said(shop: Path, old: str, new: str, message: str) -> None:
    (shop / "uv.lock").write_text(LOCK.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=message):
        read(shop)


def test_a_choice_between_extras(tmp_path: Path) -> None:
    """`extra == 'extra-4-shop-cpu'` is how uv writes about extras that exclude each other."""
    edges = ", ".join(
        f"{{ name = 'a', version = '{version}', marker = \"extra {operator} 'extra-4-shop-one'\" }}"
        for version, operator in (("1.0", "=="), ("2.0", "!="))
    )
    rows = "".join(
        f'[[package]]\nname = "a"\nversion = "{version}"\nsource = {{ registry = "https://x.example" }}\n'
        f'sdist = {{ url = "https://x.example/a-{version}.tar.gz", hash = "{HASH}" }}\n'
        for version in ("1.0", "2.0")
    )
    root = (
        f"[[package]]\n"
        f'name = "shop"\n'
        f'version = "1"\n'
        f'source = {{ virtual = "." }}\n'
        f"dependencies = [{edges}]\n"
        f"[package.metadata]\n"
        f'provides-extras = ["one"]\n'
    )
    (tmp_path / "uv.lock").write_text(f"version = 1\n{rows}{root}", "utf-8")
    assert names(read(tmp_path), X86) == {"a": "2.0"}
    assert names(read(tmp_path, Selection(extras=("one",))), X86) == {"a": "1.0"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{ name = "idna" }', '{ name = "idna", when = "x" }', "says 'when' of 'idna', which 'member' requires"),
        (
            'name = "idna"\n',
            'name = "idna"\nvariants = []\n',
            "says 'variants' of 'idna', which lambda-pack does not know",
        ),
        ("#" + "a" * 40, "", "'pytest' is a repository without a commit in the lock"),
        ("?subdirectory=src", "?path=dist/x.whl", "'pytest' is the file 'dist/x.whl' of a repository in the lock"),
        ("[manifest]\n", "conflicts = [[{ package = 'a', feature = 'b' }]]\n[manifest]\n", "'feature' of a conflict"),
    ],
)
def test_what_may_decide_and_is_unknown_is_refused(shop: Path, old: str, new: str, message: str) -> None:
    (shop / "uv.lock").write_text(LOCK.replace(old, new), "utf-8")
    with pytest.raises(UsageError, match=message):
        read(shop)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("revision = 3", "revision = 5", None),
        ("revision = 3", "revision = 6", "may say more than lambda-pack reads (revision 6, and lambda-pack knows 5)"),
        ("revision = 3", "revision = 3\nplugins = 1", "says 'plugins', which lambda-pack leaves aside"),
        ("size = 7 }", "size = 7, mirror = 'x' }", "says 'package.wheels.mirror', which lambda-pack leaves aside"),
        ("[manifest]", "[manifest]\nodd = 1", "says 'manifest.odd', which lambda-pack leaves aside"),
    ],
)
def test_what_is_unknown_and_decides_nothing_is_named(shop: Path, old: str, new: str, said: str | None) -> None:
    (shop / "uv.lock").write_text(LOCK.replace(old, new), "utf-8")
    warnings = read(shop).warnings
    assert len(warnings) == (said is not None)
    assert said is None or said in warnings[0]


def test_keys_of_2024(shop: Path) -> None:
    """The first uv with a lock said `distribution`, `dependency-groups` and `environment-markers`."""
    text = LOCK.replace("[[package]]", "[[distribution]]").replace("[package.", "[distribution.")
    old = text.replace("dev-dependencies", "dependency-groups").replace("resolution-markers", "environment-markers")
    (shop / "uv.lock").write_text(old, "utf-8")
    assert names(read(shop, Selection(groups=("dev",))), X86).keys() == {"idna", "member", "numpy", "pytest"}


def test_one_version_from_two_sources(tmp_path: Path) -> None:
    rows = "".join(
        f'[[package]]\nname = "a"\nversion = "1.0"\nsource = {{ registry = "https://{host}.example" }}\n'
        f'sdist = {{ url = "https://{host}.example/a-1.0.tar.gz", hash = "{HASH}" }}\n'
        for host in ("x", "y")
    )
    edges = "".join(
        f'{{ name = "a", version = "1.0", source = {{ registry = "https://{host}.example" }}, marker = "{marker}" }},'
        for host, marker in (("x", "platform_machine != 'aarch64'"), ("y", "platform_machine == 'aarch64'"))
    )
    root = f'[[package]]\nname = "shop"\nversion = "1"\nsource = {{ virtual = "." }}\ndependencies = [{edges}]\n'
    (tmp_path / "uv.lock").write_text(f"version = 1\n{rows}{root}", "utf-8")
    places = [packages(read(tmp_path), target)[0].package.sdist for target in (X86, ARM)]
    assert [place.url for place in places if place] == [
        "https://x.example/a-1.0.tar.gz",
        "https://y.example/a-1.0.tar.gz",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dependencies = [\n", "dynamic = ['dependencies']\ndependencies = [\n'ujson',\n"),
        ('  "member",\n', '  "member>=1",\n'),
    ],
    ids=["what a backend says", "a version of what has a place"],
)
def test_what_cannot_be_compared_is_no_change(shop: Path, old: str, new: str) -> None:
    manifest = shop / "pyproject.toml"
    manifest.write_text(manifest.read_text("utf-8").replace(old, new, 1), "utf-8")
    assert read(shop).stale is None


def test_sources_of_the_root_count_for_members(shop: Path) -> None:
    """What is a workspace's member by the root's sources has no versions in the lock."""
    text = LOCK.replace(
        'dependencies = [{ name = "idna" }]\n',
        'dependencies = [{ name = "shop" }]\n[package.metadata]\nrequires-dist = [{ name = "shop", virtual = "." }]\n',
        1,
    )
    (shop / "uv.lock").write_text(text, "utf-8")
    member = '[project]\nname = "member"\ndependencies = ["shop>=1"]\n'
    (shop / "packages" / "member" / "pyproject.toml").write_text(member, "utf-8")
    root = shop / "pyproject.toml"
    root.write_text(root.read_text("utf-8") + "shop = { workspace = true }\n", "utf-8")
    assert read(shop).stale is None
