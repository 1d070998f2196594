"""What a hostile review of hosted pages found in a browser: each hole by its name."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.browser import chromium
from tests.factor_world import FactorWorld
from tests.security.test_page_review import shop
from tests.web.shops import opened

__all__ = ["shop"]
REMEMBERS = "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"
RECALLS = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


def test_the_script_for_products_opens_no_script(shop: FactorWorld, browser: Browser) -> None:
    """An address that a product took over from somebody runs nothing in the product's own page."""
    with opened(shop, browser) as running:
        page = running.page()
        page.goto(running.back)
        opens = """async ([service, url]) => (await import(`${service}/pages/embed.js`))
            .openPage(url, { in: document.body })"""
        for url in ("javascript:parent.taken=1", "data:text/html,x", "blob:null/x"):
            with pytest.raises(Error, match="takes the url of a page"):
                page.evaluate(opens, [running.url, url])
        assert page.evaluate("window.taken") is None
        assert page.locator("iframe").count() == 0


def test_no_back_button_brings_a_key_back(shop: FactorWorld, browser: Browser) -> None:
    """A page whose browser remembers it whole is emptied as it is left, and asked for anew when somebody goes back."""
    with opened(shop, browser) as running:
        page = running.page()
        page.goto(running.link("enrol", user="u1"))
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_role("heading", name="Scan this picture")).to_be_visible()
        page.wait_for_load_state()  # with the script that empties it
        expect(page.locator(".key, svg.qr")).to_have_count(2)
        page.evaluate(REMEMBERS)
        expect(page.locator(".key, svg.qr, [name=note], a")).to_have_count(0)
        page.evaluate(RECALLS)
        expect(page.get_by_role("heading", name="Set up an authenticator app")).to_be_visible()
