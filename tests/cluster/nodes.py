"""A Redis Cluster of the tests' own: three nodes on free ports, each with a third of the slots."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import redis
from redis.cluster import RedisCluster

from tests.servers import PATIENCE, STARTS_WITHIN_S, RedisServer, free_port, redis_server, wait_until

THIRDS = ((0, 5460), (5461, 10922), (10923, 16383))


@dataclass
class Cluster:
    """The nodes, and clients of one or of all."""

    nodes: list[RedisServer]
    ports: list[int]

    @property
    def url(self) -> str:
        """Where the service finds it, with patience."""
        return f"redis+cluster://127.0.0.1:{self.ports[0]}?{PATIENCE}"

    def client(self) -> RedisCluster:
        return RedisCluster("127.0.0.1", self.ports[0], decode_responses=True)

    def empty(self) -> None:
        for node in self.nodes:
            with node.client() as client:
                client.flushall()


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster for as long as the block runs."""
    with contextlib.ExitStack() as stack:
        ports = [free_port() for _ in THIRDS]
        nodes = [stack.enter_context(_node(port)) for port in ports]
        clients = [stack.enter_context(node.client()) for node in nodes]
        _join(clients, ports)
        wait_until(lambda: all(_is_complete(client) for client in clients), STARTS_WITHIN_S)
        yield Cluster(nodes, ports)


@contextlib.contextmanager
def _node(port: int) -> Iterator[RedisServer]:
    # Nobody takes a slot over: a node that a busy machine or a test lets stand still is waited for, not given up.
    patient = ("--cluster-node-timeout", "60000")
    clustered = ("--cluster-enabled", "yes", *patient, "--cluster-port", str(free_port()))
    with redis_server("--port", str(port), "--bind", "127.0.0.1", *clustered) as server:
        yield server


def _join(clients: "list[redis.Redis]", ports: list[int]) -> None:
    for epoch, (client, (first, last)) in enumerate(zip(clients, THIRDS, strict=True), 1):
        # Epochs of their own spare the nodes the time to settle who is right.
        client.execute_command("CLUSTER SET-CONFIG-EPOCH", epoch)
        client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
    for client, port in zip(clients[1:], ports[1:], strict=True):
        bus = client.config_get("cluster-port")["cluster-port"]
        clients[0].execute_command("CLUSTER MEET", "127.0.0.1", port, bus)


def _is_complete(client: "redis.Redis") -> bool:
    told = client.execute_command("CLUSTER INFO")
    return told["cluster_state"] == "ok" and told["cluster_known_nodes"] == "3"
