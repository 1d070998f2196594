"""The hosted page of a code in a real browser: on a phone and on a desk, by keyboard, by ear, and without scripts."""

import re
from typing import Any

import pytest
from flask import Flask, redirect
from playwright.sync_api import Browser, expect

from otp_service.domain.pages.words import LANGUAGES, words
from tests.clock import SECOND, TimedWorld
from tests.web.pages import allow
from tests.web.shops import WIDTHS, Shop, broken, fits, opened, person, served, type_code
from tests.world import NUMBER, OTHER_NUMBER


def test_a_code_is_typed(shop: Shop) -> None:
    """The field has the focus at once; what is typed stands in the boxes, and Enter leads back as approved."""
    page, code = person(shop)
    field = page.get_by_role("textbox", name="Code")
    expect(field).to_be_focused()
    for name, value in (("autocomplete", "one-time-code"), ("inputmode", "numeric"), ("aria-describedby", "shape")):
        expect(field).to_have_attribute(name, value)
    type_code(page, code[:2])
    expect(page.locator(".boxes .here")).to_have_count(1)
    expect(page.locator(".boxes span").nth(2)).to_have_class("here")
    type_code(page, code[2:])
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
    page.goto(shop.link(verification=id_), wait_until="commit")  # it may lead on before it is loaded
    assert shop.result(page)["outcome"] == "approved"


def test_a_wrong_code_is_told_where_it_is_typed(shop: Shop) -> None:
    """After a wrong code the empty field has the focus again and is described by what went wrong; the title says so."""
    page, code = person(shop)
    type_code(page, "000000" if code != "000000" else "111111")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That is not the code.")
    expect(page.get_by_role("alert")).to_contain_text("Attempts left: 4")
    field = page.get_by_role("textbox", name="Code")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("^That is not the code.*6 digits"))
    assert page.title().startswith("Error: Enter the code")
    type_code(page, code)
    expect(field).not_to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Enter")
    assert shop.result(page)["outcome"] == "approved"


def test_everything_is_done_by_keyboard(shop: Shop) -> None:
    """Tab leads from the field over the button to the other ways, each seen to have the focus; Enter leaves."""
    page, _ = person(shop)
    expect(page.get_by_role("textbox", name="Code")).to_be_focused()
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
    page.clock.install(time=0)
    page.clock.pause_at(1000)  # it stands still but for what the test lets pass
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
    type_code(page, code)
    page.evaluate("for (let n = 0; n < 5; n += 1) document.querySelector('button[value=check]').click()")
    assert shop.result(page)["outcome"] == "approved"
    assert len(sent) == 1


def test_a_product_may_lead_on_to_another_of_its_hosts(timed: TimedWorld, browser: Browser) -> None:
    """Browsers hold the whole way back to what the page allows: from one return host on to the next it is open."""
    product = Flask("the product's other host")
    product.add_url_rule("/home", view_func=lambda: "<title>Home</title>")
    with served(product, "127.0.0.2") as other, opened(timed, browser, lambda: redirect(f"{other}/home")) as shop:
        allow(timed, return_hosts=[other.removeprefix("http://")])
        page, code = person(shop)
        type_code(page, code)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{other}/home")


def test_an_expired_code_leads_back(shop: Shop) -> None:
    """A code whose time is over is told as that, and the button leads back with the reason."""
    world: Any = shop.world
    page, code = person(shop)
    world.clock.pass_(601 * SECOND)
    type_code(page, code)
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
    type_code(page, shop.world.wrong(id_))
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
    type_code(page, "12")
    assert page.locator("#code").evaluate("each => getComputedStyle(each).direction") == "ltr"
    first, last = (page.locator(".boxes span").nth(at).bounding_box() for at in (0, 5))
    assert first
    assert last
    assert first["x"] < last["x"]
    expect(page.get_by_role("button", name="متابعة")).to_be_visible()


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
