"""Vendors that misbehave, over real sockets: each is told how, and keeps what it took and when."""

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from tests.servers import at_work

DRIP_S = 0.2
LONGEST_S = 60.0

CONFIGURATION = """
[[providers]]
name = "{name}"
kind = "webhook"
priority = {priority}
{countries}
url = "{url}"
id = {{ path = "id" }}
success = {{ path = "status", equals = "OK" }}
body = {{ kind = "json", values = {{ id = "{{id}}", to = "{{to}}", text = "{{text}}" }} }}
"""


@dataclass(frozen=True)
class Taken:
    """One submission that a vendor read to its end."""

    id: str
    to: str
    text: str
    at: float


class Faulty:
    """A vendor; `way` is one of WAYS and may change at any time. Until `free`, those who wait go on waiting."""

    def __init__(self, name: str, url: str, way: str) -> None:
        self.name, self.url, self.way = name, url, way
        self.taken: list[Taken] = []
        self.reached = 0  # connections that were made
        self.free = threading.Event()

    def configuration(self, priority: int, country: str | None = None) -> str:
        """Its part of the providers' file."""
        countries = f'countries = ["{country}"]' if country else ""
        return CONFIGURATION.format(name=self.name, url=self.url, priority=priority, countries=countries)

    def sent_to(self, to: str) -> list[Taken]:
        """What a number was sent."""
        return [one for one in self.taken if one.to == to]


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024
    allow_reuse_address = True
    vendor: Faulty

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: couriers hang up and are killed."""


class _Handler(StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        vendor = self.server.vendor
        vendor.reached += 1
        if vendor.way == "unread":
            vendor.free.wait(LONGEST_S)
            return
        sms = self._read()
        if sms:
            vendor.taken.append(Taken(sms["id"], sms["to"], sms["text"], time.time()))
            WAYS[vendor.way](self, sms)

    def _read(self) -> dict[str, Any]:
        length, line = 0, self.rfile.readline()
        while line.strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
            line = self.rfile.readline()
        found: dict[str, Any] = json.loads(self.rfile.read(length) or b"{}")
        return found

    def answer(self, status: int, body: str, *more: str) -> None:
        """One answer, then the connection is closed."""
        lines = (f"HTTP/1.1 {status} told", "Connection: close", f"Content-Length: {len(body)}", *more)
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def _fine(handler: _Handler, sms: dict[str, Any]) -> None:
    handler.answer(200, json.dumps({"id": f"v-{sms['id']}", "status": "OK"}))


def _parked(handler: _Handler, sms: dict[str, Any]) -> None:
    handler.server.vendor.free.wait(LONGEST_S)
    _fine(handler, sms)


def _drip(handler: _Handler, sms: dict[str, Any]) -> None:
    """The head at once, then a byte at a time, for longer than anybody should wait."""
    handler.wfile.write(b"HTTP/1.1 200 told\r\nContent-Length: 1000\r\n\r\n")
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        handler.wfile.write(b" ")
        time.sleep(DRIP_S)


def _reset(handler: _Handler, sms: dict[str, Any]) -> None:
    """The connection is reset, not closed: it lingers for no time at all (socket(7), SO_LINGER)."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.rfile.close()
    handler.wfile.close()
    handler.connection.close()


def _error_body(handler: _Handler, sms: dict[str, Any]) -> None:
    handler.answer(200, '{"status": "ERROR", "error": "no route"}')


def _garbage(handler: _Handler, sms: dict[str, Any]) -> None:
    handler.answer(200, '{"id": "v-1", "stat\xff')


def _limited(handler: _Handler, sms: dict[str, Any]) -> None:
    handler.answer(429, "{}", "Retry-After: 1")


def _broken(handler: _Handler, sms: dict[str, Any]) -> None:
    handler.answer(500, "<h1>Internal Server Error</h1>")


WAYS: dict[str, Callable[[_Handler, dict[str, Any]], None]] = {
    "fine": _fine,
    "parked": _parked,
    "drip": _drip,
    "reset": _reset,
    "error_body": _error_body,
    "garbage": _garbage,
    "limited": _limited,
    "broken": _broken,
}


@contextlib.contextmanager
def faulty(name: str, way: str) -> Iterator[Faulty]:
    """A vendor for as long as the block runs; one that is `down` has a port and does not listen."""
    with contextlib.ExitStack() as stack:
        if way == "down":
            closed = stack.enter_context(socket.socket())
            closed.bind(("127.0.0.1", 0))
            yield Faulty(name, f"http://127.0.0.1:{closed.getsockname()[1]}/", way)
            return
        server = stack.enter_context(_Server(("127.0.0.1", 0), _Handler))
        server.vendor = Faulty(name, f"http://127.0.0.1:{server.server_address[1]}/", way)
        with at_work(server):
            try:
                yield server.vendor
            finally:
                server.vendor.free.set()
