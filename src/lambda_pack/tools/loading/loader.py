"""The port `Loader`: gives its programs their orders, and makes outcomes of their answers."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.images import image_of
from lambda_pack.model.loading import Answered, Failed, Invocation, Loaded, Rooms, Skipped
from lambda_pack.model.targets import Target
from lambda_pack.tools.environment import FUNCTION_ARN, function_environment
from lambda_pack.tools.loading.libraries import Borrowed, MappedLibraries
from lambda_pack.tools.loading.seats import Places, Seat
from lambda_pack.tools.process import Completed, tail

__all__ = ["ProgramLoader"]

_PROGRAMS: Final = Path(__file__).parent
# In seconds: the programs know the time limit too, and end themselves; ours is for those that cannot.
_GRACE: Final = 30.0
_LINES: Final = 20
_OWN: Final = "the interpreter has loaded a module of its own by that name before, as it has on Lambda"
_FRAME: Final = re.compile(r'^\s*File "([^"]+)"', re.MULTILINE)
# How faulthandler begins.
_TIME_IS_UP: Final = re.compile(r"^Timeout \(\d", re.MULTILINE)
# How faulthandler shows frames of the import system's, and of our programs'.
_MACHINERY: Final = re.compile(r'^ +File "(?:<frozen |[^"\n]*/(?:import|invoke)_program\.py")[^\n]*\n?', re.MULTILINE)
# What the import system does between the bundle's own frames.
_FROZEN: Final = re.compile(r'^  File "<frozen importlib[^\n]*\n(?:    [^\n]*\n)*', re.MULTILINE)


class ProgramLoader(Struct, frozen=True):
    """Loads with the interpreter of a seat.

    `timeout` is in seconds, for each import and for the handler. `fetch_client` gives a folder with awslambdaric for
    the target. `on_log` hears what the bundle prints.
    """

    seat: Seat
    target: Target
    timeout: float
    fetch_client: Callable[[], Path]
    variables: Mapping[str, str] = field(default_factory=dict)
    on_log: Callable[[str], None] | None = None

    @property
    def description(self) -> str:
        """See `lambda_pack.ports.Loader`."""
        return self.seat.description

    def imports(self, modules: Sequence[str], rooms: Rooms) -> Iterator[Loaded | Skipped | Failed]:
        """See `lambda_pack.ports.Loader`."""
        left = list(modules)
        places = self.seat.places(rooms, None)
        while left:
            answers, ended = self._run("import_program.py", {"modules": left}, rooms, None)
            if not answers:
                raise self._does_not_start(ended)
            libraries = self._libraries(answers[0], rooms, places)
            for answer in answers[1:]:
                # In their order, and nothing else: a bundle could find a way to speak for us.
                if left and left[0] in (answer.get(kind) for kind in ("loaded", "own", "failed")):
                    outcome = self._outcome(left.pop(0), answer, places)
                    borrowed = libraries.take(answer.get("mapped", ())) if libraries else Borrowed()
                    yield from self._with_borrowed(outcome, borrowed, places)
            if left:
                # The import has ended the interpreter: the others need a new one.
                yield self._death(left.pop(0), ended, places)

    def invoke(self, invocation: Invocation, rooms: Rooms) -> Answered | Failed:
        """See `lambda_pack.ports.Loader`."""
        order = {"handler": invocation.handler, "event": invocation.event, "arn": FUNCTION_ARN}
        client = None if self.seat.clients else self.fetch_client()
        answers, ended = self._run("invoke_program.py", order, rooms, client)
        if answers == [{"missing": "awslambdaric"}] and client is None:
            client = self.fetch_client()
            answers, ended = self._run("invoke_program.py", order, rooms, client)
        places = self.seat.places(rooms, client)
        match answers:
            case [{"response": str(response), "path": path, "started": started, "mapped": mapped}]:
                libraries = self._libraries({"path": path, "mapped": started}, rooms, places)
                borrowed = libraries.take(mapped) if libraries else Borrowed()
                if borrowed.lacking:
                    return self._borrowed(invocation.handler, borrowed, places)
                return Answered(invocation.handler, response)
            case [{"error": str(document)}]:
                return self._raised(invocation.handler, document, places)
            case [{"timeout": True}]:
                why = f"Sandbox.Timedout: Task timed out after {self.timeout:.2f} seconds"
                return self._end(invocation.handler, why, ended, places)
            case [{"ended": int(status)}]:
                why = f"Runtime.ExitError: the handler's process {_how_it_ended(_status_of_wait(status))}"
                return self._end(invocation.handler, why, ended, places)
            case _:
                raise self._does_not_start(ended)

    def _run(
        self, program: str, order: Mapping[str, Any], rooms: Rooms, client: Path | None
    ) -> tuple[list[dict[str, Any]], Completed]:
        places = self.seat.places(rooms, client)
        environment = function_environment(
            self.target.runtime.name, task=places.task, layers=places.layers, temporary=places.temporary
        )
        handler = {"_HANDLER": order["handler"]} if "handler" in order else {}
        whole = {
            **order,
            "path": self._path(places),
            "clients": places.clients,
            "folder": places.task,
            "seconds": self.timeout,
            # Here and not on a command line, which every user of the machine can read.
            "environment": {**environment, **handler, **self.variables},
        }
        (rooms.programs / "order.json").write_text(json.dumps(whole), "utf-8")
        shutil.copyfile(_PROGRAMS / program, rooms.programs / program)
        ended = self.seat.run(
            (f"{places.programs}/{program}", f"{places.programs}/order.json"),
            rooms,
            client,
            environment=environment,
            seconds=self.timeout * len(order.get("modules", "1")) + _GRACE,
        )
        said = ended._replace(log=_without(ended.log, ended.output))
        if self.on_log:
            for line in said.log.splitlines():
                self.on_log(line)
        return list(_answers(ended.output)), said

    def _path(self, places: Places) -> list[str]:
        """What Lambda puts before the standard library."""
        major, minor = self.target.runtime.python
        python = f"{places.layers}/python"
        return [places.task, f"{python}/lib/python{major}.{minor}/site-packages", python]

    def _outcome(self, name: str, answer: Mapping[str, Any], places: Places) -> Loaded | Skipped | Failed:
        if "failed" in answer:
            return self._failure(name, answer, places)
        return Loaded(name) if "loaded" in answer else Skipped(name, _OWN)

    def _libraries(self, started: Mapping[str, Any], rooms: Rooms, places: Places) -> MappedLibraries | None:
        """What the interpreter maps from now on; None where the runtime's own image is the system."""
        if self.seat.system is None:
            return None
        return MappedLibraries(
            started,
            image_of(self.target),
            file=lambda path: self.seat.file(path, rooms),
            bundle=(places.task, places.layers, places.temporary, *places.clients),
        )

    def _with_borrowed(
        self, outcome: Loaded | Skipped | Failed, borrowed: Borrowed, places: Places
    ) -> Iterator[Loaded | Skipped | Failed]:
        """The outcome of a module, judged by what it took from the system; a failure of its own is kept beside it."""
        match outcome:
            case Loaded(module) if borrowed.lacking:
                yield self._borrowed(module, borrowed, places)
            case Loaded(module):
                yield Loaded(module, borrowed.doubtful)
            case Failed(what) if borrowed.lacking:
                yield outcome
                yield self._borrowed(what, borrowed, places)
            case _:
                yield outcome

    def _borrowed(self, what: str, borrowed: Borrowed, places: Places) -> Failed:
        brought = f" (with {', '.join(borrowed.brought)})" if borrowed.brought else ""
        names = f"{', '.join(borrowed.lacking)}{brought}"
        file = _last_of_bundle([_on_lambda(borrowed.needed_by or "", places)])
        return Failed(what, f"LibraryError: loaded from {self.seat.system}: {names}; the runtime has none", file=file)

    def _failure(self, name: str, answer: Mapping[str, Any], places: Places) -> Failed:
        files = [_on_lambda(file, places) for file in answer["files"]]
        traceback = _FROZEN.sub("", _on_lambda(answer["traceback"], places))
        missing = tuple(
            (module, _last_of_bundle([_on_lambda(file or "", places)])) for module, file in answer["missing"]
        )
        error = _on_lambda(answer["error"], places)
        kinds = tuple(answer["kinds"])
        return Failed(name, error, tail(traceback, _LINES), _last_of_bundle(files), missing=missing, kinds=kinds)

    def _raised(self, handler: str, document: str, places: Places) -> Failed:
        """An error as awslambdaric reports it."""
        try:
            error = json.loads(document)
            kind, message, stack = error["errorType"], error["errorMessage"], "".join(error.get("stackTrace") or ())
        except (ValueError, KeyError, TypeError):
            kind, message, stack = "Runtime.Unknown", document, ""
        said = _on_lambda(f"{kind}: {message}", places)
        traceback = _FROZEN.sub("", _on_lambda(stack, places))
        return Failed(handler, said, tail(traceback, _LINES), _last_of_bundle(_FRAME.findall(traceback)))

    def _death(self, name: str, ended: Completed, places: Places) -> Failed:
        if ended.timed_out or _TIME_IS_UP.search(ended.log):
            return self._end(
                name, f"TimeoutError: the import did not end within {self.timeout:g} seconds", ended, places
            )
        return self._end(name, f"SystemExit: the import {_how_it_ended(ended.status)}", ended, places)

    def _end(self, what: str, error: str, ended: Completed, places: Places) -> Failed:
        """An end that only the log explains: faulthandler prints the innermost frame first."""
        log = _on_lambda(_MACHINERY.sub("", ended.log), places)
        files = _FRAME.findall(log)
        return Failed(what, error, tail(log, _LINES), _last_of_bundle(files[::-1]))

    def _does_not_start(self, ended: Completed) -> LambdaPackError:
        return LambdaPackError(
            f"{self.description} does not start (status {ended.status}); choose another with --with",
            log=tail(ended.log, _LINES),
        )


def _answers(output: str) -> Iterator[dict[str, Any]]:
    for line in output.splitlines():
        try:
            answer = json.loads(line)
        except ValueError:
            # Cut off by a kill.
            continue
        if isinstance(answer, dict):
            yield answer


def _without(log: str, answers: str) -> str:
    """What the bundle has said: the log has both streams."""
    ours = set(answers.splitlines())
    return "\n".join(line for line in log.splitlines() if line not in ours)


def _on_lambda(text: str, places: Places) -> str:
    """The text with our folders called what they are called on Lambda."""
    for folder in places.clients:
        text = text.replace(f"{folder}/", "/var/runtime/")
    return text.replace(places.task, "/var/task").replace(places.layers, "/opt")


def _last_of_bundle(files: Sequence[str]) -> str | None:
    inside = [file for file in files if file.startswith(("/var/task/", "/opt/"))]
    return inside[-1] if inside else None


def _status_of_wait(status: int) -> int:
    """As `subprocess` has it: negative for a signal. `os.waitstatus_to_exitcode` knows our system's encoding only."""
    return -(status & 0x7F) if status & 0x7F else status >> 8


def _how_it_ended(status: int) -> str:
    # A container's client says 128 and the signal's number.
    number = -status if status < 0 else status - 128
    try:
        return f"was ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended the interpreter with status {status}"
