"""The load: a process that sends prebuilt requests over keep-alive connections and costs less than what it measures.

Without a rate every connection sends its next request as soon as it has an answer. With a rate requests fall due
evenly, and a latency begins when its request was due: a server that stalls is charged for all whom it keeps waiting.
"""

import gc
import json
import re
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench import bodies
from otp_service.domain import codes
from otp_service.domain.keys import parse_ring

LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
VALID = re.compile(rb'"valid": ?true')
STUCK_S = 10.0


@dataclass(frozen=True)
class Load:
    """What a server did under one run; `generator_us` is the load's own CPU time for a request."""

    count: int
    per_s: float
    p50_ms: float
    p99_ms: float
    generator_us: float


class Scenario:
    """The requests of a run, and what is kept of the answers."""

    def next(self) -> bytes | None:
        """The next request; None when there are no more."""
        return bodies.GET

    def answered(self, answer: bytes) -> None:
        """Takes an answer."""


def expect_valid(answer: bytes) -> None:
    """A check that was refused would be the cheaper one."""
    if not VALID.search(answer):
        raise RuntimeError(f"a right code was refused: {answer.decode()}")


class Start(Scenario):
    """Starts only; the answers are kept for those who check."""

    def __init__(self, starts: bodies.Starts, answers: list[bytes]) -> None:
        self._starts, self._answers = starts, answers

    def next(self) -> bytes | None:
        return self._starts.take()

    def answered(self, answer: bytes) -> None:
        self._answers.append(answer)


class Check(Scenario):
    """Checks only, each made before the run."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = iter(requests)

    def next(self) -> bytes | None:
        return next(self._requests, None)

    def answered(self, answer: bytes) -> None:
        expect_valid(answer)


class Mix(Scenario):
    """One check, with the right code, for every start."""

    def __init__(self, user: "User") -> None:
        self._user = user
        self._waiting: deque[bytes] = deque()

    def next(self) -> bytes | None:
        return self._user.check(self._waiting.popleft()) if self._waiting else self._user.starts.take()

    def answered(self, answer: bytes) -> None:
        if b'"valid"' in answer:
            expect_valid(answer)
        else:
            self._waiting.append(answer)


class User:
    """Starts verifications and knows their codes, since it holds the master key."""

    def __init__(self, key: str, master_keys: str, first: int) -> None:
        self.starts, self._checks, self._ring = bodies.Starts(key, first), bodies.Checks(key), parse_ring(master_keys)
        self.answers: list[bytes] = []

    def check(self, answer: bytes) -> bytes:
        """The check of what was started."""
        id_ = bodies.id_in(answer)
        return self._checks.of(id_, codes.code_of(self._ring, self._ring.current, id_.decode(), "digits", 6))

    def scenario(self, name: str) -> Scenario:
        """A scenario by its name; `check` uses up what `start` has left."""
        if name == "check":
            requests = [self.check(answer) for answer in self.answers]
            self.answers.clear()
            return Check(requests)
        if name == "start":
            return Start(self.starts, self.answers)
        return Mix(self) if name == "mix" else Scenario()


class Connection:
    """A keep-alive connection with at most one request on its way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=STUCK_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.since = 0.0
        self._got = b""

    def send(self, request: bytes, since: float) -> None:
        """Sends a request, whose latency counts from `since`."""
        self.since = since
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The whole answer, once it is there."""
        data = self.socket.recv(65536)
        if not data:
            raise RuntimeError("the server closed a connection")
        self._got += data
        end = self._got.find(b"\r\n\r\n")
        length = LENGTH.search(self._got, 0, end)
        if end < 0 or length is None or len(self._got) < end + 4 + int(length[1]):
            return None
        answer, self._got = self._got, b""
        if answer[9:11] != b"20":
            raise RuntimeError(answer.decode(errors="replace"))
        return answer


class Run:
    """One run of a scenario against one server."""

    def __init__(self, port: int, scenario: Scenario, connections: int, rate: float | None) -> None:
        self._scenario, self._rate = scenario, rate
        self._idle = [Connection(port) for _ in range(connections)]
        self._busy: dict[int, Connection] = {}
        self._latencies: list[float] = []

    def measure(self, seconds: float) -> Load:
        """Loads the server for this long, or until the scenario has no more requests."""
        began, cpu = time.perf_counter(), time.process_time()
        sending, due = True, began
        while True:
            now = time.perf_counter()
            # However late a busy machine lets this begin, one request is sent.
            sending = sending and (now < began + seconds or not (self._busy or self._latencies))
            while sending and self._idle and (self._rate is None or due <= now):
                request = self._scenario.next()
                if request is None:
                    sending = False
                else:
                    self._send(request, now if self._rate is None else due)
                    due += 1 / self._rate if self._rate else 0
            if not sending and not self._busy:
                break
            self._take(max(0.0, due - now) if self._rate and sending and self._idle else STUCK_S)
        return self._load(time.perf_counter() - began, time.process_time() - cpu)

    def close(self) -> None:
        """Closes all connections."""
        for connection in (*self._idle, *self._busy.values()):
            connection.socket.close()

    def _send(self, request: bytes, since: float) -> None:
        connection = self._idle.pop()
        self._busy[connection.socket.fileno()] = connection
        connection.send(request, since)

    def _take(self, wait_s: float) -> None:
        # select(2) waits by the microsecond, epoll only by the millisecond.
        for number in select.select(list(self._busy), (), (), wait_s)[0]:
            connection = self._busy[number]
            answer = connection.receive()
            if answer is not None:
                self._latencies.append(time.perf_counter() - connection.since)
                self._scenario.answered(answer)
                self._idle.append(self._busy.pop(number))

    def _load(self, wall: float, cpu: float) -> Load:
        count = len(self._latencies)
        if not count:
            raise RuntimeError("no request was answered")
        ordered = sorted(self._latencies)
        p50, p99 = (ordered[int(count * part)] * 1000 for part in (0.5, 0.99))
        return Load(count, count / wall, p50, p99, cpu / count * 1e6)


def questions() -> Iterator[dict[str, Any]]:
    """The lines on stdin."""
    for line in sys.stdin:
        yield json.loads(line)


def main() -> None:
    """Becomes the user whom the first line describes, then runs a scenario for every line."""
    asked = questions()
    user = User(**next(asked))
    print("{}", flush=True)
    for question in asked:
        run = Run(question["port"], user.scenario(question["scenario"]), question["connections"], question["rate"])
        gc.collect()
        gc.disable()
        print(json.dumps(asdict(run.measure(question["seconds"]))), flush=True)
        gc.enable()
        run.close()


if __name__ == "__main__":
    main()
