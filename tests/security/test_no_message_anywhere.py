"""No text of a message and no number at rest or in logs: not while it waits, nor once it was sent or refused."""

import json
from collections.abc import Iterator

import pytest

from otp_service.domain.times import rfc3339
from otp_service.ledger import templates
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms
from tests.couriers import running_courier
from tests.logged import logged
from tests.security.test_no_code_anywhere import DIGITS, OPTIONS, at_rest, drained
from tests.servers import RedisServer, redis_server, wait_until
from tests.store.monitor import monitored
from tests.world import NUMBER, Api, World

SECRETS = ("purple-elephant", "Anastasia", DIGITS)
PATH = "/v1/messages"


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that keeps all it is told."""
    with redis_server(*OPTIONS) as server:
        yield server


def send(api: Api, **more: object) -> str:
    """The id of a message that tells of an elephant, or none if it was refused."""
    return str(api.post(PATH, {"to": NUMBER, "text": "The purple-elephant is here", **more}).json.get("id", ""))


def play(world: World, api: Api) -> None:
    """Messages at once and later, moved, canceled, sent twice and refused for all sorts of reasons."""
    with change(world.core.engine, world.core.audit_key, "tests", now_ms()) as opened:
        templates.add(opened, world.shop, "parcel", "en", "Hello {name}", kind="message")
    world.parts.truths.refresh()
    later = rfc3339(now_ms() + 3_600_000)
    at_once = send(api, reference="r1")
    moved, canceled = send(api, send_at=later, reference="r2"), send(api, send_at=later)
    api.post(PATH, {"to": NUMBER, "template": "parcel", "variables": {"name": "Anastasia"}}, {"Idempotency-Key": "k"})
    api.call("PATCH", f"{PATH}/{moved}", {"send_at": later})
    api.delete(f"{PATH}/{canceled}")
    for wrong in ({"reference": "r1"}, {"valid_for_s": 1}, {"text": f"@purple-elephant.example #{DIGITS}"}):
        send(api, **wrong)
    api.post(PATH, {"to": NUMBER, "template": "parcel", "variables": {"name": "Anastasia\n"}})
    api.get(f"{PATH}?to=%2B{DIGITS}")
    api.post(f"{PATH}/{at_once}/outcome", {"outcome": "converted"})
    api.call("PUT", f"/v1/opt-outs/{NUMBER}", {"scope": "all"})
    world.parts.truths.refresh()
    send(api)
    api.delete(f"/v1/opt-outs/{NUMBER}")  # else what waits isn't sent either
    world.parts.truths.refresh()


def test_no_text_and_no_number_is_anywhere(world: World, redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """No store, file, log line or command to Redis holds what a message says or where it goes."""
    api = world.caller("messages")
    with monitored(redis) as monitor, logged(monkeypatch) as lines:
        play(world, api)
        waiting = at_rest(world, redis)
        with running_courier(world.parts):
            wait_until(lambda: drained(redis), 60)
        told = json.dumps([command.words for command in monitor.commands()]).encode()
    kept = {**{f"waiting {name}": value for name, value in waiting.items()}, **at_rest(world, redis)}
    kept |= {"logs": lines.getvalue().encode(), "commands": told}
    assert world.parts.phone
    assert {"Hello Anastasia", "The purple-elephant is here"} == {shown.text for shown in world.parts.phone.messages()}
    assert any(b"}:m:msg_" in value for value in kept.values())
    assert [(name, secret) for name, value in kept.items() for secret in SECRETS if secret.encode() in value] == []
