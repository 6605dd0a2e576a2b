"""serverless.yml: what it says about packaging is heeded or named, as by the framework itself."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from lambda_pack.inputs.template_keys import PLUGIN_KEYS, keys_of
from tests.end_to_end.test_many import many
from tests.end_to_end.test_templates import names
from tests.end_to_end.workplace import Workplace, contents
from tests.support.node_tools import node_modules, run_node
from tests.support.packages import make_wheel

HEAD = "service: shop\nprovider: {name: aws, runtime: python3.13}\nplugins: [serverless-python-requirements]\n"
ONE = "functions:\n  one: {handler: app.handler}\n"


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A service with code and requirements in several places."""
    for name in ("six", "idna", "attrs"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    work.write("requirements.txt", "attrs")
    work.write("deploy-requirements.txt", "idna\nsix")
    work.write("app.py", "def handler(event, context): ...")
    for name in (
        "secret/keep.txt",
        "secret/x.txt",
        "lib/a.py",
        "lib/deep/b.py",
        "lib/.hidden",
        "docs/x.md",
        "extra.py",
    ):
        work.write(name, "x = 1")
    return work


def warnings(text: str) -> list[str]:
    return [line.removeprefix("warning: ") for line in text.splitlines() if line.startswith("warning: ")]


def packages(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return {name.split("-")[0] for name in opened.namelist() if ".dist-info/" in name}


@pytest.mark.parametrize(
    ("settings", "files", "packed"),
    [
        ("{}", {}, {"attrs"}),
        ("{fileName: deploy-requirements.txt}", {}, {"idna", "six"}),
        ("{fileName: '${self:custom.file}'}", {}, {"idna", "six"}),
        ("{fileName: \"${opt:file, 'deploy-requirements.txt'}\"}", {}, {"idna", "six"}),
        ("{fileName: deploy-requirements.txt, noDeploy: [idna]}", {}, {"six"}),
        ("{enabled: false}", {}, set()),
        ("{}", {"Pipfile": "", "Pipfile.lock": ""}, {"six"}),
        ("{usePipenv: false}", {"Pipfile": "", "Pipfile.lock": ""}, {"attrs"}),
        ("{usePipenv: 0}", {"Pipfile": "", "Pipfile.lock": ""}, {"attrs"}),
        ("{fileName: nowhere.txt}", {}, set()),
    ],
)
def test_the_settings_of_the_plugin_choose_the_requirements(
    shop: Workplace, settings: str, files: dict[str, str], packed: set[str]
) -> None:
    for name, text in files.items():
        shop.write(name, text)
    if "Pipfile.lock" in files:
        here = {"name": "here", "url": shop.index.url, "verify_ssl": False}
        wheel = (shop.index.folder / "six-1.0-py3-none-any.whl").read_bytes()
        entry = {"version": "==1.0", "index": "here", "hashes": [f"sha256:{hashlib.sha256(wheel).hexdigest()}"]}
        meta = {"hash": {}, "pipfile-spec": 6, "requires": {}, "sources": [here]}
        shop.write("Pipfile.lock", json.dumps({"_meta": meta, "default": {"six": entry}}))
    shop.write(
        "serverless.yml",
        f"{HEAD}custom:\n  file: deploy-requirements.txt\n  pythonRequirements: {settings}\n{ONE}",
    )

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    assert packages(shop.folder / "dist" / "one-python3.13-x86_64.zip") == packed
    assert bool(warnings(done.errors)) is ("nowhere" in settings)


def test_what_patterns_take_in_or_leave_out_is_a_change(shop: Workplace) -> None:
    assert shop.pack("-r", "requirements.txt", "-o", "locked", architecture="x86_64").exit_code == 0
    (lock,) = (shop.folder / "locked").glob("*.pylock.toml")
    lock.rename(shop.folder / "pylock.toml")
    (shop.folder / "requirements.txt").unlink()
    zip_file = shop.folder / "dist" / "one-python3.13-x86_64.zip"

    def pack(*patterns: str) -> dict[str, bytes]:
        head = HEAD.replace("plugins: [serverless-python-requirements]\n", "")
        shop.write("serverless.yml", f"{head}package: {{patterns: {list(patterns)}}}\n{ONE}")
        done = many(shop, "--template", "serverless.yml")
        assert done.exit_code == 0, done.text
        return contents(zip_file)

    shop.write(".env", "A=1")
    assert pack(".env")[".env"] == b"A=1\n"
    shop.write(".env", "A=2")

    assert pack(".env")[".env"] == b"A=2\n"
    assert "extra.py" not in pack(".env", "!extra.py")


def test_settings_that_do_not_count_are_named_once_with_their_places(shop: Workplace) -> None:
    shop.write(
        "serverless.yml",
        f"{HEAD}custom:\n"
        "  pythonRequirements:\n"
        "    zip: true\n"
        "    slimPatterns: ['**/*.egg-info*']\n"
        "    dockerizePip: non-linux\n"
        "    useStaticCache: false\n"
        "    dockerSsh: false\n"
        "    pipCmdExtraArgs: ${file(pip.yml):args}\n"
        "    novelty: 1\n"
        "    noDeploy: [six, '${env:PACKAGE}']\n"
        "package:\n"
        "  patterns:\n"
        "    - ${file(patterns.yml)}\n"
        "    - ../shared/**\n"
        "functions:\n"
        "  - one: {handler: app.handler, module: lib, package: {patterns: ['!**']}}\n"
        "  - ${file(functions.yml)}\n",
    )

    done = many(shop, "--template", "serverless.yml", "--json")

    assert done.exit_code == 0, done.text
    where, rows = "serverless.yml", keys_of(PLUGIN_KEYS)
    pinned = "custom.pythonRequirements"
    assert warnings(done.errors) == [
        f"{where}:6:10: {pinned}.zip does not count: {rows['zip'].text}",
        f"{where}:7:19: {pinned}.slimPatterns does not count: {rows['slimPatterns'].text}",
        f"{where}:11:22: {pinned}.pipCmdExtraArgs does not count: {rows['pipCmdExtraArgs'].text}",
        f"{where}:12:14: {pinned}.novelty does not count: lambda-pack does not know it",
        f"{where}:13:21: {pinned}.noDeploy does not count: ${{env:PACKAGE}} is known only to the framework",
        f"{where}:16:5: the pattern '../shared/**' does not count: it is outside of the service; use --source",
        f"{where}:16:7: package.patterns does not count: ${{file(patterns.yml)}} is known only to the framework",
        f"{where}:19:41: functions.one.module does not count: package.individually is not set for the service",
        f"{where}:19:66: functions.one.package.patterns does not count: package.individually is not set",
        f"{where}:20:5: functions does not count: ${{file(functions.yml)}} is known only to the framework",
    ]
    assert json.loads(done.output)["warnings"] == warnings(done.errors)


@pytest.mark.parametrize(("set_to", "packed"), [("keep.txt", "keep.txt"), (None, "extra.py")])
def test_a_variable_of_the_environment_comes_before_its_default(
    shop: Workplace, set_to: str | None, packed: str
) -> None:
    shop.write("keep.txt", "")
    shop = replace(shop, environment={**shop.environment, **({"KEPT": set_to} if set_to else {})})
    patterns = "['!**', \"${env:KEPT, 'extra.py'}\"]"
    shop.write("serverless.yml", f"{HEAD}package: {{patterns: {patterns}}}\n{ONE}")

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    assert names(shop.folder / "dist" / "one-python3.13-x86_64.zip") & {"keep.txt", "extra.py"} == {packed}


def test_requirements_become_a_layer_where_the_service_says_so(shop: Workplace) -> None:
    shop.write("serverless.yml", f"{HEAD}custom: {{pythonRequirements: {{layer: {{name: mine}}}}}}\n{ONE}")

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    dist = shop.folder / "dist"
    assert packages(dist / "one-python3.13-x86_64.zip") == set()
    assert "app.py" in names(dist / "one-python3.13-x86_64.zip")
    assert all(name.startswith("python/") for name in names(dist / "pythonRequirements-python3.13-x86_64.zip"))
    written = (shop.folder / "serverless.packaged.yml").read_text("utf-8")
    assert (
        'layers: {"pythonRequirements": {"name": "mine", "compatibleRuntimes": ["python3.13"], "package": '
        '{"artifact": "dist/pythonRequirements-python3.13-x86_64.zip"}}}\n' in written
    )
    assert "plugins: []" in written
    assert '{pythonRequirements: {"enabled": false, layer' in written


def test_slim_strips_and_drops_metadata(shop: Workplace) -> None:
    shop.write("serverless.yml", f"{HEAD}custom: {{pythonRequirements: {{slim: true}}}}\n{ONE}")

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    archive = shop.folder / "dist" / "one-python3.13-x86_64.zip"
    assert (packages(archive), "attrs.py" in names(archive)) == (set(), True)


def test_vendored_files_are_packed_over_all_others(shop: Workplace) -> None:
    shop.write("vendored/attrs.py", "VENDORED = True")
    shop.write("mine/extra.py", "MINE = True")
    shop.write(
        "serverless.yml",
        f"{HEAD}custom: {{pythonRequirements: {{vendor: ./vendored}}}}\n"
        "functions:\n  one: {handler: app.handler, vendor: mine}\n",
    )

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    with zipfile.ZipFile(shop.folder / "dist" / "one-python3.13-x86_64.zip") as archive:
        assert [archive.read(name) for name in ("attrs.py", "extra.py")] == [b"VENDORED = True\n", b"MINE = True\n"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("{image: repository:tag}", "it is a container image"),
        ("{handler: a.b, package: {artifact: x.zip}}", "its artifact is packed already"),
        ("{handler: a.b, package: {disable: true}}", "package.disable says that nothing is packed for it"),
        ("{handler: a.b, runtime: nodejs22.x}", "nodejs22.x is no Python"),
        (
            "{handler: a.b, runtime: '${param:runtime}'}",
            "its runtime is known only when it is deployed; name one with --runtime",
        ),
    ],
)
def test_functions_that_are_left_as_they_are(shop: Workplace, entry: str, reason: str) -> None:
    shop.write("serverless.yml", f"{HEAD}{ONE}  other: {entry}\n")

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    assert f"other is left as it is: {reason}" in warnings(done.errors)


PACKAGES = {
    "older services": "package:\n  exclude: [secret/**, '!secret/keep.txt', '*.yml']\n",
    "include after exclude": "package:\n  exclude: ['**']\n  include: [app.py, 'lib/**']\n",
    "patterns in their order": "package:\n  patterns: ['!**', 'lib/**', '!lib/deep/**', app.py, 'secret/{x,y}.txt']\n",
    "patterns last": "package:\n  exclude: [lib/**]\n  include: [lib/a.py]\n  patterns: ['!lib/a.py', 'lib/*']\n",
    "hidden files and dots": "package:\n  patterns: ['!*', './app.py', 'lib/.*']\n",
    "a folder by its name": "package:\n  patterns: ['!lib', '!docs/']\n",
    "individually": (
        "package: {individually: true, patterns: ['!docs/**', '!lib/**']}\n"
        "functions:\n"
        "  one: {handler: app.handler, package: {patterns: ['lib/a.py', '!secret/**']}}\n"
        "  two: {handler: app.handler, package: {exclude: [extra.py], include: ['docs/**']}}\n"
        "  three: {handler: a.handler, module: lib, package: {patterns: ['lib/**', '!lib/deep/**']}}\n"
    ),
    "one of its own": (
        "package: {patterns: ['!docs/**']}\n"
        "functions:\n"
        "  one: {handler: app.handler, package: {patterns: ['!lib/**']}}\n"
        "  two: {handler: app.handler, package: {individually: true, patterns: ['!lib/**']}}\n"
    ),
    "the same pattern twice": (
        "package: {individually: true, patterns: ['!**', 'app.py']}\n"
        "functions:\n  one: {handler: app.handler, package: {patterns: ['lib/**', '!**']}}\n"
    ),
    "folders by their names": "package:\n  patterns: ['!**/deep', '!d{ocs,x}', '!secr*', 'docs/*']\n",
    "names in exclude": "package:\n  exclude: [lib, '**/deep']\n",
}


@pytest.mark.network
@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_own_code_is_what_the_framework_packs(shop: Workplace, package: str) -> None:
    text = HEAD.replace("plugins: [serverless-python-requirements]\n", "")
    functions = "" if "functions:" in package else ONE
    shop.write("serverless.yml", f"{text}{package}{functions}")
    (shop.folder / "requirements.txt").unlink()
    serverless = node_modules() / "serverless" / "bin" / "serverless.js"
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}

    run_node(serverless, "package", folder=shop.folder, environment=keys)
    theirs = {path.stem: names(path) for path in (shop.folder / ".serverless").glob("*.zip")}
    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    ours = {path.name.split("-python")[0]: names(path) for path in (shop.folder / "dist").glob("*.zip")}
    # The plugin moves a module up, which the framework alone does not.
    if "three" in theirs:
        theirs["three"] = {name.removeprefix("lib/") for name in theirs["three"] if name.startswith("lib/")}
    assert {name: theirs.get(name, theirs.get("shop")) for name in ours} == ours


@pytest.mark.network
def test_the_framework_deploys_what_was_packed_as_it_is(shop: Workplace) -> None:
    shop.write("serverless.yml", f"{HEAD}custom: {{pythonRequirements: {{fileName: requirements.txt}}}}\n{ONE}")
    serverless = node_modules() / "serverless" / "bin" / "serverless.js"
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    done = many(shop, "--template", "serverless.yml")
    assert done.exit_code == 0, done.text
    before = {path.name: path.read_bytes() for path in (shop.folder / "dist").glob("*.zip")}

    run_node(serverless, "package", "--config", "serverless.packaged.yml", folder=shop.folder, environment=keys)

    assert {path.name: path.read_bytes() for path in (shop.folder / "dist").glob("*.zip")} == before
    assert not list((shop.folder / ".serverless").glob("shop.zip"))
