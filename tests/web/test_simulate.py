"""What would happen to a request: every rule is asked, nothing is sent and nothing is counted."""

from typing import Any

import pytest

from tests.clock import TimedWorld
from tests.keyspace import everything
from tests.servers import RedisServer
from tests.world import NUMBER, START, Api, World


@pytest.fixture
def world(timed: TimedWorld) -> World:
    """A service in which no time passes between two requests."""
    return timed


def simulate(api: Api, to: str = NUMBER, **body: Any) -> Any:
    response = api.post("/v1/simulate", {"to": to, **body})
    assert response.status_code == 200
    return response.json


def codes(found: Any) -> list[str]:
    return [refusal["code"] for refusal in found["refusals"]]


def test_a_start_that_nothing_stands_against(world: World) -> None:
    """A start that would be accepted is told with its text, its size, its price and who would carry it."""
    found = simulate(world.api, locale="en")
    assert (found["accepted"], found["sent"], codes(found)) == (True, True, [])
    assert (found["to"], found["country"], found["line_type"]) == (NUMBER, "CH", "mobile")
    assert "000000" in found["text"]
    assert (found["encoding"], found["segments"], found["price_micros"]) == ("gsm7", 1, 90_000)
    assert [choice["provider"] for choice in found["route"]["choices"]] == ["simulator"]


def test_nothing_is_sent_and_nothing_is_counted(world: World, redis: RedisServer) -> None:
    """However often it is asked, the store holds what it held before."""
    before = everything(redis)
    for _ in range(30):
        simulate(world.api, client={"ip": "203.0.113.7"})
    assert everything(redis) == before
    assert world.api.start().status_code == 201


def test_every_limit_is_told_with_what_it_would_lose(world: World) -> None:
    """Each limit is told with what is left of it and what this request would use up."""
    world.policy(limits={"to": "3 per hour", "ip": "9 per day", "application": "50 per hour", "prefix": "20 per day"})
    world.api.start(client={"ip": "203.0.113.7"})
    found = simulate(world.api, client={"ip": "203.0.113.7"})
    told = {(limit["scope"], limit["amount"]): (limit["cost"], limit["left"]) for limit in found["limits"]}
    assert told == {
        ("to", 3): (1, 2),
        ("ip", 9): (1, 8),
        ("application", 50): (1, 49),
        ("prefix", 20): (1, 19),
        ("spend", 100_000_000): (90_000, 99_910_000),
        ("spend_country", 25_000_000): (90_000, 24_910_000),
    }


@pytest.mark.parametrize(
    ("policy", "body", "code"),
    [
        ({"countries": ["DE"]}, {}, "country_not_allowed"),
        ({"limits": {"to": "1 per 10 minutes", "ip": ""}}, {}, "rate_limited"),
        ({"resend_after_s": 60}, {}, "resend_too_soon"),
        ({"max_sends": 1}, {}, "max_sends"),
        ({"spend_per_day_micros": 100_000}, {}, "spend_exhausted"),
        ({"blocked_line_types": ["premium_rate"]}, {"to": "+41900123456"}, "line_type_not_allowed"),
    ],
)
def test_what_would_be_refused_is_told_as_the_start_hears_it(
    world: World, policy: dict[str, Any], body: dict[str, Any], code: str
) -> None:
    """The first refusal that is told is the one that the start is answered, with the same words and wait."""
    world.api.start()
    world.policy(**policy)
    found = simulate(world.api, **body)
    heard = world.api.start(**body).json
    assert (found["accepted"], found["sent"]) == (False, False)
    assert codes(found)[0] == heard["code"] == code
    wait = found["refusals"][0]["retry_after_s"]
    assert wait == heard.get("retry_after_s")


def test_several_refusals_are_told_together(world: World) -> None:
    """Whatever stands against a request is told at once."""
    world.api.start()
    world.policy(countries=["DE"], resend_after_s=60, limits={"to": "1 per 10 minutes"})
    assert codes(simulate(world.api)) == ["country_not_allowed", "resend_too_soon", "rate_limited"]


def test_wrong_codes_count_against_a_start(world: World) -> None:
    """A number that is locked after wrong codes is told as locked."""
    world.policy(hard_lock_after=10, max_attempts=10)
    started = world.api.start().json
    for _ in range(10):
        world.api.check(world.wrong(started["id"]))
    assert codes(simulate(world.api))[0] == "destination_disabled"
    assert world.api.start().json["code"] == "destination_disabled"


def test_a_code_is_never_shown(world: World) -> None:
    """Neither a live code nor one of the caller's own stands in the text that is told."""
    world.policy(allow_custom_code=True)
    code = world.code(world.api.start().json["id"])
    assert code not in simulate(world.api)["text"]
    assert "482913" not in simulate(world.api, code="482913")["text"]


def test_the_last_line_is_shown_as_phones_read_it(world: World) -> None:
    """The line that browsers and Android fill the code in by is part of the text and of its size."""
    world.policy(webotp_host="login.example.com")
    assert simulate(world.api)["text"].endswith("\n@login.example.com #000000")


def test_a_test_key_costs_nothing_and_reaches_the_simulator(world: World) -> None:
    """What a test key would send goes to the simulator and is charged nothing."""
    found = simulate(world.caller(*START, test=True))
    assert found["price_micros"] == 0
    assert [choice["provider"] for choice in found["route"]["choices"]] == ["simulator"]


@pytest.mark.parametrize(
    "body", [{"to": "nonsense"}, {"to": NUMBER, "colour": "red"}, {"to": NUMBER, "template": "none"}, {}]
)
def test_a_body_that_no_rule_could_make_good_is_refused(world: World, body: dict[str, Any]) -> None:
    """A field that is wrong in itself is refused as the start would refuse it."""
    assert world.api.post("/v1/simulate", body).status_code == 422
    assert world.api.post("/v1/verifications", body).status_code == 422


def test_a_message_is_told_as_it_would_go_out(world: World) -> None:
    """A message's body is told with its own text, its own limits and who would carry it."""
    world.policy(message_limits="100 per day")
    found = simulate(world.caller("messages"), text="Your parcel is here: “Main St”", sender="Shop")
    assert (found["accepted"], found["sent"], found["text"]) == (True, True, "Your parcel is here: “Main St”")
    assert (found["encoding"], found["segments"], found["price_micros"]) == ("ucs2", 1, 90_000)
    assert [choice["sender"] for choice in found["route"]["choices"]] == ["Shop"]
    first = found["limits"][0]
    assert (first["scope"], first["amount"], first["left"]) == ("application", 100, 100)


def test_what_would_refuse_a_message_is_told(world: World) -> None:
    """A message that the policy forbids is told with the refusal that it would hear."""
    world.policy(countries=["DE"])
    sender = world.caller("messages")
    found = simulate(sender, text="hello")
    assert codes(found) == ["country_not_allowed"]
    assert sender.post("/v1/messages", {"to": NUMBER, "text": "hello"}).json["code"] == "country_not_allowed"


def test_a_message_that_no_rule_could_make_good_is_refused(world: World) -> None:
    """A message's body that is wrong in itself is refused as the message would be."""
    sender = world.caller("messages")
    for body in ({"text": " "}, {"text": "hello", "template": "news"}, {"class": "promotional", "text": "sale"}):
        assert sender.post("/v1/simulate", {"to": NUMBER, **body}).status_code == 422
        assert sender.post("/v1/messages", {"to": NUMBER, **body}).status_code == 422


def test_it_needs_the_scope_of_what_it_simulates(world: World) -> None:
    """A key that may not start verifications may not ask what a start would do."""
    response = world.caller("verifications:check").post("/v1/simulate", {"to": NUMBER})
    assert (response.status_code, response.json["code"]) == (403, "forbidden")
    assert world.caller("messages").post("/v1/simulate", {"to": NUMBER}).status_code == 403
    assert world.api.post("/v1/simulate", {"to": NUMBER, "text": "hello"}).status_code == 403
