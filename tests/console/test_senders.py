"""The page of senders."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from otp_service.service.senders import take_out, taken_out
from otp_service.settings import Settings
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled

CONFIGURATION = """\
[[providers]]
name = "one"
kind = "console"

[[senders]]
sender = "Shop"
provider = "one"
countries = ["CH", "DE"]

[[senders]]
sender = "+12025550100"
provider = "one"
countries = ["US"]
registration = "10dlc"
state = "pending"
"""


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two senders."""
    path = tmp_path / "otp-service.toml"
    path.write_text(CONFIGURATION)
    return settings.model_copy(update={"config": path})


def test_every_sender_stands_there_as_it_is_registered(console: Console) -> None:
    """Each sender shows its kind, countries and state, and each country in use what is still to do."""
    console.world.policy(countries=["CH", "US"])

    def look(page: Page) -> None:
        inventory = page.get_by_role("table", name="Every sender of the configuration")
        expect(inventory.get_by_role("row", name="Shop")).to_contain_text("approved")
        expect(inventory.get_by_role("row", name="+12025550100")).to_contain_text("its registration is pending")
        countries = page.get_by_role("table", name="Countries that messages go to")
        expect(countries.get_by_role("row", name="US")).to_contain_text("missing")
        expect(countries.get_by_role("row", name="CH")).to_contain_text("Shop (one)")
        assert unlabelled(page) == []

    everywhere(console, "/console/senders", look)


def test_a_sender_that_is_out_is_put_back(console: Console) -> None:
    """An admin sees why a sender is out, and puts it back after being asked once more."""
    core = console.world.core
    take_out(core, "one", "Shop", "DE", "unregistered_sender", "30034")
    page = console.page("admin")
    page.goto("/console/senders")
    row = page.get_by_role("table", name="Senders that are taken out").get_by_role("row", name="Shop")
    expect(row).to_contain_text("unregistered sender")
    row.locator("summary").press("Enter")
    row.get_by_role("button", name="Put back").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is shown again")
    assert taken_out(core) == []


def test_only_admins_put_senders_back(console: Console) -> None:
    """Who may only look finds no button, and no act behind it."""
    take_out(console.world.core, "one", "Shop", "DE", "unregistered_sender", None)
    page = console.page("viewer")
    page.goto("/console/senders")
    expect(page.get_by_role("heading", name="Taken out")).to_be_visible()
    expect(page.get_by_text("Put back")).to_have_count(0)
    assert console.http("fraud").post("/console/senders/restore").status_code == 403


def test_another_country_can_be_planned(console: Console) -> None:
    """A country that nothing goes to yet shows what it takes; one that is none says so at the field."""
    page = console.page("viewer")
    page.goto("/console/senders")
    page.get_by_label("Plan another country").fill("sg")
    page.get_by_label("Plan another country").press("Enter")
    expect(page.get_by_role("table", name="The plan for SG")).to_contain_text("Register")
    page.goto("/console/senders?country=XX")
    expect(page.locator("#country-wrong")).to_contain_text("ISO 3166")
