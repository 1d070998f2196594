"""The pages of users with factors."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from otp_service.domain.factors.codes import Generator, step_of
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import factor_users
from otp_service.service.console import factor_story
from otp_service.service.core import now_ms
from tests.console.conftest import Console
from tests.console.looks import everywhere, unlabelled
from tests.console.people import PASSWORD, code, person
from tests.console.test_accessibility import Looking
from tests.ledger.telling import NOW
from tests.web.test_admin_audit import entries
from tests.world import World

NAME, OTHER = "anabel@example.com", "user-4711"


def enrolled(world: World, user: str = NAME, type: str = "totp") -> dict[str, Any]:
    """A factor of a user, confirmed if it needs that."""
    shop = world.caller("factors")
    made: dict[str, Any] = shop.post("/v1/factors", {"user": user, "type": type}).get_json()
    if "secret" in made:
        shown = Generator(made["secret"]).code(step_of(now_ms(), 30))
        assert shop.post(f"/v1/factors/{made['id']}/confirm", {"code": shown}).get_json()["valid"]
    return made


def failed(world: World, user: str = NAME, disabled: bool = False) -> None:
    """Six wrong codes in a row, or as many as disable."""
    shop, wrong = world.caller("factors"), {"user": user, "code": "AAAA-AAAA-AAAA-AAAA"}
    with world.core.engine.begin() as connection:
        connection.execute(_of(world, user).values(failures=99 if disabled else 5))
    assert shop.post("/v1/factors/check", wrong).get_json()["valid"] is False


def id_of(world: World, user: str = NAME) -> str:
    """By what pages name a user."""
    (found,) = factor_story.called(world.core, user)
    return found.user.user_index


def _of(world: World, user: str) -> Any:
    return update(factor_users).where(factor_users.c.user_index == id_of(world, user))


@pytest.fixture
def filled(console: Console) -> Console:
    """A console of two users with factors, one of them disabled."""
    enrolled(console.world)
    enrolled(console.world, type="recovery_codes")
    enrolled(console.world, OTHER)
    failed(console.world, disabled=True)
    return console


def test_who_is_held_up_stands_first(filled: Console) -> None:
    """The disabled user stands before all others, masked, with what they have, everywhere."""

    def look(page: Page) -> None:
        held = page.get_by_role("table", name="Held up by wrong codes")
        expect(held.get_by_role("row").nth(1)).to_contain_text("an•••@example.com")
        expect(held).to_contain_text("disabled")
        every = page.get_by_role("table", name="Users")
        expect(every).to_contain_text("us•••")
        expect(every).to_contain_text("recovery codes")
        assert NAME not in page.content()
        assert unlabelled(page) == []

    everywhere(filled, "/console/users", look)


def test_a_user_is_told_with_everything_that_happened(filled: Console) -> None:
    """One user's page tells factors, what holds and what happened in sentences, everywhere, without their name."""

    def look(page: Page) -> None:
        expect(page.get_by_text("Disabled after 100 wrong codes in a row")).to_be_visible()
        expect(page.get_by_role("table", name="Factors")).to_contain_text("Authenticator app")
        expect(page.get_by_text("10 codes are left")).to_be_visible()
        told = page.get_by_role("region", name="What happened")  # maybe on two days
        expect(told).to_contain_text("Enrolled: authenticator app")
        expect(told).to_contain_text("A wrong code was typed in")
        expect(told).to_contain_text("100 wrong codes in a row: disabled until an admin lifts it")
        assert NAME not in page.content()
        assert unlabelled(page) == []

    everywhere(filled, f"/console/users/{id_of(filled.world)}", look)


def test_a_user_is_found_by_the_exact_name(filled: Console) -> None:
    """The name leads to the user's page, and stands in no address; no other name leads anywhere."""
    page = filled.page("viewer")
    page.goto("/console/users")
    page.get_by_label("Exact name of the user").fill(NAME)
    page.get_by_role("button", name="Show the user").press("Enter")
    expect(page.get_by_text("Disabled after 100 wrong codes")).to_be_visible()
    assert "anabel" not in page.url
    page.goto("/console/users")
    page.get_by_label("Exact name of the user").fill("anabel")
    page.get_by_role("button", name="Show the user").click()
    expect(page.locator("#name-wrong")).to_contain_text("nobody of exactly this name")
    filled.complaints.clear()  # of the status 422


def test_find_leads_to_the_factors_of_a_user(filled: Console) -> None:
    """Whoever is searched by name in Find has their factors told there."""
    page = filled.page("viewer")
    page.goto("/console/find")
    page.get_by_role("main").get_by_role("searchbox").fill(NAME)
    page.get_by_role("main").get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="everything of these factors").click()
    expect(page.get_by_text("Disabled after 100 wrong codes")).to_be_visible()


def test_a_lock_is_lifted_with_a_reason(filled: Console) -> None:
    """The role fraud lifts a lock and says why; a viewer may not."""
    there = f"/console/users/{id_of(filled.world)}"
    page = filled.page("fraud")
    page.goto(there)
    page.get_by_text("Lift the lock", exact=True).first.click()
    page.locator("#why-lift").fill("they showed their passport")
    page.get_by_role("button", name="Lift the lock").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("lock is lifted")
    expect(page.get_by_text("No wrong codes are counted")).to_be_visible()
    expect(page.locator(".chapter").first).to_contain_text("they showed their passport")
    assert filled.http("viewer").post(f"{there}/lift").status_code == 403


def test_a_name_in_full_is_audited(filled: Console) -> None:
    """Who wants to see the name says why, and the audit has it under an index."""
    page = filled.page("fraud")
    page.goto(f"/console/users/{id_of(filled.world)}")
    page.get_by_text("Show the name", exact=True).first.click()
    page.locator("#why-name").fill("on the phone")
    page.get_by_role("button", name="Show the name").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    newest, *_ = entries(filled.world)
    assert (newest["act"], newest["after"]) == ("user.look", {"reason": "on the phone"})
    assert NAME not in str(entries(filled.world))


def test_a_factor_is_removed_and_a_user_forgotten_by_admins(filled: Console) -> None:
    """An admin with a fresh proof removes one factor, then all that is known; nobody else may."""
    there = f"/console/users/{id_of(filled.world)}"
    page = filled.page("admin")
    page.goto(there)
    row = page.get_by_role("table", name="Factors").get_by_role("row", name="Authenticator app")
    row.locator("summary").click()
    row.get_by_label("Why").fill("lost phone")
    row.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("factor is removed")
    expect(page.get_by_role("table", name="Factors")).not_to_contain_text("Authenticator app")
    page.get_by_text("Forget this user", exact=True).last.scroll_into_view_if_needed()
    page.locator("details.sure summary").click()
    page.locator("details.sure button").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is forgotten")
    with reading(filled.world.core.engine) as connection:
        assert len(connection.execute(select(factor_users)).all()) == 1
    for role, proven in (("viewer", True), ("fraud", True), ("admin", False)):
        with filled.http(role, proven=proven) as client:
            assert filled.post(client, f"{there}/erase").status_code == 403


def test_an_admin_whose_proof_is_old_comes_back_to_what_was_typed(filled: Console) -> None:
    """Removing asks who it is, then shows the form again with the reason in it, and removes on the next press."""
    person(filled, "a admin")
    page = filled.page("admin", proven=False)
    page.goto(f"/console/users/{id_of(filled.world)}")
    row = page.get_by_role("table", name="Factors").get_by_role("row", name="Authenticator app")
    row.locator("summary").click()
    row.get_by_label("Why").fill("lost phone")
    row.get_by_role("button", name="Remove").press("Enter")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code of your authenticator app").fill(code())
    page.get_by_role("button", name="It is me").press("Enter")
    expect(row.get_by_label("Why")).to_have_value("lost phone")
    row.get_by_role("button", name="Remove").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("factor is removed")
    filled.complaints.clear()  # of the status 403


def test_a_reason_that_is_missing_is_asked_for(filled: Console) -> None:
    """A look without a reason is refused on the user's page, and shows no name."""
    with filled.http("fraud") as client:
        answer = filled.post(client, f"/console/users/{id_of(filled.world)}/name")
    assert answer.status_code == 422
    assert "reason" in answer.text
    assert NAME not in answer.text


def test_the_pages_are_accessible(filled: Console) -> None:
    """Neither the list nor a user's page breaks a rule of WCAG 2 A or AA, in light, in dark and on a phone."""
    looking = Looking(filled.page("admin"))
    for place in ("/console/users", "/console/users?keys=test", f"/console/users/{id_of(filled.world)}"):
        looking.at(place, title="ser")
    assert looking.wrong == {}


def test_history_is_told_in_the_order_of_time() -> None:
    """Days stand newest first, what happened on one in its order, and what nobody knows yet in its own words."""
    happened = factor_story.Happened("failed", NOW, None, {})
    told = [replace(happened, event="disabled", data={"failures": 100}), happened]
    later = replace(happened, event="new_kind", at=NOW + 86_400_000)
    newest, oldest = factor_story.days([later, *told])
    assert [each.text for each in newest.moments] == ["new kind"]
    assert [each.text for each in oldest.moments] == [
        "A wrong code was typed in",
        "100 wrong codes in a row: disabled until an admin lifts it",
    ]
