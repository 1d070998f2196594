"""The courier on a Redis Cluster."""

from tests.cluster.nodes import cluster
from tests.courier.world import World, play


def test_the_cells_of_a_cluster_are_read_settled_and_drained() -> None:
    """On a Redis Cluster one courier serves every cell, wherever its keys lie."""

    async def story(world: World) -> None:
        sent = [await world.put() for _ in range(20)]
        async with world.running():
            for one in sent:
                await world.ends(one, "3|accepted|a|")
            await world.rests()
        assert len({one.record[:4] for one in sent}) > 4
        assert world.ledger.facts.keys() == {f"{one.message}:{n}" for one in sent for n in ("a1", "3")}
        assert len(world.sink.got) == 20

    with cluster() as nodes:
        play(story, nodes.url, cells=8)
