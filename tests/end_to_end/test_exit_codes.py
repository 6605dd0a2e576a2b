"""Each exit code, provoked by a real situation: 130 in test_interruptions."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Workplace, files_below
from tests.frontends.schema import schema, valid_report
from tests.support.faults import Cut, Damage, Fault, Protect, Refuse, WrongHash
from tests.support.packages import make_sdist, make_wheel

# In bytes: together more than Lambda takes. Zeros, which a zip makes small.
HALF = 140_000_000


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project that needs six."""
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.write("requirements.txt", "six")
    return work


def test_1_a_place_that_cannot_be_written(shop: Workplace) -> None:
    done = shop.pack("-o", "requirements.txt/dist")

    assert done.exit_code == 1
    assert re.search(r"'requirements\.txt/dist' cannot be written .* choose another place", done.errors)
    assert "Traceback" not in done.text


def test_1_a_bug_says_how_to_report_it(shop: Workplace) -> None:
    # A dependency of ours that was broken by somebody's PYTHONPATH: nothing that we foresee.
    shop.write("broken/tomli_w.py", "def dumps(value):", "    raise RuntimeError('this cannot be')")

    done = shop.pack(extra={"PYTHONPATH": str(shop.folder / "broken")})

    assert done.exit_code == 1
    assert "this is a bug (RuntimeError). Please report it with the lines above" in done.errors
    assert "Traceback (most recent call last):" in done.errors
    assert not shop.leftovers()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pack",), "which runtime? name it with --runtime"),
        (("pack", "--runtime", "python3.99"), "'python3.99' is not a Lambda runtime; choose one of: "),
        (("pack", "--runtime", "python3.13", "-r", "missing.txt"), "'missing.txt' does not exist"),
        (("pack", "--runtime", "python3.13", "--timeout", "soon"), "'soon' for timeout in the command line"),
        (("pack", "--nonsense"), "unrecognized arguments: --nonsense\n"),
        (("pack", "--runtme", "python3.13"), "unrecognized arguments: --runtme; did you mean '--runtime'?"),
        (("verfy", "x.zip"), "did you mean 'verify'?"),
        (
            ("pack", "--runtime", "python3.13", "--layout", "functon"),
            "'functon' is not a layout; did you mean 'function'?",
        ),
        (("pack", "--runtime", "python3.13", "--layout", "x"), "'x' is not a layout; choose one of: function, layer"),
    ],
)
def test_2_usage(work: Workplace, arguments: tuple[str, ...], words: str) -> None:
    work.write("requirements.txt", "# nothing")

    done = work.run(*COMMAND, *arguments)

    assert (done.exit_code, done.output) == (2, "")
    assert words in done.errors
    assert files_below(work.folder) == ["requirements.txt"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("pack", "--runtime", "python3.13", "-r", "missing.txt"), 2, "'missing.txt' does not exist"),
        (("check", "--runtime", "python3.99"), 2, "'python3.99' is not a Lambda runtime"),
        (("pack", "--all"), 2, "no lambda-pack.yml"),
        (("pack", "--template", "missing.yaml"), 2, "missing.yaml"),
        (("audit", "missing.zip", "--runtime", "python3.13"), 2, "missing.zip"),
        (("verify", "missing.zip"), 2, "missing.zip"),
    ],
)
def test_every_exit_has_a_document(work: Workplace, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = work.run(*COMMAND, *arguments, "--json")

    assert done.exit_code == code, done.text
    document = json.loads(done.output)
    Draft202012Validator(schema("error-1")).validate(document)
    assert document["error"]["exit_code"] == code
    assert words in document["error"]["message"]
    # And in words, as without it.
    assert document["error"]["message"] in done.errors


def test_2_a_line_that_is_no_requirement(work: Workplace) -> None:
    work.write("requirements.txt", "# first", "six ==")

    done = work.pack()

    assert done.exit_code == 2
    assert "requirements.txt:2: Invalid requirement: " in done.errors


def test_3_unmet_with_every_explanation(shop: Workplace) -> None:
    tags = {
        "cp313-cp313-manylinux_2_38_aarch64": "glibc",
        "cp313-cp313t-manylinux_2_17_aarch64": "free-threaded",
        "cp312-cp312-manylinux_2_17_aarch64": "python",
        "cp313-cp313-manylinux_2_17_x86_64": "architecture",
        "cp313-cp313-musllinux_1_2_aarch64": "musl",
        "cp313-cp313-win_amd64": "system",
    }
    for tag in tags:
        make_wheel(shop.index.folder, f"fast-1.0-{tag}.whl")
    make_wheel(shop.index.folder, "api-1.0-py3-none-any.whl", requires=["fast"])
    log = ["reading https://me:hunter2@x.example/flux", "the flux is missing"]
    make_sdist(shop.index.folder, "hard", "2.0", build_backend="broken", log=log, project_table=True)
    shop.write("requirements.txt", "six", "api", "hard", "no-such-thing")
    shop.index.misbehave("*", Protect("deploy", "s3cret"))

    done = shop.pack("--json", "-i", shop.index.url_with("deploy", "s3cret"))

    assert done.exit_code == 3
    assert not shop.leftovers()
    report = valid_report(done.output)
    assert report["archive"] is None
    unmet = {one["name"]: one for one in report["unmet"]}
    assert sorted(unmet) == ["fast", "no-such-thing"]
    assert [one["name"] for one in report["to_build"]] == ["hard"], "nothing is built where the run cannot succeed"

    fast = unmet["fast"]
    assert {(file["file"], file["reason"]) for file in fast["files"]} == {
        (f"fast-1.0-{tag}.whl", reason) for tag, reason in tags.items()
    }
    assert (fast["required_by"], fast["origin"]) == (["api", "fast"], "requirements.txt:2")
    assert "the closest needs glibc 2.38 or newer; python3.13 has 2.34" in fast["reason"]
    assert (
        "choose another architecture: fast==1.0 has a wheel for python3.13-x86_64, and its files load there"
        in fast["advice"]
    )

    assert unmet["no-such-thing"]["reason"] == "unknown to every index"

    shop.write("requirements.txt", "six", "hard")
    done = shop.pack("--json", "-i", shop.index.url_with("deploy", "s3cret"))
    assert done.exit_code == 3
    (hard,) = valid_report(done.output)["unmet"]
    tries = hard["attempts"]
    assert {attempt["step"] for attempt in tries} <= {4, 5}
    assert "pip wheel" in tries[-1]["command"]
    assert "the flux is missing" in tries[-1]["log"]
    assert "broken on purpose" in tries[-1]["log"]
    assert "reading https://****@x.example/flux" in tries[-1]["log"]
    assert not [word for word in (str(shop.temporary), str(shop.folder), "hunter2", "s3cret") if word in done.text]


def test_3_can_be_allowed(shop: Workplace) -> None:
    make_wheel(shop.index.folder, "fast-1.0-cp313-cp313-win_amd64.whl")
    shop.write("requirements.txt", "six", "fast")

    done = shop.pack("--allow-unmet")

    assert done.exit_code == 3
    assert "packed shop for python3.13-arm64: 1 package, 1 unmet\n" in done.output
    report = valid_report((shop.folder / "dist" / "shop-python3.13-arm64.report.json").read_text("utf-8"))
    assert [one["name"] for one in report["unmet"]] == ["fast"]
    assert [one["name"] for one in report["packages"]] == ["six"]


def test_4_too_large_names_the_largest_and_who_wants_them(shop: Workplace) -> None:
    for name, requires in (("large", ["huge"]), ("huge", [])):
        make_wheel(
            shop.index.folder,
            f"{name}-1.0-py3-none-any.whl",
            files={f"{name}.bin": bytes(HALF), f"{name}/__init__.py": b"", f"{name}/tests/data": bytes(1 << 20)},
            requires=requires,
        )
    shop.write("requirements.txt", "six", "large")

    done = shop.pack()

    assert done.exit_code == 4
    assert "are more than the 262,144,000 Lambda takes" in done.errors
    assert "134.5 MB  huge==1.0  (requirements.txt:2: large → huge)" in done.errors
    # Ways out, with what each comes to.
    assert "267.0 MB  with --drop tests: still too large" in done.errors
    assert "133.5 MB  without large and with both options: fits" in done.errors
    assert "--allow-oversize" in done.errors
    assert not shop.leftovers()

    allowed = shop.packed("--allow-oversize")
    assert allowed.report["archive"]["unzipped_size"] > 2 * HALF


@pytest.mark.parametrize(
    ("resolver", "fault", "words"),
    [
        ("uv", Refuse(500, times=None), "500"),
        ("uv", Protect("me", "secret"), "status 401; 127.0.0.1 wants a login"),
        ("pip", Protect("me", "secret"), "401"),
        ("pip", Cut(10, times=None), "fetch"),
    ],
)
def test_5_an_index_that_fails(shop: Workplace, resolver: str, fault: Fault, words: str) -> None:
    shop.index.misbehave("/simple/*", fault)

    done = shop.pack("--resolver", resolver)

    assert (done.exit_code, done.output) == (5, "")
    assert words in done.errors
    assert not shop.leftovers()


def test_5_a_file_that_cannot_be_fetched(shop: Workplace) -> None:
    shop.index.misbehave("six-*.whl", Refuse(503, times=None))

    done = shop.pack()

    assert done.exit_code == 5
    assert "could not be fetched in 1 tries: status 503; check the network" in done.errors
    assert not shop.leftovers()


def test_5_nobody_listens(shop: Workplace) -> None:
    # Port 9 of this machine: "discard", which nobody has served for decades.
    done = shop.pack("-i", "http://127.0.0.1:9/simple/")

    assert done.exit_code == 5
    assert "refused" in done.errors.lower()


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [("six-*", WrongHash()), ("six-*.whl", Damage())],
    ids=["page promises another", "damaged on the way"],
)
def test_6_a_file_that_is_not_what_was_promised(shop: Workplace, pattern: str, fault: Fault) -> None:
    shop.index.misbehave(pattern, fault)

    done = shop.pack()

    assert done.exit_code == 6
    assert "'six-1.0-py3-none-any.whl' from " in done.errors
    assert "is not the file that was promised: expected sha256:" in done.errors
    assert not shop.leftovers()


def test_6_a_hash_of_the_requirements(shop: Workplace) -> None:
    shop.write("requirements.txt", f"six==1.0 --hash=sha256:{'0' * 64}")

    done = shop.pack()

    assert done.exit_code == 6
    assert "has a hash that the requirements list" in done.errors
    assert not shop.index.asked("six-*.whl"), "why fetch what may not be used"


def test_6_a_wheel_that_lies_about_itself(shop: Workplace) -> None:
    make_wheel(shop.index.folder, "evil-1.0-py3-none-any.whl", files={"../../evil.py": "import os"})
    shop.write("requirements.txt", "evil")

    done = shop.pack()

    assert done.exit_code == 6
    assert "evil-1.0-py3-none-any.whl" in done.errors
    assert not shop.leftovers()


def test_7_nobody_takes_the_archive(shop: Workplace) -> None:
    place = ("--s3-uri", "s3://my-bucket/", "--s3-endpoint-url", "http://127.0.0.1:9", "--s3-region", "eu-west-1")
    done = shop.pack(*place, extra={"AWS_ACCESS_KEY_ID": "testing-id", "AWS_SECRET_ACCESS_KEY": "testing-secret"})

    assert done.exit_code == 7
    assert "'127.0.0.1:9' cannot be reached" in done.errors
    assert "lambda-pack upload sends it again" in done.errors
    assert "testing-secret" not in done.text


def test_7_nobody_says_who_delivers(shop: Workplace) -> None:
    place = ("--s3-uri", "s3://my-bucket/", "--s3-region", "eu-west-1")
    done = shop.pack("--json", *place, extra={"AWS_EC2_METADATA_DISABLED": "true"})

    assert done.exit_code == 7
    assert "there are no AWS credentials" in done.errors
    assert json.loads(done.output)["delivered"] is None
