"""The page of providers."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from otp_service.domain.health import Breaker, dump_breaker
from otp_service.service.admin.providers import switch
from otp_service.service.core import now_ms
from otp_service.settings import Settings
from otp_service.store.keys import BREAKERS
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.console.traffic import GERMAN, SWISS, SWISS_TOO, busy, configured


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


def shut(console: Console, provider: str, country: str) -> None:
    """Has couriers leave a provider alone in a country."""
    until = now_ms() + 60_000
    known = dump_breaker(Breaker(opened=1, since_ms=now_ms(), until_ms=until))
    console.world.core.link.command("HSET", BREAKERS[0], f"{provider}|{country}", known)


def test_each_provider_stands_there_with_how_it_does(console: Console) -> None:
    """Each provider shows its strip, how fast and how well it answers, what it costs, and when it was last proven."""
    busy(console.world, [SWISS, GERMAN, SWISS_TOO])

    def look(page: Page) -> None:
        swift = page.get_by_role("region", name="swift twilio", exact=False).first
        expect(swift.locator(".figure", has_text="Tries")).to_contain_text("70")
        expect(swift.locator(".figure", has_text="Conversion")).to_contain_text("72.9\u202f%")
        expect(swift.locator(".figure", has_text="Answers within")).to_contain_text("0.2 s · 0.2 s")
        expect(swift.get_by_text("by a receipt")).to_be_visible()
        expect(swift.get_by_text("0.0700 to 0.1100 USD")).to_be_visible()
        expect(swift.get_by_role("img", name="100.0\u202f% of its tries were accepted")).to_be_visible()
        expect(swift.locator(".strip .well").first).to_be_attached()
        assert unlabelled(page) == []

    everywhere(console, "/console/providers", look, role="viewer")


def test_what_went_wrong_is_told_in_words(console: Console) -> None:
    """A vendor's error stands there with what it means and what to do."""
    busy(console.world, [SWISS_TOO])
    page = console.page("viewer")
    page.goto("/console/providers")
    row = page.get_by_role("table", name="What went wrong with frugal").get_by_role("row", name="unreachable")
    expect(row).to_contain_text("30003")
    expect(row).to_contain_text("the phone is off or out of reach")
    expect(row).to_contain_text("6")


def test_where_a_provider_is_ill_stands_there(console: Console) -> None:
    """A provider that couriers leave alone in a country says where, and for how long; Now says so too."""
    busy(console.world, [SWISS])
    shut(console, "swift", "CH")
    page = console.page("viewer")
    page.goto("/console/providers")
    ill = page.get_by_role("list", name="Where it is ill")
    expect(ill).to_contain_text("CH: left alone")
    expect(page.get_by_text("ill in places")).to_be_visible()
    page.goto("/console/now")
    expect(page.get_by_role("region", name="Needs you")).to_contain_text("swift is ill: CH")


def test_the_strip_can_be_read_as_a_table(console: Console) -> None:
    """Whoever can't see the strip reads the same tries in a table, by keyboard."""
    busy(console.world, [SWISS])
    page = console.page("viewer")
    page.goto("/console/providers")
    page.get_by_text("As a table").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Tries of swift")).to_be_visible()


def test_the_simulator_has_no_figures(console: Console) -> None:
    """What only test keys reach is named, and nothing is counted of it."""
    page = console.page("viewer")
    page.goto("/console/providers")
    simulator = page.get_by_role("region", name="simulator")
    expect(simulator).to_contain_text("Answers test keys")
    expect(simulator.locator(".figure")).to_have_count(0)


def test_a_provider_is_switched_off_and_on(console: Console) -> None:
    """An admin switches a provider off after being shown who carries its texts instead, and on again."""
    busy(console.world, [SWISS])
    page = console.page("admin")
    page.goto("/console/providers")
    page.get_by_role("link", name="Switch swift off").click()
    expect(page.get_by_text("From now on frugal carries what can be carried.")).to_be_visible()
    page.get_by_label("Reason").fill("its receipts lie")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("swift carries nothing more")
    expect(page.get_by_text("switched off")).to_be_visible()
    assert not carriers(console)["swift"]
    page.get_by_role("link", name="Switch swift on").click()
    page.get_by_label("Reason").fill("they no longer do")
    page.get_by_role("button", name="Switch swift on").click()
    expect(page.get_by_role("status")).to_contain_text("swift carries texts again")
    assert carriers(console)["swift"]


def test_the_last_provider_is_not_switched_off_unawares(console: Console) -> None:
    """Whoever would leave nobody to carry texts is told so."""
    switch(console.world.core, "tests", "frugal", enabled=False)
    console.world.parts.truths.refresh()
    page = console.page("admin")
    page.goto("/console/providers/swift/switch")
    expect(page.get_by_text("Nobody else carries texts: without swift no code goes out.")).to_be_visible()


def test_switching_needs_the_role_and_a_fresh_proof(console: Console) -> None:
    """Only an admin who has just proven who they are switches a provider."""
    page = console.page("fraud")
    page.goto("/console/providers")
    expect(page.get_by_role("link", name="Switch swift off")).to_have_count(0)
    form = {"to": "off", "reason": "no"}
    assert console.post(console.http("fraud"), "/console/providers/swift/switch", form).status_code == 403
    stale = console.post(console.http("admin", proven=False), "/console/providers/swift/switch", form)
    assert "Is it still you?" in stale.text
    assert carriers(console)["swift"]


def carriers(console: Console) -> dict[str, bool]:
    """Which providers routing asks."""
    console.world.parts.truths.refresh()
    return {each.name: each.enabled for each in console.world.core.routing().candidates}
