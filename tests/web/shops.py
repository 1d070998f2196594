"""A service and a product beside it in a real browser, for the tests of hosted pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FrameLocator, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser import PATIENCE_MS
from tests.console.test_accessibility import AXE
from tests.servers import at_work
from tests.web.pages import make, read
from tests.world import World

WIDTHS = (390, 1280)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EXPECTED = ("status of 4", "Blocked autofocusing")  # what browsers say of pages that refuse, and of framed fields


class Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def served(app: Flask, host: str = "127.0.0.1") -> Iterator[str]:
    """Where an application answers."""
    server = make_server(host, 0, app, threaded=True, request_handler=Silent)
    with at_work(server):
        yield f"http://{host}:{server.server_port}"


@dataclass
class Shop:
    """A service, a product beside it whose page is led back to, and what browsers complained of."""

    world: World
    url: str
    back: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, **options: Any) -> Page:
        """A page of a browser of its own, on a phone unless told otherwise."""
        context = self.browser.new_context(**{"viewport": {"width": 390, "height": 844}, **options})
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def link(self, kind: str = "code", **body: Any) -> str:
        """The address of a fresh page, as this machine reaches it."""
        made = make(self.world, kind, **{"return_url": self.back, **body})
        assert made.status_code == 201, made.json
        return f"{self.url}{urlsplit(made.json['url']).path}"

    def result(self, page: Page) -> dict[str, Any]:
        """What the product hears once the page has led back to it."""
        page.wait_for_url(f"{self.back}?*")
        return read(self.world, parse_qs(urlsplit(page.url).query)["result"][0])

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(each in message.text for each in EXPECTED):
            self.complaints.append(message.text)


@contextmanager
def opened(
    world: World, browser: Browser, body: Callable[[], Any] = lambda: "<title>Shop</title>Back"
) -> Iterator[Shop]:
    """A shop; a complaint of the browser, such as of a policy of content, fails the test at its end."""
    product = Flask("product")
    product.add_url_rule("/back", view_func=body)
    with served(world.app) as url, served(product) as shop:
        found = Shop(world, url, f"{shop}/back", browser)
        yield found
        for context in found.contexts:
            context.close()
    # The product's own icon is none of ours.
    assert [each for each in found.complaints if "favicon" not in each] == []


def person(shop: Shop, **options: Any) -> tuple[Page, str]:
    """A page before the code of a fresh verification, and the code."""
    id_ = shop.world.started()
    page = shop.page(**options)
    page.goto(shop.link(verification=id_))
    return page, shop.world.code(id_)


def type_code(page: Page, text: str) -> None:
    """Types as people do: into the field that has the focus, which it gets some frames after the load."""
    expect(page.locator("#code")).to_be_focused()
    expect(page.locator(".code:not([data-at])")).to_have_count(0)  # boxes that no script looks after yet
    page.keyboard.type(text)


def paste_code(page: Page | FrameLocator, text: str) -> None:
    """Fills the boxes all at once, as by pasting; their script then sends the form, once it looks after them."""
    expect(page.locator(".code[data-at]")).to_have_count(1)
    page.locator("#code").fill(text)


def broken(page: Page) -> list[str]:
    """What axe finds wrong, each with where."""
    assert AXE.exists(), "this test needs scripts/setup.sh test"
    page.wait_for_load_state()
    page.evaluate(AXE.read_text())  # by the debugger: no policy of the page has to allow it
    found = page.evaluate("runOnly => axe.run(document, { runOnly, resultTypes: ['violations'] })", LEVELS)
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways, once it has its style."""
    page.wait_for_load_state()
    wide: bool = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return wide
