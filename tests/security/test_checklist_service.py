"""The service around them by the checklist of SECURITY section 1, rows 16 to 35, as far as codes by SMS go."""

import json
import re

import pytest

from otp_service.ledger import keys
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms
from tests.keyspace import everything, outbox
from tests.security.together import together
from tests.servers import RedisServer
from tests.store.monitor import monitored
from tests.world import NUMBER, OTHER_NUMBER, World

FREE = {"to": "", "ip": ""}


def test_t16_limits_are_one_transaction(world: World, redis: RedisServer) -> None:
    """A start that its last limit refuses has consumed none of the others, also when many come at once."""
    world.policy(limits={"to": "9 per hour", "ip": "9 per hour", "application": "0 per hour"})
    before = everything(redis)
    together(world, [lambda api: api.start(client={"ip": "203.0.113.7"})] * 50)
    assert everything(redis) == before


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "X-Client-IP"])
def test_t18_no_header_changes_whose_limit_counts(world: World, header: str) -> None:
    """The end user's address is what the caller's backend says; a hundred forged headers are still 429."""
    world.policy(limits={**FREE, "ip": "1 per hour"})
    world.api.start(client={"ip": "203.0.113.7"})
    answers = [
        world.api.start(f"+41791{n:06d}", client={"ip": "203.0.113.7"}, headers={header: f"10.0.0.{n}"})
        for n in range(200, 300)
    ]
    assert {answer.status_code for answer in answers} == {429}


@pytest.mark.parametrize("code", [True, None, "", [], 0, 123456, {"$ne": 1}, "１２３４５６"])
def test_t19_only_a_string_of_ascii_is_a_code(world: World, redis: RedisServer, code: object) -> None:
    """All others are 422, and the attempts are unchanged."""
    world.api.start()
    before = everything(redis)
    assert world.api.check(code).status_code == 422
    assert everything(redis) == before


def test_t20_every_error_is_a_problem(world: World) -> None:
    """4xx of every kind are application/problem+json with a stable type and code, without traces."""
    client = world.app.test_client()
    answers = [
        client.get("/nothing"),
        client.put("/v1/verifications"),
        client.post("/v1/verifications"),
        world.api.start("x"),
        world.api.check("123456"),
        world.api.get("/v1/verifications"),
    ]
    assert [answer.status_code for answer in answers] == [404, 405, 401, 422, 404, 403]
    for answer in answers:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["type"] == f"/problems/{answer.json['code']}"
        assert "Traceback" not in answer.get_data(as_text=True)


def test_t22_an_idempotency_key_is_one_message(world: World) -> None:
    """Fifty at once: one SMS and equal bodies; another body is 422."""
    key = {"Idempotency-Key": "the-key"}
    heard = together(world, [lambda api: api.start(headers=key)] * 50)
    assert len({json.dumps(answer, sort_keys=True) for answer in heard}) == 1
    assert len(outbox(world)) == 1
    assert world.api.start(OTHER_NUMBER, headers=key).json["code"] == "idempotency_mismatch"


def test_t26_only_digests_reach_the_store(world: World, redis: RedisServer) -> None:
    """No command to Redis, and nothing a script does there, holds the guess or the code."""
    world.policy(code_length=10)
    with monitored(redis) as monitor:
        id_ = world.api.start().json["id"]
        code, wrong = world.code(id_), world.wrong(id_)
        world.api.check(wrong)
        world.api.check(code)
        commands = [" ".join(command.words) for command in monitor.commands()]
    assert len(commands) > 10
    assert not [command for command in commands if code in command or wrong in command or NUMBER[1:] in command]


def test_t27_ids_hold_128_random_bits(world: World) -> None:
    """No two of thousands are alike, for the same number too, and none is a counter or a UUID."""
    world.policy(limits=FREE, max_sends=20, spend_per_country_per_day_micros=None)
    bodies = [world.api.start(f"+41791{n:06d}", user=f"{n}-{turn}").json for n in range(200, 500) for turn in range(2)]
    ids = {body["id"] for body in bodies} | {body["message_id"] for body in bodies}
    assert len(ids) == 1200
    assert all(re.fullmatch(r"(ver_[\w-]{48}|msg_[\w-]{22})", id_) for id_ in ids)


def test_t28_a_key_does_what_it_is_for_until_it_is_revoked(world: World) -> None:
    """A key that may only check can't start (403); a revoked one is 401 from the next snapshot on."""
    caller = world.caller("verifications:check")
    assert caller.start().json["code"] == "forbidden"
    assert caller.check("123456").status_code == 404
    with change(world.core.engine, world.core.audit_key, "tests", now_ms()) as opened:
        keys.revoke(opened, "key_" + caller.key.split("_")[2])
    world.parts.truths.refresh()
    assert caller.check("123456").status_code == 401


def test_t35_bodies_and_methods_are_bounded(world: World) -> None:
    """Ten megabytes are 413, TRACE is 405."""
    large = world.api.call("POST", "/v1/verifications", data=b" " * 10_000_000, content_type="application/json")
    assert large.status_code == 413
    assert world.app.test_client().open("/v1/verifications", method="TRACE").status_code == 405
