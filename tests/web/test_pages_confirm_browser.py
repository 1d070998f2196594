"""The page that confirms an app whose key its user has already, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

from otp_service.domain.pages.words import LANGUAGES
from tests.web.shops import Shop, broken, fits, paste_code, type_code


def test_an_app_is_confirmed_in_the_browser(factors: Shop) -> None:
    """Typed and sent by the keyboard, or pasted and sent at once."""
    world: Any = factors.world
    page = factors.page()
    for pasted in (False, True):
        made = world.enrolled()
        page.goto(factors.link("confirm", user="u1", factor=made["id"]))
        expect(page.get_by_role("textbox", name="Code that the app shows now")).to_be_focused()
        if pasted:
            paste_code(page, world.app_code(made))
        else:
            type_code(page, world.app_code(made))
            page.keyboard.press("Enter")
        assert factors.result(page)["factor"] == made["id"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_to_confirm_is_accessible_and_fits(factors: Shop, language: str, scheme: Any) -> None:
    """In every language, light and dark, on 320 px: no rule of WCAG 2.2 A or AA is broken, and nothing sticks out."""
    world: Any = factors.world
    made = world.enrolled()
    page = factors.page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page.goto(factors.link("confirm", user="u1", factor=made["id"], locale=language))
    wrong = [broken(page)]
    assert fits(page)
    paste_code(page, world.wrong(made))
    page.get_by_role("alert").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    assert wrong == [[], []]
