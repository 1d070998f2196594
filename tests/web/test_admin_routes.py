"""Every route of the admin API, whichever it is: who may use it, and what the audit has of it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from otp_service.domain.policy import Policy
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import METADATA
from otp_service.store.fraud import quarantines_key
from tests.servers import RedisServer
from tests.web.test_admin_audit import entries
from tests.world import NUMBER, OTHER_NUMBER, Api, World

ADMIN = "/v1/admin/"
BY_THE_FRAMEWORK = {"HEAD", "OPTIONS"}
WITHOUT_ADMIN = ("verifications:start", "verifications:check", "factors", "messages", "reports")
PLUS = f"%2B{NUMBER[1:]}"
CSV = {"data": b"kind,value,reason\ncountry,KP,nobody there\n", "content_type": "text/csv"}
SAID = {"kind": "country", "value": "KP", "reason": "nobody there"}
LONG = 4_102_444_800_000  # the year 2100

Route = tuple[str, str]  # method, rule
Request = tuple[str, Any, Mapping[str, Any]]  # path, body, more


def routes(app: Flask) -> set[Route]:
    """Every route of the admin API."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ADMIN)
        for method in (rule.methods or set()) - BY_THE_FRAMEWORK
    }


def said(path: str, body: Any = None, **more: Any) -> Callable[[World], Request]:
    """A request that needs nothing to be there."""
    return lambda world: (path, body, more)


def made(path: str, body: Any) -> Callable[[World], str]:
    """The id of something that an admin makes first."""
    return lambda world: str(world.admin.post(path, body).get_json()["id"])


def of(what: Callable[[World], str], path: str, body: Any = None) -> Callable[[World], Request]:
    """A request about something that is made first."""
    return lambda world: (path.format(id=what(world)), body, {})


def refused(world: World) -> str:
    """The reference of a refusal."""
    world.policy(countries=["DE"])
    problems = (world.api.start().get_json() for _ in range(5))  # a busy machine may keep none
    return next(str(problem["reference"]) for problem in problems if "reference" in problem)


def locked(world: World) -> Request:
    """Wrong codes were typed for a number."""
    world.policy(max_attempts=2)
    id_ = world.started()
    world.api.check(world.wrong(id_))
    return f"{ADMIN}locks?application=shop&to={PLUS}", None, {}


def quarantined(world: World) -> Request:
    """A prefix is in quarantine."""
    world.core.link.command("ZADD", quarantines_key(world.shop), LONG, "+4179 CH")
    return f"{ADMIN}fraud/quarantines?application=shop&prefix=%2B4179", None, {}


def owing(world: World) -> Request:
    """A country owes for a code that nobody typed, and time forgives nothing."""
    world.policy(price_micros={"CH": 50_000}, thresholds={"country_refill_per_day": 0})
    world.started()
    return f"{ADMIN}fraud?application=shop&scope=country&country=CH", None, {}


def known(world: World) -> Request:
    """A person is known to the ledger."""
    world.admin.post(f"{ADMIN}blocks", {"kind": "number", "value": OTHER_NUMBER, "reason": "asked us to stop"})
    return f"{ADMIN}people/{OTHER_NUMBER}", None, {}


def enrolled(world: World) -> tuple[str, str]:
    """A user with a factor, for whom a wrong code was typed: their id and the factor's."""
    shop = world.caller("factors")
    factor = shop.post("/v1/factors", {"user": "u1", "type": "recovery_codes"}).get_json()["id"]
    shop.post("/v1/factors/check", {"user": "u1", "code": "AAAA-AAAA-AAAA-AAAA"})
    (user,) = world.admin.get(f"{ADMIN}users?application=shop").get_json()["items"]
    return f"{ADMIN}users/{user['id']}", str(factor)


HOOK = made(f"{ADMIN}webhooks", {"application": "shop", "url": "https://shop.example/hooks"})
TEMPLATE = {"application": "shop", "name": "hello", "locale": "en", "body": "Your code: {code}"}


def templated(world: World) -> Request:
    """A template is there."""
    world.admin.post(f"{ADMIN}templates", TEMPLATE)
    return f"{ADMIN}templates?application=shop&name=hello&locale=en", None, {}


CHANGES: dict[Route, Callable[[World], Request]] = {
    ("POST", "/v1/admin/applications"): said(f"{ADMIN}applications", {"name": "bank"}),
    ("PATCH", "/v1/admin/applications/<id>"): lambda world: (
        *(f"{ADMIN}applications/{world.shop}", {"policy": {"ttl_s": 300}}, {}),
    ),
    ("POST", "/v1/admin/keys"): said(f"{ADMIN}keys", {"application": "shop", "scopes": ["reports"]}),
    ("DELETE", "/v1/admin/keys/<id>"): of(
        made(f"{ADMIN}keys", {"application": "shop", "scopes": ["reports"]}), f"{ADMIN}keys/{{id}}"
    ),
    ("POST", "/v1/admin/templates"): said(f"{ADMIN}templates", TEMPLATE),
    ("DELETE", "/v1/admin/templates"): templated,
    ("POST", "/v1/admin/blocks"): said(f"{ADMIN}blocks", SAID),
    ("DELETE", "/v1/admin/blocks/<id>"): of(made(f"{ADMIN}blocks", SAID), f"{ADMIN}blocks/{{id}}"),
    ("POST", "/v1/admin/blocks/import"): said(f"{ADMIN}blocks/import", **CSV),
    ("POST", "/v1/admin/factors/import"): said(
        f"{ADMIN}factors/import?application=shop", data=b"user,secret\nu1," + b"A" * 32, content_type="text/csv"
    ),
    ("POST", "/v1/admin/allows"): said(f"{ADMIN}allows", SAID),
    ("DELETE", "/v1/admin/allows/<id>"): of(made(f"{ADMIN}allows", SAID), f"{ADMIN}allows/{{id}}"),
    ("POST", "/v1/admin/allows/import"): said(f"{ADMIN}allows/import", **CSV),
    ("DELETE", "/v1/admin/limits"): said(f"{ADMIN}limits?application=shop&to={PLUS}"),
    ("DELETE", "/v1/admin/locks"): locked,
    ("DELETE", "/v1/admin/fraud"): owing,
    ("DELETE", "/v1/admin/fraud/quarantines"): quarantined,
    ("POST", "/v1/admin/refusals/<reference>/exempt"): of(
        refused, f"{ADMIN}refusals/{{id}}/exempt", {"kind": "number"}
    ),
    ("PATCH", "/v1/admin/providers/<name>"): said(f"{ADMIN}providers/simulator", {"enabled": False}),
    ("POST", "/v1/admin/webhooks"): said(
        f"{ADMIN}webhooks", {"application": "shop", "url": "https://shop.example/hooks"}
    ),
    ("PATCH", "/v1/admin/webhooks/<id>"): of(HOOK, f"{ADMIN}webhooks/{{id}}", {"types": ["message.*"]}),
    ("DELETE", "/v1/admin/webhooks/<id>"): of(HOOK, f"{ADMIN}webhooks/{{id}}"),
    ("POST", "/v1/admin/webhooks/<id>/rotate"): of(HOOK, f"{ADMIN}webhooks/{{id}}/rotate", {}),
    ("DELETE", "/v1/admin/people/<number>"): known,
    ("DELETE", "/v1/admin/users/<id>"): lambda world: (enrolled(world)[0], None, {}),
    ("DELETE", "/v1/admin/users/<id>/lock"): lambda world: (f"{enrolled(world)[0]}/lock", None, {}),
    ("DELETE", "/v1/admin/users/<id>/factors/<factor>"): lambda world: ("/factors/".join(enrolled(world)), None, {}),
}
# They send something that changes no truth: a text that is only looked at, an event of a test, events once more.
CHANGING_NOTHING = {
    ("POST", "/v1/admin/templates/preview"),
    ("POST", "/v1/admin/webhooks/<id>/test"),
    ("POST", "/v1/admin/webhooks/<id>/replay"),
}
each_change = pytest.mark.parametrize("route", CHANGES, ids=[" ".join(route) for route in CHANGES])


def test_every_change_is_known_here(app: Flask) -> None:
    """The tests of this file look at every route that changes something."""
    changing = {route for route in routes(app) if route[0] != "GET"}
    assert changing == set(CHANGES) | CHANGING_NOTHING


def everything(world: World, redis: RedisServer) -> tuple[dict[str, list[Any]], dict[bytes, Any]]:
    """All that the ledger and the store hold."""
    with reading(world.core.engine) as connection:
        rows = {
            table.name: sorted(map(str, connection.execute(select(table)).all())) for table in METADATA.sorted_tables
        }
    with redis.client() as client:
        return rows, {key: client.dump(key) for key in client.scan_iter()}


def test_no_route_lets_a_stranger_in(world: World, redis: RedisServer, app: Flask) -> None:
    """Without the scope `admin` every route is refused, with 401 or 403, before it has looked at anything."""
    nobody, somebody = Api(world.app.test_client(), "otp_live_nobody"), world.caller(*WITHOUT_ADMIN)
    before = everything(world, redis)
    for method, rule in sorted(routes(app)):
        path = rule.replace("<", "").replace(">", "")
        assert nobody.call(method, path).status_code == 401, (method, rule)
        answer = somebody.call(method, path)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden"), (method, rule)
    assert everything(world, redis) == before


@each_change
def test_a_stranger_changes_nothing(world: World, redis: RedisServer, route: Route) -> None:
    """A request that would change something changes nothing when a key without the scope makes it."""
    path, body, more = CHANGES[route](world)
    callers = (Api(world.app.test_client(), "otp_live_nobody"), world.caller(*WITHOUT_ADMIN))
    before = everything(world, redis)
    assert [caller.call(route[0], path, body, **more).status_code for caller in callers] == [401, 403]
    assert everything(world, redis) == before


@each_change
def test_a_change_is_one_entry_of_the_audit(world: World, route: Route) -> None:
    """Every change is audited exactly once, with what was before or is after, and by whom."""
    world.admin = world.caller(*WITHOUT_ADMIN, "admin")
    path, body, more = CHANGES[route](world)
    seq = entries(world)[0]["seq"]
    assert world.admin.call(route[0], path, body, **more).status_code < 300
    newest, *_ = entries(world)
    assert newest["seq"] == seq + 1
    assert newest["before"] is not None or newest["after"] is not None
    assert newest["actor"].startswith("key_")


@each_change
def test_a_change_is_read_by_every_process(world: World, route: Route) -> None:
    """Every change but that of a counter is a new version of the truths, so that every process takes it up."""
    path, body, more = CHANGES[route](world)
    version = world.core.snapshot().version
    world.admin.call(route[0], path, body, **more)
    assert world.core.snapshot().version > version


def test_an_application_that_was_made_has_its_policy(world: World) -> None:
    """What is audited of a new application is what it was made with."""
    world.admin.post(f"{ADMIN}applications", {"name": "bank", "policy": {"ttl_s": 300}})
    newest, *_ = entries(world)
    assert newest["after"]["policy"]["ttl_s"] == 300 != Policy().ttl_s
