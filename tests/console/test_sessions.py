"""Sessions of the console: when they end, what keeps them, and the cookie that carries them."""

from dataclasses import replace

from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from otp_service.ledger import admin_sessions
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import admin_sessions as rows
from otp_service.service.console import sessions
from otp_service.service.core import now_ms
from otp_service.web.app import make_app
from tests.clock import HOUR, MINUTE
from tests.console.conftest import COOKIE, CSRF, Console
from tests.console.people import PASSWORD, code, person, rest

POLLING = {"X-Piece": "1"}
PAGE = "/console/profile"


def begun(console: Console) -> tuple[str, int]:
    """The hash of a new session's token, and when it began."""
    digest = sessions.hashed(console.session())
    with reading(console.world.core.engine) as connection:
        return digest, connection.scalars(select(rows.c.created_at)).one()


def lives(console: Console, digest: str, at_ms: int) -> bool:
    """Whether a session lives at this time."""
    with reading(console.world.core.engine) as connection:
        return admin_sessions.live(connection, digest, at_ms) is not None


def passes(console: Console, milliseconds: int) -> None:
    """Has so much time passed for every session."""
    times = ("created_at", "seen_at", "ends_at", "proved_at")
    with console.world.core.engine.begin() as connection:
        connection.execute(update(rows).values({name: rows.c[name] - milliseconds for name in times}))


def idle_ms(console: Console) -> int:
    """For how long the one session was not used."""
    with reading(console.world.core.engine) as connection:
        return now_ms() - connection.scalars(select(rows.c.seen_at)).one()


def test_a_session_ends_after_half_an_hour_without_use(console: Console) -> None:
    """A session lives for 30 minutes after it was used last, to the millisecond."""
    digest, began = begun(console)
    assert lives(console, digest, began + 30 * MINUTE - 1)
    assert not lives(console, digest, began + 30 * MINUTE)


def test_a_session_in_use_ends_after_half_a_day(console: Console) -> None:
    """However often it is used, a session ends 12 hours after it began."""
    digest, began = begun(console)
    for at in range(0, 12 * HOUR, 29 * MINUTE):
        assert lives(console, digest, began + at)
        with console.world.core.engine.begin() as connection:
            admin_sessions.seen(connection, digest, began + at)
    assert lives(console, digest, began + 12 * HOUR - 1)
    assert not lives(console, digest, began + 12 * HOUR)


def test_an_ended_session_sees_nothing_and_does_nothing(console: Console) -> None:
    """After its end a session's pages lead to sign in, and its forms are refused."""
    with console.http() as client:
        token = console.csrf(client)
        passes(console, 30 * MINUTE)
        seen, done = client.get(PAGE), client.post("/console/sign-out", data={"csrf": token})
    assert (seen.status_code, done.status_code) == (303, 401)
    assert seen.headers["Location"].startswith("/console/sign-in")


def test_a_page_keeps_a_session_and_a_poll_does_not(console: Console) -> None:
    """Whoever asks for a page is there; what a page fetches by itself says nothing about whoever opened it."""
    with console.http() as client:
        passes(console, 20 * MINUTE)
        assert client.get(PAGE, headers=POLLING).status_code == 200
        assert idle_ms(console) >= 20 * MINUTE
        assert client.get(PAGE).status_code == 200
        assert idle_ms(console) < 20 * MINUTE


def test_a_page_left_open_comes_to_ask_who_is_there(console: Console) -> None:
    """A page that draws itself again, and that nobody touches, leads to sign in when its session has ended."""
    page = console.page()
    page.goto("/console/now")
    passes(console, 29 * MINUTE)
    with page.expect_response("**/console/now/tail*") as polled:
        pass
    assert polled.value.status == 200
    assert idle_ms(console) >= 29 * MINUTE
    passes(console, 30 * MINUTE)
    page.wait_for_url("**/console/sign-in*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_proof_gives_another_token_and_no_longer_life(console: Console) -> None:
    """Proving once more who one is changes the token, ends the old one, and lets the session end when it would have."""
    person(console, "a admin")
    with console.http(proven=False) as client:
        rest(console, totp_step=0)
        passes(console, 11 * HOUR)
        with console.world.core.engine.begin() as connection:
            connection.execute(update(rows).values(seen_at=now_ms()))
        before = client.cookies[COOKIE]
        told = {"act": "/console/profile/password", "password": PASSWORD, "code": code()}
        given = console.post(client, "/console/prove", told, form=PAGE).cookies[COOKIE]
        assert given != before
        assert client.get(PAGE, headers={"Cookie": f"{COOKIE}={before}"}).status_code == 303
        assert client.get(PAGE, headers={"Cookie": f"{COOKIE}={given}"}).status_code == 200
        passes(console, HOUR)
        assert client.get(PAGE, headers={"Cookie": f"{COOKIE}={given}"}).status_code == 303


def signed_in(client: FlaskClient, **more: str) -> TestResponse:
    """The answer to Ana's name, password and code."""
    asked = client.get("/console/sign-in", **more)
    typed = {"csrf": CSRF.findall(asked.text)[0], "name": "Ana", "password": PASSWORD, "code": code()}
    return client.post("/console/sign-in", data=typed, **more)


def given(answer: TestResponse, name: str) -> set[str]:
    """The attributes with which a cookie is given."""
    (found,) = (each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{name}="))
    return set(found.split("; ")[1:])


def test_production_ties_the_cookie_to_this_host_and_to_tls(console: Console) -> None:
    """In production the session's cookie is __Host-, Secure, HttpOnly and SameSite=Strict, whatever a proxy says."""
    person(console)
    core = replace(console.world.core, production=True)
    client = make_app(core, console.world.parts.truths).test_client()
    secure = {"base_url": "https://otp.example"}
    assert given(signed_in(client, **secure), f"__Host-{COOKIE}") == {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}
    assert client.get(PAGE, **secure).status_code == 200
    stranger = make_app(core, console.world.parts.truths).test_client()
    assert "Secure" in given(stranger.get("/console/sign-in", base_url="http://otp.example"), "__Host-otp_visitor")


def test_production_believes_no_plain_cookie(console: Console) -> None:
    """A session's token in a cookie that another host of the domain could have set opens nothing in production."""
    client = make_app(replace(console.world.core, production=True), console.world.parts.truths).test_client()
    client.set_cookie(COOKIE, console.session(), domain="otp.example")
    assert client.get(PAGE, base_url="https://otp.example").status_code == 303


def test_development_has_a_plain_cookie_without_tls(console: Console) -> None:
    """In development the cookie also goes over http, and is tied down as soon as there is TLS."""
    person(console)
    plain = console.world.app.test_client()
    assert given(signed_in(plain), COOKIE) == {"HttpOnly", "Path=/", "SameSite=Strict"}
    rest(console, totp_step=0)
    secure = console.world.app.test_client()
    answer = signed_in(secure, base_url="https://otp.example")
    assert "Secure" in given(answer, f"__Host-{COOKIE}")
