"""Twilio's HTTP API as far as the tutorial needs it: it takes messages, refuses numbers, and reports by signed posts.

The signatures are made by Twilio's own SDK. Reports travel as by a tunnel: made for the public URL, delivered here.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.servers import at_work

SIGNATURE = "X-Twilio-Signature"


@dataclass(frozen=True)
class Sms:
    """One message, as the API got it."""

    sid: str
    path: str
    authorization: str
    form: dict[str, str]


class Twilio:
    """An account with its token; `tunnel` is where its public URL leads to."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.got: list[Sms] = []
        self.unverified: set[str] = set()  # what a trial account does not reach
        self.tunnel = ""  # reports by itself as long as there is one
        self._signer = RequestValidator(token)

    def sent_to(self, to: str) -> list[Sms]:
        """What a number was sent."""
        return [sms for sms in self.got if sms.form["To"] == to]

    def take(self, path: str, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Keeps a message; the answer."""
        if form["To"] in self.unverified:
            return 400, {"code": 21608, "message": "The number is unverified.", "status": 400}
        sms = Sms(f"SM{len(self.got):032x}", path, authorization, form)
        self.got.append(sms)
        if self.tunnel:
            threading.Timer(0.2, self.report, (sms, "delivered")).start()
        return 201, {"sid": sms.sid, "status": "queued", "error_code": None, "error_message": None}

    def report(self, sms: Sms, status: str, *, signed_for: str = "") -> int:
        """Reports a message, signed for this status unless told otherwise; the status of the answer."""
        url = sms.form["StatusCallback"]
        told = {"MessageSid": sms.sid, "MessageStatus": status, "To": sms.form["To"], "AccountSid": "AC"}
        signature = self._signer.compute_signature(url, {**told, "MessageStatus": signed_for or status})
        local = self.tunnel + urlsplit(url).path
        return httpx.post(local, data=told, headers={SIGNATURE: signature}, timeout=60).status_code


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    twilio: Twilio


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        status, body = self.server.twilio.take(self.path, self.headers["Authorization"], form)
        answer = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def twilio_nearby(token: str) -> Iterator[Twilio]:
    """The API for as long as the block runs."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.twilio = Twilio(f"http://127.0.0.1:{server.server_port}", token)
        with at_work(server):
            yield server.twilio
