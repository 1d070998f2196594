"""What holds for every route of the console, those to come included."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import httpx
import pytest

from otp_service import wiring
from otp_service.web.console.pages import PAGES
from otp_service.web.console.registry import ROLES, ROUTES, Route, may
from tests.console.conftest import Console, serving
from tests.servers import RedisServer
from tests.world import World, development

for name in PAGES:
    import_module(f"otp_service.web.console.pages.{name}")

INSIDE = [route for route in ROUTES if route.role is not None]
GUARDED = [pytest.param(route, id=f"{route.method} {route.rule}") for route in INSIDE]
ACTS = [pytest.param(route, id=route.rule) for route in ROUTES if route.method == "POST"]
ARGUMENT = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def console(shared_redis: RedisServer, migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One running console for all routes: every test here is about who is let in, and none changes anything."""
    with shared_redis.client() as client:
        client.flushall()
    world = World(wiring.build(development(shared_redis.url, migrated, tmp_path_factory.mktemp("routes"))))
    with serving(world) as running:
        yield running
    world.core.engine.dispose()


def path(route: Route) -> str:
    return "/console" + ARGUMENT.sub("x", route.rule)


def ask(client: httpx.Client, route: Route, **more: object) -> httpx.Response:
    return client.request(route.method, path(route), **more)


def everything(console: Console) -> list[str]:
    """The audit: whatever an act changes is in it."""
    with console.world.core.engine.connect() as connection:
        return [str(row) for row in connection.exec_driver_sql("SELECT seq, hash FROM audit ORDER BY seq")]


@pytest.mark.parametrize("route", GUARDED)
def test_who_is_not_signed_in_gets_nothing(console: Console, route: Route) -> None:
    """Without a session a page leads to the sign-in, and an act is refused."""
    before = everything(console)
    with console.http(None) as client:
        answer = ask(client, route)
    assert (answer.status_code, answer.headers.get("Location", "/console/sign-in")[:16]) in (
        (303, "/console/sign-in"),
        (401, "/console/sign-in"),
    )
    assert everything(console) == before


@pytest.mark.parametrize("route", GUARDED)
def test_too_low_a_role_is_refused(console: Console, route: Route) -> None:
    """Each page and act refuses every role below its own, whatever form comes with it."""
    before = everything(console)
    for role in [role for role in ROLES if not may(role, route.role)]:
        with console.http(role) as client:
            told = {"csrf": console.csrf(client)}
            answer = ask(client, route, data=told) if route.method == "POST" else ask(client, route)
            assert answer.status_code == 403
            assert "needs the role" in answer.text
    assert everything(console)[: len(before)] == before


@pytest.mark.parametrize("route", ACTS)
def test_a_form_of_elsewhere_is_refused(console: Console, route: Route) -> None:
    """An act without the session's token, with another session's, or sent by another site changes nothing."""
    with console.http("admin") as other:
        foreign = console.csrf(other)
    with console.http("admin") as client:
        own = console.csrf(client)
        before = everything(console)
        for data, headers in (
            ({}, {}),
            ({"csrf": foreign}, {}),
            ({"csrf": own}, {"Origin": "https://evil.example"}),
            ({"csrf": own}, {"Origin": "null"}),
            ({"csrf": own}, {"Sec-Fetch-Site": "cross-site"}),
            ({"csrf": own}, {"Sec-Fetch-Site": "same-site"}),
        ):
            answer = client.post(path(route), data=data, headers=headers)
            assert answer.status_code == 403
            assert "form" in answer.text
        assert everything(console) == before


@pytest.mark.parametrize("route", GUARDED)
def test_every_answer_has_strict_headers(console: Console, route: Route) -> None:
    """No answer of the console is kept, framed, or runs what is not its own."""
    with console.http("viewer") as client:
        headers = ask(client, route).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("route", [pytest.param(route, id=route.rule) for route in INSIDE if route.proof])
def test_a_dangerous_act_wants_a_fresh_proof(console: Console, route: Route) -> None:
    """An act that can't easily be undone asks again who one is, and does nothing until it knows."""
    with console.http("admin", proven=False) as client:
        before = everything(console)
        answer = console.post(client, path(route))
        assert answer.status_code == 403
        assert "Is it still you?" in answer.text
        assert everything(console) == before


def test_what_styles_a_page_is_kept_for_good(console: Console) -> None:
    """Style and scripts are named by their content and may be kept; another content's name finds nothing."""
    with console.http("viewer") as client:
        found = re.findall(r'(?:href|src)="(/console/static/[^"]+)"', client.get("/console/help").text)
        assert found
        for each in found:
            assert "immutable" in client.get(each).headers["Cache-Control"]
        assert client.get("/console/static/000000000000/console.css").status_code == 404
