"""What the nodes of a cluster hold."""

from redis.cluster import RedisCluster

from tests.cluster.conftest import CELLS

DIGITS = 13  # of each time that a limit counts by


def queued(client: RedisCluster) -> int:
    """How many messages wait in the outboxes of all cells."""
    return sum(client.xlen(f"{{c{cell}}}:out:high") for cell in range(CELLS))


def facts(client: RedisCluster) -> int:
    """How many facts wait for the ledger."""
    return sum(client.xlen(f"{{c{cell}}}:facts") for cell in range(CELLS))


def counted(client: RedisCluster, scope: str) -> int:
    """What all limits of this scope have counted together."""
    return sum(_counted(client, key) for key in client.scan_iter(match=f"{{l:{scope}:*"))


def _counted(client: RedisCluster, key: str) -> int:
    return client.strlen(key) // DIGITS if client.type(key) == "string" else int(client.hget(key, "t") or 0)
