"""CPU time of WSGI calls without a server: start and check beside a Flask hello, in a process of its own."""

import contextlib
import io
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from unittest import mock

from bench import bodies, floors
from bench.load import questions
from otp_service import wiring
from otp_service.domain import codes
from otp_service.settings import read_settings
from otp_service.web import requests

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
FIRST = 8_000_000  # numbers that the load does not use
TURN = 50


class Mute:
    """A log that takes a line and does nothing."""

    def info(self, *_: Any, **__: Any) -> None:
        """Nothing."""


def unseen(*_: Any) -> None:
    """A metric that is not counted."""


def same_id(_: int) -> str:
    """An id that cost nothing."""
    return "a" * 16


def environ(method: str, path: str, body: bytes, key: str) -> Environ:
    """What a server hands to an application."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_USER_AGENT": "shop/1.0",
        "HTTP_ACCEPT": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {key}",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def answers(app: Application, calls: Iterable[Environ]) -> list[bytes]:
    """The bodies of the answers; RuntimeError unless all are 2xx."""
    found = []

    def begin(status: str, *_: Any) -> None:
        if status[0] != "2":
            raise RuntimeError(status)

    for call in calls:
        parts = app(call, begin)
        found.append(b"".join(parts))
        parts.close()  # type: ignore[attr-defined]
    return found


@contextlib.contextmanager
def unobserved() -> Iterator[None]:
    """The same service without log lines, metrics and fresh request ids."""
    with (
        mock.patch.object(requests, "log", Mute()),
        mock.patch.object(requests, "observe_request", unseen),
        mock.patch.object(secrets, "token_urlsafe", same_id),
    ):
        yield


class Bench:
    """The service and the floor in one process."""

    def __init__(self, key: str, unbraked_key: str, master_keys: str) -> None:
        self._key, self._unbraked_key = key, unbraked_key
        parts = wiring.build(read_settings())
        self._service, self._hello, self._ring = parts.web(), floors.hello, parts.core.ring
        self._next = FIRST

    def starts(self, count: int, key: str = "") -> list[Environ]:
        """Starts of numbers that were never used."""
        first, self._next = self._next, self._next + count
        return [self._post(bodies.START, bodies.start_body(n), key) for n in range(first, self._next)]

    def checks(self, started: Iterable[bytes]) -> list[Environ]:
        """The right code for each of these answers."""
        found = [json.loads(answer)["id"] for answer in started]
        right = [codes.code_of(self._ring, self._ring.current, id_, "digits", 6) for id_ in found]
        return [self._post(bodies.CHECK, bodies.check_body(*pair)) for pair in zip(found, right, strict=True)]

    def measure(self, count: int) -> dict[str, float]:
        """CPU microseconds of each kind of call, in turns of fifty, long enough to be warm."""
        spent = dict.fromkeys(("hello", "start", "check", "start_unobserved"), 0.0)
        turns = max(1, count // TURN)
        for _ in range(turns):
            spent["hello"] += self._timed(self._hello, [environ("GET", "/", b"", self._key) for _ in range(TURN)])[0]
            took, started = self._timed(self._service, self.starts(TURN))
            spent["start"] += took
            spent["check"] += self._timed(self._service, self.checks(started))[0]
            with unobserved():
                spent["start_unobserved"] += self._timed(self._service, self.starts(TURN))[0]
        found = {f"{name}_us": took / (turns * TURN) * 1e6 for name, took in spent.items()}
        return found | self._braked(turns)

    def _braked(self, turns: int) -> dict[str, float]:
        """Microseconds of a start with the brake and of one without, Redis included, one turn after the other."""
        spent = {"start_whole": 0.0, "start_unbraked": 0.0}
        for turn in range(2 * turns):
            name, key = (("start_whole", self._key), ("start_unbraked", self._unbraked_key))[turn % 2]
            calls = self.starts(TURN, key)
            began = time.perf_counter()
            answers(self._service, calls)
            spent[name] += time.perf_counter() - began
        return {f"{name}_us": took / (turns * TURN) * 1e6 for name, took in spent.items()}

    def _timed(self, app: Application, calls: list[Environ]) -> tuple[float, list[bytes]]:
        began = time.process_time()
        found = answers(app, calls)
        return time.process_time() - began, found

    def _post(self, path: str, body: dict[str, Any], key: str = "") -> Environ:
        return environ("POST", path, json.dumps(body).encode(), key or self._key)


def main() -> None:
    """Builds the service as the first line says, then measures once for every line."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - for as long as the process lives
    asked = questions()
    bench = Bench(**next(asked))
    bench.measure(50)
    print("{}", flush=True)
    for question in asked:
        print(json.dumps(bench.measure(**question)), flush=True)


if __name__ == "__main__":
    main()
