"""The pages of countries, prefixes and blocks of numbers."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from otp_service.service.core import now_ms
from otp_service.settings import Settings
from otp_service.store.fraud import quarantines_key
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.console.traffic import HOUR, Route, busy, configured
from tests.world import NUMBER

SWISS_NUMBERS = [Route("CH", "+4179123", "swift", 12, 12, 9), Route("CH", "+4178555", "swift", 4, 4, 3)]
PUMPED = Route("UZ", "+99890123", "frugal", 25, 25, 1, 440_000)


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


@pytest.fixture(autouse=True)
def _traffic(console: Console) -> None:
    busy(console.world, [*SWISS_NUMBERS, PUMPED])


def shows(page: Page, *names: str) -> None:
    """Waits until the rows of the table have these names, in this order."""
    expect(page.locator("tbody th")).to_have_text([re.compile(rf"^\s*{re.escape(name)}(\s|$)") for name in names])


def test_every_country_stands_there_with_its_figures(console: Console) -> None:
    """Each country tells volume, conversion, spend, price per person and refusals, and glows where it is odd."""

    def look(page: Page) -> None:
        row = page.get_by_role("row", name="Uzbekistan")
        expect(row).to_contain_text("4.0\u202f%")
        expect(row).to_contain_text("11.00")
        expect(row.locator(".heat.hot.heat-4")).to_have_text("4.0\u202f%")
        expect(page.get_by_role("row", name="Switzerland").locator(".heat.hot.heat-0")).to_have_text("75.0\u202f%")
        assert unlabelled(page) == []

    everywhere(console, "/console/countries", look)


def test_columns_sort_the_table(console: Console) -> None:
    """A press on a column's name sorts by it, another one turns the order; screen readers are told which."""
    page = console.page("viewer")
    page.goto("/console/countries")
    shows(page, "Uzbekistan", "Switzerland")
    page.get_by_role("link", name="Conversion").click()
    shows(page, "Switzerland", "Uzbekistan")
    page.get_by_role("link", name="Conversion").click()
    expect(page.get_by_role("columnheader", name="Conversion")).to_have_attribute("aria-sort", "ascending")
    shows(page, "Uzbekistan", "Switzerland")


def test_a_country_opens_into_prefixes_and_blocks(console: Console) -> None:
    """A country leads to its operators' prefixes, and a prefix to its blocks of ten thousand numbers."""
    page = console.page("viewer")
    page.goto("/console/countries")
    page.get_by_role("link", name="Switzerland").click()
    shows(page, "+4179", "+4178")
    page.get_by_role("link", name="+4179").click()
    shows(page, "+4179123····")
    expect(page.locator("tbody tr")).to_contain_text("12")
    page.get_by_role("link", name="All countries").click()
    shows(page, "Uzbekistan", "Switzerland")


def test_a_country_is_blocked_in_one_step(console: Console) -> None:
    """Who guards against fraud blocks a country after being shown what that would have refused."""
    page = console.page("fraud")
    page.goto("/console/countries")
    page.get_by_role("link", name="Block Switzerland").click()
    expect(page.get_by_text("would have refused 16 codes, of which 12 were typed in")).to_be_visible()
    page.get_by_label("Reason").fill("a test")
    page.get_by_label("Ends").select_option("7d")
    page.get_by_role("button", name="Block Switzerland").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Switzerland gets no more codes")
    row = page.get_by_role("row", name="Switzerland")
    expect(row).to_contain_text("blocked")
    expect(row.get_by_role("link", name="Block")).to_have_count(0)
    assert console.world.api.start(NUMBER).status_code == 403


def test_a_prefix_is_blocked_for_one_application(console: Console) -> None:
    """A prefix is blocked for one application alone, for as long as is said."""
    page = console.page("fraud")
    page.goto("/console/countries/UZ")
    page.get_by_role("link", name="Block +99890").click()
    page.get_by_label("For").select_option(label="shop")
    page.get_by_role("button", name="Block +99890").click()
    expect(page.get_by_role("status")).to_contain_text("+99890 gets no more codes")
    assert console.world.api.start("+998901234567").status_code == 403


def test_a_block_without_a_reason_is_not_made(console: Console) -> None:
    """The reason is asked for where it is missing, and what was typed stays."""
    page = console.page("fraud")
    page.goto("/console/block?kind=country&value=CH")
    page.get_by_label("Reason").fill(" ")
    page.get_by_label("Ends").select_option("7d")
    page.get_by_role("button", name="Block Switzerland").click()
    expect(page.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Ends")).to_have_value("7d")
    assert console.world.api.start(NUMBER).status_code == 201
    console.complaints.clear()  # the browser says of a refused form that it was refused


def test_viewers_block_nothing(console: Console) -> None:
    """Who may only look sees no button, and is refused without it."""
    page = console.page("viewer")
    page.goto("/console/countries")
    expect(page.get_by_role("link", name="Block Switzerland")).to_have_count(0)
    client = console.http("viewer")
    assert client.get("/console/block?kind=country&value=CH").status_code == 403
    form = {"kind": "country", "value": "CH", "reason": "no"}
    assert console.post(client, "/console/block", form, form="/console/countries").status_code == 403


def test_refusals_are_counted_by_country_and_block(console: Console) -> None:
    """How many were refused stands beside each country and block."""
    console.world.policy(countries=["DE"])
    for _ in range(2):
        assert console.world.api.start(NUMBER).status_code == 403
    page = console.page("viewer")
    page.goto("/console/countries?sort=refused")
    expect(page.locator("tbody th").first).to_contain_text("Switzerland")
    expect(page.get_by_role("row", name="Switzerland").locator("td").nth(5)).to_have_text("2")
    page.goto("/console/countries/CH/4179")
    expect(page.get_by_role("row", name="+4179123").locator("td").nth(5)).to_have_text("2")


def test_a_quarantine_is_seen_and_lifted(console: Console) -> None:
    """A prefix in quarantine is marked with its end, also at its country, and is lifted after being asked once more."""
    world = console.world
    key = quarantines_key(world.shop)
    world.core.link.command("ZADD", key, now_ms() + HOUR, "+99890 UZ")
    page = console.page("fraud")
    page.goto("/console/countries")
    expect(page.get_by_role("row", name="Uzbekistan")).to_contain_text("+99890")
    page.get_by_role("link", name="Uzbekistan", exact=True).click()
    row = page.get_by_role("row", name="+99890")
    expect(row).to_contain_text("quarantine")
    held = page.get_by_role("region", name="In quarantine")
    expect(held).to_contain_text("+99890 Uzbekistan gets no codes of shop")
    held.get_by_text("Lift").first.click()
    held.get_by_role("button", name="Lift").click()
    expect(page.get_by_role("status")).to_contain_text("+99890 gets codes again")
    assert world.core.link.command("ZCARD", key) == 0
    expect(row).not_to_contain_text("quarantine")
    expect(held).to_have_count(0)
