"""A node of a Redis Cluster that goes away takes only its own numbers with it."""

import re
import signal

import pytest

from otp_service import wiring
from otp_service.domain.ids import address_of
from otp_service.settings import Settings
from otp_service.store.keys import subject_keys
from tests.cluster.conftest import CELLS
from tests.cluster.counts import queued
from tests.cluster.nodes import Cluster
from tests.proxy import proxy
from tests.servers import wait_until
from tests.store.test_deadlines import refused_in_time
from tests.world import World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The usual ones, with the deadlines of production."""
    return settings.model_copy(update={"redis_url": settings.redis_url.partition("?")[0]})


def node_of(nodes: Cluster, id_: str) -> int:
    """The number of the node that holds this verification."""
    with nodes.client() as client:
        return nodes.ports.index(client.get_node_from_key(subject_keys(address_of(id_), CELLS).record).port)


def test_a_silent_node_is_given_up_in_time(world: World, nodes: Cluster) -> None:
    """Its verifications are 503 in under a second, those of other nodes go on, and it is back as soon as it answers."""
    ids = [world.started(f"+4179123{number:04d}") for number in range(12)]
    right = {id_: world.code(id_) for id_ in ids}
    silent = node_of(nodes, ids[0])
    elsewhere = next(id_ for id_ in ids if node_of(nodes, id_) != silent)

    nodes.nodes[silent].process.send_signal(signal.SIGSTOP)
    try:
        refused_in_time(lambda: world.api.check(right[ids[0]], id=ids[0]))
        is_approved(world, elsewhere, right[elsewhere])
    finally:
        nodes.nodes[silent].process.send_signal(signal.SIGCONT)

    is_approved(world, ids[0], right[ids[0]])


def is_approved(world: World, id_: str, code: str) -> None:
    """The right code ends a verification as approved; on a busy machine its caller asks again."""
    wait_until(lambda: world.api.check(code, id=id_).status_code == 200, 60)
    wait_until(lambda: world.api.get(f"/v1/verifications/{id_}").json["status"] == "approved", 60)


def test_a_start_without_confirmation_is_503(settings: Settings, nodes: Cluster) -> None:
    """Wanted replicas that a Cluster does not have are missed on each try, and only one message is queued."""
    parts = wiring.build(settings.model_copy(update={"redis_min_replicas": 1}))
    world = World(parts)
    for _ in range(2):
        refused = refused_in_time(lambda: world.api.start(headers={"Idempotency-Key": "once-and-for-all"}))
        # On a machine under load the deadline may come first; either way nothing is promised.
        assert re.search("too few replicas|in time", refused.json["detail"])
    with nodes.client() as client:
        assert queued(client) == 1
    parts.core.engine.dispose()


def test_a_cluster_that_is_away_at_first_is_found_later(settings: Settings, nodes: Cluster) -> None:
    """The service starts without its Redis Cluster, says 503, and serves as soon as the nodes can be reached."""
    with proxy(("127.0.0.1", nodes.ports[0])) as line:
        line.black_hole = True
        host, port = line.address
        parts = wiring.build(settings.model_copy(update={"redis_url": f"redis+cluster://{host}:{port}"}))
        world = World(parts)
        refused_in_time(world.api.start)
        line.black_hole = False
        wait_until(lambda: world.api.start().status_code in (200, 201), 60)
        parts.core.engine.dispose()
