"""Moving to another authenticator app in one's own profile."""

import re

import httpx
import segno
from playwright.sync_api import expect

from otp_service.ledger import admins
from otp_service.ledger.engine import reading
from otp_service.service.console import totp
from tests.console.conftest import COOKIE, Console
from tests.console.people import KEY, NOTE, PASSWORD, code, person, rest, sign_in, wrong

PAGE = "/console/profile/app"
WHOLE = re.compile(r"[A-Z2-7]{4}( [A-Z2-7]{4}){7}")


def offered(client: httpx.Client) -> tuple[str, dict[str, str]]:
    """The key that the page shows, and the form that takes it."""
    text = client.get(PAGE).text
    secret = KEY.findall(text)[0].replace(" ", "")
    return secret, {"app_note": NOTE.findall(text)[0], "code": code(secret)}


def in_force(console: Console, id_: str) -> str | None:
    """The key by which an account's codes are checked."""
    with reading(console.world.core.engine) as connection:
        return totp.opened(console.world.core, id_, admins.require(connection, id_).totp_sealed or "")


def test_one_moves_to_another_app(console: Console) -> None:
    """After a fresh proof the page shows a new key; its code puts it in force, and the old app's codes are wrong."""
    person(console, "a admin")
    page = console.page("admin", proven=False)
    page.goto("/console/profile")
    page.get_by_role("button", name="Move to another app").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it still you?")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code of your authenticator app").fill(code())
    page.get_by_role("button", name="It is me").click()
    page.get_by_role("button", name="Move to another app").click()
    expect(page.locator(".secret")).to_have_text(WHOLE)
    secret = (page.locator(".secret").text_content() or "").replace(" ", "")
    page.get_by_label("Code that the new app shows now").fill(code(secret))
    page.get_by_role("button", name="Use this app from now on").click()
    expect(page.get_by_text("Your codes come from the new app now")).to_be_visible()
    console.complaints = [each for each in console.complaints if "403" not in each]
    rest(console, totp_step=0)
    with console.http(None) as client:
        assert sign_in(console, client, name="a admin").status_code == 401
        assert sign_in(console, client, name="a admin", code=code(secret)).status_code == 303


def test_the_whole_key_is_drawn_however_long_the_name(console: Console) -> None:
    """The picture fits its place with the quiet zone that scanners need, for the longest name too."""
    name = "n" * 64
    person(console, name)
    client = console.http(None)
    assert sign_in(console, client, name=name).status_code == 303
    found = re.findall(r'<svg [^>]*viewBox="0 0 (\d+) \1"', client.get(PAGE).text)
    drawn = segno.make(totp.uri(totp.new_secret(), name), error="m")
    assert found[-1:] == [str(drawn.symbol_size(border=4)[0])]
    client.close()


def test_a_wrong_code_changes_nothing_and_keeps_the_key(console: Console) -> None:
    """A code that is not the new app's is refused, shows the same key again, and leaves the old app in force."""
    id_ = person(console, "a admin")
    before = in_force(console, id_)
    with console.http("admin") as client:
        secret, form = offered(client)
        answer = console.post(client, PAGE, form | {"code": wrong(secret)})
    assert answer.status_code == 422
    assert KEY.findall(answer.text)[0].replace(" ", "") == secret
    assert in_force(console, id_) == before


def test_an_old_proof_moves_nobody(console: Console) -> None:
    """Without a fresh proof neither the way there nor the change itself does anything."""
    id_ = person(console, "a admin")
    before = in_force(console, id_)
    with console.http("admin", proven=False) as client:
        _, form = offered(client)
        assert console.post(client, f"{PAGE}/begin").status_code == 403
        assert console.post(client, PAGE, form).status_code == 403
    assert in_force(console, id_) == before


def test_a_key_is_good_in_the_session_that_saw_it(console: Console) -> None:
    """Nobody can have another's form carry a key of their own."""
    id_ = person(console, "a admin")
    before = in_force(console, id_)
    with console.http("admin") as one, console.http("admin") as other:
        _, form = offered(one)
        assert console.post(other, PAGE, form).status_code == 401
    assert in_force(console, id_) == before


def test_moving_ends_the_other_sessions_and_is_audited(console: Console) -> None:
    """Whoever sits in another session of the account is out, and the audit tells of the move without any key."""
    person(console, "a admin")
    with console.http("admin") as here, console.http("admin") as there:
        secret, form = offered(here)
        assert console.post(here, PAGE, form).headers["Location"] == "/console/profile"
        assert here.get("/console/profile").status_code == 200
        assert there.get("/console/profile", headers={"Cookie": f"{COOKIE}={there.cookies[COOKIE]}"}).status_code == 303
    entries = console.world.admin.get("/v1/admin/audit?act=admin.set_app").get_json()["items"]
    assert [entry["actor"] for entry in entries] == ["admin:a admin"]
    assert secret not in str(entries)


def test_who_signs_in_without_an_app_has_none_to_move(console: Console) -> None:
    """An account with a passkey alone, or one that was reset meanwhile, gets no app by this page."""
    person(console, "a admin")
    with console.http("admin") as client:
        _, form = offered(client)
        rest(console, totp_sealed=None)
        assert console.post(client, PAGE, form).status_code == 409
        assert client.get(PAGE).status_code == 409
        assert "Move to another app" not in client.get("/console/profile").text
