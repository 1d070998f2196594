"""An SMS vendor of the tests' own: it keeps what it gets, and is as slow, silent or broken as it is told."""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from otp_service.client import PhoneMessage
from tests.servers import at_work

WAITS_AT_MOST_S = 60

CONFIGURATION = """
[[providers]]
name = "vendor"
kind = "webhook"
url = "{url}"
id = {{ path = "id" }}
body = {{ kind = "json", values = {{ id = "{{id}}", to = "{{to}}", text = "{{text}}" }} }}
"""


@dataclass(frozen=True)
class Sms:
    """One submission, as the vendor got it."""

    id: str
    to: str
    text: str

    @property
    def code(self) -> str:
        """The code, found as a person finds it."""
        code = PhoneMessage(self.id, self.to, None, self.text, 1, "gsm7", "sms", datetime.now(UTC)).code
        assert code, "the message holds no code"
        return code


class Vendor:
    """Accepts at once, unless told otherwise."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Sms] = []
        self.answered = 0  # answers that are written, whether anybody read them or not
        self.status = 202
        self.delay_s = 0.0
        self._parked: set[str] | None = None  # ids that may pass while all others wait; None: nobody waits
        self._change = threading.Condition()

    @property
    def configuration(self) -> str:
        """The providers' file that leads here."""
        return CONFIGURATION.format(url=self.url)

    def park(self) -> None:
        """From now on every submission is taken and none is answered."""
        self._pass(set())

    def answer(self, ids: set[str]) -> None:
        """Answers these of the parked ones."""
        self._pass(ids)

    def release(self) -> None:
        """Answers everything again."""
        self._pass(None)

    def sent_to(self, to: str) -> list[Sms]:
        """What a number was sent."""
        return [sms for sms in self.got if sms.to == to]

    def submissions(self) -> Counter[str]:
        """How often each message was submitted."""
        return Counter(sms.id for sms in self.got)

    def _pass(self, ids: set[str] | None) -> None:
        with self._change:
            self._parked = ids
            self._change.notify_all()

    def take(self, sms: Sms) -> int:
        """Keeps a submission and gives the status to answer, when the time has come."""
        with self._change:
            self.got.append(sms)
            self._change.wait_for(lambda: self._parked is None or sms.id in self._parked, WAITS_AT_MOST_S)
        time.sleep(self.delay_s)
        return self.status

    def told(self) -> None:
        """Counts an answer."""
        with self._change:
            self.answered += 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024
    vendor: Vendor

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: couriers are killed in the middle of a request."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status = self.server.vendor.take(Sms(body["id"], body["to"], body["text"]))
        answer = json.dumps({"id": f"v-{body['id']}"}).encode()
        head = f"HTTP/1.1 {status} told\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
        with contextlib.suppress(OSError):  # the courier that asked may be dead
            self.wfile.write(head.encode() + answer)
            self.server.vendor.told()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def vendor() -> Iterator[Vendor]:
    """A vendor for as long as the block runs."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.vendor = Vendor(f"http://127.0.0.1:{server.server_port}/messages")
        with at_work(server):
            try:
                yield server.vendor
            finally:
                server.vendor.release()
