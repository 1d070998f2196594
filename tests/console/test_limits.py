"""The pages of limits and locks."""

from playwright.sync_api import Page, expect

from otp_service.ledger.facts import apply_facts
from otp_service.service.admin import applications
from otp_service.service.console import holding, searching
from otp_service.service.console.searching import Sought
from otp_service.service.core import now_ms
from otp_service.service.destination import number_index
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.ledger.telling import locked
from tests.world import NUMBER, World


def _disabled(world: World) -> None:
    """The number of the tests is disabled."""
    index = number_index(world.core, NUMBER)
    sealed = world.core.ring.seal(NUMBER.encode(), index, b"n" * 12)
    fact = locked("lock-1", world.shop, "subject", at_ms=now_ms())
    fact.data["person"] = {"number_index": index, "to_sealed": sealed, "country": "CH", "block": "+4179123"}
    apply_facts(world.core.engine, [fact])


def _looked_up(page: Page, text: str, kind: str = "any") -> None:
    page.goto("/console/limits")
    page.get_by_label("Number, address, user or device").fill(text)
    page.get_by_label("As").select_option(kind)
    page.get_by_role("button", name="Show what counts").press("Enter")
    expect(page.get_by_role("article", name="shop")).to_be_visible()


def test_what_counts_now_stands_as_bars(console: Console) -> None:
    """The application's own limits and ceilings show how much of them is used, everywhere."""
    console.world.policy(limits={"application": "10 per hour"}, spend_per_day_micros=100_000_000)
    console.world.started()

    def look(page: Page) -> None:
        expect(page.get_by_text("1 of 10 in 1 h")).to_be_visible()
        expect(page.get_by_text("of 100.00 USD in 1 d")).to_be_visible()
        expect(page.get_by_text("No number is disabled")).to_be_visible()
        assert unlabelled(page) == []

    everywhere(console, "/console/limits", look)


def test_no_application_is_out_of_reach(console: Console) -> None:
    """Where not all applications are shown the page says so, and one that is chosen is shown alone."""
    world = console.world
    made = [applications.create(world.core, "tests", f"app {n}", {"countries": ["CH"]}) for n in range(14)]
    world.parts.truths.refresh()
    there = searching.token(world.core, Sought("number", NUMBER))
    with console.http("viewer") as client:
        for place in ("limits", f"limits/{there}", f"find/{there}"):
            text = client.get(f"/console/{place}").text
            assert f"These are {holding.MOST_APPLICATIONS} of " in text
            chosen = client.get(f"/console/{place}?application={made[-1].id}").text
            assert ">app 13</h3>" in chosen
            assert "These are" not in chosen


def test_a_number_an_address_and_a_device_are_looked_up(console: Console) -> None:
    """Each of them shows its own limits, and the searched words stand in no address."""
    console.world.started(client={"ip": "203.0.113.7", "device_id": "phone-1"})
    page = console.page("viewer")
    for text, kind, told in (
        (NUMBER, "any", "1 of 5"),
        ("203.0.113.7", "any", "1 of 20"),
        ("phone-1", "device", "1 of 10"),
    ):
        _looked_up(page, text, kind)
        expect(page.get_by_role("article", name="shop")).to_contain_text(told)
        assert text.strip("+") not in page.url


def test_what_no_limit_counts_says_so(console: Console) -> None:
    """An id has no limits: that stands at the field."""
    page = console.page("viewer")
    page.goto("/console/limits")
    page.get_by_label("Number, address, user or device").fill("ver_1")
    page.get_by_role("button", name="Show what counts").click()
    expect(page.locator("#q-wrong")).to_contain_text("limits count numbers")
    console.complaints.clear()  # of the status 422


def test_a_disabled_number_is_enabled_with_a_reason(console: Console) -> None:
    """A disabled number stands masked in the list, and leads to its story; lifting its lock asks why."""
    _disabled(console.world)
    page = console.page("fraud")
    page.goto("/console/limits")
    row = page.get_by_role("table", name="Disabled numbers").get_by_role("row", name="+4179•••4567")
    row.locator("summary").press("Enter")
    row.get_by_label("Why").fill("they showed their passport")
    row.get_by_role("button", name="Lift the lock").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("lock is lifted")
    assert console.http("viewer").post("/console/limits/lift").status_code == 403


def test_what_is_owed_is_forgiven_with_a_reason(console: Console) -> None:
    """What a number's scopes owe for codes that nobody typed stands with its limits; one is forgiven, and says why."""
    console.world.policy(price_micros={"CH": 50_000}, thresholds={"country_refill_per_day": 0})
    console.world.started(client={"ip": "203.0.113.7"})
    page = console.page("fraud")
    _looked_up(page, NUMBER)
    owed = page.get_by_role("list", name="What is owed")
    expect(owed).to_contain_text("Its country: 0.0500 USD")
    expect(owed).to_contain_text("Unproven numbers of the application: 1.0 sends")
    page.locator("summary", has_text="Forgive").press("Enter")
    page.get_by_label("What", exact=True).select_option("country")
    page.get_by_label("Why").last.fill("codes came late")
    page.get_by_role("button", name="Forgive it").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Forgiven")
    expect(owed).not_to_contain_text("Its country")
    expect(owed).to_contain_text("Its operator’s prefix")
    assert unlabelled(page) == []
    assert console.http("viewer").post("/console/find/x/forgive").status_code == 403
    _looked_up(page, "203.0.113.7")
    expect(owed).to_contain_text("Its network: 0.0")
