"""What Redis and the ledger hold, for tests that look behind the service."""

import redis

from otp_service.courier.drain import read_fact
from otp_service.domain.facts import Fact
from otp_service.ledger.facts import apply_facts
from tests.servers import RedisServer
from tests.world import World

Dumps = dict[bytes, bytes]


def raw_client(world: World) -> "redis.Redis":
    """A client of the world's Redis that answers in bytes."""
    return redis.Redis.from_url(world.parts.settings.redis_url)


def everything(server: RedisServer) -> Dumps:
    """Every key with its serialized value, whatever its type; but for the log of refusals, which a refusal writes."""
    with redis.Redis(unix_socket_path=server.socket) as client:
        keys = sorted(key for key in client.scan_iter(count=1000) if not key.endswith(b":refusals"))
        return {key: client.dump(key) for key in keys}


def facts(world: World) -> list[Fact]:
    """The facts that wait for the ledger."""
    with raw_client(world) as client:
        return [
            read_fact([part for pair in fields.items() for part in pair])
            for key in sorted(client.scan_iter("*:facts"))
            for _, fields in client.xrange(key)
        ]


def drain(world: World) -> None:
    """Takes the facts to the ledger, as a courier does, and lets the process see it."""
    apply_facts(world.core.engine, facts(world))
    with raw_client(world) as client:
        for key in client.scan_iter("*:facts"):
            client.xtrim(key, 0, approximate=False)
    world.parts.truths.refresh()


def outbox(world: World) -> list[dict[bytes, bytes]]:
    """The messages that wait for a courier, oldest first."""
    with raw_client(world) as client:
        return [fields for key in sorted(client.scan_iter("*:out:*")) for _, fields in client.xrange(key)]
