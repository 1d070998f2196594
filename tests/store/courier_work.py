"""Everything that a courier does with its store, one after the other."""

import asyncio
from collections.abc import Sequence

from otp_service.domain.ids import address_of
from otp_service.store.connect import connect_courier
from otp_service.store.keys import subject_keys
from otp_service.store.outbox import Outbox, dead_letters, replay_dead


async def work_of_a_courier(url: str, sent: Sequence[dict[str, str]]) -> None:
    """Ends four entries in every way there is, and everything that follows from that."""
    client = connect_courier(url)
    box = Outbox(client, 0, "one")
    await box.prepare()
    claimed = await box.next(10)
    ids = [one["id"] for one in sent]
    records = [subject_keys(address_of(id_), 1).record for id_ in ids]
    assert (await box.wanted(records, ids)).states == ["pending"] * 4
    await asyncio.sleep(0.005)
    assert len(await box.abandoned(1, 10)) == 4
    ends = (("done", 0, ""), ("later", 0, '[1, "m", "a"]'), ("later", 0, "not json"), ("dead", 0, "bad_format"))
    args: list[str | int | bytes] = []
    for number, (entry, end, one) in enumerate(zip(claimed, ends, sent, strict=True), 7):
        args += (1, entry.id, *end, number, one["message_id"], 3, "accepted|p|", "{}", 1, 1, "{}")
    assert await box.settle(records, args) == 4
    assert await box.move_due(10) == 2
    facts = [entry for entry, _ in await box.facts(">", 100)]
    await asyncio.sleep(0.005)
    assert len(await box.abandoned_facts(1, 100)) == len(facts)
    await box.settle_facts(facts, {facts[0]: "malformed_fact"})
    letters = await dead_letters(client, 1)
    assert [letter.reason for letter in letters] == ["bad_format", "bad_format", "malformed_fact"]
    assert await replay_dead(client, 1, [letter.id for letter in letters]) == 2  # one was no entry of a stream
    await client.aclose()
