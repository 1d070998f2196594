"""A vendor of CAPTCHAs nearby: answers as Cloudflare, hCaptcha and Google document it, and says yes to a token once."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from otp_service import wiring
from otp_service.settings import Settings
from tests.servers import at_work
from tests.world import World

SECRET = "0x4AAAAAAA-of-the-tests"
SITE_KEY = "0x4AAAAAAAB-site-key"
HOST = "shop.example"
USED = {"turnstile": "timeout-or-duplicate", "recaptcha": "timeout-or-duplicate", "hcaptcha": "already-seen-response"}


@dataclass
class CaptchaVendor:
    """What it was asked, and how it answers: honestly, unless told otherwise."""

    kind: str = "turnstile"
    asked: list[dict[str, str]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    more: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    garbage: bytes | None = None
    pause_s: float = 0.0  # before each piece of eight bytes
    url: str = ""
    hung_up: int = 0  # connections that were closed before the answer was read
    free: threading.Event = field(default_factory=threading.Event)  # while it is not set, nobody is answered

    def __post_init__(self) -> None:
        self.free.set()

    def answer(self, form: dict[str, str]) -> bytes:
        """The answer to a form: a token `good-...` is good, once, with the right secret."""
        self.asked.append(form)
        return self.garbage if self.garbage is not None else json.dumps(self._judged(form)).encode()

    def _judged(self, form: dict[str, str]) -> dict[str, Any]:
        token = form.get("response", "")
        if form.get("secret") != SECRET:
            return _no("invalid-input-secret")
        if not token.startswith("good-"):
            return _no("invalid-input-response")
        if self.kind == "hcaptcha" and form.get("sitekey") != SITE_KEY:
            return _no("sitekey-secret-mismatch")
        if token in self.used:
            return _no(USED[self.kind])
        self.used.add(token)
        return {
            "success": True,
            "challenge_ts": "2026-11-22T08:00:00Z",
            "hostname": HOST,
            "error-codes": [],
            **self.more,
        }


def _no(code: str) -> dict[str, Any]:
    return {"success": False, "error-codes": [code]}


@contextmanager
def captcha_vendor(kind: str = "turnstile") -> Iterator[CaptchaVendor]:
    """A vendor's server."""
    vendor = CaptchaVendor(kind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answers a question, in pieces if it is slow."""
            told = self.rfile.read(int(self.headers["Content-Length"])).decode()
            body = vendor.answer({name: values[0] for name, values in parse_qs(told).items()})
            vendor.free.wait(60)
            self.send_response(vendor.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for at in range(0, len(body), 8):
                time.sleep(vendor.pause_s)
                try:
                    self.wfile.write(body[at : at + 8])
                except OSError:
                    vendor.hung_up += 1
                    return

        log_message: Callable[..., None] = lambda *_: None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    vendor.url = f"http://127.0.0.1:{server.server_port}/siteverify"
    with at_work(server):
        yield vendor


def configuration(vendor: CaptchaVendor, more: str = "") -> str:
    """The table of otp-service.toml for this vendor."""
    return (
        f'[captchas.{vendor.kind}]\nsite_key = "{SITE_KEY}"\nsecret = "${{CAPTCHA_SECRET}}"\n'
        f'hostnames = ["{HOST}"]\nverify_url = "{vendor.url}"\n{more}\n'
    )


@contextmanager
def guarded_by(vendor: CaptchaVendor, settings: Settings, folder: Path, **policy: Any) -> Iterator[World]:
    """A service whose policy asks for this vendor's CAPTCHA; `CAPTCHA_SECRET` is in the environment."""
    path = folder / "otp-service.toml"
    path.write_text(configuration(vendor))
    parts = wiring.build(settings.model_copy(update={"config": path}), development_server=True)
    world = World(parts)
    world.policy(challenge=vendor.kind, **policy)
    yield world
    parts.core.engine.dispose()
