"""Building with pip, offline: the backends are inside the sdists."""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement

from lambda_pack.errors import IntegrityError
from lambda_pack.model.building import Build, Building, BuildPermission
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Checkout, Folder, Pin, Sdist
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import RUNTIMES, Architecture
from lambda_pack.model.verdicts import Fits, judge
from lambda_pack.tools.building.builder import SourceBuilder
from lambda_pack.tools.building.jobs import BuildSettings
from lambda_pack.tools.building.memory import Memories
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.interpreters import find_interpreter
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.pip.program import Work, fetch_pip
from tests.support.faults import Protect, Rule
from tests.support.index import LoopbackIndex
from tests.support.packages import Details, build_events, built_environment, make_project, make_wheel
from tests.support.processes import run as run_program
from tests.tools.building.yards import HERE, NATIVE, OFFLINE, OURS, Yard, accepted, build, failed, path_of


@pytest.fixture
def yard(tmp_path: Path, clean_environment: dict[str, str]) -> Yard:
    """Nothing in it yet."""
    return Yard(tmp_path, clean_environment)


# What a container engine answers whose registry has no image.
ENGINE = """#!/bin/sh
echo "$1" >> "{said}"
case "$1" in info) echo {{}};; *) echo no such host >&2; exit 1;; esac
"""


def test_an_image_that_cannot_be_had_is_asked_for_once(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    said = tmp_path / "said"
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(ENGINE.format(said=said), "utf-8")
    program.chmod(0o755)
    yard = Yard(tmp_path, {**clean_environment, "PATH": f"{program.parent}{os.pathsep}{clean_environment['PATH']}"})
    uploaded = datetime(2022, 2, 2, tzinfo=UTC)
    sources = [replace(yard.sdist(name), uploaded=uploaded) for name in ("one", "two")]
    builder = yard.builder(building=Building(builder=BuilderName.CONTAINER))
    failures = [failed(outcome) for outcome in builder.build(sources, NATIVE, compiler=True)]
    # One failure each: older build requirements would not bring the image.
    assert [failure.pin.name for failure in failures] == ["one", "two"]
    assert all("cannot be had" in failure.detail and "no such host" in failure.log for failure in failures)
    assert said.read_text("utf-8").split().count("pull") == 1


@pytest.mark.parametrize("form", ["tar.gz", "tgz", "tar.bz2", "tar.xz", "tar", "zip"])
def test_every_form_of_sdist_becomes_a_wheel(yard: Yard, form: str) -> None:
    sdist = yard.sdist(form=form)
    wheel = accepted(build(yard.builder(), sdist)).wheel
    assert (wheel.pin, wheel.filename) == (sdist.pin, "lib-1.0-py3-none-any.whl")
    ((algorithm, digest),) = wheel.hashes
    assert (algorithm, len(digest)) == ("sha256", 64)
    assert path_of(wheel).is_file()


@pytest.mark.parametrize(
    ("details", "compiler", "expected"),
    [
        ({"build_backend": "c-extension"}, True, "built here, needs no particular glibc"),
        ({"build_backend": "optional-c"}, True, "built here, needs no particular glibc"),
        ({"build_backend": "optional-c"}, False, "built here, pure Python"),
        ({"build_backend": "pure"}, True, "built here, pure Python"),
    ],
    ids=["native", "optional", "optional without a compiler", "pure"],
)
def test_what_fits_is_accepted_with_its_evidence(
    yard: Yard, details: Details, *, compiler: bool, expected: str
) -> None:
    outcome = accepted(build(yard.builder(), yard.sdist(**details), compiler=compiler))
    assert outcome.verdict.evidence == expected


def test_what_was_proven_is_written_into_the_tags(yard: Yard) -> None:
    outcome = accepted(build(yard.builder(), yard.sdist(build_backend="c-extension")))
    promised = "manylinux_{}_{}_{}".format(*NATIVE.runtime.glibc, NATIVE.architecture.machine)
    assert {tag.platform for tag in outcome.wheel.tags} == {promised}
    assert isinstance(judge(outcome.wheel, NATIVE), Fits)
    assert outcome.build is not None
    assert outcome.build.retagged_from == outcome.wheel.filename.replace(promised, f"linux_{platform.machine()}")


def test_what_was_built_for_another_machine_says_so(yard: Yard) -> None:
    (other,) = set(Architecture) - {NATIVE.architecture}
    target = replace(NATIVE, architecture=other)
    attempt = failed(build(yard.builder(), yard.sdist(build_backend="c-extension"), target=target))
    assert attempt.detail.startswith(
        f"not compiled: this machine is Linux on {NATIVE.architecture.machine}, the target"
    )
    assert not attempt.command


def test_without_a_compiler_none_is_found(yard: Yard) -> None:
    attempt = failed(build(yard.builder(), yard.sdist(build_backend="c-extension"), compiler=False))
    assert attempt.step == 5
    assert "no C compiler" in attempt.log


def test_a_failure_keeps_its_command_and_the_end_of_its_log(yard: Yard) -> None:
    log = [f"line {number} from https://me:s3cret@host.invalid/" for number in range(100)]
    attempt = failed(build(yard.builder(config=(("a", "b c"),)), yard.sdist(build_backend="broken", log=log)))
    assert attempt.step == 4
    assert attempt.detail == "the build with Python {}.{} failed".format(*OURS)
    assert attempt.command.startswith("python{}.{} -m pip wheel --no-deps".format(*OURS))
    assert attempt.command.endswith("--config-settings=a=b c lib-1.0.tar.gz")
    assert "broken on purpose" in attempt.log
    assert "s3cret" not in attempt.log
    assert str(yard.folder) not in attempt.log
    assert len(attempt.log.splitlines()) <= 40


def test_package_code_sees_an_allow_listed_environment(yard: Yard) -> None:
    names = ("AWS_SECRET_ACCESS_KEY", "AWS_REGION", "GITHUB_TOKEN", "ACTIONS_RUNTIME_TOKEN", "PIP_INDEX_URL")
    secrets = dict.fromkeys((*names, "UV_INDEX", "PYTHONPATH", "SSH_AUTH_SOCK", "CARGO_REGISTRY_TOKEN"), "/secret")
    builder = replace(yard, environ={**yard.environ, **secrets, "CFLAGS": "-O1"}).builder()
    seen = built_environment(path_of(accepted(build(builder, yard.sdist(build_backend="dump-environment"))).wheel))
    assert "/secret" not in seen.values()
    assert not [name for name in seen if name.startswith(("AWS_", "GITHUB_", "ACTIONS_"))]
    assert (seen["CFLAGS"], seen["SOURCE_DATE_EPOCH"]) == ("-O1", "315532800")


def test_index_credentials_reach_pip_and_not_the_package(yard: Yard, tmp_path: Path) -> None:
    with LoopbackIndex(tmp_path / "private", rules=[Rule("*", Protect("me", "s3cret"))]) as index:
        make_wheel(index.folder, "helper-1.0-py3-none-any.whl")
        project = make_project(tmp_path / "project", "lib", build_backend="dump-environment")
        declared = project / "pyproject.toml"
        declared.write_text(declared.read_text().replace("requires = []", 'requires = ["helper"]'))
        settings = IndexSettings(index.url.replace("://", "://me:s3cret@"), retries=0)
        outcome = build(yard.builder(indexes=settings), Folder(Pin.parse("lib", "1.0"), str(project)))
    assert "s3cret" not in str(built_environment(path_of(accepted(outcome).wheel)))


def test_config_settings_reach_the_backend(yard: Yard, tmp_path: Path) -> None:
    report = tmp_path / "events"
    sdist = yard.sdist(report_to=report)
    builder = yard.builder(config=(("all", "1"),), package_config={sdist.pin.name: (("mine", "2"),)})
    accepted(build(builder, sdist))
    assert build_events(report)[-1].config_settings == {"all": "1", "mine": "2"}


def test_a_folder_is_copied_and_left_as_it_was(yard: Yard, tmp_path: Path) -> None:
    project = make_project(tmp_path / "my project" / "part", "lib", build_backend="optional-c").parent
    (project / "env").mkdir()
    (project / "env" / "pyvenv.cfg").touch()
    before = sorted(project.rglob("*"))
    source = Folder(Pin(Pin.parse("lib", "1").name, None), str(project), subdirectory="part")
    outcome = accepted(build(yard.builder(), source))
    assert outcome.pin == source.pin
    assert str(outcome.wheel.pin) == "lib==1.0"
    assert sorted(project.rglob("*")) == before


def test_a_checkout_is_built_from_its_commit(yard: Yard, tmp_path: Path) -> None:
    project = make_project(tmp_path / "repository", "lib")
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x.invalid")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        assert run_program((*git, *words), yard.environ, folder=project).exit_code == 0
    commit = run_program((*git, "rev-parse", "HEAD"), yard.environ, folder=project).output.strip()
    source = Checkout(Pin.parse("lib", "1.0"), "git", project.as_uri(), commit)
    assert accepted(build(yard.builder(), source)).wheel.filename == "lib-1.0-py3-none-any.whl"


def test_another_version_than_promised_does_not_count(yard: Yard, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", "lib", "2.0")
    attempt = failed(build(yard.builder(), Folder(Pin.parse("lib", "1.0"), str(project))))
    assert attempt.detail == "the build made lib==2.0 instead of lib==1.0"


def test_what_fetching_finds_is_not_the_builds_failure(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    def fetch(sdist: Sdist) -> Path:
        raise IntegrityError(f"{sdist.filename} is not what its hash says")

    settings = BuildSettings(OFFLINE)
    builder = SourceBuilder(
        tmp_path, fetch, environ=clean_environment, memories=Memories(Cache(None)), settings=settings
    )
    with pytest.raises(IntegrityError):
        build(builder, Sdist.parse("https://index.invalid/lib-1.0.tar.gz"))


def test_a_folder_that_is_gone_is_a_failed_attempt(yard: Yard, tmp_path: Path) -> None:
    attempt = failed(build(yard.builder(), Folder(Pin.parse("lib", "1.0"), str(tmp_path / "gone"))))
    assert "cannot be read" in attempt.detail


@pytest.mark.parametrize(("kind", "counts"), [("pure", True), ("c-extension", False)])
def test_with_a_foreign_interpreter_only_a_pure_wheel_counts(yard: Yard, kind: str, *, counts: bool) -> None:
    runtime = next(runtime for runtime in RUNTIMES.values() if runtime.python > OURS)
    target = replace(NATIVE, runtime=runtime)
    builder = yard.builder(interpreter=Path(sys.executable))
    outcome = build(builder, yard.sdist(build_backend=kind), target=target)
    if counts:
        assert accepted(outcome).verdict.evidence == "built here, pure Python"
    else:
        assert "because no Python {}.{} was found".format(*runtime.python) in failed(outcome).detail


def test_outcomes_stand_in_the_order_of_their_sources(yard: Yard) -> None:
    sources = [
        yard.sdist(name, build_backend="broken" if name == "b" else "pure") for name in ("a", "b", "c", "d", "e")
    ]
    outcomes = yard.builder(workers=2).build(sources, NATIVE, compiler=True)
    assert [type(outcome) for outcome in outcomes] == [Accepted, Attempt, Accepted, Accepted, Accepted]
    assert [outcome.pin for outcome in outcomes] == [source.pin for source in sources]
    assert yard.builder().build([], NATIVE, compiler=True) == ()


def test_a_build_has_its_time(yard: Yard, tmp_path: Path) -> None:
    project = make_project(tmp_path / "project", "lib")
    backend = project / "_backend" / "build_backend.py"
    backend.write_text(backend.read_text() + "\nimport time\ntime.sleep(60)\n")
    begun = time.monotonic()
    attempt = failed(
        build(
            yard.builder(building=Building(builder=BuilderName.HOST, timeout=1.5)),
            Folder(Pin.parse("lib", "1.0"), str(project)),
        )
    )
    assert attempt.detail == "the build did not end within 1.5 seconds"
    assert time.monotonic() - begun < 30


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to threads")
def test_an_interruption_ends_every_build(yard: Yard, tmp_path: Path) -> None:
    events, ours = tmp_path / "events", threading.get_ident()
    project = make_project(tmp_path / "project", "lib", report_to=events)
    backend = project / "_backend" / "build_backend.py"
    backend.write_text(backend.read_text().replace("def _finish(", "def _finish(*_):\n    time.sleep(60)\n\ndef _("))
    backend.write_text(backend.read_text().replace("import sys\n", "import sys\nimport time\n"))

    def interrupt() -> None:
        end = time.monotonic() + 30
        while time.monotonic() < end and "wheel" not in {event.hook for event in build_events(events)}:
            time.sleep(0.02)
        signal.pthread_kill(ours, signal.SIGINT)

    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            build(yard.builder(), Folder(Pin.parse("lib", "1.0"), str(project)))
    assert time.monotonic() - begun < 30


def test_what_may_not_run_does_not(yard: Yard, tmp_path: Path) -> None:
    """Nobody asks for it: a promise is kept where code would run, all the same."""
    events = tmp_path / "events"
    forbidden = Building(builder=BuilderName.HOST, permission=BuildPermission(nothing=True))
    attempt = failed(build(yard.builder(building=forbidden), yard.sdist(report_to=events)))
    assert attempt.detail == "not built: it is source, and --no-build lets no code of packages run"
    assert not build_events(events)


def test_what_was_built_is_remembered(yard: Yard, tmp_path: Path) -> None:
    events = tmp_path / "events"
    sdist = yard.sdist(report_to=events)
    first = accepted(build(yard.builder(), sdist))
    again = accepted(build(yard.builder(), sdist))
    assert [event.hook for event in build_events(events)].count("wheel") == 1
    assert again.wheel.hashes == first.wheel.hashes
    assert first.build is not None
    assert again.build == replace(first.build, is_cached=True)
    # A copy of what was hashed, whatever happens to the cache.
    assert path_of(again.wheel).is_relative_to(tmp_path / "scratch")


@pytest.mark.parametrize(
    "settings",
    [
        {"config": (("a", "b"),)},
        {"building": Building(builder=BuilderName.HOST, without_isolation=frozenset({":all:"}))},
        {"host": replace(HERE, glibc=(2, 28))},
        {"constraints": (Requested(Origin("c.txt", 1), Requirement("setuptools<80")),)},
        {"environ": {"CFLAGS": "-O1"}},
    ],
    ids=["config", "no isolation", "another machine", "constraints", "flags"],
)
def test_what_a_build_depends_on_makes_it_another(yard: Yard, tmp_path: Path, settings: dict[str, Any]) -> None:
    events = tmp_path / "events"
    sdist = yard.sdist(report_to=events)
    accepted(build(yard.builder(), sdist))
    environ = {**yard.environ, **settings.pop("environ", {})}
    accepted(build(replace(yard, environ=environ).builder(**settings), sdist))
    assert [event.hook for event in build_events(events)].count("wheel") == 2


def test_step_5_is_not_answered_with_what_step_4_made(yard: Yard) -> None:
    sdist = yard.sdist(build_backend="optional-c")
    compiled, pure = (accepted(build(yard.builder(), sdist, compiler=compiler)) for compiler in (True, False))
    assert (compiled.wheel.is_pure, pure.wheel.is_pure) == (False, True)


def test_a_folder_is_built_each_time(yard: Yard, tmp_path: Path) -> None:
    events = tmp_path / "events"
    source = Folder(Pin.parse("lib", "1.0"), str(make_project(tmp_path / "project", "lib", report_to=events)))
    assert [accepted(build(yard.builder(), source)).build for _ in range(2)] == [Build(BuilderName.HOST)] * 2
    assert [event.hook for event in build_events(events)].count("wheel") == 2


def test_a_second_build_gives_the_same_bytes(yard: Yard) -> None:
    """The compiler writes its folder into what it makes: that has one name."""
    sdist = yard.sdist(build_backend="c-extension")
    debug = replace(yard, environ={**yard.environ, "CC": "cc -g"})
    first = accepted(build(debug.builder(), sdist))
    again = Building(builder=BuilderName.HOST, rebuild=True)
    second = accepted(build(debug.builder(building=again), sdist))
    assert path_of(first.wheel) != path_of(second.wheel)
    assert first.wheel.hashes == second.wheel.hashes
    assert second.build is not None
    assert second.build.is_reproducible is True


def test_what_is_not_reproducible_says_so(yard: Yard) -> None:
    """The report tells events apart, so the environment that is dumped differs with each run."""
    sdist = yard.sdist(build_backend="dump-environment")
    again = Building(builder=BuilderName.HOST, rebuild=True)
    outcomes = []
    for number in range(2):
        environ = {**yard.environ, "LANG": f"C.{number}"}
        outcomes.append(accepted(build(replace(yard, environ=environ).builder(building=again), sdist)).build)
    assert [outcome and outcome.is_reproducible for outcome in outcomes] == [None, False]


def test_a_cached_wheel_that_was_damaged_is_built_again(yard: Yard) -> None:
    sdist = yard.sdist()
    accepted(build(yard.builder(), sdist))
    (kept,) = (yard.folder / "cache").rglob("*.whl")
    kept.write_bytes(kept.read_bytes() + b"!")
    outcome = accepted(build(yard.builder(), sdist))
    assert outcome.build == Build(BuilderName.HOST, is_reproducible=True)


def test_nothing_compiled_is_not_built_twice(yard: Yard) -> None:
    builder, sdist = yard.builder(), yard.sdist(build_backend="hollow")
    attempt = failed(build(builder, sdist))
    assert attempt.detail.endswith("names a platform and holds no binary")
    assert builder.build([sdist], NATIVE, compiler=False) == ()
    assert attempt.wheel is not None
    pure = builder.as_pure(attempt.wheel)
    assert pure.filename == "lib-1.0-py3-none-any.whl"
    assert path_of(pure).is_file()


@pytest.mark.parametrize("backend", ["maturin", "scikit_build_core.build", "mesonpy"])
def test_what_compiles_in_any_case_is_not_built_without_a_compiler(yard: Yard, tmp_path: Path, backend: str) -> None:
    (tmp_path / "project").mkdir()
    table = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'
    (tmp_path / "project" / "pyproject.toml").write_text(table)
    source = Folder(Pin.parse("lib", "1.0"), str(tmp_path / "project"))
    attempt = failed(build(yard.builder(), source, compiler=False))
    assert attempt.detail.startswith("not built without a compiler: ")
    assert not attempt.command


def test_without_an_engine_a_container_build_says_so(yard: Yard) -> None:
    nowhere = replace(yard, environ={**yard.environ, "PATH": ""})
    attempt = failed(build(nowhere.builder(building=Building(builder=BuilderName.CONTAINER)), yard.sdist()))
    assert attempt.detail == "no container engine answers; install docker or podman, or start its daemon"


@pytest.mark.network
@pytest.mark.parametrize("python", [(3, 8), (3, 9)])
def test_an_old_interpreter_gets_the_last_pip_that_supports_it(tmp_path: Path, python: tuple[int, int]) -> None:
    environ = dict(os.environ)  # noqa: TID251  # the machine's proxy and certificates
    interpreter = find_interpreter(python, environ=environ)
    if interpreter is None:
        pytest.skip("this machine has no such Python")
    environment = package_environment(environ)
    pip = fetch_pip(python, tmp_path / "pip", indexes=IndexSettings(), environment=environment, scratch=tmp_path)
    assert pip.supports(python)
    said = pip.run(["--version"], interpreter=interpreter, environment=environment, work=Work(tmp_path))
    assert said.output.startswith(f"pip {pip.version} from {tmp_path}")
    assert "(python {}.{})".format(*python) in said.output
