"""Passkeys, in a browser with an authenticator of its own."""

import pytest
from playwright.sync_api import CDPSession, Page, expect

from otp_service.service.console import accounts
from tests.console.conftest import Console
from tests.console.people import person


@pytest.fixture
def key(console: Console) -> tuple[Page, CDPSession, str]:
    """A browser page on a host that passkeys can be of, its authenticator, and that authenticator's id."""
    console.url = console.url.replace("127.0.0.1", "localhost")
    page = console.page(None)
    return page, *authenticator(page)


def authenticator(page: Page) -> tuple[CDPSession, str]:
    """Gives a page an authenticator that is always unlocked: the way to it, and its id."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def set_up(console: Console, page: Page, role: str = "fraud") -> None:
    page.goto(accounts.invite(console.world.core, "tests", "Ana", role).link(console.url))
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator(".who .name")).to_have_text("Ana")


def test_a_passkey_sets_up_an_account_and_signs_in(console: Console, key: tuple[Page, CDPSession, str]) -> None:
    """A passkey made by the link of an account is all it takes to sign in, without a name."""
    page, _, _ = key
    set_up(console, page)
    page.locator(".who summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".who .name")).to_have_text("Ana")


def test_a_passkey_that_is_not_opened_signs_nobody_in(console: Console, key: tuple[Page, CDPSession, str]) -> None:
    """Holding the device is not enough: it must have been unlocked."""
    page, devtools, id_ = key
    set_up(console, page)
    page.context.clear_cookies()
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": id_, "isUserVerified": False})
    page.goto("/console/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("That did not work")).to_be_visible()


def test_an_answer_counts_once(console: Console, key: tuple[Page, CDPSession, str]) -> None:
    """What a passkey has answered is refused when it is sent again."""
    page, _, _ = key
    set_up(console, page)
    page.context.clear_cookies()
    page.goto("/console/sign-in")
    with page.expect_request("**/console/sign-in/passkey") as sent:
        page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".who .name")).to_have_text("Ana")
    repeated = page.request.post(
        sent.value.url, data=sent.value.post_data, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert repeated.status in (401, 403)


def test_nobodys_passkey_renews_anothers_proof(console: Console, key: tuple[Page, CDPSession, str]) -> None:
    """Whoever sits down at an open session can't prove to be its admin by a passkey of their own."""
    page, _, _ = key
    set_up(console, page, "viewer")
    theirs = console.session("admin", proven=False)
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "otp_console", "value": theirs, "url": console.url, "httpOnly": True}])
    page.goto("/console/sign-in")  # whose note names nobody
    page.locator("form.passkey").evaluate("form => { form.action = '/console/prove/passkey'; }")
    with page.expect_response("**/console/prove/passkey") as answered:
        page.get_by_role("button", name="Sign in with a passkey").click()
    assert answered.value.status == 401
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    console.complaints = [each for each in console.complaints if "401" not in each]


def test_a_shut_account_has_no_passkey(console: Console, key: tuple[Page, CDPSession, str]) -> None:
    """The passkey of a disabled account opens nothing."""
    page, _, _ = key
    set_up(console, page)
    accounts.disable(console.world.core, "tests", "Ana")
    page.goto("/console/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="not known here")).to_be_visible()
    console.complaints = [each for each in console.complaints if "401" not in each]


def test_a_passkey_is_added_and_forgotten(console: Console, key: tuple[Page, CDPSession, str]) -> None:
    """An admin adds a passkey in the profile and forgets it again."""
    page, _, _ = key
    person(console, "a admin")
    token = console.session("admin")
    page.context.add_cookies([{"name": "otp_console", "value": token, "url": console.url, "httpOnly": True}])
    page.goto("/console/profile")
    page.get_by_label("Name of a new passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey is added.")).to_be_visible()
    expect(page.locator("ul.rows")).to_contain_text("Laptop")
    page.locator("summary", has_text="Forget").click()
    page.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("The passkey is forgotten; your other sessions have ended.")).to_be_visible()
