"""Hosted pages in frames of a product's own page, and of nobody else's."""

from typing import Any

from flask import request
from playwright.sync_api import Browser, Page, expect

from tests.clock import TimedWorld
from tests.web.pages import allow, read
from tests.web.shops import Shop, opened, paste_code, type_code
from tests.world import World

EMBEDDING = """<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,"><h1>Shop</h1>
<div id="here"></div><script type="module">
import {{ openPage }} from "{service}/pages/embed.js";
window.stop = new AbortController();
window.told = openPage("{link}", {{ in: document.querySelector("#here"), title: "Code", signal: stop.signal }})
  .catch((error) => ({{ outcome: error.name }}));
window.heard = [];
addEventListener("message", ({{ origin, data }}) => heard.push([origin, data.status]));
</script>"""


def embedding(world: World, browser: Browser) -> Any:
    """A shop whose own page shows what its query names in a frame."""
    told: dict[str, str] = {}
    return told, opened(world, browser, lambda: EMBEDDING.format(**told) if "plain" not in request.args else "Back")


def told_by(page: Page) -> Any:
    """What the product's page hears of the frame in the end."""
    return page.wait_for_function("told").json_value()


def test_a_product_shows_a_page_in_a_frame(timed: TimedWorld, browser: Browser) -> None:
    """embed.js opens the frame, fits its height, and answers with the signed result, which its product alone hears."""
    allow(timed)
    told, running = embedding(timed, browser)
    with running as shop:
        id_ = timed.started()
        told |= {"service": shop.url, "link": shop.link(verification=id_, embed=True, state="s-7")}
        page = shop.page()
        page.goto(shop.back)
        frame = page.frame_locator("iframe[title=Code]")
        paste_code(frame, timed.wrong(id_))
        expect(frame.get_by_role("alert")).to_contain_text("That is not the code.")
        page.wait_for_function("![0, 480].includes(document.querySelector('iframe').clientHeight)")
        paste_code(frame, timed.code(id_))
        answer = told_by(page)
        assert (answer["outcome"], answer["state"]) == ("approved", "s-7")
        assert read(timed, answer["result"])["verification"] == id_
        expect(page.locator("iframe")).to_have_count(0)
        assert {origin for origin, _ in page.evaluate("heard")} == {shop.url}


def test_a_product_may_close_the_frame(timed: TimedWorld, browser: Browser) -> None:
    """An aborted signal takes the frame away and refuses the promise."""
    allow(timed)
    told, running = embedding(timed, browser)
    with running as shop:
        told |= {"service": shop.url, "link": shop.link(verification=timed.started(), embed=True)}
        page = shop.page()
        page.goto(shop.back)
        page.locator("iframe").wait_for()
        page.evaluate("stop.abort()")
        assert told_by(page)["outcome"] == "AbortError"
        expect(page.locator("iframe")).to_have_count(0)


def test_a_framed_page_that_stands_alone_leads_back(shop: Shop) -> None:
    """A page that was made for a frame but is opened by itself leads back as any other."""
    id_ = shop.world.started()
    page = shop.page()
    page.goto(shop.link(verification=id_, embed=True))
    type_code(page, shop.world.code(id_))
    page.keyboard.press("Enter")
    assert shop.result(page)["outcome"] == "approved"


def test_no_other_page_can_frame_one(timed: TimedWorld, browser: Browser) -> None:
    """A page of another origin sees nothing of it, nor does the product unless it asked for a frame."""
    allow(timed)
    told, running = embedding(timed, browser)
    with running as shop:
        id_ = timed.started()
        elsewhere = f"{shop.url.replace('127.0.0.1', 'localhost')}/back"
        for body in ({"embed": False}, {"embed": True, "return_url": elsewhere}):
            told |= {"service": shop.url, "link": shop.link(verification=id_, **body)}
            page = shop.page()
            with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
                page.goto(shop.back)
            page.locator("iframe").wait_for()
            expect(page.frame_locator("iframe").locator("#code")).to_have_count(0)
            page.context.close()
            shop.complaints.clear()
