"""Messages of their own on a Redis Cluster: beside their reference, with limits and keys in other slots."""

import json
from typing import Any

import pytest
from redis.cluster import RedisCluster

from otp_service.domain.times import rfc3339
from otp_service.service.core import now_ms
from tests.cluster.conftest import CELLS
from tests.cluster.counts import counted
from tests.cluster.nodes import Cluster
from tests.couriers import running_courier
from tests.security.together import together
from tests.servers import wait_until
from tests.web.test_admin_locks import disable
from tests.world import Api, World

KEY = {"Idempotency-Key": "of-a-message"}
PATH = "/v1/messages"


def message(number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"to": f"+4179123{number:04d}", "text": "Your parcel is here.", **fields}


def later() -> str:
    return rfc3339(now_ms() + 3_600_000)


def waiting(client: RedisCluster) -> int:
    """How many messages wait in the outboxes of all cells."""
    return sum(client.xlen(f"{{c{cell}}}:out:{priority}") for cell in range(CELLS) for priority in ("normal", "bulk"))


@pytest.fixture
def api(world: World) -> Api:
    """A caller that sends messages, with a limit in another slot."""
    world.policy(message_limits="300 per day", price_micros={"CH": 10})
    return world.caller("messages")


def test_messages_are_sent_moved_and_canceled_in_every_cell(api: Api, nodes: Cluster) -> None:
    """References are found wherever their messages live."""
    for number in range(24):
        named = f"reference=order-{number}"
        body = message(number, reference=f"order-{number}", send_at=later())
        id_ = api.post(PATH, body).json["id"]
        assert api.post(PATH, body).json["code"] == "conflict"
        assert api.get(f"{PATH}?{named}").json["items"][0]["id"] == id_
        assert api.call("PATCH", f"{PATH}?{named}", {"send_at": later()}).json["status"] == "scheduled"
        assert api.delete(f"{PATH}?{named}").json["status"] == "canceled"
        assert api.post(PATH, message(number, reference=f"order-{number}")).status_code == 202
    with nodes.client() as client:
        assert waiting(client) == 24
        assert counted(client, "application") == 48
        assert counted(client, "spend") == 480


def test_a_repeat_hears_the_first_answer(api: Api, nodes: Cluster) -> None:
    """An Idempotency-Key is remembered, and refused with another body; a taken reference consumes nothing."""
    first = api.post(PATH, message(reference="order-42"), KEY)
    assert api.post(PATH, message(reference="order-42"), KEY).json == first.json
    assert api.post(PATH, message(1), KEY).json["code"] == "idempotency_mismatch"
    assert api.post(PATH, message(2, reference="order-42")).status_code == 409
    with nodes.client() as client:
        assert (waiting(client), counted(client, "application")) == (1, 1)


def test_a_claim_that_was_dropped_is_no_second_message(api: Api, nodes: Cluster) -> None:
    """Where the slot of the key has forgotten the request, the message's cell still knows its answer."""
    first = api.post(PATH, message(), KEY)
    with nodes.client() as client:
        for key in client.scan_iter(match="{i:*"):
            client.delete(key)
    assert api.post(PATH, message(), KEY).json == first.json
    assert api.post(PATH, message(), KEY).json == first.json
    with nodes.client() as client:
        assert (waiting(client), counted(client, "application")) == (1, 1)


def test_fifty_with_one_key_are_one_message(world: World, api: Api, nodes: Cluster) -> None:
    """Everybody hears the same answer or that the first is still in flight."""
    world.api = api
    heard = together(world, [lambda api: api.post(PATH, message(), KEY)] * 50)
    assert {answer["code"] for answer in heard if "code" in answer} <= {"idempotency_in_flight"}
    assert len({json.dumps(answer) for answer in heard if "code" not in answer}) == 1
    with nodes.client() as client:
        assert waiting(client) == 1


def test_of_64_with_one_reference_one_is_sent(world: World, api: Api, nodes: Cluster) -> None:
    """Whoever comes second has consumed nothing, in no slot."""
    world.api = api
    heard = together(world, [lambda api: api.post(PATH, message(reference="order-42"))] * 64)
    assert [answer["code"] for answer in heard if "code" in answer] == ["conflict"] * 63
    with nodes.client() as client:
        assert (waiting(client), counted(client, "application"), counted(client, "spend")) == (1, 1, 10)


def test_the_courier_delivers_from_every_cell(world: World, api: Api) -> None:
    """Messages, and codes before them, reach the simulated phone."""
    with running_courier(world.parts):
        ids = [api.post(PATH, message(number)).json["id"] for number in range(16)]
        wait_until(lambda: all(api.get(f"{PATH}/{id_}").json["status"] == "accepted" for id_ in ids), 60)
    phone = world.app.test_client().get("/dev/messages").json["messages"]
    assert {shown["to"] for shown in phone} == {f"+4179123{number:04d}" for number in range(16)}


@pytest.mark.parametrize(
    ("fields", "code", "sentence"),
    [
        ({"message_limits": "0 per hour"}, "rate_limited", "The limit for this application is used up"),
        ({"spend_per_day_micros": 1}, "spend_exhausted", "The ceiling for this application is used up"),
        ({"countries": ["DE"]}, "country_not_allowed", "The policy's countries do not name CH"),
    ],
)
def test_a_refusal_has_a_reference_in_its_own_cell(
    world: World, fields: dict[str, Any], code: str, sentence: str
) -> None:
    """What a limit in another slot refuses is kept beside the message, and nothing else of it stays."""
    api = world.caller("messages")
    world.policy(**{"price_micros": {"CH": 10}, **fields})
    for number in range(5):
        problem = api.post(PATH, message(number, reference=f"order-{number}")).json
        told = world.admin.get(f"/v1/admin/refusals/{problem['reference']}").json
        assert (told["code"], told["asked_for"], told["reasons"]) == (code, "message", [sentence])


def test_a_refused_check_has_a_reference(world: World) -> None:
    """A check of a locked number is explained on a Redis Cluster too."""
    world.policy(hard_lock_after=20)
    id_ = world.started()
    disable(world)
    problem = world.api.check("123456", KEY, id=id_).json
    assert world.admin.get(f"/v1/admin/refusals/{problem['reference']}").json["asked_for"] == "check"
