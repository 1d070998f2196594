"""Many requests at once on a Redis Cluster."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from werkzeug.test import TestResponse

from tests.cluster.counts import counted, queued
from tests.cluster.nodes import Cluster
from tests.world import NUMBER, World

AT_ONCE = 32
IP = {"ip": "203.0.113.7"}


def together(world: World, path: str, bodies: Sequence[dict[str, Any]], **headers: str) -> list[TestResponse]:
    """The answers to all of these, sent from many threads."""
    sent = {"Authorization": f"Bearer {world.api.key}", **headers}

    def post(body: dict[str, Any]) -> TestResponse:
        return world.app.test_client().post(path, json=body, headers=sent)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(post, bodies))


def test_50_starts_with_one_key_are_one_message(world: World, nodes: Cluster) -> None:
    """Everybody hears the same answer or that the first is still in flight, and one message is queued."""
    answers = together(world, "/v1/verifications", [{"to": NUMBER}] * 50, **{"Idempotency-Key": "once-and-for-all"})
    accepted = [answer.json for answer in answers if answer.status_code == 201]
    assert {answer.json["code"] for answer in answers if answer.status_code != 201} <= {"idempotency_in_flight"}
    assert accepted
    assert all(answer == accepted[0] for answer in accepted)
    with nodes.client() as client:
        assert queued(client) == 1


def test_200_starts_from_one_client_stay_within_its_limit(world: World, nodes: Cluster) -> None:
    """Never more than 20 are accepted, and once all is quiet exactly their reservations remain, in every slot."""
    world.policy(limits={"ip": "20 per hour", "prefix": "900 per day", "application": "64 per day"})
    bodies = [{"to": f"+4179123{number:04d}", "client": IP} for number in range(200)]

    answers = together(world, "/v1/verifications", bodies)

    statuses = Counter(answer.status_code for answer in answers)
    accepted = statuses[201]
    assert statuses == {201: accepted, 429: 200 - accepted}
    assert 0 < accepted <= 20
    with nodes.client() as client:
        assert [counted(client, scope) for scope in ("ip", "prefix", "application")] == [accepted] * 3
        assert queued(client) == accepted
        spent = counted(client, "spend"), counted(client, "country")
    later = world.caller("verifications:start").start("+41791239999", client={"ip": "203.0.113.8"})
    assert later.status_code == 201
    with nodes.client() as client:
        price = counted(client, "spend") - spent[0]
    assert spent == (accepted * price, accepted * price)


def test_20_codes_typed_64_times_at_once_are_20_approvals(world: World) -> None:
    """Each right code is approved for one of all that try it at once; the others hear already_used."""
    ids = [world.started(f"+4179123{number:04d}") for number in range(20)]
    guesses = [{"id": id_, "code": world.code(id_)} for id_ in ids] * 64

    answers = [answer.json for answer in together(world, "/v1/verifications/check", guesses)]

    assert Counter(answer["id"] for answer in answers if answer["valid"]) == dict.fromkeys(ids, 1)
    assert Counter(answer["reason"] for answer in answers) == {None: 20, "already_used": 20 * 63}


def test_parallel_wrong_guesses_pay_each(world: World) -> None:
    """Of 60 wrong guesses at once five are compared, and the code is worth nothing afterwards."""
    id_ = world.started()
    right, wrong = world.code(id_), world.wrong(id_)
    answers = together(world, "/v1/verifications/check", [{"id": id_, "code": wrong}] * 60)
    assert Counter(answer.json["reason"] for answer in answers) == {"wrong_code": 5, "max_attempts": 55}
    assert world.api.check(right).json["reason"] == "max_attempts"
