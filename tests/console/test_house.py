"""Keys, the audit, the admins, and numbers that are uncovered."""

import re

from playwright.sync_api import expect
from sqlalchemy import update

from otp_service.domain.keys import b64, mac
from otp_service.domain.policy import Policy
from otp_service.ledger import applications
from otp_service.ledger.changes import change
from otp_service.ledger.schema import audit, people
from otp_service.service.admin import audit as audit_admin
from otp_service.service.console import accounts
from otp_service.service.core import now_ms, random_bytes
from tests.console.conftest import Console
from tests.console.looks import fits
from tests.console.people import PASSWORD, SECRET, code, person, rest, wrong


def test_a_key_is_shown_once_and_works(console: Console) -> None:
    """A key made on the page is shown once, calls at once, and is refused at once when it is revoked."""
    page = console.page("admin")
    page.goto("/console/keys")
    page.get_by_label("Name", exact=True).fill("checkout")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#made")).to_have_text(re.compile(r"otp_live_\w{73}"))
    text = page.locator("#made").text_content() or ""
    console.world.api.key = text
    assert console.world.api.start().status_code == 201
    page.get_by_role("link", name="I have it").click()
    expect(page.locator("body")).not_to_contain_text(text)
    row = page.get_by_role("row").filter(has_text="checkout")
    row.locator("summary").click()
    row.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status")).to_contain_text("checkout is revoked")
    assert console.world.api.start().status_code == 401


def test_a_refused_key_keeps_what_was_typed(console: Console) -> None:
    """What is wrong with a key stands beside its field, and what was typed is still there."""
    with console.http("admin") as client:
        answer = console.post(client, "/console/keys", {"of": console.world.shop, "name": "x", "ips": "nowhere"})
    assert answer.status_code == 422
    assert "name at least one of" in answer.text
    assert 'value="nowhere"' in answer.text


def test_an_old_proof_is_renewed_and_the_form_comes_back(console: Console) -> None:
    """A dangerous act asks for another proof, and then shows its form again with what was typed."""
    person(console, "a admin")
    page = console.page("admin", proven=False)
    page.goto("/console/keys")
    page.get_by_label("Name", exact=True).fill("checkout")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code of your authenticator app").fill(code(SECRET))
    page.get_by_role("button", name="It is me").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("checkout")
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#made")).to_be_visible()
    console.complaints = [each for each in console.complaints if "403" not in each]


def test_a_wrong_proof_proves_nothing(console: Console) -> None:
    """A wrong code leaves the act undone and the proof old."""
    person(console, "a admin")
    rest(console, totp_step=0)
    with console.http("admin", proven=False) as client:
        told = {"act": "/console/keys", "typed.name": "x", "password": PASSWORD, "code": wrong()}
        assert console.post(client, "/console/prove", told).status_code == 401
        assert console.post(client, "/console/keys", {"of": console.world.shop}).status_code == 403


def test_a_disabled_account_is_out_at_once(console: Console) -> None:
    """Disabling an admin on the page ends their sessions with the next request."""
    page = console.page("admin")
    with console.http("fraud") as theirs:
        assert theirs.get("/console/profile").status_code == 200
        page.goto("/console/admins")
        row = page.get_by_role("row").filter(has_text="a fraud")
        row.locator("summary").click()
        row.get_by_role("button", name="Disable").click()
        expect(page.get_by_role("status")).to_contain_text("can't sign in any more")
        assert theirs.get("/console/profile").status_code == 303


def test_an_invitation_is_a_link_that_is_shown_once(console: Console) -> None:
    """Letting somebody in shows a link by which they set up their account."""
    page = console.page("admin")
    page.goto("/console/admins")
    page.get_by_label("Name").fill("Bea")
    page.get_by_role("button", name="Make a link for them").click()
    expect(page.locator("#link")).to_have_text(re.compile(r"/console/set-up/[\w-]{43}"))
    link = page.locator("#link").text_content() or ""
    assert accounts.of_ticket(console.world.core, link.rpartition("/")[2]).name == "Bea"


def test_nobody_shuts_their_own_account(console: Console) -> None:
    """An admin can't disable, lower or reset themselves, however they write their name."""
    with console.http("admin") as client:
        for path in ("disable", "reset", "role"):
            for name in ("a admin", "A Admin"):
                told = {"name": name, "role": "viewer"}
                assert console.post(client, f"/console/admins/{path}", told).status_code == 409


def test_the_audit_tells_what_became_of_each_value(console: Console) -> None:
    """An entry shows each value that changed, as it was and as it became, and until where the chain is verified."""
    core = console.world.core
    with change(core.engine, core.audit_key, "tests", now_ms()) as opened:
        applications.set_policy(opened, console.world.shop, Policy(resend_after_s=7))
    page = console.page("admin")
    page.goto("/console/audit?act=application")
    first = page.get_by_role("row").filter(has_text="application.set_policy").first
    expect(first.locator("del").first).to_have_text("0")
    expect(first.locator("ins").first).to_have_text("7")
    newest = audit_admin.page(core, 1).items[0].seq
    expect(page.get_by_text(f"verified until entry {newest}")).to_be_visible()


def test_the_audit_tells_a_default_from_none(console: Console) -> None:
    """A ceiling that is taken away reads otherwise than one that is put back to its default."""
    for ceiling in (9, None):
        console.world.policy(spend_per_day_micros=ceiling)
    with console.http("admin") as client:
        rows = client.get("/console/audit?act=application.set_policy").text.split(
            "<dt>policy.spend_per_day_micros</dt>"
        )
    told = [re.findall(r"<(?:del|ins)>([^<]*)<", row.split("</dd>")[0]) for row in rows[1:3]]
    assert told == [["9", "none"], ["the default", "9"]]


def test_the_audit_fits_a_phone(console: Console) -> None:
    """Values that changed widen the table, which scrolls, and never the page."""
    console.world.policy(resend_after_s=7)
    page = console.page("admin", width=390)
    page.goto("/console/audit")
    expect(page.get_by_role("row").filter(has_text="resend_after_s").first).to_be_visible()
    assert fits(page)


def test_a_changed_entry_shows(console: Console) -> None:
    """An entry that somebody has changed in the database is named."""
    with console.world.core.engine.begin() as connection:
        connection.execute(update(audit).where(audit.c.seq == 1).values(actor="somebody else"))
    with console.http("admin") as client:
        assert "broken at entry 1" in client.get("/console/audit").text


def test_the_audit_is_read_page_by_page(console: Console) -> None:
    """A long audit is read in pages, which share no entry."""
    core = console.world.core
    for count in range(60):
        console.world.policy(resend_after_s=count)
    with console.http("admin") as client:
        first = client.get("/console/audit").text
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following
        second = client.get("/console/audit" + following[1].replace("&amp;", "&")).text
    of = re.compile(r'<th scope="row" class="quiet">(\d+)</th>')
    assert len(of.findall(first)) == 50
    assert not set(of.findall(first)) & set(of.findall(second))
    assert audit_admin.page(core, 1).items[0].seq == max(map(int, of.findall(first)))


def test_who_uncovers_a_number_is_in_the_audit(console: Console) -> None:
    """A number is uncovered by a role that may, and the audit says who looked."""
    core = console.world.core
    index = b64(mac(core.index_key, "a person"))
    with core.engine.begin() as connection:
        sealed = core.ring.seal(b"+41791234567", index, random_bytes(12))
        connection.execute(people.insert().values(person_id="per_1", number_index=index, to_sealed=sealed))
    with console.http("viewer") as client:
        assert console.post(client, "/console/numbers/show", {"person": "per_1"}).status_code == 403
    with console.http("fraud") as client:
        assert "+41791234567" in console.post(client, "/console/numbers/show", {"person": "per_1"}).text
        assert console.post(client, "/console/numbers/show", {"person": "per_2"}).status_code == 404
    newest = audit_admin.page(core, 1).items[0]
    assert (newest.actor, newest.act, newest.target) == ("admin:a fraud", "number.shown", "per_1")
