"""Whatever a file says, it is read, or refused with a sentence: the same documents, changed at random."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest
from msgspec import Struct

from lambda_pack.commands.orders import read_order
from lambda_pack.commands.templates import read_template
from lambda_pack.errors import UsageError
from lambda_pack.frontends.cells import cells_of
from lambda_pack.frontends.requests import gather
from lambda_pack.frontends.templates import plan_template
from lambda_pack.inputs.functions_file import find_functions_file, read_functions_file
from lambda_pack.model.locked import needed
from lambda_pack.model.request import PackRequest
from lambda_pack.model.selection import Selection
from lambda_pack.model.targets import Target
from tests.inputs import test_pdm_lock, test_pipfile_lock, test_poetry_lock, test_uv_lock
from tests.support.mutations import mutated

MEMBER = '[project]\nname = "member"\ndependencies = ["idna"]\n'
TARGET = Target.parse("python3.13")
HASH = "sha256:" + "0" * 64
REQUIREMENTS = """\
--index-url https://me:secret@x.example/simple
--no-binary numpy
-c limits.txt
six>=1,<2 ; python_version < "3.14" # a comment
requests[socks] @ https://x.example/requests-2.0-py3-none-any.whl \\
  --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000
./member
-e git+https://x.example/a.git@v1#egg=a
"""
PYPROJECT = """\
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["six>=1; python_version < '3.14'", "shop[fast]", "member"]
[project.optional-dependencies]
fast = ["ujson"]
[dependency-groups]
dev = ["pytest", { include-group = "web" }]
web = ["attrs"]
[tool.uv]
dev-dependencies = ["ruff"]
constraint-dependencies = ["six<2"]
override-dependencies = ["idna==3"]
conflicts = [[{ extra = "fast" }, { group = "web" }]]
exclude-newer = "2026-01-01T00:00:00Z"
prerelease = "allow"
[tool.uv.pip]
no-binary = ["numpy"]
[tool.uv.sources]
member = { path = "member", editable = true }
six = [{ index = "private", marker = "sys_platform == 'linux'" }]
[tool.uv.workspace]
members = ["member"]
[[tool.uv.index]]
name = "private"
url = "https://x.example/simple"
explicit = true
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
pandas = { version = "^2", optional = true, extras = ["x"], markers = "os_name == 'posix'" }
[tool.poetry.extras]
big = ["pandas"]
[tool.poetry.group.docs.dependencies]
sphinx = "*"
[[tool.poetry.source]]
name = "mine"
url = "https://x.example/simple"
priority = "explicit"
[tool.pdm.dev-dependencies]
lint = ["ruff"]
[[tool.pdm.source]]
name = "other"
url = "https://y.example/simple"
include_packages = ["x*"]
[tool.lambda-pack]
runtime = "python3.13"
exclude = ["*.txt"]
[tool.lambda-pack.functions.api]
requirements = ["requirements.txt"]
"""
PYLOCK = f"""\
lock-version = "1.0"
created-by = "a test"
requires-python = ">=3.11"
environments = ["sys_platform == 'linux'"]
extras = ["fast"]
dependency-groups = ["web"]
default-groups = ["web"]
[[packages]]
name = "six"
version = "1.0"
marker = "python_version < '3.14'"
requires-python = ">=3"
index = "https://x.example/simple"
dependencies = [{{ name = "idna" }}]
[[packages.wheels]]
name = "six-1.0-py3-none-any.whl"
url = "https://x.example/six-1.0-py3-none-any.whl"
size = 3
upload-time = 2026-01-01T00:00:00Z
hashes = {{ sha256 = "00" }}
[[packages]]
name = "idna"
version = "3.0"
sdist = {{ name = "idna-3.0.tar.gz", path = "idna-3.0.tar.gz", hashes = {{ sha256 = "00" }} }}
[[packages]]
name = "a"
vcs = {{ type = "git", url = "https://x.example/a.git", commit-id = "{"a" * 40}", subdirectory = "b" }}
[[packages]]
name = "member"
directory = {{ path = "member", editable = true }}
[[packages]]
name = "z"
archive = {{ url = "https://x.example/z.zip", hashes = {{ sha256 = "00" }} }}
"""
SCRIPT = """\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "six>=1",
# ]
# [tool.uv]
# exclude-newer = "2026-01-01T00:00:00Z"
# ///
import six
"""
FUNCTIONS = """\
{"defaults": {"runtime": ["python3.13"], "architecture": "arm64"},
 "functions": {"api": {"source": ["member"], "requirements": ["requirements.txt"], "handler": "app.main",
                       "s3-uri": "s3://bucket/x/"},
               "jobs": {"input": "member", "to-dir": "out/jobs", "exclude": ["*.txt"]}},
 "layers": {"deps": {"requirements": "requirements.txt", "no-build": true}}}
"""
FUNCTIONS_YAML = """\
defaults: &all
  runtime: [python3.13, python3.12]
functions:
  api:
    <<: *all
    source: member   # here
    requirements: requirements.txt
  jobs: {input: member, no-build: true}
layers:
  deps: {requirements: [requirements.txt]}
"""
SAM = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Arch: {Type: String, Default: arm64}
Globals:
  Function: {Runtime: python3.13, Architectures: [!Ref Arch]}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: member/
      Handler: app.handler
      Layers: [!Ref Deps]
    Metadata: {BuildMethod: python3.13, BuildProperties: {ParentPackageMode: auto}}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {Code: member, Runtime: python3.12, FunctionName: plain}
  Deps:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: member, CompatibleRuntimes: [python3.12]}
    Metadata: {BuildMethod: python3.13, BuildArchitecture: arm64}
  Nested: {Type: AWS::Serverless::Application, Properties: {Location: other.yaml}}
"""
SAM_JSON = """\
{"Parameters": {"Arch": {"Type": "String", "Default": "arm64"}},
 "Globals": {"Function": {"Runtime": "python3.13", "Architectures": [{"Ref": "Arch"}]}},
 "Resources": {
  "Hello": {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "member", "Handler": "app.main",
            "FunctionName": "hello"}, "Metadata": {"BuildMethod": "python3.13",
            "BuildProperties": {"ParentPackageMode": "explicit", "ParentPackages": "a.b"}}},
  "Deps": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "member", "LayerName": "deps",
           "CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["arm64"]}}}}
"""
SERVERLESS = """\
{"service": "shop", "provider": {"name": "aws", "runtime": "python3.13", "architecture": "arm64"},
 "plugins": ["serverless-python-requirements"], "useDotenv": false,
 "custom": {"stage": "${opt:stage, 'dev'}", "pythonRequirements": {"slim": true, "fileName": "requirements.txt",
            "layer": {"name": "deps"}, "noDeploy": ["boto3"], "zip": false, "vendor": "member"}},
 "package": {"individually": true, "patterns": ["!node_modules/**", "member/**"], "exclude": ["x/**"]},
 "functions": {"api": {"handler": "member/app.main", "module": "member", "name": "api-${self:custom.stage}",
               "package": {"patterns": ["!*.md"], "include": ["a"]}, "layers": [{"Ref": "DepsLambdaLayer"}]}},
 "layers": {"deps": {"path": "member", "name": "d", "compatibleRuntimes": ["python3.12"]}}}
"""
STACK = """\
{"Resources": {
  "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Bucket": "b", "S3Key": "ASSET.zip"},
         "Runtime": "python3.13", "Architectures": ["arm64"], "Handler": "app.main", "FunctionName": "fn"},
         "Metadata": {"aws:asset:path": "asset.ASSET", "aws:asset:is-bundled": false}},
  "Layer": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": {"S3Key": "ASSET.zip"},
            "CompatibleRuntimes": ["python3.12"], "CompatibleArchitectures": ["arm64"]}},
  "Topic": {"Type": "AWS::SNS::Topic"}}}
""".replace("ASSET", "a" * 64)
PIP_CONF = """\
[global]
index-url = https://me:secret@x.example/simple
timeout = 5
extra-index-url =
    https://y.example/simple
[install]
no-binary = numpy
constraint = limits.txt
"""
UV_TOML = """\
exclude-newer = "2026-01-01T00:00:00Z"
no-build-package = ["numpy"]
constraint-dependencies = ["six<2"]
[[index]]
name = "private"
url = "https://x.example/simple"
default = true
[pip]
prerelease = "allow"
extra-index-url = ["https://y.example/simple"]
[exclude-newer-package]
six = "2026-01-01"
"""
PDM_LOCK = (
    '[metadata]\ngroups = ["default", "web"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\n'
    f'content_hash = "sha256:{test_pdm_lock.CONTENT_HASH}"\n[[metadata.targets]]\nrequires_python = ">=3.11"\n'
    + test_pdm_lock.PACKAGES
)
POETRY_LOCK = (
    test_poetry_lock.LOCK
    + '[extras]\nfast = ["ujson"]\n[metadata]\nlock-version = "2.1"\npython-versions = "^3.11"\ncontent-hash = "0"\n'
)


class Reader(Struct, frozen=True):
    """A way to read a project: what lies in it, and which of the files are changed, each with its format."""

    name: str
    read: Callable[[Path], object]
    files: Mapping[str, str]
    changed: Mapping[str, str]
    needs_requirements: bool = False


def _ordered(*paths: str, groups: tuple[str, ...] = (), extras: tuple[str, ...] = ()) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        environ = {"PIP_CONFIG_FILE": str(folder / "pip.conf"), "UV_CONFIG_FILE": "", "XDG_CONFIG_DIRS": str(folder)}
        if (folder / "uv.toml").is_file():
            environ["UV_CONFIG_FILE"] = str(folder / "uv.toml")
        requirements = tuple(folder / path for path in paths) or (folder,)
        request = PackRequest(TARGET, requirements, selection=Selection(groups=groups, extras=extras))
        order = read_order(request, environ, home=folder / "home")
        return needed(order.lock, TARGET) if order.lock is not None else order

    return read


def _functions(folder: Path) -> object:
    return cells_of(read_functions_file(find_functions_file(folder)), {}, {})


def _template(name: str) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        return plan_template(read_template(folder / name, {}), {}, {}, folder / "written.yaml")

    return read


def _settings(folder: Path) -> object:
    return gather({"place": None}, folder, {})


UV_MANIFEST = test_uv_lock.MANIFEST + (
    "[tool.uv.workspace]\nmembers = ['member']\n[tool.uv.sources]\nmember = { workspace = true }\n"
)
PIPFILE_LOCK = (
    '{"_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {"python_version": "3.13"}, "sources": '
    '[{"name": "main", "url": "https://x.example/simple", "verify_ssl": true}]}, "default": {"idna": {"hashes": '
    f'["{HASH}"], "version": "==3.0", "index": "main"}}, "six": {{"markers": "os_name == \'posix\'", "version": "*"}}, '
    '"local": {"path": "./member", "editable": true}, "a": {"git": "https://x.example/a.git", "ref": "v1"}}, '
    '"develop": {"attrs": {"version": "==1.0", "sys_platform": "== \'linux\'"}}}'
)
READERS = (
    Reader(
        "requirements", _ordered("requirements.txt"), {"requirements.txt": REQUIREMENTS}, {"requirements.txt": "txt"}
    ),
    Reader(
        "pyproject",
        _ordered("pyproject.toml", groups=("dev", "docs", "lint"), extras=("fast",)),
        {"pyproject.toml": PYPROJECT},
        {"pyproject.toml": "toml"},
    ),
    Reader("folder", _ordered(), {"pyproject.toml": PYPROJECT}, {"pyproject.toml": "toml"}),
    Reader(
        "uv",
        _ordered(groups=("dev",), extras=("fast",)),
        {"pyproject.toml": UV_MANIFEST, "uv.lock": test_uv_lock.LOCK.replace("packages/member", "member")},
        {"uv.lock": "toml"},
    ),
    Reader(
        "poetry",
        _ordered(groups=("web",), extras=("fast",)),
        {"pyproject.toml": test_poetry_lock.MANIFEST, "poetry.lock": POETRY_LOCK},
        {"poetry.lock": "toml"},
    ),
    Reader(
        "old poetry",
        _ordered(groups=("web",)),
        {
            "pyproject.toml": test_poetry_lock.MANIFEST,
            "poetry.lock": POETRY_LOCK.replace(test_poetry_lock.LOCK, test_poetry_lock.OLD).replace(
                '-version = "2.1"', '-version = "1.1"'
            ),
        },
        {"poetry.lock": "toml", "pyproject.toml": "toml"},
    ),
    Reader(
        "pdm",
        _ordered(groups=("web",)),
        {"pyproject.toml": test_pdm_lock.MANIFEST, "pdm.lock": PDM_LOCK},
        {"pdm.lock": "toml", "pyproject.toml": "toml"},
    ),
    Reader(
        "pipenv",
        _ordered(groups=("dev",)),
        {"Pipfile": test_pipfile_lock.PIPFILE, "Pipfile.lock": PIPFILE_LOCK},
        {"Pipfile.lock": "json", "Pipfile": "toml"},
    ),
    Reader("pylock", _ordered(groups=("web",), extras=("fast",)), {"pylock.toml": PYLOCK}, {"pylock.toml": "toml"}),
    Reader("script", _ordered("job.py"), {"job.py": SCRIPT}, {"job.py": "py"}),
    Reader(
        "functions", _functions, {"lambda-pack.yml": FUNCTIONS}, {"lambda-pack.yml": "json"}, needs_requirements=True
    ),
    Reader(
        "functions in YAML",
        _functions,
        {"lambda-pack.yml": FUNCTIONS_YAML},
        {"lambda-pack.yml": "yaml"},
        needs_requirements=True,
    ),
    Reader(
        "functions in TOML",
        _functions,
        {"pyproject.toml": PYPROJECT},
        {"pyproject.toml": "toml"},
        needs_requirements=True,
    ),
    Reader("options", _settings, {"pyproject.toml": PYPROJECT}, {"pyproject.toml": "toml"}),
    Reader("SAM", _template("template.yaml"), {"template.yaml": SAM}, {"template.yaml": "yaml"}),
    Reader("SAM in JSON", _template("template.json"), {"template.json": SAM_JSON}, {"template.json": "json"}),
    Reader(
        "serverless",
        _template("serverless.yml"),
        {"serverless.yml": SERVERLESS},
        {"serverless.yml": "json"},
        needs_requirements=True,
    ),
    Reader(
        "cdk",
        _template("cdk.out"),
        {"cdk.out/shop.template.json": STACK, "cdk.out/manifest.json": "{}", f"cdk.out/asset.{'a' * 64}/app.py": ""},
        {"cdk.out/shop.template.json": "json"},
    ),
    Reader(
        "settings",
        _ordered("requirements.txt"),
        {"requirements.txt": "six\n", "pip.conf": PIP_CONF, "uv.toml": UV_TOML},
        {"pip.conf": "ini", "uv.toml": "toml"},
    ),
)


def prepare(reader: Reader, folder: Path) -> None:
    """Write the reader's project, unchanged."""
    files = {"limits.txt": "six<2\n", "member/pyproject.toml": MEMBER, **reader.files}
    if reader.needs_requirements:
        files.setdefault("requirements.txt", "six\n")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def outcome(reader: Reader, folder: Path, seed: int) -> str:
    """Change one of the reader's files and read the project: "read", "refused", or the fault with its seed."""
    random = Random(f"{reader.name} {seed}")  # noqa: S311  # repeatable
    name, kind = random.choice(sorted(reader.changed.items()))
    (folder / name).write_bytes(mutated(reader.files[name], kind, random).encode("utf-8", "replace"))
    try:
        reader.read(folder)
    except UsageError as error:
        return "refused by the last net" if "cannot be understood" in str(error) else "refused"
    except Exception as error:  # noqa: BLE001  # what is looked for
        return f"{type(error).__name__} with seed {seed}: {error}"
    finally:
        (folder / name).write_text(reader.files[name], "utf-8")
    return "read"


EXPECTED = {"read", "refused", "refused by the last net"}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_few_changes(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepare(reader, tmp_path)
    reader.read(tmp_path)

    assert {outcome(reader, tmp_path, seed) for seed in range(5)} <= EXPECTED


@pytest.mark.proof
def test_many_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Read 200,000 changed documents, or as many as three minutes allow, the seeds in turn for all readers."""
    for reader in READERS:
        (tmp_path / reader.name).mkdir()
        prepare(reader, tmp_path / reader.name)
    found: Counter[str] = Counter()
    slowest, end = 0.0, time.monotonic() + 180
    for seed in range(1_000_000, 1_000_000 + 200_000 // len(READERS)):
        for reader in READERS:
            monkeypatch.chdir(tmp_path / reader.name)
            began = time.monotonic()
            found[outcome(reader, tmp_path / reader.name, seed)] += 1
            slowest = max(slowest, time.monotonic() - began)
        if time.monotonic() > end:
            break
    with capsys.disabled():
        print(f"\n{found.total():,} changed inputs for {len(READERS)} readers, seeds 1,000,000 to {seed:,}: {found}")  # noqa: T201  # a figure
        print(f"the slowest took {slowest:.2f} s")  # noqa: T201  # a figure

    assert found.keys() <= EXPECTED
    assert slowest < 5  # seconds, on a machine that does other things
