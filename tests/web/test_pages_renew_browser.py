"""The page that makes a new set of recovery codes, in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

from otp_service.domain.pages.words import LANGUAGES
from tests.factor_world import FactorWorld
from tests.web.shops import Shop, broken, fits
from tests.web.test_pages_of_factors_browser import RECOVERY_CODE


def link(shop: Shop, **body: Any) -> str:
    """A page of new recovery codes, made a moment ago."""
    found, world = shop.link("enrol", user="u1", type="recovery_codes", **body), shop.world
    assert isinstance(world, FactorWorld)
    world.clock.pass_(1000)
    return found


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_new_set_is_made_by_the_keyboard(factors: Shop, scripts: bool) -> None:
    """The button says by its description what it ends; the codes are saved, ticked off, and the page leads back."""
    world: Any = factors.world
    old = world.enrolled(type="recovery_codes")["codes"]
    page = factors.page(java_script_enabled=scripts)
    page.goto(link(factors))
    button = page.get_by_role("button", name="Make new codes")
    expect(button).to_have_accessible_description(
        "As soon as you press the button, the codes that you have now stop working, also if you don’t save the new "
        "ones. Throw the old ones away then. Codes you have left: 10."
    )
    button.press("Enter")
    listed = page.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(listed).to_have_text([RECOVERY_CODE] * 10)
    codes = listed.all_text_contents()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_text().split()[-10:] == codes
    page.get_by_label("I have saved these codes").press("Space")
    page.get_by_role("button", name="Finish").press("Enter")
    assert factors.result(page)["outcome"] == "enrolled"
    assert [world.verdict(each) for each in (old[0], codes[0])] == ["wrong_code", "valid"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_new_codes_are_accessible_and_fit(factors: Shop, language: str, scheme: Any) -> None:
    """In every language, light and dark, on 320 px: no rule of WCAG 2.2 A or AA is broken, and nothing sticks out."""
    world: Any = factors.world
    world.enrolled(type="recovery_codes")
    page = factors.page(color_scheme=scheme, viewport={"width": 320, "height": 640})
    page.goto(link(factors, locale=language))
    wrong = [broken(page)]
    assert fits(page)
    page.locator("button[value=begin]").click()
    page.locator(".codes").wait_for()
    wrong.append(broken(page))
    assert fits(page)
    assert wrong == [[], []]
