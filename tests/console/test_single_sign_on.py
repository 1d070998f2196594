"""Single sign-on, against a provider of identities that really is one."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import expect

from otp_service.domain.errors import Refusal
from otp_service.domain.single_sign_on import RoleRule, SingleSignOn, parse_rules, role_of
from otp_service.service.console import accounts, oidc, sessions
from otp_service.service.console.kept import Kept
from tests.console.conftest import COOKIE, PATIENCE_S, Console
from tests.console.provider import CLIENT, SECRET, Provider, provider

ANA = {"sub": "1", "email": "ana@example.com", "email_verified": True, "groups": ["staff", "otp-fraud"]}
RULES = parse_rules(["groups=otp-fraud:fraud", "groups=otp-admins:admin"])


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider of which nothing is known yet, whoever had its port before, and which may take its time."""
    monkeypatch.setattr(oidc, "_TOLD", Kept())
    monkeypatch.setattr(oidc, "TIMEOUT_S", PATIENCE_S)
    with provider() as running:
        yield running


def sign_on(console: Console, idp: Provider, rules: tuple[RoleRule, ...] = RULES) -> None:
    """Has the console know this provider."""
    console.world.app.extensions["single_sign_on"] = SingleSignOn(idp.url, CLIENT, SECRET, rules)


def come_back(console: Console, change_url: Any = lambda url: url) -> int:
    """Goes to the provider and back; the status of the answer at home."""
    with console.http(None) as client:
        there = client.get("/console/sso").headers["Location"]
        with console.http(None) as outside:
            back = outside.get(there).headers["Location"]
        return client.get(change_url(back)).status_code


def test_a_mapped_group_signs_in(console: Console, idp: Provider) -> None:
    """Whoever has a mapped group gets an account of that role, and comes to the page that they wanted."""
    sign_on(console, idp)
    idp.claims = ANA
    page = console.page(None)
    page.goto("/console/profile")
    page.get_by_role("link", name="Sign in with 127.0.0.1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    expect(page.locator(".who summary")).to_contain_text("ana@example.com fraud")


def test_without_a_group_or_an_account_nobody_signs_in(console: Console, idp: Provider) -> None:
    """Whoever the provider knows is nobody here without a mapped group or an account that an admin has made."""
    idp.claims = {**ANA, "groups": ["staff"]}
    sign_on(console, idp)
    assert come_back(console) == 401
    sign_on(console, idp, ())
    assert come_back(console) == 401


def test_an_account_made_for_an_address_is_claimed(console: Console, idp: Provider) -> None:
    """Without a mapping an account signs in whose name is the verified address; an unverified one claims nothing."""
    sign_on(console, idp, ())
    accounts.invite(console.world.core, "tests", "ana@example.com", "viewer")
    idp.claims = {**ANA, "email_verified": False}
    assert come_back(console) == 401
    idp.claims = ANA
    assert come_back(console) == 200
    idp.claims = {**ANA, "sub": "2"}
    assert come_back(console) == 401


def test_who_left_the_group_is_out(console: Console, idp: Provider) -> None:
    """The mapping is asked at each sign-in: who left the group can't come back, and a new group is a new role."""
    sign_on(console, idp)
    idp.claims = ANA
    assert come_back(console) == 200
    idp.claims = {**ANA, "groups": ["otp-admins"]}
    assert come_back(console) == 200
    assert accounts.listed(console.world.core)[0].role == "admin"
    idp.claims = {**ANA, "groups": []}
    assert come_back(console) == 401


def test_a_disabled_account_stays_out(console: Console, idp: Provider) -> None:
    """A disabled account is not opened by any group."""
    sign_on(console, idp)
    idp.claims = ANA
    assert come_back(console) == 200
    accounts.disable(console.world.core, "tests", "ana@example.com")
    assert come_back(console) == 401


@pytest.mark.parametrize(
    "wrong", [{"nonce": "another"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}]
)
def test_a_token_for_another_occasion_is_refused(console: Console, idp: Provider, wrong: dict[str, Any]) -> None:
    """A token with another nonce, audience or issuer, or one that is over, signs nobody in."""
    sign_on(console, idp)
    idp.claims, idp.wrong = ANA, wrong
    assert come_back(console) == 401


def test_a_token_of_another_key_is_refused(console: Console, idp: Provider) -> None:
    """A token that the provider has not signed signs nobody in."""
    sign_on(console, idp)
    idp.claims, idp.signs_with = ANA, rsa.generate_private_key(65537, 2048)
    assert come_back(console) == 401


def test_an_answer_that_was_not_asked_for_is_refused(console: Console, idp: Provider) -> None:
    """A code with another state, or in a browser that never left, signs nobody in."""
    sign_on(console, idp)
    idp.claims = ANA
    assert come_back(console, lambda url: url + "x") == 401
    with console.http(None) as client:
        assert client.get("/console/sso/back?code=x&state=y").status_code == 401


def test_coming_back_ends_the_session_before(console: Console, idp: Provider) -> None:
    """Whoever signs in in a browser where somebody else was signed in leaves no session of theirs behind."""
    sign_on(console, idp)
    idp.claims = ANA
    with console.http("admin") as client, console.http(None) as outside:
        theirs = client.cookies[COOKIE]
        there = outside.get(client.get("/console/sso").headers["Location"]).headers["Location"]
        del client.cookies[COOKIE]  # browsers keep a strict cookie back where another site has led
        assert client.get(there).status_code == 200
    assert sessions.resume(console.world.core, theirs) is None


def test_a_claimed_account_has_no_link_any_more(console: Console, idp: Provider) -> None:
    """The link of an account is void as soon as its owner has come by single sign-on."""
    sign_on(console, idp, ())
    made = accounts.invite(console.world.core, "tests", "ana@example.com", "viewer")
    idp.claims = ANA
    assert come_back(console) == 200
    with pytest.raises(Refusal) as refused:
        accounts.of_ticket(console.world.core, made.ticket)
    assert refused.value.code == "not_found"


def test_what_the_provider_tells_of_itself_is_known_for_minutes(console: Console, idp: Provider) -> None:
    """Its metadata is asked for once; where a place has moved meanwhile it is asked for again, and nobody waits."""
    sign_on(console, idp)
    idp.claims = ANA
    assert [come_back(console), come_back(console), idp.told] == [200, 200, 1]
    idp.token_at = "/moved/token"
    assert [come_back(console), come_back(console), idp.told] == [200, 200, 2]


def test_a_provider_that_tells_no_places_is_told_so(console: Console, idp: Provider) -> None:
    """A provider whose metadata lacks what is needed signs nobody in, and that is no bug."""
    sign_on(console, idp)
    idp.token_at = ""
    with console.http(None) as client:
        answer = client.get("/console/sso")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_the_highest_role_counts() -> None:
    """Of several groups the highest role counts, and a claim may be a word or a list."""
    assert role_of(RULES, {"groups": ["otp-admins", "otp-fraud"]}) == "admin"
    assert role_of(RULES, {"groups": "otp-fraud"}) == "fraud"
    assert role_of(RULES, {"groups": None}) is None
