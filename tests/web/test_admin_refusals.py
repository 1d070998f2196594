"""Refusals with a reference: which rule, what evidence, when it lifts, and an exception in one call."""

import re
from typing import Any

import pytest

from tests.servers import RedisServer
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.web.test_admin_blocks import allow, block
from tests.world import NUMBER, OTHER_NUMBER, World

PATH = "/v1/admin/refusals"
REFERENCE = re.compile(r"rf_[0-9]+_[0-9]+_[0-9]+")
IP, USER = "203.0.113.7", "u1"


def refused(world: World, to: str = NUMBER, **body: Any) -> dict[str, Any]:
    """The problem that a start by the user u1 from an address meets; on a busy machine it may have no reference."""
    problem: dict[str, Any] = {}
    for _ in range(5):
        problem = world.api.start(to, user=USER, client={"ip": IP}, **body).get_json()
        if "reference" in problem or problem.get("code") in (None, "invalid_field"):
            break
    return problem


def explained(world: World, problem: dict[str, Any]) -> dict[str, Any]:
    """What an admin reads under the reference that a problem gives."""
    found: dict[str, Any] = world.admin.get(f"{PATH}/{problem['reference']}").get_json()
    return found


def exempted(world: World, problem: dict[str, Any], kind: str, **more: Any) -> Any:
    """The answer to an exception from what a problem tells."""
    return world.admin.post(f"{PATH}/{problem['reference']}/exempt", {"kind": kind, **more})


def over_a_country_list(world: World) -> None:
    world.policy(countries=["DE"])


def by_type(world: World) -> None:
    world.policy(blocked_line_types=["premium_rate"])


def by_block(kind: str, value: str) -> Any:
    return lambda world: block(world, kind=kind, value=value, application="shop")


def over_a_limit(world: World) -> None:
    world.policy(limits={"ip": "1 per hour"})
    refused(world, OTHER_NUMBER)


def over_the_ceiling(world: World) -> None:
    world.policy(spend_per_day_micros=1)


def too_soon(world: World) -> None:
    world.policy(resend_after_s=30)
    refused(world)


EACH = {
    "country": (over_a_country_list, "country_not_allowed", "The policy's countries do not name CH"),
    "number": (by_block("number", NUMBER), "destination_blocked", "An admin has blocked this number"),
    "prefix": (by_block("prefix", "+4179"), "destination_blocked", "An admin has blocked numbers that begin like"),
    "ip": (by_block("ip", IP), "refused_as_fraud", "An admin has blocked the client's address"),
    "network": (by_block("network", "203.0.0.0/16"), "refused_as_fraud", "An admin has blocked a network that"),
    "user": (by_block("user", USER), "refused_as_fraud", "An admin has blocked this user"),
    "limit": (over_a_limit, "rate_limited", "The limit of 1 in 1 hour for the client's address is used up"),
    "spend": (over_the_ceiling, "spend_exhausted", "The application's ceiling of $0.00 in 1 day is used up"),
    "resend": (too_soon, "resend_too_soon", "A code was sent a moment ago"),
}
each_rule = pytest.mark.parametrize(("ill", "code", "sentence"), EACH.values(), ids=EACH)


@each_rule
def test_every_refusal_of_a_start_has_a_reference(world: World, ill: Any, code: str, sentence: str) -> None:
    """Whichever rule refuses a start, its problem has a reference under which an admin reads why."""
    ill(world)
    problem = refused(world)
    assert problem["code"] == code
    assert REFERENCE.fullmatch(problem["reference"])
    told = explained(world, problem)
    assert told["code"] == code
    assert told["reasons"][0].startswith(sentence)
    assert (told["to"], told["country"], told["request_id"]) == ("+4179•••4567", "CH", problem["request_id"])


def test_a_number_of_a_refused_type_has_one_too(world: World) -> None:
    """A number of a type that the policy refuses is explained by its type."""
    told = explained(world, refused(world, "+41900123456"))
    assert told["reasons"] == ["The policy refuses numbers of type premium_rate"]


def test_a_mistake_has_no_reference(world: World) -> None:
    """A body that makes no sense is no rule's refusal, so nothing is kept."""
    assert "reference" not in refused(world, "nobody")
    assert world.admin.get(PATH).get_json()["items"] == []


def test_it_says_when_it_lifts(world: World) -> None:
    """A refusal that passes by itself says when; one that an admin must lift says no time."""
    over_a_limit(world)
    told = explained(world, refused(world))
    assert told["lifts_at"] > told["at"]
    block(world)
    assert explained(world, refused(world))["lifts_at"] is None


def test_it_tells_neither_number_nor_address(world: World) -> None:
    """The log holds the number sealed, and where from and for whom as keyed indices."""
    block(world)
    problem = refused(world)
    assert not any(value in str(explained(world, problem)) for value in (NUMBER, IP, f"'{USER}'"))
    assert set(explained(world, problem)["client"]) == {"ip", "network", "user"}
    kept = str(world.core.link.command("XRANGE", key(problem), "-", "+"))
    assert not any(value in kept for value in (NUMBER, NUMBER[1:], IP))


@pytest.mark.parametrize(
    ("kind", "value"), [("number", NUMBER), ("prefix", "+4179"), ("country", "CH"), ("ip", IP), ("network", f"{IP}/24")]
)
def test_it_names_the_block_that_refused(world: World, kind: str, value: str) -> None:
    """A refusal by a block shows the block, so that it can be lifted."""
    made = block(world, kind=kind, value=value).get_json()
    block(world, kind="country", value="DE")
    block(world, kind="ip", value="198.51.100.1")
    assert explained(world, refused(world))["blocks"] == [made]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("number", {}),
        ("prefix", {}),
        ("country", {}),
        ("ip", {"value": IP}),
        ("network", {"value": IP}),
        ("user", {"value": USER}),
    ],
)
def test_an_exception_is_one_call(world: World, kind: str, more: dict[str, str]) -> None:
    """What a limit refused passes after an exception by the refusal's reference."""
    over_a_limit(world)
    problem = refused(world)
    assert kind in explained(world, problem)["exemptions"]
    made = exempted(world, problem, kind, reason="a customer", expires_at="2099-01-01T00:00:00Z", **more)
    assert made.status_code == 201
    assert made.get_json()["kind"] == kind
    assert "code" not in refused(world)
    assert (entries(world)[0]["act"], entries(world)[0]["after"]["reason"]) == ("allow.add", "a customer")


def test_an_exception_from_a_wider_block_is_of_the_number(world: World) -> None:
    """What a wider block refuses passes once the number is exempt; an exception of a range would lift nothing."""
    block(world, kind="country", value="CH")
    problem = refused(world)
    assert explained(world, problem)["exemptions"] == ["number"]
    assert exempted(world, problem, "prefix").get_json()["code"] == "conflict"
    assert exempted(world, problem, "number").get_json()["reason"] == f"exempt from {problem['reference']}"
    assert "code" not in refused(world)


@pytest.mark.parametrize("ill", [over_the_ceiling, too_soon, by_block("number", NUMBER)])
def test_what_no_allow_lifts_has_no_exception(world: World, ill: Any) -> None:
    """Money, pauses and blocks of the number itself are not lifted by an allow, and none is made."""
    ill(world)
    problem = refused(world)
    assert explained(world, problem)["exemptions"] == []
    before = acts(world)
    assert exempted(world, problem, "number").status_code == 409
    assert acts(world) == before


@pytest.mark.parametrize(
    ("kind", "value"),
    [("ip", "203.0.113.8"), ("network", "198.51.100.7"), ("user", "u2"), ("ip", "?"), ("ip", None)],
)
def test_an_exception_is_of_whoever_asked(world: World, kind: str, value: str | None) -> None:
    """An address or user that is not the one that asked is refused by name: a slip must not open the gate."""
    over_a_limit(world)
    assert fields(exempted(world, refused(world), kind, value=value)) == ["value"]


def test_the_list_is_newest_first(world: World) -> None:
    """Refusals are listed newest first, page by page, by number, code and application."""
    block(world)
    block(world, kind="number", value=OTHER_NUMBER)
    made = [refused(world, to)["reference"] for to in (NUMBER, OTHER_NUMBER, NUMBER)][::-1]
    assert listed(world) == made
    assert listed(world, "to=%2B41791234567") == [made[0], made[2]]
    assert listed(world, "to=%2B41791234567&application=shop") == [made[0], made[2]]
    assert listed(world, "code=rate_limited") == []
    page = world.admin.get(f"{PATH}?limit=2").get_json()
    assert [item["reference"] for item in page["items"]] == made[:2]
    assert listed(world, f"limit=2&cursor={page['next_cursor']}") == made[2:]


@pytest.mark.parametrize("reference", ["rf_0_1_1", "rf_99999_1_1", "what"])
def test_an_unknown_reference_is_not_found(world: World, reference: str) -> None:
    """A reference that is none, or too old, is 404."""
    assert world.admin.get(f"{PATH}/{reference}").status_code == 404
    assert world.admin.post(f"{PATH}/{reference}/exempt", {"kind": "number"}).status_code == 404


def test_a_refusal_outlives_redis(world: World, redis: RedisServer) -> None:
    """While Redis is away a refusal by a rule is still that refusal, without a reference."""
    block(world)
    redis.kill()
    try:
        problem = refused(world)
    finally:
        redis.start()
    assert problem["code"] == "destination_blocked"
    assert "reference" not in problem


def test_an_allow_keeps_what_it_must_not_lift(world: World) -> None:
    """An allow of the number lifts neither the ceiling of money nor the application's own limit."""
    allow(world)
    over_the_ceiling(world)
    assert refused(world)["code"] == "spend_exhausted"
    world.policy(limits={"application": "1 per hour"})
    refused(world, OTHER_NUMBER)
    assert refused(world)["code"] == "rate_limited"


def listed(world: World, query: str = "") -> list[str]:
    """The references of one page."""
    return [item["reference"] for item in world.admin.get(f"{PATH}?{query}").get_json()["items"]]


def key(problem: dict[str, Any]) -> str:
    """The stream in which a refusal stands."""
    return f"{{c{problem['reference'].split('_')[1]}}}:refusals"
