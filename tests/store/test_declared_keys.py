"""Scripts touch the keys that they declare and no others, as MONITOR sees it: else Redis Cluster could not run them."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import redis as redis_py

from otp_service import store, wiring
from otp_service.domain.ids import address_of
from otp_service.domain.limits import parse_limits
from otp_service.domain.messages import Receipt
from otp_service.domain.times import rfc3339
from otp_service.service.core import now_ms
from otp_service.settings import Settings
from otp_service.store.failure_locks import failure_lock
from otp_service.store.fraud_states import lift
from otp_service.store.limits import peek, rules
from otp_service.store.receipts import Sent, apply_receipt
from otp_service.store.scripts import SCRIPTS, load
from otp_service.store.unmatched import Unmatched, forget, hold, take
from tests.keyspace import drain
from tests.servers import RedisServer, wait_until
from tests.store.courier_work import work_of_a_courier
from tests.store.monitor import Command, Monitor, monitored
from tests.world import NUMBER, OTHER_NUMBER, World

PARTS = {"prelude", "limits", "record", "failures", "conversions", "parts", "message_state", "fraud", "refusals"}
FILES = {path.stem for path in (Path(store.__file__).parent / "lua").iterdir()} - PARTS
NAMES = {SCRIPTS.get(name, load(name)).sha: name for name in FILES}
OF_UNMATCHED = ("unmatched_hold", "unmatched_take")
OF_ADMINS = ("peek", "lock", "lift", "forgive", "standing")
OF_VERIFICATIONS = {"start", "refuse", "check", "cancel", "read", "receipt", *OF_ADMINS, *OF_UNMATCHED}
OF_MESSAGES = {"message_send", "message_move", "message_cancel", "message_outcome"}
ON_CLUSTER = {"claim", "reserve", "hand_back", "conclude", "decide", "refund", "start", "check"}
OF_COURIERS = {"claim_next", "claim_wanted", "claim_idle", "claim_replay", "settle", "settle_facts", "due", "repay"}
SHARED_BY_COURIERS = {"health", "pace"}
OF_PEOPLE = {"forget"}

KEY, CHECK_KEY = {"Idempotency-Key": "of-a-start"}, {"Idempotency-Key": "of-a-check"}
IP = {"ip": "203.0.113.7"}
LIMITS = {"to": "9 per hour; 90 per day", "ip": "2 per hour", "prefix": "200 per day", "application": "300 per day"}


@dataclass
class Call:
    """One script call: its name, what it declared, and what it then did."""

    name: str
    declared: set[str]
    done: list[Command] = field(default_factory=list)


@dataclass
class Watch:
    """Everything that scripts do."""

    monitor: Monitor
    client: redis_py.Redis

    def calls(self) -> list[Call]:
        found: list[Call] = []
        for command in self.monitor.commands():
            if command.by_script:
                found[-1].done.append(command)
            elif command.name == "EVALSHA":
                found.append(Call(NAMES[command.words[1]], set(command.keys)))
        return found

    def undeclared(self, *expected: set[str]) -> list[tuple[str, Command]]:
        """What was touched without being declared, after exactly the expected scripts have run."""
        calls = self.calls()
        assert {call.name for call in calls} == set().union(*expected)
        return [
            (call.name, command) for call in calls for command in call.done if self.keys_of(command) - call.declared
        ]

    def keys_of(self, command: Command) -> set[str]:
        """The keys of a command, as Redis itself reads them."""
        return set() if command.words == ["TIME"] else set(self.client.command_getkeys(*command.words))


@pytest.fixture
def watch(redis: RedisServer) -> Iterator[Watch]:
    """What the scripts do, each of them known to Redis before."""
    with redis.client() as client, monitored(redis) as monitor:
        for name in FILES:
            client.script_load(SCRIPTS.get(name, load(name)).source)
        monitor.commands()
        yield Watch(monitor, client)


def test_every_script_is_watched() -> None:
    """The tests of this file watch every script there is."""
    assert FILES == OF_VERIFICATIONS | OF_MESSAGES | ON_CLUSTER | OF_COURIERS | SHARED_BY_COURIERS | OF_PEOPLE


def test_scripts_of_verifications_touch_only_declared_keys(world: World, watch: Watch) -> None:
    """Start, resend, check, cancel, read, receipts, limits and locks stay within their keys, whatever comes of them."""
    world.policy(limits=LIMITS, max_attempts=2)
    id_ = world.api.start(headers=KEY, client=IP).json["id"]
    assert world.api.start(headers=KEY, client=IP).status_code == 201
    assert world.api.start(client=IP).status_code == 200
    assert world.api.start(client=IP).status_code == 429
    assert world.api.start("+41900123456").json["code"] == "line_type_not_allowed"
    assert world.api.check(world.wrong(id_), CHECK_KEY).status_code == 200
    assert world.api.check(world.wrong(id_)).json["status"] == "failed"
    other = world.api.start(OTHER_NUMBER).json
    assert world.api.check(world.code(other["id"]), to=OTHER_NUMBER, client={"device_id": "d1"}).json["valid"]
    again = world.api.start(OTHER_NUMBER, user="u1").json["id"]
    world.api.start(OTHER_NUMBER, user="u2")
    assert world.api.get(f"/v1/verifications/{again}").status_code == 200
    assert world.api.delete(f"/v1/verifications/{again}").json["status"] == "canceled"
    at = address_of(id_)
    assert failure_lock(world.core.link, 1, at.subject).failures == 2
    own = rules("to", "", parse_limits(LIMITS["to"]), at, 1)
    assert [count.left for count in peek(world.core.link, own)] == [7, 88]
    assert not lift(world.core.link, world.core.index_key, world.shop, "+4179", "CH")
    assert world.admin.delete("/v1/admin/fraud?application=shop&scope=prefix&to=%2B41791234567").status_code == 200
    sent = Sent(other["message_id"], other["id"])
    assert apply_receipt(world.core.link, 1, sent, "p", Receipt("v-1", "delivered"))
    assert hold(world.core.link, "p", Receipt("v-2", "delivered"))
    waiting: list[Unmatched] = []
    wait_until(lambda: waiting.extend(take(world.core.link, 10)) or waiting, 60)
    assert forget(world.core.link, waiting[0])

    assert watch.undeclared(OF_VERIFICATIONS) == []


def test_scripts_for_clusters_touch_only_declared_keys(settings: Settings, watch: Watch) -> None:
    """So do the parts into which a start and a check are split on a Redis Cluster."""
    parts = wiring.build(settings)
    world = World(replace(parts, core=replace(parts.core, clustered=True)))
    world.policy(limits=LIMITS, max_sends=1)
    id_ = world.api.start(NUMBER, KEY, client=IP).json["id"]
    assert world.api.start(NUMBER, KEY, client=IP).json["id"] == id_
    assert world.api.start(OTHER_NUMBER, client=IP).status_code == 201
    assert world.api.start(OTHER_NUMBER, client=IP).status_code == 429
    assert world.api.start(NUMBER).json["code"] == "max_sends"
    assert world.api.check(world.code(id_), CHECK_KEY).json["valid"]
    parts.core.engine.dispose()

    assert watch.undeclared(ON_CLUSTER, {"read", "peek"}) == []


def test_forgetting_a_person_touches_only_declared_keys(world: World, watch: Watch) -> None:
    """So does erasing a person whose code is on its way."""
    world.api.start(headers=KEY)
    drain(world)
    assert world.admin.delete(f"/v1/admin/people/{NUMBER}").status_code in (200, 204)

    assert watch.undeclared({"start", "forget"}) == []


def test_scripts_of_messages_touch_only_declared_keys(world: World, watch: Watch) -> None:
    """So do sending, scheduling, moving and canceling messages, with a reference that another had, and outcomes."""
    world.policy(message_limits="9 per hour; 90 per day")
    send_and_change(world)
    started = world.api.start().json
    drain(world)
    told = world.api.post(f"/v1/messages/{started['message_id']}/outcome", {"outcome": "converted"})
    assert told.status_code == 200

    assert watch.undeclared(OF_MESSAGES, {"start", "read"}) == []


def test_scripts_of_messages_for_clusters_touch_only_declared_keys(settings: Settings, watch: Watch) -> None:
    """So do they where the limits and the idempotency key live in other slots."""
    parts = wiring.build(settings)
    world = World(replace(parts, core=replace(parts.core, clustered=True)))
    world.policy(message_limits="2 per hour")
    send_and_change(world)
    parts.core.engine.dispose()

    assert watch.undeclared(OF_MESSAGES, {"read", "claim", "reserve", "hand_back", "conclude", "peek"}) == []


def send_and_change(world: World) -> None:
    """Everything that messages can do, two of them with one reference, the last of them refused."""
    api = world.caller("messages", "verifications:start")
    at = rfc3339(now_ms() + 3_600_000)
    body = {"to": NUMBER, "text": "Your parcel is here.", "reference": "order-42", "send_at": at}
    first = api.post("/v1/messages", body, KEY).json["id"]
    assert api.post("/v1/messages", body, KEY).json["id"] == first
    assert api.post("/v1/messages", body).status_code == 409
    assert api.call("PATCH", f"/v1/messages/{first}", {"send_at": at}).status_code == 200
    assert api.delete("/v1/messages?reference=order-42").json["status"] == "canceled"
    second = api.post("/v1/messages", {"to": NUMBER, "text": "It is.", "reference": "order-42"}).json["id"]
    assert api.delete(f"/v1/messages/{second}").json["status"] == "canceled"
    assert api.post(f"/v1/messages/{second}/outcome", {"outcome": "not_converted"}).status_code == 200
    world.policy(message_limits="2 per hour")
    assert api.post("/v1/messages", {"to": NUMBER, "text": "Is it?"}).status_code == 429


def test_scripts_of_couriers_touch_only_declared_keys(world: World, settings: Settings, watch: Watch) -> None:
    """So does everything that a courier does with entries, facts and dead letters."""
    sent = [world.api.start(f"+4179123450{number}").json for number in range(5)]
    watch.calls()

    asyncio.run(work_of_a_courier(settings.redis_url, sent))

    assert watch.undeclared(OF_COURIERS, SHARED_BY_COURIERS) == []
