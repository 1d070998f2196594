"""Limits and money: how many codes may go out, and what is charged."""

from typing import Any

import pytest

from tests.clock import SECOND, TimedWorld
from tests.keyspace import everything, facts, outbox
from tests.servers import RedisServer
from tests.world import NUMBER, OTHER_NUMBER, World

NO_LIMITS = {"to": "", "ip": ""}
GERMAN, AMERICAN = "+4915112345678", "+12015550123"


def code_of(response: Any) -> str:
    return "" if response.status_code < 300 else str(response.json["code"])


def test_the_default_limits_hold(timed: TimedWorld) -> None:
    """Five sends in ten minutes and twenty a day for a number, whatever the purpose; the wait is true."""
    sent = 0
    for day_part in range(4):
        for turn in range(5):
            sent += timed.api.start(purpose=f"p{day_part}{turn}").status_code == 201
        refused = timed.api.start(purpose="one-more")
        assert refused.json["code"] == "rate_limited"
        timed.clock.pass_(refused.json["retry_after_s"] * SECOND)
    assert sent == 20
    assert timed.api.start(purpose="next-day").status_code == 201


@pytest.mark.parametrize(
    ("limits", "first", "second"),
    [
        ({"to": "1 per hour"}, {"purpose": "a"}, {"purpose": "b"}),
        ({"prefix": "1 per hour"}, {}, {"to": OTHER_NUMBER}),
        ({"application": "1 per hour"}, {}, {"to": GERMAN}),
        ({"ip": "1 per hour"}, {"client": {"ip": "203.0.113.7"}}, {"to": GERMAN, "client": {"ip": "203.0.113.7"}}),
        ({"ip": "1 per hour"}, {"client": {"ip": "2001:db8::1"}}, {"to": GERMAN, "client": {"ip": "2001:db8::ff:2"}}),
        (
            {"ip": "1 per hour"},
            {"client": {"ip": "203.0.113.7"}},
            {"to": GERMAN, "client": {"ip": "::ffff:203.0.113.7"}},
        ),
    ],
    ids=["to", "prefix", "application", "ip", "ip /64", "ip mapped"],
)
def test_each_scope_counts_what_it_is_for(
    world: World, limits: dict[str, str], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """A number over all purposes, its range, the whole application, a client's network however it is written."""
    world.policy(limits={**NO_LIMITS, **limits})
    assert code_of(world.api.start(**first)) == ""
    assert code_of(world.api.start(**second)) == "rate_limited"


@pytest.mark.parametrize(
    ("limits", "first", "second"),
    [
        ({"to": "1 per hour"}, {}, {"to": OTHER_NUMBER}),
        ({"prefix": "1 per hour"}, {}, {"to": "+41791244567"}),
        ({"ip": "1 per hour"}, {"client": {"ip": "203.0.113.7"}}, {"client": {"ip": "203.0.113.8"}}),
        ({"ip": "1 per hour"}, {"client": {"ip": "2001:db8::1"}}, {"client": {"ip": "2001:db8:0:1::1"}}),
        ({"ip": "1 per hour"}, {}, {}),
    ],
    ids=["to", "prefix", "ip", "ip /64", "no ip"],
)
def test_each_scope_leaves_others_alone(
    world: World, limits: dict[str, str], first: dict[str, Any], second: dict[str, Any]
) -> None:
    """Other numbers, ranges and networks are not counted, and neither is a client that was not named."""
    world.policy(limits={**NO_LIMITS, **limits})
    assert code_of(world.api.start(**first)) == ""
    assert code_of(world.api.start(**{"purpose": "second", **second})) == ""


def test_zero_per_hour_sends_nothing(world: World) -> None:
    """A limit of zero closes the application."""
    world.policy(limits={"application": "0 per hour"})
    response = world.api.start()
    assert (response.status_code, response.headers["Retry-After"]) == (429, "3600")
    assert outbox(world) == []


def test_a_refusal_leaves_no_trace(world: World, redis: RedisServer) -> None:
    """When the last rule refuses, every counter and key of Redis is as it was."""
    world.policy(
        limits={"to": "9 per hour", "ip": "9 per hour", "prefix": "90 per hour", "application": "90 per hour"},
        price_micros={"CH": 100},
        spend_per_country_per_day_micros=100,
    )
    client = {"ip": "203.0.113.7"}
    assert code_of(world.api.start(client=client)) == ""
    before = everything(redis)
    for to in (NUMBER, OTHER_NUMBER, "+41791999999"):
        assert code_of(world.api.start(to, client=client)) == "spend_exhausted"
    assert everything(redis) == before


def test_the_application_s_own_limit_is_told_in_headers(timed: TimedWorld) -> None:
    """429 carries RateLimit and RateLimit-Policy for the application's limits, and never for another scope's."""
    timed.policy(limits={**NO_LIMITS, "application": "2 per minute; 100 per day"})
    assert [timed.api.start(to).status_code for to in (NUMBER, OTHER_NUMBER)] == [201, 201]
    response = timed.api.start(GERMAN)
    assert response.headers["RateLimit-Policy"] == '"application-60";q=2;w=60, "application-86400";q=100;w=86400'
    assert (response.headers["Retry-After"], response.json["retry_after_s"]) == ("60", 60)
    assert response.headers["RateLimit"] == '"application-60";r=0;t=60, "application-86400";r=98;t=60'
    timed.policy(limits={"to": "0 per hour"})
    assert "RateLimit" not in timed.api.start().headers


@pytest.mark.parametrize("limit", ["3 per 10 minutes", "70 per hour"])
def test_retry_after_is_true(timed: TimedWorld, limit: str) -> None:
    """Who waits as long as was said succeeds; who comes a second earlier does not."""
    timed.policy(limits={**NO_LIMITS, "application": limit})
    numbers = (f"+41791{n:06d}" for n in range(10**6))
    while (response := timed.api.start(next(numbers))).status_code == 201:
        timed.clock.pass_(777)
    wait = int(response.headers["Retry-After"]) * SECOND
    timed.clock.pass_(wait - SECOND)
    assert timed.api.start(NUMBER).status_code == 429
    timed.clock.pass_(SECOND)
    assert timed.api.start(NUMBER).status_code == 201


def test_money_is_a_limit_of_the_application_and_of_each_country(timed: TimedWorld) -> None:
    """Sends stop at the ceiling, per country first; a day later there is money again."""
    timed.policy(
        limits=NO_LIMITS,
        price_micros={"CH": 100, "DE": 100, "US": 100},
        spend_per_day_micros=500,
        spend_per_country_per_day_micros=300,
    )
    answers = [timed.api.start(to, purpose=f"p{n}") for to in (NUMBER, GERMAN, AMERICAN) for n in range(4)]
    assert [code_of(answer) or "sent" for answer in answers] == [
        *(*["sent"] * 3, "spend_exhausted"),
        *(*["sent"] * 2, *["spend_exhausted"] * 2),
        *["spend_exhausted"] * 4,
    ]
    assert "spend ceiling of this country" in answers[3].json["detail"]
    assert "spend ceiling of this application" in answers[-1].json["detail"]
    timed.clock.pass_(int(answers[-1].headers["Retry-After"]) * SECOND)
    assert timed.api.start(NUMBER, purpose="later").status_code == 201


def test_a_message_costs_its_segments(world: World) -> None:
    """The price is per segment, as the text would be sent, and every send is charged, resends too."""
    world.policy(limits=NO_LIMITS, price_micros={"CH": 100}, spend_per_day_micros=600, webotp_host="login.example.com")
    payee = {"amount": "12.50 CHF", "payee": "北京大学出版社北京大学出版社北京大学"}
    assert world.api.start(binding=payee).status_code == 201
    (queued,) = [fact.data for fact in facts(world) if fact.type == "message"]
    assert (queued["encoding"], queued["segments"] > 1) == ("ucs2", True)
    assert queued["price_micros"] == 100 * queued["segments"]
    assert [entry[b"p"] for entry in outbox(world)] == [b"%d" % queued["price_micros"]]


def test_test_keys_spend_nothing(world: World) -> None:
    """What only reaches the simulator costs nothing."""
    world.policy(spend_per_day_micros=0)
    assert code_of(world.api.start()) == "spend_exhausted"
    assert world.caller("verifications:start", test=True).start().status_code == 201
