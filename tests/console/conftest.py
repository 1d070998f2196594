"""The console in a real browser: a running service over real HTTP, admins of each role, and Chromium."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service.ledger import admins
from otp_service.ledger import engine as ledger_engine
from otp_service.ledger.changes import change
from otp_service.service.console import sessions, sign_in, totp
from otp_service.service.core import now_ms
from otp_service.store import connect, link
from tests.browser import chromium
from tests.factor_world import NOON
from tests.servers import at_work
from tests.world import World

COOKIE = "otp_console"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
ADDRESS = "127.0.0.1"
PATIENCE_S = 60  # of whatever waits here: a machine under load is slow, and that is nobody's fault


class Silent(WSGIRequestHandler):
    """Keeps connections open and says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="package", autouse=True)
def _patience() -> Iterator[None]:
    """Redis and the ledger have all the time that they need: nobody means their time-outs here."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("socket_connect_timeout", "socket_timeout"):
            patch.setitem(connect.OPTIONS, name, PATIENCE_S)
        patch.setattr(link, "AGAIN_BEFORE_S", PATIENCE_S)
        patch.setattr(ledger_engine, "BUSY_TIMEOUT_MS", PATIENCE_S * 1000)
        yield


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock by which codes of apps and waits are judged stands still: no step and no wait ends within a test."""
    for module in (totp, sign_in):
        monkeypatch.setattr(module, "now_ms", lambda: NOON)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser of these pages; asyncio needs the thread back afterwards."""
    with chromium() as browser:
        yield browser


@dataclass
class Console:
    """A running console, whoever is signed in, and what the browser complained of."""

    world: World
    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def admin(self, role: str = "admin", name: str | None = None) -> str:
        """The id of the admin of this role, made if there is none."""
        wanted = name or f"a {role}"
        with change(self.world.core.engine, self.world.core.audit_key, "tests", now_ms()) as opened:
            found = admins.find(opened.connection, wanted) or admins.create(opened, wanted, role)
        return found.id

    def session(self, role: str = "admin", *, proven: bool = True) -> str:
        """The token of a new session."""
        return sessions.begin(self.world.core, self.admin(role), ADDRESS, "a test", proven=proven)

    def http(self, role: str | None = "admin", *, proven: bool = True) -> httpx.Client:
        """A client without a browser; redirects are its answers."""
        cookies = httpx.Cookies()
        if role:
            cookies.set(COOKIE, self.session(role, proven=proven), domain=ADDRESS)
        return httpx.Client(base_url=self.url, cookies=cookies, timeout=PATIENCE_S)

    def csrf(self, client: httpx.Client, path: str = "/console/help") -> str:
        """What this client's forms carry, as a page tells it; the sign-in page is for who has no session."""
        page = client.get(path)
        assert page.status_code == 200, f"{path} answers {page.status_code}"
        return CSRF.findall(page.text)[0]

    def post(
        self, client: httpx.Client, path: str, data: Mapping[str, object] | None = None, form: str = "/console/help"
    ) -> httpx.Response:
        """Sends a form as a page of the console would."""
        return client.post(path, data={"csrf": self.csrf(client, form), **(data or {})})

    def page(
        self, role: str | None = "admin", *, proven: bool = True, width: int = 1280, dark: bool = False, **more: object
    ) -> Page:
        """A page of a browser of its own, signed in as this role."""
        scheme = "dark" if dark else "light"
        context = self.browser.new_context(
            base_url=self.url, viewport={"width": width, "height": 900}, color_scheme=scheme, **more
        )
        self.contexts.append(context)
        if role:
            token = self.session(role, proven=proven)
            context.add_cookies([{"name": COOKIE, "value": token, "url": self.url, "httpOnly": True}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@contextmanager
def serving(world: World, browser: Any = None) -> Iterator[Console]:
    """A running console over real HTTP for as long as the block runs; a test that opens no page needs no browser."""
    server = make_server("127.0.0.1", 0, world.app, threaded=True, request_handler=Silent)
    with at_work(server):
        yield Console(world, f"http://127.0.0.1:{server.server_port}", browser)


@pytest.fixture
def console(world: World, browser: Browser) -> Iterator[Console]:
    """A running console over real HTTP; a page's complaints (such as of its CSP) fail the test at its end."""
    expect.set_options(timeout=PATIENCE_S * 1000)
    with serving(world, browser) as running:
        yield running
        for context in running.contexts:
            context.close()
    assert running.complaints == []
