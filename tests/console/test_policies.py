"""The pages of policies."""

from playwright.sync_api import Page, expect

from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.policy import LimitsPolicy, Policy
from otp_service.ledger.facts import apply_facts
from otp_service.service.admin import applications
from otp_service.service.admin.policy_fields import every, groups
from otp_service.service.core import now_ms
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.ledger.telling import story

INDEX = "AAECAwQFBgcICQoLDA0ODw"


def _policy(console: Console) -> Policy:
    return applications.get(console.world.core, "shop").policy


def _reviewed(console: Console, role: str = "admin", *, proven: bool = True, **typed: str) -> Page:
    page = console.page(role, proven=proven)
    page.goto("/console/policies")
    for name, text in typed.items():
        page.locator(f'[name="policy.{name.replace("__", ".")}"]').fill(text)
    page.get_by_role("button", name="Review the change").press("Enter")
    return page


def test_every_field_of_a_policy_is_told() -> None:
    """Each field stands once on the page with its meaning, and none of them among the others."""
    names = [field.name for field in every()]
    own = set(Policy.model_fields) - {"limits", "thresholds"}
    inner = {f"limits.{name}" for name in LimitsPolicy.model_fields} | {
        f"thresholds.{name}" for name in Thresholds.model_fields
    }
    assert sorted(names) == sorted(own | inner)
    assert [field.name for field in every() if not field.meaning] == []
    assert "Others" not in {group.title for group in groups()}


def test_what_stands_in_the_form_is_the_policy_itself() -> None:
    """Every field as it is written reads back as what it was."""
    policy = Policy(price_micros={"CH": 45_000}, countries=["CH", "DE"], spend_per_day_micros=None)
    for field in every():
        assert field.read(field.written(field.value(policy))) == field.value(policy), field.name


def test_a_policy_fits_everywhere(console: Console) -> None:
    """Each field shows its meaning, bounds and default, on a desk and on a phone, light and dark."""

    def look(page: Page) -> None:
        field = page.get_by_label("ttl_s")
        expect(field).to_have_value("600")
        expect(page.locator('[id="policy.ttl_s-about"]')).to_contain_text("30 to 600; default 600")
        assert unlabelled(page) == []

    everywhere(console, "/console/policies", look)


def test_a_change_is_reviewed_and_then_saved(console: Console) -> None:
    """The review shows what differs and saves nothing; then it is in force, by keyboard."""
    page = _reviewed(console, ttl_s="300", limits__to="3 per hour", countries="CH, LI")
    table = page.get_by_role("table", name="What changes")
    expect(table.get_by_role("row", name="limits.to")).to_contain_text("3 per hour")
    expect(table.get_by_role("row", name="countries")).to_contain_text("CH, LI")
    expect(page.get_by_text("nothing to try this policy on")).to_be_visible()
    assert _policy(console).ttl_s == 600
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("3 fields are in force now")
    assert (_policy(console).ttl_s, _policy(console).limits.to, _policy(console).countries) == (
        300,
        "3 per hour",
        ["CH", "LI"],
    )


def test_the_last_day_is_tried_under_it(console: Console) -> None:
    """A policy that allows another country alone had sent none of the last day's codes; the review says so."""
    facts = story(1, console.world.shop, now_ms() - 60_000)
    for fact in facts:
        if "person" in fact.data:
            fact.data["person"] = {"number_index": INDEX, "to_sealed": "k1.x", "country": "CH", "block": "+4179123"}
    apply_facts(console.world.core.engine, facts)
    page = _reviewed(console, "fraud", countries="DE")
    expect(page.get_by_text("1 of the 1 that were typed in would not have been sent")).to_be_visible()
    expect(page.get_by_text("Under the policy in force it would be 0 and 0: the change saves nothing.")).to_be_visible()
    day = page.get_by_role("table", name="The last 24 hours")
    expect(day.get_by_role("row", name="Typed in: would not have been sent")).to_contain_text("0")


def test_what_makes_no_sense_stands_at_its_field(console: Console) -> None:
    """A value out of bounds is refused beside its field with what was typed."""
    page = _reviewed(console, ttl_s="5", limits__ip="often", spend_per_day_micros="60000000")
    expect(page.locator('[id="policy.ttl_s-about"]')).to_contain_text("greater than or equal to 30")
    expect(page.locator('[id="policy.limits.ip-about"]')).to_contain_text("5 per 10 minutes")
    expect(page.locator('[id="policy.spend_per_day_micros-about"]')).to_contain_text(
        "Write US dollars, at most 1,000,000"
    )
    expect(page.get_by_label("ttl_s")).to_have_value("5")
    console.complaints.clear()  # of the status 422


def test_raising_a_ceiling_asks_who_it_is(console: Console) -> None:
    """More money takes a fresh proof; who has none is asked for it, and nothing is saved until then."""
    console.world.policy(spend_per_day_micros=1_000_000)
    page = _reviewed(console, proven=False, spend_per_day_micros="50")
    expect(page.get_by_text("you may be asked once more")).to_be_visible()
    expect(page.get_by_role("row", name="spend_per_day_micros")).to_contain_text("50 USD")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    assert _policy(console).spend_per_day_micros == 1_000_000
    console.complaints.clear()  # of the status 403
    page = _reviewed(console, spend_per_day_micros="50")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("in force now")
    assert _policy(console).spend_per_day_micros == 50_000_000


def test_fraud_changes_limits_and_nothing_else(console: Console) -> None:
    """The role fraud may save limits; other fields it may review only; a viewer changes nothing."""
    page = _reviewed(console, "fraud", limits__to="3 per hour")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("in force now")
    page = _reviewed(console, "fraud", ttl_s="300")
    expect(page.get_by_text("take the role admin")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    page.get_by_role("button", name="Change it further").click()
    expect(page.get_by_label("ttl_s")).to_have_value("300")
    page = console.page("viewer")
    page.goto("/console/policies")
    expect(page.get_by_role("button", name="Review the change")).to_have_count(0)
    expect(page.get_by_label("ttl_s")).to_be_disabled()


def test_several_applications_are_listed_first(console: Console) -> None:
    """With more than one application the page begins with the list of them."""
    console.world.application("bank", Policy(fraud="off"))
    page = console.page("viewer")
    page.goto("/console/policies")
    row = page.get_by_role("table", name="Applications").get_by_role("row", name="bank")
    expect(row).to_contain_text("off")
    row.get_by_role("link", name="bank").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Policy of bank")
