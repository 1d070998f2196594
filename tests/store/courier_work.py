"""Everything that a courier does with its store, one after the other."""

import asyncio
from collections.abc import Sequence

from otp_service.courier.repaying import Repaying
from otp_service.courier.settling import FIRST_KEY
from otp_service.domain.ids import address_of
from otp_service.store.breakers import Change, counted_codes, forget_codes, share, take_tokens
from otp_service.store.connect import connect_courier
from otp_service.store.keys import parts_key, repay_key, subject_keys
from otp_service.store.outbox import AsyncRedis, Outbox, dead_letters, replay_dead


async def work_of_a_courier(url: str, sent: Sequence[dict[str, str]]) -> None:
    """Ends five entries in every way there is, and everything that follows from that."""
    client = connect_courier(url)
    box = Outbox(client, 0, "one")
    await box.prepare()
    claimed = await box.next(10)
    ids = [one["id"] for one in sent]
    records = [subject_keys(address_of(id_), 1).record for id_ in ids]
    assert (await box.wanted(records, ids)).states == ["pending"] * 5
    await asyncio.sleep(0.005)
    assert len(await box.abandoned(1, 10)) == 5
    again = '[1, "m", "a"]'
    ends = (("done", 0, ""), ("later", 0, again), ("later", 0, "x"), ("dead", 0, "bad_format"), ("watch", 0, again))
    args: list[str | int | bytes] = []
    parts = [parts_key("{c0}", one["message_id"]) for one in sent]
    for number, (entry, end, one) in enumerate(zip(claimed, ends, sent, strict=True), FIRST_KEY):
        state = (number, one["message_id"], 3, "accepted|p|", "{}", "CH", number + len(sent), "2")
        args += (1, entry.id, *end, *state, 1, 1, "{}")
    assert await box.settle([*records, *parts], args) == 5
    assert await box.move_due(10) == 3
    tab = await client.execute_command("HGET", records[0], "tab")
    await client.execute_command("XADD", repay_key("{c0}"), "*", "v", ids[0], "b", tab)
    await Repaying(client, 0).step()
    counted = await counted_codes(client, 0)
    assert list(counted.values()) == [5]
    await forget_codes(client, 0, counted, 2**60)
    await share_and_pace(client)
    facts = [entry for entry, _ in await box.facts(">", 100)]
    await asyncio.sleep(0.005)
    assert len(await box.abandoned_facts(1, 100)) == len(facts)
    await box.settle_facts(facts, {facts[0]: "malformed_fact"})
    letters = await dead_letters(client, 1)
    assert [letter.reason for letter in letters] == ["bad_format", "bad_format", "malformed_fact"]
    assert await replay_dead(client, 1, [letter.id for letter in letters]) == 2  # one was no entry of a stream
    await client.aclose()


async def share_and_pace(client: AsyncRedis) -> None:
    """Tells what is known of a provider and its codes, hears it again, and takes tokens until there are none."""
    wrote = await share(client, "", (Change(("p", "CH"), "", "[]"),), {("p", "CH"): (2, 1)})
    assert (await share(client, wrote.version, ())).breakers is None
    refused = await share(client, "", (Change(("p", "CH"), "", "[[]]"),))
    assert refused.refused == {("p", "CH")}
    assert (refused.breakers, refused.codes) == ({("p", "CH"): "[]"}, {("p", "CH"): (2, 1)})
    assert [(await take_tokens(client, "p", 0.001, 1, 500))[0] for _ in range(2)] == [True, False]
