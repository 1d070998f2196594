"""What an attacker tries at the console: each test is a way in that once stood open, or nearly did."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.single_sign_on import SingleSignOn
from otp_service.ledger import admin_passkeys, admins
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import audit
from otp_service.service.console import accounts, passwords, sessions, sign_in, totp
from otp_service.service.core import now_ms
from tests.console.conftest import COOKIE, Console, serving
from tests.console.people import PASSWORD, code, person
from tests.console.people import SECRET as TOTP
from tests.console.provider import CLIENT, SECRET, provider
from tests.console.traffic import USUAL, codes, tell
from tests.factor_world import NOON
from tests.servers import wait_until
from tests.world import World


@pytest.fixture
def console(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    """A running console over real HTTP; nobody here looks at it with a browser.

    The clock by which codes of apps and waits are judged stands still: no step and no wait ends within a test.
    """
    for module in (totp, sign_in):
        monkeypatch.setattr(module, "now_ms", lambda: NOON)
    with serving(world) as running:
        yield running


def acts(console: Console) -> list[str]:
    """What the audit says was done, the oldest first."""
    with reading(console.world.core.engine) as connection:
        return [row.act for row in connection.execute(audit.select().order_by(audit.c.seq))]


@pytest.mark.parametrize("act", ["/console/admins", "/console/keys", "/console/block"])
def test_a_proof_opens_no_page_of_a_higher_role(console: Console, act: str) -> None:
    """Who proves who they are comes back to what their role may see, whichever act the form names."""
    person(console, "a viewer", "viewer")
    with console.http("viewer") as client:
        answer = console.post(client, "/console/prove", {"act": act, "password": PASSWORD, "code": code()})
    assert answer.status_code == 403
    assert "needs the role" in answer.text


def test_nobody_shuts_themselves_out_by_another_spelling(console: Console) -> None:
    """One's own name in capitals is one's own name: the last admin can't disable, lower or reset themselves by it."""
    with console.http("admin") as client:
        for act in ("disable", "role", "reset"):
            answer = console.post(client, f"/console/admins/{act}", {"name": "A ADMIN", "role": "viewer"})
            assert answer.status_code == 409
        assert client.get("/console/admins").status_code == 200


def test_a_name_of_any_alphabet_is_found(console: Console) -> None:
    """A name whose capitals a database does not know signs in, is taken, and can be shut."""
    person(console, "Ärni", "viewer")
    sign_in.by_password(console.world.core, "ärni", PASSWORD, code())
    with pytest.raises(Refusal):
        accounts.invite(console.world.core, "tests", "ÄRNI", "admin")
    assert accounts.disable(console.world.core, "tests", "Ärni").disabled_at is not None


@pytest.mark.parametrize(
    "path",
    [
        "/console/sign-in?next=//[x",
        "/console/block?kind=prefix&value=abcd",
        "/console/block?kind=prefix&value=%2Babc",
        "/console/block?kind=prefix&value=../../x",
        "/console/find/a%00b",
        "/console/policies?application=%00",
    ],
)
def test_what_makes_no_sense_is_no_fault_of_ours(console: Console, path: str) -> None:
    """An address that nobody's page leads to is answered or refused, and is no bug."""
    with console.http("fraud") as client:
        assert client.get(path).status_code < 500


def test_a_null_character_is_refused(console: Console) -> None:
    """No database takes a null character, so no address and no form may hold one."""
    with console.http("admin") as client:
        assert client.get("/console/audit?actor=a%00b").status_code == 422
        told = {"of": console.world.shop, "name": "a\0b", "scopes": "verifications:start"}
        assert console.post(client, "/console/keys", told).status_code == 422


def test_an_origin_that_is_no_address_is_refused(console: Console) -> None:
    """A form whose origin can't be read was sent by another site."""
    with console.http("fraud") as client:
        told = {"csrf": console.csrf(client)}
        assert client.post("/console/find", data=told, headers={"Origin": "http://[x"}).status_code == 403


def come_back(console: Console, claims: dict[str, Any], path: str = "/console/sso") -> httpx.Response:
    """Who goes to a provider of identities that says this, and comes back; the answer at home."""
    with provider() as idp, console.http(None) as client, console.http(None) as outside:
        console.world.app.extensions["single_sign_on"] = SingleSignOn(idp.url, CLIENT, SECRET, ())
        idp.claims = {"sub": "1", "email": "mike@example.com", "email_verified": True, **claims}
        there = client.get(path).headers["Location"]
        return client.get(outside.get(there).headers["Location"])


@pytest.mark.parametrize(("typed_before_s", "proven"), [(5, True), (3600, False), (None, False)])
def test_a_session_at_the_provider_is_no_fresh_proof(
    console: Console, typed_before_s: int | None, proven: bool
) -> None:
    """Signing in by a session that the provider has kept proves nothing afresh: a dangerous act asks again."""
    accounts.invite(console.world.core, "tests", "mike@example.com", "admin")
    at = {"auth_time": None if typed_before_s is None else now_ms() // 1000 - typed_before_s}
    answer = come_back(console, at)
    assert answer.status_code == 200
    found = sessions.resume(console.world.core, answer.cookies[COOKIE])
    assert found is not None
    assert found.proven is proven


def test_a_letter_that_only_looks_alike_claims_no_account(console: Console) -> None:
    """The Kelvin sign, whose small letter is a k, does not turn one address into another's."""
    accounts.invite(console.world.core, "tests", "mike@example.com", "admin")
    assert come_back(console, {"email": "mi\u212ae@example.com"}).status_code == 401


def test_single_sign_on_leads_back_whatever_the_path(console: Console) -> None:
    """A path that no header can carry as it is leads on all the same, and adds nothing to the header."""
    accounts.invite(console.world.core, "tests", "mike@example.com", "viewer")
    answer = come_back(console, {}, "/console/sso?next=/console/\u4e2d")
    assert answer.headers["Refresh"] == "0; url=/console/%E4%B8%AD"


def test_a_lower_price_takes_a_proof(console: Console) -> None:
    """A ceiling counts texts by their price: who lowers a price lets more be spent, and has to prove who they are."""
    console.world.policy(spend_per_day_micros=1_000_000, price_micros={"CH": 50_000})
    told = {"of": console.world.shop, "policy.price_micros": "CH 0.000001"}
    with console.http("admin", proven=False) as client:
        assert console.post(client, "/console/policies/save", told).status_code == 403
        told["policy.price_micros"] = "CH 0.06"
        assert console.post(client, "/console/policies/save", told).status_code == 303


def test_no_name_is_a_formula(console: Console) -> None:
    """An application whose name a spreadsheet would run as a formula is text in the download of costs."""
    named = console.world.admin.post("/v1/admin/applications", {"name": "=1+1"}).json["id"]
    tell(console.world.core.engine, list(codes(named, USUAL[0], now_ms() - 600_000, 60_000)))
    with console.http("viewer") as client:
        assert ",'=1+1," in client.get("/console/money.csv?by=application").text


@pytest.mark.parametrize(
    ("act", "ends", "lists"),
    [
        ("/console/keys", {"name": "k", "scopes": "reports", "expires_on": "9999-12-31"}, ["/console/keys"]),
        ("/console/blocks", {"ends_in_s": "8000000000000"}, ["/console/blocks", "/console/blocks/export"]),
    ],
)
def test_no_end_lies_after_the_last_year(console: Console, act: str, ends: dict[str, str], lists: list[str]) -> None:
    """A time that can't be written any more is refused, typed or made up: one such row would take its list away."""
    row = {"book": "blocks", "kind": "country", "value": "ES", "reason": "x"}
    with console.http("admin") as client:
        answer = console.post(client, act, {"of": console.world.shop, **row, **ends})
        assert answer.status_code == 422
        assert "before the year 10000" in answer.text
        assert [client.get(path).status_code for path in lists] == [200] * len(lists)


def test_a_text_of_a_kind_that_there_is_not_is_refused(console: Console) -> None:
    """The editor is drawn again with what was typed, and says what is wrong; it is no bug."""
    typed = {"application": console.world.shop, "name": "n", "locale": "en", "body": "{code}", "kind": "poem"}
    with console.http("admin") as client:
        answer = console.post(client, "/console/templates/preview", typed)
    assert answer.status_code == 422
    assert "{code}</textarea>" in answer.text


def test_a_lost_passkey_leaves_no_session_behind(console: Console) -> None:
    """Whoever found it and signed in is out once it is forgotten; who forgets it stays."""
    id_ = person(console, "a admin")
    with console.world.core.engine.begin() as connection:
        admin_passkeys.add(connection, "lost", id_, "Lost", "", 0, now_ms())
    with console.http("admin") as owner, console.http("admin") as finder:
        assert finder.get("/console/profile").status_code == 200
        assert console.post(owner, "/console/profile/passkeys/remove", {"id": "lost"}).status_code == 303
        assert [each.get("/console/profile").status_code for each in (owner, finder)] == [200, 303]


def test_a_proof_keeps_what_was_typed(console: Console) -> None:
    """Fields whose names only sound secret come along when a proof is asked for; passwords and codes do not."""
    person(console, "a admin")
    told = {"policy.code_length": "8", "policy.proof": "off", "password": "a secret", "code": "123456"}
    with console.http("admin", proven=False) as client:
        text = console.post(client, "/console/policies/raise", told).text
    assert 'name="typed.policy.code_length" value="8"' in text
    assert "a secret" not in text
    assert "123456" not in text


def test_who_signs_in_leaves_the_threads_to_others(console: Console) -> None:
    """However many passwords are tried at once, one is looked at and one waits; nobody else pays for a guess."""
    id_ = person(console)
    with ThreadPoolExecutor(8) as pool:
        with passwords.turn():
            heard = [pool.submit(_refused, console) for _ in range(8)]
            wait_until(lambda: sum(each.done() for each in heard) == 7, 60)
            turned_away = [each for each in heard if each.done()]
        assert {each.result() for each in turned_away} == {"unavailable"}
    with reading(console.world.core.engine) as connection:
        assert admins.require(connection, id_).failures == 1


def _refused(console: Console) -> str:
    with pytest.raises(Refusal) as refused:
        sign_in.by_password(console.world.core, "Ana", "a wrong password", "000000")
    return refused.value.code


def test_a_link_works_once_for_64_at_once(console: Console) -> None:
    """Of many who use a link at once one sets the account up."""
    made = accounts.invite(console.world.core, "tests", "Ana", "admin")

    def used(_: int) -> bool:
        try:
            accounts.set_up(console.world.core, made.ticket, PASSWORD, TOTP, code(TOTP))
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(used, range(64))) == 1
    assert acts(console).count("admin.set_up") == 1


def test_of_64_guesses_at_once_few_are_looked_at(console: Console) -> None:
    """Guesses in parallel are paid for like those in a row: the account waits after the same number."""
    id_ = person(console)
    with ThreadPoolExecutor(64) as pool:
        list(pool.map(lambda _: _refused(console), range(64)))
    with reading(console.world.core.engine) as connection:
        found = admins.require(connection, id_)
    assert found.failures <= sign_in.FREE + 1
