"""The page of what happens now."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from otp_service.domain.events import Event
from otp_service.ledger.events import record
from otp_service.service.console.kept import Kept
from otp_service.service.console.now import Watch
from otp_service.service.core import now_ms
from otp_service.settings import Settings
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.console.traffic import HOUR, MINUTE, SWISS, Route, busy, configured
from tests.world import NUMBER


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


@pytest.fixture(autouse=True)
def _truths(console: Console) -> Iterator[None]:
    """The ledger is read again and again, as by a process that serves: Now tells of a stale one."""
    console.world.parts.truths.keep()
    yield
    console.world.parts.truths.stop()


def tell(console: Console, *told: Event) -> None:
    with console.world.core.engine.begin() as connection:
        record(connection, told)


def figure(page: Page, name: str) -> Locator:
    """What stands under the name of a figure."""
    return page.locator(".figure", has=page.locator("dt", has_text=name)).locator("dd").first


def requested(page: Page) -> Locator:
    """How many codes the funnel begins with."""
    row = page.get_by_role("table", name="Codes at each step").get_by_role("row", name="Requested")
    return row.locator("td").first


def test_the_funnel_stands_there_with_the_figures_that_matter(console: Console) -> None:
    """The page shows how many codes were asked for, delivered and typed in, as figures, as a funnel and over time."""
    busy(console.world, [SWISS])

    def look(page: Page) -> None:
        funnel = page.get_by_role("table", name="Codes at each step")
        expect(funnel.get_by_role("row", name="Requested")).to_contain_text("40")
        expect(funnel.get_by_role("row", name="Delivered")).to_contain_text("39")
        expect(funnel.get_by_role("row", name="Approved")).to_contain_text("30")
        expect(figure(page, "Conversion")).to_have_text("75.0\u202f%")
        expect(figure(page, "Spend, USD")).to_have_text("2.80")
        expect(page.get_by_role("img", name="Codes over the last 24 hours")).to_be_visible()
        expect(page.get_by_text("Nothing needs you.")).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, "/console/now", look, role="viewer")


def test_figures_are_compared_with_the_time_before(console: Console) -> None:
    """Each figure tells its change against as much time before."""
    busy(console.world, [SWISS], ago_ms=5 * MINUTE, over_ms=50 * MINUTE)
    busy(console.world, [Route("CH", "+4179124", "swift", 20, 20, 15)], ago_ms=70 * MINUTE, over_ms=40 * MINUTE)
    page = console.page("viewer")
    page.goto("/console/now?range=1h")
    codes = page.locator(".figure", has=page.locator("dt", has_text="Requested"))
    expect(codes.locator(".change")).to_have_text("+100 %")
    expect(page.locator(".figure", has=page.locator("dt", has_text="Conversion")).locator(".change")).to_have_text(
        "as before"
    )


def test_the_chart_can_be_read_as_a_table_by_keyboard(console: Console) -> None:
    """Whoever can't see the chart opens the same figures as a table, with the keyboard alone."""
    busy(console.world, [SWISS])
    page = console.page("viewer")
    page.goto("/console/now")
    page.get_by_text("As a table").focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Codes over the last 24 hours")
    expect(table.get_by_role("columnheader", name="Approved")).to_be_visible()


def test_the_time_and_the_application_narrow_the_page(console: Console) -> None:
    """Another time or application is one press away, and stays chosen."""
    world = console.world
    busy(world, [SWISS], ago_ms=3 * HOUR, over_ms=HOUR)
    other = world.application("bank", world.core.snapshot().applications[world.shop].policy)
    page = console.page("viewer")
    page.goto("/console/now")
    expect(requested(page)).to_have_text("40")
    page.get_by_role("link", name="1 h").click()
    expect(page.get_by_role("link", name="1 h")).to_have_attribute("aria-current", "true")
    expect(requested(page)).to_have_text("0")
    page.goto("/console/now")
    page.get_by_label("Application").select_option(label="bank")
    expect(page).to_have_url(f"{console.url}/console/now?range=24h&application={other}")
    expect(requested(page)).to_have_text("0")


def test_refusals_stand_there_by_code(console: Console) -> None:
    """Who was refused is counted by code, with what each code means behind a link."""
    busy(console.world, [SWISS])
    console.world.policy(countries=["DE"])
    for _ in range(3):
        assert console.world.api.start(NUMBER).status_code == 403
    page = console.page("viewer")
    page.goto("/console/now")
    row = page.get_by_role("table", name="Refusals by code").get_by_role("row", name="country_not_allowed")
    expect(row).to_contain_text("3")
    expect(row.get_by_role("link")).to_have_attribute("href", "/problems/country_not_allowed")


def test_events_appear_by_themselves(console: Console) -> None:
    """What happens appears in the tail without a reload."""
    busy(console.world, [SWISS])
    page = console.page("viewer")
    page.goto("/console/now")
    log = page.get_by_role("log", name="Events")
    expect(log).to_contain_text("text delivered")
    expect(log).not_to_contain_text("wrong codes in a row")
    tell(
        console, Event("destination.locked", "lock-1", console.world.shop, now_ms(), {"country": "CH", "failures": 100})
    )
    expect(log).to_contain_text("wrong codes in a row")


def test_without_scripts_the_page_refreshes_itself(console: Console) -> None:
    """A browser that runs no scripts loads the page again by itself, and shows all of it."""
    busy(console.world, [SWISS])
    page = console.page("viewer", java_script_enabled=False)
    page.goto("/console/now")
    assert 'http-equiv="refresh"' in page.content()
    expect(page.get_by_role("log", name="Events")).to_contain_text("text delivered")


def test_an_alarm_says_what_to_do_and_where(console: Console) -> None:
    """An alarm of the last day stands on top with what to do, and leads there."""
    busy(console.world, [SWISS])
    shop, now = console.world.shop, now_ms()
    quarantine = {"kind": "quarantine", "application": shop, "prefix": "+99890", "country": "UZ", "for_ms": HOUR}
    tell(
        console,
        Event("fraud.alarm", "msg_1", shop, now, quarantine),
        Event("sender.suspended", "sus_1", "", now, {"provider": "swift", "sender": "Shop", "country": "US"}),
        Event("webhook.disabled", "whk_1", shop, now, {"id": "whk_1", "reason": "failing"}),
        Event("destination.locked", "lock_old", shop, now - 30 * HOUR, {"failures": 100}),
    )
    page = console.page("viewer")
    page.goto("/console/now")
    needs = page.get_by_role("region", name="Needs you")
    expect(needs).to_contain_text("Codes of shop to +99890 Uzbekistan are not typed in")
    expect(needs).to_contain_text("swift no longer takes the sender Shop in United States")
    expect(needs).to_contain_text("A webhook of shop was disabled")
    expect(needs).not_to_contain_text("wrong codes")
    needs.get_by_role("link", name="Look at these numbers").click()
    expect(page).to_have_url(f"{console.url}/console/countries/UZ")


def test_a_fresh_installation_is_told_its_first_step(console: Console) -> None:
    """Where nothing was ever asked for, the page says how to ask for the first code."""

    def look(page: Page) -> None:
        expect(page.get_by_role("heading", name="Nothing was asked for yet")).to_be_visible()
        expect(page.locator("pre")).to_contain_text("https://otp.example/v1/verifications")

    everywhere(console, "/console/now", look, role="viewer")


def test_viewers_share_their_answers(console: Console) -> None:
    """However many look on, the database is asked once in a while, and all read the same answer."""
    console.world.app.extensions["console_watch"] = Watch(Kept(lambda: 0.0))  # no answer grows old
    busy(console.world, [SWISS])
    client = console.http("viewer")
    first = client.get("/console/now/figures").text
    busy(console.world, [Route("DE", "+4915112", "swift", 5, 5, 5)])
    assert client.get("/console/now/figures").text == first
