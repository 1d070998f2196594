"""The hosted pages of factors in a real browser: set up with and without scripts, on paper, and by ear."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from otp_service.domain.factors.codes import Generator, step_of
from otp_service.domain.pages.words import LANGUAGES
from tests.factor_world import STEP
from tests.web.shops import Shop, broken, fits, paste_code, type_code

RECOVERY_CODE = re.compile(r"^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$")


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
    expect(listed).to_have_text([RECOVERY_CODE] * 10)
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
    paste_code(page, app_code(factors, secret))
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
    type_code(page, world.app_code(made))
    page.keyboard.press("Enter")
    assert factors.result(page)["type"] == "totp"
    page.goto(factors.link("check", user="u1"))
    page.get_by_role("link", name="Use a recovery code").click()
    field = page.get_by_role("textbox", name="Recovery code")
    expect(field).to_be_focused()
    type_code(page, codes[0].lower())
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
    made = {"type": "totp", "secret": secret, "period_s": 30, "algorithm": "SHA1", "digits": 6}
    paste_code(page, world.wrong(made))
    page.get_by_role("alert").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    paste_code(page, app_code(factors, secret))
    page.locator("[data-print]").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    world.clock.pass_(STEP)
    for way in ("app", "recovery"):
        page.goto(f"{factors.link('check', user='u1', locale=language)}?way={way}")
        wrong.append(broken(page))
        assert fits(page)
    assert wrong == [[]] * 6
