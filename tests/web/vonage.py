"""A Vonage of the tests' own, over real HTTP: it takes messages segment by segment and reports to one fixed address."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx
from vonage_http_client.auth import Auth  # type: ignore[import-untyped]
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service.service.receipts import connection_path
from tests.servers import at_work
from tests.world import World

SECRET = "a-signature-secret"
NAME = "vonage"
CLIENT = httpx.Client(verify=False, timeout=60)  # one for all: each of its own would load the system's certificates


@dataclass
class Vonage:
    """The vendor: what it was sent, and the reports that it makes and signs as its own SDK does."""

    url: str = ""
    reports_to: str = ""  # as the operator entered it in the vendor's dashboard
    forms: list[dict[str, str]] = field(default_factory=list)
    ids: Callable[[int], list[str]] = lambda number: [f"0B{number:014X}"]
    before_answer: Callable[[list[str]], None] = lambda ids: None

    def report(self, id: str, status: str = "delivered", *, get: bool = False, **more: str) -> int:
        """The status with which a report is answered."""
        told = {"messageId": id, "status": status, "err-code": "0", "timestamp": str(int(time.time())), **more}
        sig = Auth(api_key="a1b2c3d4", signature_secret=SECRET, signature_method="sha256").sign_params(dict(told))
        return self.send({"sig": sig, **told}, get=get)

    def send(self, fields: dict[str, str], to: str | None = None, *, get: bool = False) -> int:
        """The status with which these fields are answered, as they are."""
        url = self.reports_to if to is None else to
        return (CLIENT.get(url, params=fields) if get else CLIENT.post(url, data=fields)).status_code


@contextmanager
def vendor() -> Iterator[Vonage]:
    """The vendor's API on a free port."""
    vonage = Vonage()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            vonage.forms.append(dict(parse_qsl(body)))
            ids = vonage.ids(len(vonage.forms))
            vonage.before_answer(ids)
            told = [{"status": "0", "message-id": id} for id in ids]
            answer = json.dumps({"message-count": str(len(ids)), "messages": told}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vonage.url = f"http://127.0.0.1:{server.server_port}"
    with at_work(server):
        yield vonage


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def served(world: World, vonage: Vonage) -> Iterator[None]:
    """The service on a port of its own, to which the vendor then reports."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True, request_handler=_Quiet)
    vonage.reports_to = f"http://127.0.0.1:{server.server_port}{connection_path(world.core, NAME)}"
    with at_work(server):
        yield


def elsewhere(url: str, provider: str, token: str) -> str:
    """The same server, another provider's or token's path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/v1/callbacks/{provider}/{token}/receipts"
