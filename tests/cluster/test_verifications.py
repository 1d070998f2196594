"""What holds on one Redis holds on a Redis Cluster, whose keys live on several nodes."""

import pytest

from otp_service.settings import Settings
from tests.cluster.counts import counted, facts, queued
from tests.cluster.nodes import Cluster
from tests.couriers import running_courier
from tests.servers import wait_until
from tests.world import NUMBER, OTHER_NUMBER, World

KEY, CHECK_KEY = {"Idempotency-Key": "of-a-start"}, {"Idempotency-Key": "of-a-check"}
IP = {"ip": "203.0.113.7"}


def numbers(count: int) -> list[str]:
    """Different numbers, whose subjects live in different cells."""
    return [f"+4179123{number:04d}" for number in range(count)]


def test_a_code_is_sent_checked_and_used_up(world: World) -> None:
    """A verification is opened, read, guessed wrong, approved, and then already used."""
    started = world.api.start()
    assert started.status_code == 201
    id_ = started.json["id"]
    assert world.api.get(f"/v1/verifications/{id_}").json["status"] == "pending"
    assert world.api.check(world.wrong(id_)).json["attempts_left"] == 4
    right = world.code(id_)
    assert world.api.check(right, id=id_).json["valid"]
    assert world.api.check(right).json["reason"] == "already_used"


def test_a_code_is_sent_again_and_canceled(world: World) -> None:
    """A resend keeps the verification and its code; a canceled one takes no code any more."""
    id_ = world.started()
    code = world.code(id_)
    resent = world.api.post(f"/v1/verifications/{id_}/resend", {})
    assert (resent.status_code, resent.json["id"], resent.json["sends"]) == (200, id_, 2)
    assert world.code(id_) == code
    assert world.api.delete(f"/v1/verifications/{id_}").json["status"] == "canceled"
    assert world.api.check(code).json["reason"] == "canceled"


def test_many_numbers_are_served_on_every_node(world: World, nodes: Cluster) -> None:
    """Numbers are spread over all cells, and each of them can be checked."""
    started = [world.api.start(number).json for number in numbers(40)]
    assert all(world.api.check(world.code(one["id"]), id=one["id"]).json["valid"] for one in started)
    with nodes.client() as client:
        assert queued(client) == 40
    lengths = [node.client().dbsize() for node in nodes.nodes]
    assert all(lengths)


def test_a_repeat_hears_the_first_answer(world: World, nodes: Cluster) -> None:
    """An Idempotency-Key is remembered for start and check, and refused with another body."""
    first = world.api.start(headers=KEY)
    assert world.api.start(headers=KEY).json == first.json
    assert world.api.start(OTHER_NUMBER, KEY).json["code"] == "idempotency_mismatch"
    right = world.code(first.json["id"])
    approved = world.api.check(right, CHECK_KEY).json
    assert approved["valid"]
    assert world.api.check(right, CHECK_KEY).json == approved
    with nodes.client() as client:
        assert queued(client) == 1


def test_a_refusal_is_not_remembered(world: World) -> None:
    """After a refusal the same Idempotency-Key is free again."""
    world.policy(limits={"ip": "1 per hour"})
    assert world.api.start(OTHER_NUMBER, client=IP).status_code == 201
    assert world.api.start(NUMBER, KEY, client=IP).status_code == 429
    world.policy(limits={"ip": "5 per hour"})
    assert world.api.start(NUMBER, KEY, client=IP).status_code == 201


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        ({"to": "1 per hour", "ip": "1 per day"}, "number"),
        ({"ip": "1 per hour", "application": "1 per day"}, "client address"),
        ({"application": "1 per day"}, "application"),
    ],
    ids=["number", "ip", "application"],
)
def test_limits_refuse_as_on_one_redis(world: World, limits: dict[str, str], rule: str) -> None:
    """The first limit in order names the refusal, and Retry-After tells the longest wait of all."""
    world.policy(limits=limits)
    assert world.api.start(client=IP).status_code == 201
    refused = world.api.start(client=IP)
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")
    assert rule in refused.json["detail"]
    assert 86_000 < int(refused.headers["Retry-After"]) <= 86_400


def test_a_refusal_tells_the_application_s_own_figures(world: World) -> None:
    """RateLimit says what is left of the application's limit, whichever limit refused."""
    world.policy(limits={"to": "1 per hour", "application": "10 per day"})
    assert world.api.start().status_code == 201
    refused = world.api.start()
    assert refused.status_code == 429
    assert "r=9" in refused.headers["RateLimit"]


def test_a_refusal_hands_back_what_other_slots_reserved(world: World, nodes: Cluster) -> None:
    """A refused start has consumed nothing, on no node."""
    world.policy(limits={"to": "1 per hour", "prefix": "100 per day", "ip": "9 per hour", "application": "100 per day"})
    assert world.api.start(client=IP).status_code == 201
    assert [world.api.start(client=IP).status_code for _ in range(3)] == [429] * 3
    with nodes.client() as client:
        assert [counted(client, scope) for scope in ("prefix", "ip", "application")] == [1, 1, 1]


def test_spend_stops_at_its_ceiling(world: World, nodes: Cluster) -> None:
    """Money is reserved before a message is queued, and never more than the ceiling allows."""
    world.policy(spend_per_day_micros=200_000)
    answers = [world.api.start(number) for number in numbers(8)]
    accepted = [answer for answer in answers if answer.status_code == 201]
    assert {answer.json["code"] for answer in answers if answer not in accepted} == {"spend_exhausted"}
    with nodes.client() as client:
        assert 0 < counted(client, "spend") <= 200_000
        assert counted(client, "spend") % len(accepted) == 0
        assert queued(client) == len(accepted) > 0


def test_failures_lock_over_purposes(world: World) -> None:
    """Ten wrong codes delay the next start, whatever they were for, and an open verification keeps its guesses."""
    for purpose in ("login", "payment"):
        id_ = world.started(purpose=purpose)
        for _ in range(5):
            world.api.check(world.wrong(id_), purpose=purpose)
    refused = world.api.start(purpose="other")
    assert (refused.status_code, refused.json["code"]) == (429, "destination_locked")


def test_the_courier_delivers_and_drains(world: World, settings: Settings, nodes: Cluster) -> None:
    """Codes reach the simulated phone from every cell, and the ledger hears of all that happened."""
    with running_courier(world.parts):
        ids = [world.started(number) for number in numbers(16)]
        wait_until(lambda: {status_of(world, id_) for id_ in ids} == {"accepted"}, 60)
        assert all(world.api.check(world.code(id_), id=id_).json["valid"] for id_ in ids)
        with nodes.client() as client:
            wait_until(lambda: not facts(client) and not queued(client), 60)
    listed = world.admin.get("/v1/verifications?status=approved&limit=100").json["items"]
    assert {item["id"] for item in listed} == set(ids)
    phone = world.app.test_client().get("/dev/messages").json["messages"]
    assert {message["to"] for message in phone} == set(numbers(16))


def status_of(world: World, id_: str) -> str:
    return world.api.get(f"/v1/verifications/{id_}").json["messages"][0]["status"]


def test_the_service_is_ready_unless_one_node_evicts(world: World, nodes: Cluster) -> None:
    """Readiness asks every node for its maxmemory-policy."""
    client = world.app.test_client()
    assert client.get("/readyz").status_code == 200
    with nodes.nodes[2].client() as node:
        node.config_set("maxmemory-policy", "allkeys-lru")
        answer = client.get("/readyz")
        node.config_set("maxmemory-policy", "noeviction")
    assert answer.status_code == 503
    assert "allkeys-lru" in answer.json["detail"]
