"""The box by which a device is remembered, in a real browser: by keyboard, by ear, on the narrowest screen."""

from typing import Any

import pytest
from playwright.sync_api import expect

from otp_service.domain.pages.words import LANGUAGES, words
from tests.service.factors.proving import PHONE
from tests.web.shops import Shop, broken, fits, paste_code, type_code


def link(shop: Shop, **body: Any) -> str:
    """A page that may remember the person's phone."""
    return shop.link("check", user="u1", remember=PHONE, **body)


def test_the_keyboard_is_enough_to_be_remembered(factors: Shop) -> None:
    """Type the code, go on by the tab key to a box that says its name and what it does, tick it, send."""
    world: Any = factors.world
    made, page = world.confirmed(), factors.page()
    page.goto(link(factors))
    box = page.get_by_role("checkbox", name="Remember this device", exact=True)
    expect(box).not_to_be_checked()
    expect(box).to_have_accessible_description(
        "You are asked for no code on it for a while. Days at most: 30. "
        "Tick the box only if nobody else uses this device."
    )
    type_code(page, world.app_code(made))
    page.keyboard.press("Tab")
    expect(box).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert factors.result(page)["remember"]


def test_a_pasted_code_waits_for_the_box(factors: Shop) -> None:
    """Where there is a box to tick, a code that comes all at once is not sent before the person could tick it."""
    world: Any = factors.world
    made, page = world.confirmed(), factors.page()
    page.goto(link(factors))
    expect(page.locator("#shape")).to_have_text("6 digits")
    paste_code(page, world.wrong(made))
    page.get_by_label("Remember this device").check()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Remember this device")).to_be_checked()
    paste_code(page, world.app_code(made))
    page.get_by_role("button", name="Continue").click()
    assert factors.result(page)["remember"]


def test_a_device_is_remembered_without_scripts(factors: Shop) -> None:
    """The box is one of the form."""
    world: Any = factors.world
    made, page = world.confirmed(), factors.page(java_script_enabled=False)
    page.goto(link(factors))
    page.locator("#code").fill(world.app_code(made))
    page.get_by_label("Remember this device").check()
    page.get_by_role("button", name="Continue").click()
    assert factors.result(page)["remember"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_box_is_accessible_and_fits(factors: Shop, language: str, scheme: Any) -> None:
    """In every language, light and dark, on 320 px: no rule of WCAG 2.2 A or AA is broken, and nothing sticks out."""
    world: Any = factors.world
    world.confirmed()
    page = factors.page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page.goto(link(factors, locale=language))
    expect(page.get_by_role("checkbox", name=words(language)["remember"], exact=True)).to_be_visible()
    assert broken(page) == []
    assert fits(page)
