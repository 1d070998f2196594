"""Receipts on a Redis Cluster: each message in its cell's slot, each vendor's id in one of its own."""

import asyncio

from otp_service.domain.messages import Receipt
from otp_service.service.unmatched import retry_unmatched
from otp_service.store import unmatched
from otp_service.store.connect import connect_courier
from otp_service.store.receipts import Sent, remember_ids, sent_as, state
from tests.cluster.nodes import Cluster
from tests.servers import wait_until
from tests.world import World


async def remember(url: str, provider: str, ids: list[str], sent: Sent) -> None:
    client = connect_courier(url)
    await remember_ids(client, provider, ids, sent)
    await client.aclose()


def test_unmatched_reports_find_their_messages_in_any_cell(world: World, nodes: Cluster) -> None:
    """Reports of twelve messages come first, their ids afterwards in another spelling; all end delivered."""
    begun = [world.api.start(f"+41791234{number:03d}").get_json() for number in range(12)]
    sent = [Sent(one["message_id"], one["id"]) for one in begun]
    for number in range(12):
        assert unmatched.hold(world.core.link, "p", Receipt(f"00AB{number:X}", "delivered"))
    for number, one in enumerate(sent):
        asyncio.run(remember(nodes.url, "p", [f"ab{number:x}"], one))
    found: list[int] = []

    def all_matched() -> bool:
        found.append(retry_unmatched(world.core))
        return sum(found) == 12

    wait_until(all_matched, 60)
    assert sent_as(world.core.link, "p", "AB0") == sent[0]
    moved = [state(world.core.link, world.core.cells, one)[1][f"m:{one.message}"] for one in sent]
    assert {value.partition("|")[2].partition("|")[0] for value in moved} == {"delivered"}
