"""Lost replies on a Redis Cluster: each part of a start is repeated, or never repeated, as it can bear it."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial

import pytest
from redis.cluster import RedisCluster

from otp_service import wiring
from otp_service.settings import Settings
from otp_service.store import link as link_module
from otp_service.store.connect import cluster_client
from otp_service.store.link import Through
from otp_service.store.scripts import SCRIPTS
from tests.cluster.counts import counted, facts, queued
from tests.cluster.nodes import Cluster
from tests.proxy import Proxy, proxy
from tests.world import OTHER_NUMBER, World

KEY, CHECK_KEY = {"Idempotency-Key": "of-a-start"}, {"Idempotency-Key": "of-a-check"}
IP = {"ip": "203.0.113.7"}
LIMITS = {"to": "3 per hour", "prefix": "100 per day", "ip": "20 per hour", "application": "100 per day"}


@dataclass
class Lines:
    """A proxy in front of every node."""

    by_port: dict[int, Proxy]
    lose: list[bytes]

    def address_of(self, address: tuple[str, int]) -> tuple[str, int]:
        """Where a node is reached."""
        return self.by_port[address[1]].address

    def lose_reply_to(self, script: str, times: int = 1) -> None:
        """The next calls of this script reach their node, but their replies are lost."""
        self.lose += [SCRIPTS[script].sha.encode()] * times

    def sent(self, script: str) -> int:
        return sum(line.sent(SCRIPTS[script].sha.encode()) for line in self.by_port.values())


@pytest.fixture
def lines(nodes: Cluster) -> Iterator[Lines]:
    """Proxies before nodes that know all scripts."""
    lose: list[bytes] = []
    with ExitStack() as stack:
        yield Lines({port: stack.enter_context(proxy(("127.0.0.1", port), lose)) for port in nodes.ports}, lose)


@pytest.fixture
def world(settings: Settings, nodes: Cluster, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A service that reaches its nodes through the proxies, and has limits in several slots."""
    for node in nodes.nodes:
        with node.client() as client:
            for script in SCRIPTS.values():
                client.script_load(script.source)
    monkeypatch.setattr(link_module, "AGAIN_BEFORE_S", 60)  # on a busy machine a loss may take long to be noticed
    parts = wiring.build(settings)
    link = Through(partial(cluster_client, nodes.url, address_remap=lines.address_of))
    world = World(replace(parts, core=replace(parts.core, link=link)))
    world.policy(limits=LIMITS)
    link.command("PING")  # finds the nodes: a first request that does so has less time for a repeat
    yield world
    parts.core.engine.dispose()


@pytest.fixture
def held(nodes: Cluster) -> Iterator[RedisCluster]:
    """What the nodes hold, seen past the proxies."""
    with nodes.client() as client:
        yield client


def reservations(held: RedisCluster) -> list[int]:
    """What the limits of the range, the client and the application have counted."""
    return [counted(held, scope) for scope in ("prefix", "ip", "application")]


@pytest.mark.parametrize("script", ["claim", "start", "conclude"])
def test_what_may_be_repeated_is_repeated(world: World, lines: Lines, held: RedisCluster, script: str) -> None:
    """A lost reply to claim, start or conclude costs nothing: 201 is heard, one message queued, one send counted."""
    lines.lose_reply_to(script)
    response = world.api.start(headers=KEY, client=IP)
    assert (response.status_code, lines.lose) == (201, [])
    assert lines.sent(script) == 2
    assert queued(held) == 1
    assert reservations(held) == [1, 1, 1]
    assert world.api.start(headers=KEY, client=IP).json == response.json


@pytest.mark.parametrize("script", ["claim", "message_send", "conclude"])
def test_a_message_is_repeated_and_sent_once(world: World, lines: Lines, held: RedisCluster, script: str) -> None:
    """So it is with a message: 202 is heard, and one is counted."""
    world.policy(message_limits="20 per hour")
    api = world.caller("messages")
    lines.lose_reply_to(script)
    response = api.post("/v1/messages", {"to": OTHER_NUMBER, "text": "Hello", "reference": "order-42"}, KEY)
    assert (response.status_code, lines.lose, lines.sent(script)) == (202, [], 2)
    assert (counted(held, "application"), facts(held)) == (1, 1)


def test_a_reservation_is_never_repeated(world: World, lines: Lines, held: RedisCluster) -> None:
    """When a reservation's reply is lost the start is 503, and what was surely reserved before is handed back."""
    lines.lose.append(b"{l:ip:")
    assert world.api.start(headers=KEY, client=IP).status_code == 503
    assert (lines.lose, lines.sent("reserve")) == ([], 2)
    assert queued(held) == 0
    assert reservations(held) == [0, 1, 0]

    assert world.api.start(headers=KEY, client=IP).status_code == 201
    assert queued(held) == 1
    assert reservations(held) == [1, 2, 1]


def test_handing_back_is_never_repeated(world: World, lines: Lines, held: RedisCluster) -> None:
    """When the reply to a hand-back is lost the refusal stands, and nobody else's reservation is handed back."""
    statuses = [world.api.start(client=IP).status_code for _ in range(3)]
    assert statuses == [201, 200, 200]
    lines.lose_reply_to("hand_back")
    assert world.api.start(client=IP).status_code == 429
    slots = 5  # of prefix, client, application, spend a day and spend a country
    assert (lines.lose, lines.sent("hand_back")) == ([], slots)
    assert reservations(held) == [3, 3, 3]


def test_a_repeat_keeps_what_its_first_try_consumed(world: World, lines: Lines, held: RedisCluster) -> None:
    """When the outcome stays unknown the caller's repeat hears of the message, and it is counted exactly once."""
    lines.lose_reply_to("start", times=2)
    assert world.api.start(headers=KEY, client=IP).status_code == 503
    assert queued(held) == 1
    assert reservations(held) == [1, 1, 1]

    response = world.api.start(headers=KEY, client=IP)
    assert (response.status_code, response.json["sends"]) == (201, 1)
    assert queued(held) == 1
    assert reservations(held) == [1, 1, 1]
    assert world.api.start(headers=KEY, client=IP).json == response.json


@pytest.mark.parametrize("script", ["claim", "check", "conclude"])
def test_a_check_pays_once_and_approves_once(world: World, lines: Lines, script: str) -> None:
    """A wrong guess whose reply is lost is paid once, and the operation that approved hears so."""
    id_ = world.started(OTHER_NUMBER)
    right, wrong = world.code(id_), world.wrong(id_)
    lines.lose_reply_to("check")
    assert world.api.check(wrong, to=OTHER_NUMBER).json["attempts_left"] == 4
    lines.lose_reply_to(script)
    assert world.api.check(right, CHECK_KEY, to=OTHER_NUMBER).json["valid"]
    assert lines.lose == []
    assert world.record(id_)["used"] == "2"
    assert world.api.check(right, to=OTHER_NUMBER).json["reason"] == "already_used"
