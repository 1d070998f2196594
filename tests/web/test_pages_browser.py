"""Hosted pages in a real browser: on a phone and on a desk, by keyboard, by ear, in frames, and without scripts."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, request
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from otp_service import wiring
from otp_service.domain.factors.codes import Generator, step_of
from otp_service.domain.pages.words import LANGUAGES, words
from otp_service.settings import Settings
from tests.browser import chromium
from tests.clock import SECOND, TimedWorld
from tests.console.test_accessibility import AXE
from tests.servers import at_work, wait_until
from tests.service.factors.conftest import STEP, FactorWorld
from tests.web.pages import allow, make, read
from tests.world import NUMBER, OTHER_NUMBER, World

WIDTHS = (390, 1280)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EXPECTED = ("status of 4", "Blocked autofocusing")  # what browsers say of pages that refuse, and of framed fields


class Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@contextmanager
def served(app: Flask, host: str = "127.0.0.1") -> Iterator[str]:
    """Where an application answers."""
    server = make_server(host, 0, app, threaded=True, request_handler=Silent)
    with at_work(server):
        yield f"http://{'localhost' if host != '127.0.0.1' else host}:{server.server_port}"


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
        page.set_default_timeout(20_000)
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
    world: World, browser: Browser, body: Callable[[], str] = lambda: "<title>Shop</title>Back"
) -> Iterator[Shop]:
    """A shop; a complaint of the browser, such as of a policy of content, fails the test at its end."""
    expect.set_options(timeout=20_000)
    product = Flask("product")
    product.add_url_rule("/back", view_func=body)
    with served(world.app) as url, served(product) as shop:
        found = Shop(world, url, f"{shop}/back", browser)
        yield found
        for context in found.contexts:
            context.close()
    # The product's own icon is none of ours.
    assert [each for each in found.complaints if "favicon" not in each] == []


@pytest.fixture
def shop(timed: TimedWorld, browser: Browser) -> Iterator[Shop]:
    """A shop whose codes are sent by a clock of the test's own."""
    allow(timed)
    with opened(timed, browser) as found:
        yield found


@pytest.fixture
def factors(settings: Settings, browser: Browser) -> Iterator[Shop]:
    """A shop whose users have factors."""
    parts = wiring.build(settings, development_server=True)
    world = FactorWorld(parts)
    allow(world)
    with opened(world, browser) as found:
        yield found
    parts.core.engine.dispose()


def person(shop: Shop, **options: Any) -> tuple[Page, str]:
    """A page before the code of a fresh verification, and the code."""
    id_ = shop.world.started()
    page = shop.page(**options)
    page.goto(shop.link(verification=id_))
    return page, shop.world.code(id_)


def broken(page: Page) -> list[str]:
    """What axe finds wrong, each with where."""
    assert AXE.exists(), "this test needs scripts/setup.sh test"
    page.evaluate(AXE.read_text())  # by the debugger: no policy of the page has to allow it
    found = page.evaluate("runOnly => axe.run(document, { runOnly, resultTypes: ['violations'] })", LEVELS)
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    return wide


def test_a_code_is_typed(shop: Shop) -> None:
    """The field has the focus at once; what is typed stands in the boxes, and Enter leads back as approved."""
    page, code = person(shop)
    field = page.get_by_role("textbox", name="Code")
    expect(field).to_be_focused()
    for name, value in (("autocomplete", "one-time-code"), ("inputmode", "numeric"), ("aria-describedby", "shape")):
        expect(field).to_have_attribute(name, value)
    page.keyboard.type(code[:2])
    expect(page.locator(".boxes .here")).to_have_count(1)
    assert page.locator(".boxes span").nth(2).evaluate("each => each.classList.contains('here')")
    page.keyboard.type(code[2:])
    expect(field).to_have_value(code)
    page.keyboard.press("Enter")
    assert shop.result(page)["outcome"] == "approved"


@pytest.mark.parametrize("width", WIDTHS)
def test_each_character_stands_in_its_box(shop: Shop, width: int) -> None:
    """Whatever its length, a code fills its boxes from the first to the last, and no box sticks out."""
    for length, to in ((6, NUMBER), (10, OTHER_NUMBER)):
        allow(shop.world, code_length=length)
        page = shop.page(viewport={"width": width, "height": 844})
        page.goto(shop.link(verification=shop.world.started(to)))
        boxes = page.locator(".boxes span")
        expect(boxes).to_have_count(length)
        off = page.evaluate(
            """() => {
              const boxes = [...document.querySelectorAll(".boxes span")];
              const places = boxes.map((box) => box.getBoundingClientRect().left);
              const style = getComputedStyle(document.querySelector("#code"));
              const ruler = document.createElement("canvas").getContext("2d");
              ruler.font = style.font;
              const wide = ruler.measureText("0").width + parseFloat(style.letterSpacing);
              return (places.length - 1) * wide - (places.at(-1) - places[0]);
            }"""
        )
        assert abs(off) < 1, "the last character stands beside the middle of its box"
        assert fits(page)
        page.context.close()


@pytest.mark.parametrize("spelt", ["{0}{1}", " {0} {1}\n", "{0}-{1}", "arabic"])
def test_a_pasted_code_is_checked_at_once(shop: Shop, spelt: str) -> None:
    """A code that is pasted, with spaces or in other digits, is read, shown in ASCII and checked without a click."""
    page, code = person(shop, permissions=["clipboard-read", "clipboard-write"])
    arabic = "".join(chr(0x660 + int(digit)) for digit in code)
    text = arabic if spelt == "arabic" else spelt.format(code[:3], code[3:])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.get_by_role("textbox", name="Code").focus()
    page.keyboard.press("Control+V")
    assert shop.result(page)["outcome"] == "approved"


def test_a_code_from_a_message_is_filled_in(shop: Shop) -> None:
    """Where the browser knows WebOTP, the code of the message is filled in and checked at once."""
    id_ = shop.world.started()
    page = shop.page()
    page.add_init_script(
        f"""window.OTPCredential = class {{}};
        navigator.credentials.get = async (asked) => {{
          if (asked.otp.transport.join() !== "sms" || !asked.signal) throw new Error("asked wrongly");
          return {{ code: "{shop.world.code(id_)}" }};
        }};"""
    )
    page.goto(shop.link(verification=id_))
    assert shop.result(page)["outcome"] == "approved"


def test_a_wrong_code_is_told_where_it_is_typed(shop: Shop) -> None:
    """After a wrong code the empty field has the focus again and is described by what went wrong; the title says so."""
    page, code = person(shop)
    page.keyboard.type("000000" if code != "000000" else "111111")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the code.")
    expect(page.get_by_role("alert")).to_contain_text("Attempts left: 4")
    field = page.get_by_role("textbox", name="Code")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("^That is not the code.*6 digits"))
    assert page.title().startswith("Error: Enter the code")
    page.keyboard.type(code)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Enter")
    assert shop.result(page)["outcome"] == "approved"


def test_everything_is_done_by_keyboard(shop: Shop) -> None:
    """Tab leads from the field over the button to the other ways, each seen to have the focus; Enter leaves."""
    page, _ = person(shop)
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert reached == ["Continue", "Send the code again", "Cancel"]
    page.keyboard.press("Enter")
    assert shop.result(page)["outcome"] == "canceled"


def test_the_countdown_of_a_resend(shop: Shop) -> None:
    """Until a code may be sent again the page counts down; then the button is there, is announced, and sends."""
    world: Any = shop.world
    allow(world, resend_after_s=30)
    id_ = world.started()
    page = shop.page()
    page.clock.install()
    page.goto(shop.link(verification=id_))
    resend = page.get_by_role("button", name="Send the code again")
    expect(resend).to_be_hidden()
    expect(page.get_by_text("You can have it sent again in 0:30.")).to_be_visible()
    page.clock.run_for(11_000)
    expect(page.get_by_text("You can have it sent again in 0:19.")).to_be_visible()
    page.clock.run_for(20_000)
    expect(page.locator("#said")).to_have_text("You can have the code sent again now.")
    expect(page.locator("#said")).to_have_attribute("role", "status")
    world.clock.pass_(31 * SECOND)
    resend.click()
    expect(page.get_by_text("The code is on its way again.")).to_be_visible()
    assert world.api.get(f"/v1/verifications/{id_}").json["sends"] == 2
    expect(resend).to_be_hidden()


def test_pressing_twice_sends_once(shop: Shop) -> None:
    """A form that is pressed again while its answer is on the way goes once."""
    page, code = person(shop)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url) if asked.method == "POST" else None)
    page.keyboard.type(code)
    page.evaluate("for (let n = 0; n < 5; n += 1) document.querySelector('button[value=check]').click()")
    assert shop.result(page)["outcome"] == "approved"
    assert len(sent) == 1


def test_an_expired_code_leads_back(shop: Shop) -> None:
    """A code whose time is over is told as that, and the button leads back with the reason."""
    world: Any = shop.world
    page, code = person(shop)
    world.clock.pass_(601 * SECOND)
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This code has expired")).to_be_visible()
    page.get_by_role("button", name="Back to shop").click()
    result = shop.result(page)
    assert (result["outcome"], result["reason"]) == ("ended", "expired")


def test_without_scripts_there_is_one_plain_field(shop: Shop) -> None:
    """Without JavaScript a code is typed, refused, sent again and accepted by forms alone."""
    page, code = person(shop, java_script_enabled=False)
    page.get_by_role("textbox", name="Code").fill("12 34")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the whole code: 6 digits.")
    page.get_by_role("button", name="Send the code again").click()
    expect(page.get_by_text("The code is on its way again.")).to_be_visible()
    page.get_by_role("textbox", name="Code").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Continue").click()
    assert shop.result(page)["outcome"] == "approved"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_of_a_code_is_accessible(shop: Shop, language: str, dark: bool) -> None:
    """In every language, light and dark, no rule of WCAG 2.2 A or AA is broken: counting, with errors, at its end."""
    allow(shop.world, resend_after_s=30)
    page = shop.page(color_scheme="dark" if dark else "light")
    wrong = []
    id_ = shop.world.started()
    page.goto(shop.link(verification=id_, locale=language, theme={"accent": "#ffd500" if dark else "#8ab4f8"}))
    wrong.append(broken(page))
    page.keyboard.type(shop.world.wrong(id_))
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    shop.world.api.delete(f"/v1/verifications/{id_}")
    page.reload()
    page.get_by_role("heading", name=words(language)["ended_canceled"]).wait_for()
    wrong.append(broken(page))
    assert wrong == [[], [], []]
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")


def test_a_code_runs_from_the_left_in_arabic(shop: Shop) -> None:
    """On a page that runs from the right the code still runs from the left, first digit in the first box."""
    id_ = shop.world.started()
    page = shop.page()
    page.goto(shop.link(verification=id_, locale="ar"))
    page.keyboard.type("12")
    assert page.locator("#code").evaluate("each => getComputedStyle(each).direction") == "ltr"
    first, last = (page.locator(".boxes span").nth(at).bounding_box() for at in (0, 5))
    assert first
    assert last
    assert first["x"] < last["x"]
    expect(page.get_by_role("button", name="متابعة")).to_be_visible()


def set_up(page: Page, shop: Shop) -> str:
    """Begins with the app, and tells the key."""
    page.locator("button[value=begin]").click()
    return page.locator("[data-copy]").first.get_attribute("data-copy") or ""


def app_code(shop: Shop, secret: str) -> str:
    """What the app shows."""
    world: Any = shop.world
    return Generator(secret).code(step_of(world.clock.now, 30))


def test_an_authenticator_is_set_up(factors: Shop) -> None:
    """Begin, scan or copy the key, type the app's code, save the codes, go on: all in the browser."""
    page = factors.page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(factors.link("enrol", user="u1"))
    secret = set_up(page, factors)
    expect(page.get_by_role("img", name="QR code with the key of your new account")).to_be_visible()
    page.get_by_text("I can’t scan it").click()
    page.get_by_role("button", name="Copy the key").click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret
    page.get_by_role("textbox", name="Code that the app shows now").press_sequentially(app_code(factors, secret))
    page.keyboard.press("Enter")
    listed = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_count(10)
    codes = listed.all_text_contents()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "recovery-codes.txt"
    assert download.value.path().read_text().split()[-10:] == codes
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.get_by_role("button", name="Finish").click()  # the browser itself asks for the tick
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    page.get_by_label("I have saved these codes").check()
    page.get_by_role("button", name="Finish").click()
    assert factors.result(page)["outcome"] == "enrolled"


def test_paper_shows_the_codes_alone(factors: Shop) -> None:
    """On paper stand whose codes they are and the codes, black on white, without buttons."""
    page = factors.page(color_scheme="dark")
    page.goto(factors.link("enrol", user="u1"))
    page.get_by_role("button", name="Start").click()
    secret = page.locator("[data-copy]").first.get_attribute("data-copy") or ""
    page.locator("#code").fill(app_code(factors, secret))
    page.get_by_role("list", name="Recovery codes").wait_for()
    page.emulate_media(media="print")
    expect(page.get_by_text("Recovery codes for shop.")).to_be_visible()
    expect(page.locator("button, .tick, .keep a").locator("visible=true")).to_have_count(0)
    assert page.locator(".codes").evaluate("each => getComputedStyle(each).color") == "rgb(0, 0, 0)"
    assert page.locator("body").evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"


def test_an_authenticator_is_set_up_without_scripts(factors: Shop) -> None:
    """Without JavaScript every step works, and the codes are downloaded all the same."""
    page = factors.page(java_script_enabled=False)
    page.goto(factors.link("enrol", user="u1"))
    secret = set_up(page, factors)
    page.locator("#code").fill(app_code(factors, secret))
    page.locator("button[value=confirm]").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert len(download.value.path().read_text().split()[-10:]) == 10
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    page.get_by_label("I have saved these codes").check()
    page.get_by_role("button", name="Finish").click()
    assert factors.result(page)["outcome"] == "enrolled"


def test_a_code_of_the_app_or_a_recovery_code_at_sign_in(factors: Shop) -> None:
    """The app's code leads back as approved; without the phone a recovery code does."""
    world: Any = factors.world
    made, codes = world.confirmed(), world.enrolled(type="recovery_codes")["codes"]
    page = factors.page()
    page.goto(factors.link("check", user="u1"))
    page.keyboard.type(world.app_code(made))
    page.keyboard.press("Enter")
    assert factors.result(page)["type"] == "totp"
    page.goto(factors.link("check", user="u1"))
    page.get_by_role("link", name="Use a recovery code").click()
    field = page.get_by_role("textbox", name="Recovery code")
    expect(field).to_be_focused()
    page.keyboard.type(codes[0].lower())
    page.keyboard.press("Enter")
    assert factors.result(page)["type"] == "recovery_codes"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_of_factors_are_accessible(factors: Shop, language: str, dark: bool) -> None:
    """In every language, light and dark, no step of setting up or signing in breaks a rule of WCAG 2.2 A or AA."""
    world: Any = factors.world
    page, wrong = factors.page(color_scheme="dark" if dark else "light"), []
    page.goto(factors.link("enrol", user="u1", locale=language))
    wrong.append(broken(page))
    secret = set_up(page, factors)
    page.locator("summary").click()
    wrong.append(broken(page))
    page.locator("#code").fill(
        world.wrong({"type": "totp", "secret": secret, "period_s": 30, "algorithm": "SHA1", "digits": 6})
    )  # all at once, as by pasting
    page.get_by_role("alert").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    page.locator("#code").fill(app_code(factors, secret))
    page.locator("[data-print]").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    world.clock.pass_(STEP)
    for way in ("app", "recovery"):
        page.goto(f"{factors.link('check', user='u1', locale=language)}?way={way}")
        wrong.append(broken(page))
        assert fits(page)
    assert wrong == [[]] * 6


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
        frame.get_by_role("textbox", name="Code").fill(timed.wrong(id_))  # all at once, as by pasting
        expect(frame.get_by_role("alert")).to_contain_text("That is not the code.")
        page.wait_for_function("![0, 480].includes(document.querySelector('iframe').clientHeight)")
        frame.get_by_role("textbox", name="Code").fill(timed.code(id_))
        answer = page.evaluate("told")
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
        assert page.evaluate("told")["outcome"] == "AbortError"
        expect(page.locator("iframe")).to_have_count(0)


def test_a_framed_page_that_stands_alone_leads_back(shop: Shop) -> None:
    """A page that was made for a frame but is opened by itself leads back as any other."""
    id_ = shop.world.started()
    page = shop.page()
    page.goto(shop.link(verification=id_, embed=True))
    page.keyboard.type(shop.world.code(id_))
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
            page.goto(shop.back)
            page.locator("iframe").wait_for()
            wait_until(lambda: any("frame-ancestors" in each for each in shop.complaints), 20)
            expect(page.frame_locator("iframe").locator("#code")).to_have_count(0)
            page.context.close()
            shop.complaints.clear()


def test_a_page_asks_nobody_else(shop: Shop) -> None:
    """A page loads nothing but its own files, and keeps nothing in the browser."""
    id_ = shop.world.started()
    page = shop.page()
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    page.goto(shop.link(verification=id_))
    page.get_by_role("textbox", name="Code").wait_for()
    assert [each for each in asked if not each.startswith((shop.url, "data:"))] == []
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_a_forged_link_is_a_page_as_well(shop: Shop) -> None:
    """What was never made here says that the link does not work, in the browser's language, and is accessible."""
    page = shop.page(locale="fr-CH")
    page.goto(f"{shop.url}/pages/k1.rubbish")
    expect(page.get_by_role("heading", name="Ce lien ne fonctionne pas")).to_be_visible()
    assert broken(page) == []


def test_moving_less_is_respected(shop: Shop) -> None:
    """Whoever wants less motion sees none."""
    page, _ = person(shop, reduced_motion="reduce")
    assert (
        page.get_by_role("button", name="Continue").evaluate("each => getComputedStyle(each).transitionDuration")
        == "0s"
    )
