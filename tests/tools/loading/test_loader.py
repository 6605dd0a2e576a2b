"""The Loader over this interpreter: its programs really run, in what is unpacked here."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.loading import Answered, Failed, Invocation, Loaded, Rooms, Skipped
from lambda_pack.tools.loading.loader import ProgramLoader
from lambda_pack.tools.loading.seats import DirectSeat
from tests.support.here import our_target

# What awslambdaric does with the Runtime API, in a few lines: the real one is met in tests/end_to_end/test_verify.py.
CLIENT = """
import importlib, json, os, sys, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
def send(place, value):
    body = json.dumps(value).encode()
    def pieces():
        yield body[:3]
        yield body[3:]
    # An iterator is sent in chunks, as the real one's native client may do.
    urllib.request.urlopen(urllib.request.Request(api + place, pieces(), {"Transfer-Encoding": "chunked"})).read()
module, _, name = sys.argv[1].rpartition(".")
try:
    handler = getattr(importlib.import_module(module), name)
except ImportError as error:
    send("init/error", {"errorType": "Runtime.ImportModuleError", "errorMessage": str(error), "stackTrace": []})
    sys.exit(1)
with urllib.request.urlopen(api + "invocation/next") as event:
    identity = event.headers["Lambda-Runtime-Aws-Request-Id"]
    send("invocation/" + identity + "/response", handler(json.load(event), event.headers))
"""


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    """Empty ones."""
    rooms = Rooms(*(tmp_path / name for name in ("task", "opt", "tmp", "programs")))
    for folder in (rooms.task, rooms.layers, rooms.temporary, rooms.programs):
        folder.mkdir()
    return rooms


def lay(folder: Path, files: Mapping[str, str]) -> None:
    """These files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def loader(tmp_path: Path, *, timeout: float = 30, variables: Mapping[str, str] | None = None) -> ProgramLoader:
    """With this interpreter, and a client of the tests' own."""
    lay(tmp_path / "client", {"awslambdaric/__init__.py": "", "awslambdaric/__main__.py": CLIENT})
    seat = DirectSeat((sys.executable,), "this interpreter")
    return ProgramLoader(
        seat, our_target(), timeout, fetch_client=lambda: tmp_path / "client", variables=variables or {}
    )


def test_every_module_has_its_outcome_whatever_the_others_do(rooms: Rooms, tmp_path: Path) -> None:
    lay(
        rooms.task,
        {
            "good.py": "print('noise on the standard output')",
            "raises.py": "import good\ndef inner():\n    raise ValueError('the flux')\ninner()",
            "leaves.py": "import os\nos._exit(7)",
            "quits.py": "import sys\nsys.exit('enough')",
            "killed.py": "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            "wrong.py": "def broken(:\n    pass",
            "lacks.py": "import nothing_like_it",
            "json.py": "raise AssertionError('the interpreter has its own')",
            "last/__init__.py": "import threading\nthreading.Thread(target=threading.Event().wait).start()",
        },
    )
    names = ["good", "raises", "leaves", "quits", "killed", "wrong", "lacks", "json", "last"]

    outcomes = dict(zip(names, loader(tmp_path).imports(names, rooms), strict=True))

    assert outcomes["good"] == Loaded("good")
    assert outcomes["last"] == Loaded("last")
    assert isinstance(outcomes["json"], Skipped)
    failed = {name: one for name, one in outcomes.items() if isinstance(one, Failed)}
    assert {name: one.error for name, one in failed.items()} | {"wrong": ""} == {
        "raises": "ValueError: the flux",
        "leaves": "SystemExit: the import ended the interpreter with status 7",
        "quits": "SystemExit: enough",
        "killed": "SystemExit: the import was ended by SIGSEGV",
        "wrong": "",
        "lacks": "ModuleNotFoundError: No module named 'nothing_like_it'",
    }
    assert failed["wrong"].error.startswith("SyntaxError: ")
    expected = {name: f"/var/task/{name}.py" for name in failed}
    # It has gone without a word.
    expected["leaves"] = None  # type: ignore[assignment]  # the one that no file explains
    assert {name: one.file for name, one in failed.items()} == expected
    assert 'File "/var/task/raises.py", line 3, in inner' in failed["raises"].traceback
    assert "importlib" not in failed["raises"].traceback
    assert 'File "/var/task/killed.py"' in failed["killed"].traceback


def test_what_was_not_found_is_named_whatever_hides_it(rooms: Rooms, tmp_path: Path) -> None:
    hides = "try:\n    import plain\nexcept ImportError as error:\n    raise ImportError('install it\\nnow') from error"
    falls = "try:\n    import first_choice\nexcept ImportError:\n    import second_choice"
    lay(rooms.task, {"plain.py": "import nothing_like_it", "hides.py": hides, "falls.py": falls, "ns/a.py": ""})
    lay(rooms.task, {"names.py": "from ns import b", "other.py": "raise ValueError"})
    names = ["plain", "hides", "falls", "names", "other"]

    found = {one.what: one for one in loader(tmp_path).imports(names, rooms) if isinstance(one, Failed)}

    assert {name: one.missing for name, one in found.items()} == {
        "plain": (("nothing_like_it", "/var/task/plain.py"),),
        "hides": (("nothing_like_it", "/var/task/plain.py"),),
        "falls": (("second_choice", "/var/task/falls.py"), ("first_choice", "/var/task/falls.py")),
        "names": (("ns.b", "/var/task/names.py"),),
        "other": (),
    }
    assert found["hides"].error == "ImportError: install it"


def test_an_import_that_hangs_shows_where(rooms: Rooms, tmp_path: Path) -> None:
    lay(rooms.task, {"hangs.py": "import time\ndef wait():\n    time.sleep(600)\nwait()", "good.py": ""})

    hung, good = loader(tmp_path, timeout=0.5).imports(["hangs", "good"], rooms)

    assert good == Loaded("good")
    assert isinstance(hung, Failed)
    assert hung.error == "TimeoutError: the import did not end within 0.5 seconds"
    assert hung.file == "/var/task/hangs.py"
    assert "line 3 in wait" in hung.traceback
    assert "_program" not in hung.traceback


def test_a_module_that_speaks_for_others_is_not_heard(rooms: Rooms, tmp_path: Path) -> None:
    forged = """
import os
for descriptor in range(3, 20):
    try:
        os.write(descriptor, b'{"loaded": "raises"}\\n{"begun": "x"}\\n')
    except OSError:
        pass
"""
    lay(rooms.task, {"forges.py": forged, "raises.py": "raise ValueError('the flux')", "good.py": ""})

    forges, raises, good = loader(tmp_path).imports(["forges", "raises", "good"], rooms)

    assert (forges, good) == (Loaded("forges"), Loaded("good"))
    assert isinstance(raises, Failed)


def test_the_order_of_the_path_is_lambdas(rooms: Rooms, tmp_path: Path) -> None:
    minor = our_target().runtime.python[1]
    versioned = f"python/lib/python3.{minor}/site-packages"
    lay(rooms.task, {"one.py": "", "shown.py": "import sys, one, two, three, graphlib\nraise LookupError(sys.path)"})
    lay(rooms.layers, {f"{versioned}/one.py": "raise ValueError", f"{versioned}/two.py": ""})
    # A module of the standard library that nothing has loaded yet: the layer's is found first, as on Lambda.
    lay(rooms.layers, {"python/two.py": "raise ValueError", "python/three.py": "", "python/graphlib.py": "mine = 1"})

    (failed,) = loader(tmp_path).imports(["shown"], rooms)

    assert isinstance(failed, Failed)
    assert failed.error.startswith(f"LookupError: ['/var/task', '/opt/{versioned}', '/opt/python', '")
    assert "site-packages" not in failed.error.removeprefix(f"LookupError: ['/var/task', '/opt/{versioned}'")


def test_nothing_of_ours_is_seen(rooms: Rooms, tmp_path: Path) -> None:
    lay(rooms.task, {"shown.py": "import os\nraise LookupError(sorted(os.environ), os.getcwd(), os.environ['HOME'])"})

    (failed,) = loader(tmp_path, variables={"TABLE": "orders"}).imports(["shown"], rooms)

    assert isinstance(failed, Failed)
    assert "'TABLE'" in failed.error
    assert f"'/var/task', '{rooms.temporary}'" in failed.error
    for name in ("PYTHONPATH", "VIRTUAL_ENV", "PWD", "USER", "PIP_INDEX_URL"):
        assert name not in failed.error


def test_an_interpreter_that_does_not_start_is_no_verdict(rooms: Rooms) -> None:
    seat = DirectSeat((sys.executable, "-c", "import sys; sys.exit('out of order')"), "a broken one")

    with pytest.raises(LambdaPackError, match=r"a broken one does not start \(status 1\)") as refusal:
        list(ProgramLoader(seat, our_target(), 30, fetch_client=Path).imports(["x"], rooms))

    assert refusal.value.log == "out of order"


def test_a_handler_answers(rooms: Rooms, tmp_path: Path) -> None:
    lay(rooms.task, {"app.py": "def handler(event, headers):\n    print('noise')\n    return [event, sorted(headers)]"})

    answered = loader(tmp_path).invoke(Invocation("app.handler", '{"who": "wörld"}'), rooms)

    assert isinstance(answered, Answered)
    event, headers = json.loads(answered.response)
    assert event == {"who": "wörld"}
    assert {"Lambda-Runtime-Deadline-Ms", "Lambda-Runtime-Invoked-Function-Arn"} <= set(headers)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import nowhere", "Runtime.ImportModuleError: No module named 'nowhere'"),
        ("import os\nos._exit(3)", "Runtime.ExitError: the handler's process ended the interpreter with status 3"),
        ("import os\nos.abort()", "Runtime.ExitError: the handler's process was ended by SIGABRT"),
        ("import time\ntime.sleep(600)", "Sandbox.Timedout: Task timed out after 3.00 seconds"),
    ],
)
def test_a_handler_that_fails(rooms: Rooms, tmp_path: Path, code: str, error: str) -> None:
    lay(rooms.task, {"app.py": code})

    failed = loader(tmp_path, timeout=3 if "sleep" in code else 30).invoke(Invocation("app.handler"), rooms)

    assert isinstance(failed, Failed)
    assert (failed.what, failed.error) == ("app.handler", error)
    if "sleep" in code or "abort" in code:
        assert failed.file == "/var/task/app.py"


def test_the_client_is_fetched_only_for_a_handler(rooms: Rooms) -> None:
    def fetch() -> Path:
        raise AssertionError("nobody asked for a handler")

    lay(rooms.task, {"app.py": ""})
    seat = DirectSeat((sys.executable,), "this interpreter")

    assert list(ProgramLoader(seat, our_target(), 30, fetch_client=fetch).imports(["app"], rooms)) == [Loaded("app")]


def test_a_client_of_the_system_comes_first(rooms: Rooms, tmp_path: Path) -> None:
    def fetch() -> Path:
        raise AssertionError("there is one")

    lay(rooms.task, {"app.py": "def handler(event, headers):\n    return 1"})
    loader(tmp_path)
    seat = DirectSeat((sys.executable,), "this interpreter", clients=(str(tmp_path / "client"),))

    assert ProgramLoader(seat, our_target(), 30, fetch_client=fetch).invoke(
        Invocation("app.handler"), rooms
    ) == Answered("app.handler", "1")
