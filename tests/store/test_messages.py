"""Messages of their own are one trip each, and no crowd makes two of one."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from otp_service.domain.policy import Policy
from otp_service.domain.times import rfc3339
from otp_service.service.core import now_ms
from tests.keyspace import facts, outbox, raw_client
from tests.security.together import together
from tests.servers import RedisServer
from tests.store.monitor import Monitor, monitored
from tests.world import NUMBER, OTHER_NUMBER, Api, World

KEY = {"Idempotency-Key": "once-and-for-all"}
PATH = "/v1/messages"
HOUR = 3_600_000


def message(**fields: Any) -> dict[str, Any]:
    return {"to": NUMBER, "text": "Your parcel is here.", **fields}


def later(hours: int = 1) -> str:
    return rfc3339(now_ms() + hours * HOUR)


@pytest.fixture
def api(world: World) -> Api:
    """A caller that sends messages."""
    return world.caller("messages")


@pytest.fixture
def monitor(world: World, api: Api, redis: RedisServer) -> Iterator[Monitor]:
    """What arrives at Redis, after this thread's connection is made and the scripts are known."""
    api.post(PATH, message(to=OTHER_NUMBER))
    with monitored(redis) as listening:
        yield listening


@pytest.mark.parametrize("headers", [None, KEY], ids=["plain", "with a key"])
@pytest.mark.parametrize("scheduled", [False, True], ids=["at once", "later"])
def test_a_message_is_one_trip(
    world: World, api: Api, monitor: Monitor, headers: dict[str, str] | None, scheduled: bool
) -> None:
    """Sending or scheduling a message, however many limits there are, sends exactly one command to Redis: EVALSHA."""
    fields = {"reference": "order-42", "send_at": later()} if scheduled else {}
    world.policy(message_limits="9 per hour; 300 per day", spend_per_day_micros=10**9)
    assert api.post(PATH, message(**fields), headers).status_code == 202
    assert monitor.on_the_wire() == ["EVALSHA"]


def test_a_refused_message_is_one_trip(world: World, api: Api, monitor: Monitor) -> None:
    """A refusal costs no more trips than an acceptance, and leaves nothing behind."""
    world.policy(message_limits="1 per hour")
    assert api.post(PATH, message()).status_code == 202
    monitor.commands()
    refused = api.post(PATH, message())
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
    assert refused.headers["RateLimit"].startswith('"application-3600";r=0;')
    assert monitor.on_the_wire() == ["EVALSHA"]
    assert len(outbox(world)) == 2


def test_what_waits_is_told_at_once(world: World, api: Api) -> None:
    """An entry for the courier and a fact for the ledger are written by the same script, with no number in clear."""
    sent = api.post(PATH, message(priority="low", reference="order-42", metadata={"order": "42"})).json
    (entry,) = outbox(world)
    assert (entry[b"m"].decode(), entry[b"i"], entry[b"k"], entry[b"c"]) == (sent["id"], b"", b"", b"")
    (told,) = facts(world)
    assert (told.id, told.type, told.data["status"], told.data["class"]) == (
        f"{sent['id']}:1",
        "message",
        "queued",
        "transactional",
    )
    assert (told.data["reference"], told.data["metadata"], told.data["test"]) == ("order-42", {"order": "42"}, False)
    assert rfc3339(told.data["deadline_ms"]) == sent["expires_at"]
    with raw_client(world) as client:
        assert client.xlen("{c0}:out:bulk") == 1
    assert NUMBER not in json.dumps(told.data)


def test_what_is_scheduled_is_held_until_its_time(world: World, api: Api) -> None:
    """A scheduled message is in no outbox; moving it moves its entry's deadline, canceling takes it out."""
    id_ = api.post(PATH, message(send_at=later(1), valid_for_s=60)).json["id"]
    assert outbox(world) == []
    moved = api.call("PATCH", f"{PATH}/{id_}", {"send_at": later(5)}).json
    with raw_client(world) as client:
        entry = json.loads(client.hget("{c0}:held", id_))
        named = dict(zip(entry[1::2], entry[2::2], strict=True))
        assert (entry[0], rfc3339(int(named["q"])), rfc3339(int(named["d"]))) == (
            2,
            moved["send_at"],
            moved["expires_at"],
        )
        assert client.zscore("{c0}:due", f"@{id_}") == int(named["q"])
        api.delete(f"{PATH}/{id_}")
        assert (client.zcard("{c0}:due"), client.hlen("{c0}:held")) == (0, 0)
    assert [(fact.data["status"], fact.data["n"]) for fact in facts(world)] == [
        ("scheduled", 1),
        ("scheduled", 1),
        ("canceled", 5),
    ]


def test_what_was_canceled_in_the_outbox_is_not_wanted(world: World, api: Api) -> None:
    """A message that the courier may already hold is only marked; what becomes of it the courier tells."""
    id_ = api.post(PATH, message()).json["id"]
    assert api.delete(f"{PATH}/{id_}").json["status"] == "canceled"
    assert (len(outbox(world)), len(facts(world))) == (1, 1)
    with raw_client(world) as client:
        assert client.hget(f"{{c0}}:m:{id_}", "st") == b"canceled"


@pytest.mark.parametrize(("rank", "status"), [(3, "accepted"), (5, "failed"), (6, "delivered")])
def test_what_a_provider_has_can_not_be_held_back(world: World, api: Api, rank: int, status: str) -> None:
    """Canceling and moving a message that a provider took, or that has ended, is refused and changes nothing."""
    id_ = api.post(PATH, message()).json["id"]
    with raw_client(world) as client:
        client.hset(f"{{c0}}:m:{id_}", f"m:{id_}", f"{rank}|{status}|p||1")
    for answer in (api.delete(f"{PATH}/{id_}"), api.call("PATCH", f"{PATH}/{id_}", {"send_at": later()})):
        assert (answer.status_code, answer.json["code"]) == (409, "not_pending")


@pytest.mark.parametrize(("rank", "free"), [(2, False), (3, False), (5, True), (6, False)])
def test_a_reference_is_free_again_after_a_failure(world: World, api: Api, rank: int, free: bool) -> None:
    """While a message lives nobody takes its reference; once it has failed another message may."""
    id_ = api.post(PATH, message(reference="order-42")).json["id"]
    with raw_client(world) as client:
        client.hset(f"{{c0}}:m:{id_}", f"m:{id_}", f"{rank}|whatever|p||1")
    assert api.post(PATH, message(reference="order-42")).status_code == (202 if free else 409)


def test_references_are_an_applications_own(world: World, api: Api) -> None:
    """Another application, and the test keys of the same one, have references of their own."""
    other = world.caller("messages", application=world.application("other", Policy()))
    test = world.caller("messages", test=True)
    for caller in (api, other, test):
        assert caller.post(PATH, message(reference="order-42")).status_code == 202
    ids = {caller.get(f"{PATH}?reference=order-42").json["items"][0]["id"] for caller in (api, test)}
    assert len(ids) == 2


def test_fifty_with_one_key_are_one_message(world: World, api: Api) -> None:
    """Everybody hears the same answer, and one message waits."""
    world.api = api
    heard = together(world, [lambda api: api.post(PATH, message(), KEY)] * 50)
    assert len({json.dumps(answer) for answer in heard}) == 1
    assert len(outbox(world)) == 1


def test_of_64_with_one_reference_one_is_sent(world: World, api: Api) -> None:
    """Whoever comes second hears that the reference is taken."""
    world.api = api
    heard = together(world, [lambda api: api.post(PATH, message(reference="order-42"))] * 64)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 1, "conflict": 63}
    assert len(outbox(world)) == 1


def test_of_64_that_take_a_free_reference_one_is_sent(world: World, api: Api) -> None:
    """A reference whose message was canceled goes to one of all that want it at once."""
    first = api.post(PATH, message(reference="order-42", send_at=later())).json["id"]
    api.delete(f"{PATH}/{first}")
    world.api = api
    heard = together(world, [lambda api: api.post(PATH, message(reference="order-42"))] * 64)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 1, "conflict": 63}
    assert len(outbox(world)) == 1


def test_parallel_messages_never_spend_more_than_the_ceiling(world: World, api: Api) -> None:
    """Codes and messages draw on one purse."""
    world.policy(price_micros={"CH": 10}, spend_per_day_micros=55)
    assert world.caller("verifications:start").start().status_code == 201
    world.api = api
    heard = together(world, [lambda api: api.post(PATH, message())] * 40)
    assert Counter(answer.get("code", "sent") for answer in heard) == {"sent": 4, "spend_exhausted": 36}
