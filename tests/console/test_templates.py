"""The pages of templates."""

import re

from playwright.sync_api import Page, expect

from otp_service.service.admin import templates
from otp_service.service.admin.templates import Draft
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled

TEXT = "{code} opens {app} for {minutes} minutes"


def _edit(console: Console) -> str:
    return f"/console/templates/edit?application={console.world.shop}"


def _saved(console: Console, *bodies: str, name: str = "default") -> None:
    for body in bodies:
        templates.save(console.world.core, "tests", "shop", Draft(name, "en", body))


def test_every_template_is_listed(console: Console) -> None:
    """An application's own templates show with their version, and those that are built in below."""
    _saved(console, "{code} was first", TEXT)

    def look(page: Page) -> None:
        row = page.get_by_role("table", name="Templates of shop").get_by_role("row", name="default")
        expect(row).to_contain_text(TEXT)
        expect(page.get_by_text(re.compile("texts in .* languages"))).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, "/console/templates", look)


def test_without_own_templates_the_page_says_what_is_sent(console: Console) -> None:
    """An application without a text of its own says that the built-in ones are sent."""
    page = console.page("viewer")
    page.goto("/console/templates")
    expect(page.get_by_text("No text of its own")).to_be_visible()
    expect(page.get_by_role("link", name="New template")).to_have_count(0)


def test_a_template_is_previewed_and_saved_by_keyboard(console: Console) -> None:
    """A new text shows on the phone, in segments and with its price, before it is saved; then it is in force."""
    page = console.page("admin")
    page.goto(_edit(console))
    page.get_by_label("Text", exact=True).fill(f"{TEXT}. {'Keep it to yourself, whoever asks. ' * 5}")
    page.get_by_role("button", name="Preview").press("Enter")
    expect(page.locator(".bubble")).to_contain_text("123456 opens shop for 10 minutes")
    expect(page.locator(".bubble .part")).to_have_count(2)
    expect(page.get_by_text("2 segments ·")).to_be_visible()
    expect(page.get_by_role("table", name="What it costs")).to_contain_text("NG")
    assert templates.page(console.world.core, "shop", 10).items == []
    page.get_by_label("Text", exact=True).fill(TEXT)
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Version 1 is in force")
    assert [each.body for each in templates.page(console.world.core, "shop", 10).items] == [TEXT]


def test_a_text_that_can_not_be_used_says_so_beside_it(console: Console) -> None:
    """What is wrong with a text stands at its field, with what was typed, at a preview and at a save."""
    page = console.page("admin")
    for button in ("Preview", "Save"):
        page.goto(_edit(console))
        page.get_by_label("Text", exact=True).fill("no code at all")
        page.get_by_role("button", name=button).click()
        expect(page.locator("#body-wrong")).to_contain_text("{code} exactly once")
        expect(page.get_by_label("Text", exact=True)).to_have_value("no code at all")
    expected = {"Failed to load resource: the server responded with a status of 422 (UNPROCESSABLE ENTITY)"}
    assert set(console.complaints) <= expected
    console.complaints.clear()


def test_an_earlier_version_is_a_draft_for_the_next(console: Console) -> None:
    """A version that was replaced can be taken up again, and a template can be taken out of force."""
    _saved(console, "{code} was first", TEXT)
    page = console.page("admin")
    page.goto(f"{_edit(console)}&name=default&locale=en")
    expect(page.get_by_label("Text", exact=True)).to_have_value(TEXT)
    page.get_by_role("link", name="Take as a draft").click()
    expect(page.get_by_label("Text", exact=True)).to_have_value("{code} was first")
    page.get_by_role("button", name="Save as version 3").click()
    expect(page.get_by_role("status")).to_contain_text("Version 3 is in force")
    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No text of its own")).to_be_visible()


def test_the_editor_fits_everywhere(console: Console) -> None:
    """The editor and its phone fit on a desk and on a phone, light and dark."""
    _saved(console, "Ωμέγα {code} " + "long " * 30)

    def look(page: Page) -> None:
        expect(page.locator(".bubble .part")).to_have_count(3)
        expect(page.get_by_text("UCS-2, 70 characters")).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, f"{_edit(console)}&name=default&locale=en", look)


def test_saving_is_for_admins(console: Console) -> None:
    """Who may look can preview, but finds no way to save."""
    page = console.page("fraud")
    page.goto(_edit(console))
    expect(page.get_by_role("button", name="Preview")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    assert console.http("fraud").post("/console/templates/save").status_code == 403
