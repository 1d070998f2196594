"""The console in production, behind a proxy that ends TLS."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from otp_service.service.console import accounts
from otp_service.web.app import make_app
from tests.console.conftest import CSRF, Console, serving
from tests.console.people import PASSWORD, code, person
from tests.console.test_passkeys import authenticator
from tests.tls import CLIENT, tls_proxy
from tests.world import World

SESSION = "__Host-otp_console"


@pytest.fixture
def public(world: World, browser: Browser, tmp_path: Path) -> Iterator[Console]:
    """A console in production, by its public URL."""
    with ExitStack() as stack:
        proxy, _ = stack.enter_context(tls_proxy(tmp_path))
        world.core = replace(world.core, production=True, public_url=proxy.url)
        world.app = make_app(world.core, world.parts.truths, trusted_proxies=["127.0.0.1/32"])
        console = stack.enter_context(serving(world, browser))
        proxy.upstream = int(console.url.rpartition(":")[2])
        console.url = proxy.url
        yield console
        for context in console.contexts:
            context.close()
    assert console.complaints == []


@pytest.fixture
def outside(public: Console, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client that knows the proxy's certificate."""
    known = ssl.create_default_context(cafile=str(tmp_path / "proxy.pem"))
    with httpx.Client(base_url=public.url, verify=known, timeout=30) as client:
        yield client


def visitor(public: Console) -> Page:
    """A browser that takes the proxy's certificate."""
    return public.page(None, ignore_https_errors=True)


def test_a_browser_signs_in(public: Console) -> None:
    """Signing in leads where one wanted on the public host, in a session that is tied to it and to TLS."""
    person(public)
    page = visitor(public)
    page.goto("/console/profile")
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code of your authenticator app").fill(code())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    expect(page.get_by_role("table", name="Where you are signed in")).to_contain_text(CLIENT)
    assert page.url == f"{public.url}/console/profile"
    kept = next(each for each in page.context.cookies() if each["name"] == SESSION)
    assert (kept["secure"], kept["httpOnly"], kept["sameSite"], kept["path"]) == (True, True, "Strict", "/")
    assert kept["domain"] == "localhost"  # without a dot before it: of no other host


def test_a_passkey_is_of_the_public_url(public: Console) -> None:
    """The link of an account leads to the public URL, and a passkey made there signs in there."""
    page = visitor(public)
    authenticator(page)
    made = accounts.invite(public.world.core, "tests", "Ana", "viewer")
    page.goto(made.link(public.url))
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator(".who .name")).to_have_text("Ana")
    page.context.clear_cookies()
    page.goto("/console/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".who .name")).to_have_text("Ana")


def test_every_answer_stays_on_the_public_host(public: Console, outside: httpx.Client) -> None:
    """Redirects name no host of their own, cookies are all __Host-, and browsers are told to come by TLS alone."""
    person(public)
    asked = outside.get("/console")
    assert asked.headers["Location"] == "/console/sign-in"
    page = outside.get("/console/sign-in")
    told = {"csrf": CSRF.findall(page.text)[0], "name": "Ana", "password": PASSWORD, "code": code()}
    answer = outside.post("/console/sign-in", data=told, headers={"Origin": public.url})
    assert answer.headers["Location"] == "/console"
    for each in (asked, page, answer, outside.get("/console/profile")):
        assert each.headers["Strict-Transport-Security"] == "max-age=31536000"
        for cookie in each.headers.get_list("Set-Cookie"):
            assert cookie.startswith("__Host-")
            assert {"Secure", "HttpOnly", "Path=/"} <= set(cookie.split("; "))


@pytest.mark.parametrize("origin", ["https://evil.example", "https://localhost.evil.example", "null"])
def test_a_form_of_another_origin_is_refused(public: Console, outside: httpx.Client, origin: str) -> None:
    """Behind a proxy that leaves the port out, a form of the public URL is ours and one of another host is not."""
    page = outside.get("/console/sign-in")
    told = {"csrf": CSRF.findall(page.text)[0], "theme": "dark"}
    assert outside.post("/console/theme", data=told, headers={"Origin": origin}).status_code == 403
    assert outside.post("/console/theme", data=told, headers={"Origin": public.url}).status_code == 303
