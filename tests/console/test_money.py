"""The page of money."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from otp_service.settings import Settings
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.console.traffic import GERMAN, PUMPED, SWISS, busy, configured


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


def test_the_price_of_a_person_stands_there_by_country_provider_and_application(console: Console) -> None:
    """What was spent, and what one verified person cost, stands there by each kind of group, the dearest first."""
    busy(console.world, [SWISS, GERMAN, PUMPED])

    def look(page: Page) -> None:
        countries = page.get_by_role("table", name="What was spent by country")
        expect(countries.locator("tbody tr").first).to_contain_text("Uzbekistan")
        expect(countries.get_by_role("row", name="Germany")).to_contain_text("0.1571")
        providers = page.get_by_role("table", name="What was spent by provider")
        expect(providers.get_by_role("row", name="swift")).to_contain_text("6.10")
        expect(
            page.get_by_role("table", name="What was spent by application").get_by_role("row", name="shop")
        ).to_contain_text("17.10")
        expect(page.get_by_role("img", name="Spend over the last 24 hours")).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, "/console/money", look, role="viewer")


def test_budgets_say_how_much_of_them_is_gone(console: Console) -> None:
    """A budget shows what sends were charged of its ceiling, with the marks at which alarms are told."""
    world = console.world
    world.policy(spend_per_day_micros=1_000_000, spend_per_country_per_day_micros=None, price_micros={"CH": 300_000})
    world.started("+41791234561")
    world.started("+41791234562")
    page = console.page("viewer")
    page.goto("/console/money")
    row = page.get_by_role("table", name="Budgets of a day").get_by_role("row", name="shop")
    expect(row).to_contain_text("60.0\u202f%")
    expect(row.locator(".badge.note")).to_be_visible()
    expect(row.get_by_role("img", name="60.0\u202f% of the budget is spent")).to_be_visible()


def test_budgets_of_the_dearest_countries_stand_there_too(console: Console) -> None:
    """Where a policy bounds each country, those that cost most are shown."""
    busy(console.world, [SWISS, PUMPED])
    page = console.page("viewer")
    page.goto("/console/money")
    table = page.get_by_role("table", name="Budgets of a day")
    expect(table.get_by_role("row", name="shop UZ")).to_contain_text("25.00")


def test_the_most_that_an_hour_can_cost_is_told(console: Console) -> None:
    """Each application tells its bound, and one that nothing bounds says so."""
    console.world.policy(spend_per_day_micros=5_000_000, spend_per_country_per_day_micros=None)
    page = console.page("viewer")
    page.goto("/console/money")
    table = page.get_by_role("table", name="The most that an hour can cost")
    expect(table.get_by_role("row", name="shop")).not_to_contain_text("nothing bounds it")
    console.world.policy(spend_per_day_micros=None, spend_per_country_per_day_micros=None)
    page.reload()
    expect(table.get_by_role("row", name="shop")).to_contain_text("nothing bounds it")


def test_the_figures_are_downloaded_as_csv(console: Console) -> None:
    """Every group comes as CSV, whole numbers and dollars, for a spreadsheet."""
    busy(console.world, [SWISS, PUMPED])
    page = console.page("viewer")
    page.goto("/console/money")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV, by country").click()
    rows = list(csv.DictReader(io.StringIO(Path(downloading.value.path()).read_text())))
    assert [row["key"] for row in rows] == ["UZ", "CH"]
    assert (rows[1]["approved"], rows[1]["cost_usd"]) == ("30", "2.8")
    assert downloading.value.suggested_filename.startswith("money-country-24h-")


def test_a_csv_of_something_else_is_not_there(console: Console) -> None:
    """Only what the page shows is downloaded."""
    assert console.http("viewer").get("/console/money.csv?by=person").status_code == 404
