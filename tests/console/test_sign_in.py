"""Signing in by password and app: what is right, and what nobody learns."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from otp_service.domain.errors import Refusal
from otp_service.ledger import admins
from otp_service.ledger.engine import reading
from otp_service.service.console import accounts, passwords, sign_in
from tests.console.conftest import COOKIE, Console
from tests.console.people import KEY, NOTE, PASSWORD, code, person, rest, wrong
from tests.console.people import sign_in as signs_in


def test_a_link_sets_up_an_account_once(console: Console) -> None:
    """The link of a new account takes a password and an app's code, signs in, and is then good for nothing."""
    link = accounts.invite(console.world.core, "tests", "Ana", "fraud").link(console.url)
    with console.http(None) as client:
        page = client.get(link)
        secret, note = KEY.findall(page.text)[0].replace(" ", ""), NOTE.findall(page.text)[0]
        typed = {"app_note": note, "password": PASSWORD, "code": code(secret)}
        assert console.post(client, link, typed, form=link).headers["Location"] == "/console"
        assert "Ana" in client.get("/console/profile").text
    with console.http(None) as client:
        assert client.get(link).status_code == 404


def test_reading_the_link_uses_nothing_up(console: Console) -> None:
    """A mail scanner that reads the link leaves it good."""
    link = accounts.invite(console.world.core, "tests", "Ana", "fraud").link(console.url)
    with console.http(None) as scanner:
        assert [scanner.get(link).status_code for _ in range(3)] == [200, 200, 200]


def test_a_wrong_code_keeps_the_apps_key(console: Console) -> None:
    """A wrong code while setting up says so and shows the same key again, so that nothing has to be scanned anew."""
    link = accounts.invite(console.world.core, "tests", "Ana", "fraud").link(console.url)
    with console.http(None) as client:
        first = client.get(link)
        secret, note = KEY.findall(first.text)[0].replace(" ", ""), NOTE.findall(first.text)[0]
        typed = {"app_note": note, "password": PASSWORD, "code": wrong(secret)}
        again = console.post(client, link, typed, form=link)
    assert again.status_code == 422
    assert KEY.findall(again.text) == KEY.findall(first.text)


@pytest.mark.parametrize("password", ["short", "eleven char", "a" * 40, "AnaAnaAnaAnaAna"])
def test_a_weak_password_is_refused(password: str) -> None:
    """A password of fewer than 12 characters, or hardly more than the name or one character, is refused."""
    with pytest.raises(Refusal):
        passwords.acceptable(password, "ana")


def test_a_name_a_password_and_a_code_sign_in(console: Console) -> None:
    """Name, password and code together open a session, whose cookie scripts and other sites never see."""
    person(console)
    with console.http(None) as client:
        answer = signs_in(console, client)
        assert answer.status_code == 303
        given = next(each for each in answer.headers.get_list("Set-Cookie") if each.startswith(COOKIE))
        assert "HttpOnly" in given
        assert "SameSite=Strict" in given
        assert client.get("/console/profile").status_code == 200


def test_every_wrong_way_in_gets_the_same_answer(console: Console) -> None:
    """A wrong password, a wrong code, an unknown, a disabled and an unfinished account: one and the same answer."""
    person(console)
    accounts.invite(console.world.core, "tests", "Unfinished", "viewer")
    person(console, "Gone")
    accounts.disable(console.world.core, "tests", "Gone")
    told = ({"password": "wrong password"}, {"code": wrong()}, {"name": "Nobody"}, {"name": "Gone"})
    with console.http(None) as client:
        answers = [
            signs_in(console, client, **each) for each in (*told, {"name": "Unfinished"}, {"code": "１２３４５６"})
        ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({_plain(answer.text) for answer in answers}) == 1


def test_a_code_signs_in_once(console: Console) -> None:
    """A code that was accepted is refused for whoever saw it, and so is an older one."""
    person(console)
    with console.http(None) as client:
        assert signs_in(console, client).status_code == 303
    with console.http(None) as client:
        assert signs_in(console, client).status_code == 401
        assert signs_in(console, client, code=code(steps=-1)).status_code == 401


def test_of_many_at_once_one_code_lets_one_in(console: Console) -> None:
    """A code sent many times at once opens one session at most."""
    person(console)
    shown = code()

    def enter(_: int) -> bool:
        try:
            sign_in.by_password(console.world.core, "Ana", PASSWORD, shown)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enter, range(16))) == 1


def test_failures_make_the_account_wait(console: Console) -> None:
    """After five failures in a row even the right password has to wait, longer each time."""
    person(console)
    with console.http(None) as client:
        for _ in range(5):
            signs_in(console, client, password="wrong password")
        assert signs_in(console, client).status_code == 401
        rest(console, locked_until=0)
        assert signs_in(console, client).status_code == 303
    assert [sign_in.wait_ms(count) for count in (4, 5, 6, 7, 100)] == [0, 2_000, 4_000, 8_000, 900_000]


def test_a_success_forgets_the_failures(console: Console) -> None:
    """Whoever gets in has no failures any more."""
    id_ = person(console)
    with console.http(None) as client:
        signs_in(console, client, password="wrong password")
        signs_in(console, client)
    with reading(console.world.core.engine) as connection:
        assert admins.require(connection, id_).failures == 0


def test_the_way_in_leads_where_one_wanted(console: Console) -> None:
    """Whoever is sent to sign in comes to the page that they wanted, and never to another site."""
    person(console)
    with console.http(None) as client:
        sent = client.get("/console/profile?application=x")
        assert sent.headers["Location"] == "/console/sign-in?next=%2Fconsole%2Fprofile%3Fapplication%3Dx"
        assert signs_in(console, client, next="https://evil.example/console").headers["Location"] == "/console"
        rest(console, totp_step=0)
        wanted = "/console/profile?application=x"
        assert signs_in(console, client, next=wanted).headers["Location"] == wanted


def test_signing_in_gives_another_session(console: Console) -> None:
    """Signing in ends the session that the browser had: nobody can have put one there."""
    person(console)
    with console.http("viewer") as client:
        before = client.cookies[COOKIE]
        signs_in(console, client)
        assert client.cookies[COOKIE] != before
        assert client.get("/console/profile", headers={"Cookie": f"{COOKIE}={before}"}).status_code == 303


def _plain(page: str) -> str:
    """A page without what differs each time, and without what was typed."""
    return re.sub(r'(value|data-options)="[^"]*"', "", page)
