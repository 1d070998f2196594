"""Idempotency-Key: one operation, one message, one approval, one answer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from otp_service.domain.policy import Policy
from tests.clock import DAY, HOUR, MINUTE, TimedWorld
from tests.keyspace import everything, outbox
from tests.servers import RedisServer
from tests.world import NUMBER, OTHER_NUMBER, START, Api, World

KEY = {"Idempotency-Key": "once-and-for-all"}


def together(world: World, key: str, count: int, call: Any) -> list[Any]:
    """The answers to the same call from many threads, each a client of its own."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: call(Api(world.app.test_client(), key)), range(count)))


def test_fifty_at_once_are_one_start(world: World, api: Api) -> None:
    """50 parallel requests with one key: one message, equal 201 answers."""
    answers = together(world, api.key, 50, lambda caller: caller.start(headers=KEY))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    assert len(outbox(world)) == 1


def test_fifty_at_once_are_one_approval(world: World, api: Api) -> None:
    """50 parallel right answers with one key all hear approved; without it exactly one does."""
    code = world.code(api.start().json["id"])
    answers = together(world, api.key, 50, lambda caller: caller.check(code, headers=KEY))
    assert len({answer.get_data() for answer in answers}) == 1
    assert answers[0].json["valid"]
    others = together(world, api.key, 10, lambda caller: caller.check(code))
    assert {answer.json["reason"] for answer in others} == {"already_used"}


def test_fifty_at_once_are_one_wrong_guess(world: World, api: Api) -> None:
    """50 parallel repeats of one wrong guess cost one attempt."""
    wrong = world.wrong(api.start().json["id"])
    answers = together(world, api.key, 50, lambda caller: caller.check(wrong, headers=KEY))
    assert {answer.json["attempts_left"] for answer in answers} == {4}


def test_the_first_answer_is_heard_again_for_a_day(timed: TimedWorld) -> None:
    """Later starts, approvals and expiry change nothing about what a key heard."""
    first = timed.api.start(headers=KEY)
    timed.api.check(timed.code(first.json["id"]))
    timed.clock.pass_(12 * HOUR)
    timed.api.start()
    again = timed.api.start(headers=KEY)
    assert (again.status_code, again.json) == (201, first.json)
    assert len(outbox(timed)) == 2


def test_a_resend_is_heard_again(timed: TimedWorld) -> None:
    """A repeated resend answers as at first, although it opened a new verification, or that one ended."""
    id_ = timed.api.start().json["id"]
    path = f"/v1/verifications/{id_}/resend"
    timed.clock.pass_(10 * MINUTE - 30_000)
    first = timed.api.post(path, headers=KEY)
    assert (first.status_code, first.json["id"] != id_) == (201, True)
    for _ in range(2):
        again = timed.api.post(path, headers=KEY)
        assert (again.status_code, again.json) == (201, first.json)
        timed.api.check(timed.code(first.json["id"]))
    assert timed.api.post(path, {"channel": "sms"}, headers=KEY).json["code"] == "idempotency_mismatch"
    assert timed.api.post(path).json["code"] == "not_pending"
    assert len(outbox(timed)) == 2


@pytest.mark.parametrize(
    "spelled", ['{"to":"+41791234567","purpose":"login"}', '{ "purpose" : "login", "to" : "+41791234567" }']
)
def test_the_same_body_may_be_spelled_differently(api: Api, spelled: str) -> None:
    """Order and blanks of the JSON don't make it another request."""
    first = api.start(headers=KEY, purpose="login")
    again = api.call("POST", "/v1/verifications", data=spelled, content_type="application/json", headers=KEY)
    assert again.json == first.json


@pytest.mark.parametrize("body", [{"to": OTHER_NUMBER}, {"user": "u1"}, {"locale": "de"}, {"to": "+41 79 123 45 67"}])
def test_another_body_is_a_mismatch(world: World, api: Api, redis: RedisServer, body: dict[str, str]) -> None:
    """422, and nothing is sent, counted or overwritten."""
    first = api.start(headers=KEY).json
    before = everything(redis)
    response = api.start(**{"to": NUMBER, **body}, headers=KEY)
    assert (response.status_code, response.json["code"]) == (422, "idempotency_mismatch")
    assert everything(redis) == before
    assert api.start(headers=KEY).json == first


def test_another_endpoint_is_a_mismatch(world: World, api: Api) -> None:
    """A key that was used for a start does not pass for a check, a resend, or another verification's resend."""
    id_ = api.start(headers=KEY).json["id"]
    assert api.check(world.code(id_), headers=KEY).json["code"] == "idempotency_mismatch"
    assert api.post(f"/v1/verifications/{id_}/resend", headers=KEY).json["code"] == "idempotency_mismatch"


def test_a_check_of_an_ended_one_is_remembered(timed: TimedWorld) -> None:
    """`expired` is a 2xx like any other: the same key hears it again, another body is a mismatch."""
    timed.api.start()
    timed.clock.pass_(10 * MINUTE)
    first = timed.api.check("123456", headers=KEY).json
    timed.api.start()
    assert timed.api.check("123456", headers=KEY).json == first
    assert timed.api.check("654321", headers=KEY).json["code"] == "idempotency_mismatch"


def test_only_success_is_remembered(timed: TimedWorld) -> None:
    """A refused request with a key is judged anew, and may succeed the second time."""
    timed.policy(limits={"to": "1 per minute"})
    timed.api.start(purpose="other")
    assert timed.api.start(headers=KEY).status_code == 429
    assert timed.api.start("nonsense", headers=KEY).status_code == 422
    timed.clock.pass_(MINUTE)
    assert timed.api.start(headers=KEY).status_code == 201
    assert timed.api.check("1", headers={"Idempotency-Key": "k2"}).status_code == 422
    assert timed.api.check("123456", headers={"Idempotency-Key": "k2"}).status_code == 200


def test_keys_are_per_application(world: World, api: Api) -> None:
    """Another application, and the same one's test keys, may use the same key for themselves."""
    other = world.caller(*START, application=world.application("other", Policy(resend_after_s=0)))
    tester = world.caller(*START, test=True)
    colleague = world.caller(*START)
    ids = [caller.start(headers=KEY).json["id"] for caller in (api, other, tester, colleague)]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_a_key_may_be_quoted(api: Api) -> None:
    """As a structured-field string or bare, it is the same key."""
    assert api.start(headers={"Idempotency-Key": '"once"'}).json == api.start(headers={"Idempotency-Key": "once"}).json


@pytest.mark.parametrize("key", ["", '""', "has space", "a" * 256, "tab\there", "ünïcode", "\x7f", " "])
def test_a_key_that_is_none_is_refused(api: Api, redis: RedisServer, key: str) -> None:
    """422 naming the header; nothing happens."""
    before = everything(redis)
    response = api.start(headers={"Idempotency-Key": key})
    assert (response.status_code, response.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert everything(redis) == before


@pytest.mark.parametrize("key", ["a", "a" * 255, "!~", '"', "550e8400-e29b-41d4-a716-446655440000"])
def test_a_key_may_be_any_visible_ascii(api: Api, key: str) -> None:
    """1 to 255 characters."""
    assert api.start(headers={"Idempotency-Key": key}).json == api.start(headers={"Idempotency-Key": key}).json


def test_what_is_remembered_ends_after_a_day(timed: TimedWorld, redis: RedisServer) -> None:
    """The answer lives for 24 hours and holds neither key, number nor code."""
    timed.api.start(headers=KEY)
    with redis.client() as client:
        (name,) = client.keys("{i:*")
        assert 0.99 * DAY < client.pttl(name) <= DAY
        kept = str(client.hgetall(name))
    assert "once-and-for-all" not in name + kept
    assert "41791234567" not in kept
