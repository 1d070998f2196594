"""A vendor's web server nearby: what answers in its stead when the service fetches something over https."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.servers import at_work


class Vendor(BaseHTTPRequestHandler):
    """A vendor's web server, which answers as it is told to and notes what it was asked."""

    answers: dict[str, Any]
    asked: list[tuple[str | None, str]]
    transport: "Nearby"

    def do_GET(self) -> None:
        self.asked.append((self.headers["Host"], self.path))
        self.send_response(self.answers.get("status", 200))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        for piece in self.answers["pieces"]:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(self.answers.get("pause_s", 0))

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Nearby(httpx.BaseTransport):
    """Leads https to a server nearby that speaks plain HTTP; everything else is as it would be."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        near = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return self.inner.handle_request(
            httpx.Request(request.method, near, headers=request.headers, extensions=request.extensions)
        )

    def close(self) -> None:
        self.inner.close()


@contextmanager
def vendor_nearby(body: bytes) -> Iterator[type[Vendor]]:
    """A vendor that answers every GET with this body, unless it is told otherwise."""

    class Mine(Vendor):
        answers: dict[str, Any] = {"pieces": [body]}  # noqa: RUF012
        asked: list[tuple[str | None, str]] = []  # noqa: RUF012

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    Mine.transport = Nearby(server.server_address[1])
    try:
        with at_work(server):
            yield Mine
    finally:
        Mine.transport.close()
