"""Forgiving a scope of the brake, as an admin's key asks for it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest

from otp_service.domain.fraud.scopes import operator_prefix
from otp_service.domain.policy import Policy
from tests.servers import RedisServer
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.web.test_admin_fraud import IP, PATH, braked, quarantine
from tests.world import NUMBER, World

PRICE = 50_000
WHAT = {
    "number": {"to": NUMBER},
    "block": {"to": NUMBER},
    "prefix": {"to": NUMBER},
    "country": {"country": "CH"},
    "application": {},
    "network": {"ip": IP},
}
each_scope = pytest.mark.parametrize(("scope", "meant"), WHAT.items(), ids=WHAT)


@pytest.fixture(autouse=True)
def _owing(world: World) -> None:
    """A send from an address, whose code nobody typed; nothing is forgiven by time."""
    never = {f"{scope}_refill_per_day": 0 for scope in WHAT}
    world.policy(price_micros={"CH": PRICE}, thresholds=never)
    assert world.api.start(client={"ip": IP}).status_code == 201


def forgiven(world: World, scope: str, **query: str) -> Any:
    """The answer to forgiving a scope of `shop`."""
    return world.admin.delete(f"{PATH}?{urlencode({'application': 'shop', 'scope': scope, **query})}")


def owed(world: World) -> dict[str, int]:
    """What each scope of the send owes."""
    return {state["scope"]: state["owed_micros"] for state in braked(world, to=NUMBER, ip=IP)["states"]}


@each_scope
def test_each_scope_is_forgiven_by_itself(world: World, scope: str, meant: dict[str, str]) -> None:
    """A scope that is forgiven owes nothing, the others what they did; the answer is what is held now."""
    before = owed(world)
    assert before[scope] > 0
    answer = forgiven(world, scope, **meant)
    assert answer.status_code == 200
    assert {state["scope"]: state["owed_micros"] for state in answer.json["states"]}[scope] == 0
    assert owed(world) == {**before, scope: 0}


@each_scope
def test_it_is_audited_once(world: World, scope: str, meant: dict[str, str]) -> None:
    """The audit has what was owed and why it was forgiven; a repeat changes nothing and is not in it."""
    before = owed(world)[scope]
    for _ in range(2):
        assert forgiven(world, scope, **meant, reason="codes came late").status_code == 200
    assert acts(world).count("fraud.forgive") == 1
    entry = entries(world)[0]
    assert entry["application"] == world.shop
    assert entry["before"]["owed_micros"] == before
    assert entry["after"] == {"scope": scope, "owed_micros": 0, "reason": "codes came late"}


def test_the_audit_names_places_and_no_people(world: World) -> None:
    """A block, a prefix and a country stand there in clear; a number has a random id, and a network an index."""
    for scope, meant in WHAT.items():
        forgiven(world, scope, **meant)
    network, application, *places, number = [entry["target"] for entry in entries(world)[: len(WHAT)]]
    assert places == ["CH", operator_prefix(NUMBER), NUMBER[:-4]]
    assert application is None
    assert number.startswith("per_")
    assert all(value not in str(entries(world)) for value in (NUMBER, IP, "203.0.113.0"))
    assert network


def test_what_a_prefix_had_beside_its_debt_ends_too(world: World) -> None:
    """A quarantine ends with the debt of its prefix, and the audit has the score."""
    quarantine(world)
    answer = forgiven(world, "prefix", to=NUMBER)
    prefix = next(state for state in answer.json["states"] if state["scope"] == "prefix")
    assert (prefix["score"], answer.json["quarantines"]) == (0, [])
    assert entries(world)[0]["before"] == {"owed_micros": PRICE, "score": 1.15}


def test_what_refused_lets_pass(world: World) -> None:
    """Who was refused for what a network owes gets a code once it is forgiven."""
    world.policy(fraud="enforce", price_micros={"CH": PRICE}, thresholds={"network_weak": 1})
    assert world.api.start("+41781234567", client={"ip": IP}).json["code"] == "challenge_required"
    forgiven(world, "network", ip="203.0.113.200")
    assert world.api.start("+41781234567", client={"ip": IP}).status_code == 201


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"scope": "operator"}, "scope"),
        ({"scope": ""}, "scope"),
        ({"scope": "number", "ip": IP}, "to"),
        ({"scope": "block", "country": "CH"}, "to"),
        ({"scope": "prefix"}, "to"),
        ({"scope": "country"}, "country"),
        ({"scope": "network", "to": NUMBER}, "ip"),
        ({"scope": "number", "to": "nobody"}, "to"),
        ({"scope": "country", "country": "XX"}, "country"),
        ({"scope": "network", "ip": "localhost"}, "ip"),
        ({"scope": "application", "reason": "x" * 201}, "reason"),
        ({"scope": "application", "reason": "a\nb"}, "reason"),
    ],
)
def test_what_names_no_scope_is_refused_by_name(world: World, query: dict[str, str], field: str) -> None:
    """A scope that there is not, and one that nothing was given to find by, changes nothing."""
    before, told = owed(world), acts(world)
    answer = forgiven(world, **query)
    assert (answer.status_code, fields(answer)) == (422, [field])
    assert (owed(world), acts(world)) == (before, told)


def test_without_a_scope_nothing_is_forgiven(world: World) -> None:
    """The scope must be said: no slip forgives all of an application."""
    assert fields(world.admin.delete(f"{PATH}?application=shop")) == ["scope"]


def test_what_was_never_charged_is_left_as_it_is(world: World) -> None:
    """A scope without a state, and one of another application, is answered as it stands, and not audited."""
    world.application("bank", Policy())
    before = acts(world)
    assert forgiven(world, "country", country="DE").status_code == 200
    assert forgiven(world, "number", to=NUMBER, application="bank").json["states"] == []
    assert forgiven(world, "number", to=NUMBER, application="none").status_code == 404
    assert acts(world) == before
    assert owed(world)["number"] == PRICE


def test_of_many_who_forgive_at_once_one_does(world: World) -> None:
    """Ten admins who forgive the same scope leave one entry in the audit."""
    path = f"{PATH}?{urlencode({'application': 'shop', 'scope': 'number', 'to': NUMBER})}"
    callers = [world.caller("admin") for _ in range(10)]
    with ThreadPoolExecutor(10) as pool:
        heard = set(pool.map(lambda caller: caller.delete(path).status_code, callers))
    assert heard <= {200, 503}  # SQLite makes one wait, and not for ever
    assert 200 in heard
    assert acts(world).count("fraud.forgive") == 1


def test_without_redis_nothing_is_audited(world: World, redis: RedisServer) -> None:
    """While Redis is away nothing is forgiven, and the audit says so."""
    redis.kill()
    try:
        assert forgiven(world, "application").status_code == 503
    finally:
        redis.start()
    assert "fraud.forgive" not in acts(world)
