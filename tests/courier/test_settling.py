"""How entries end in Redis: once, together with their facts."""

import asyncio
import json

from redis.asyncio import Redis

from otp_service.courier.settling import Attempt, End, Settlement, arguments
from otp_service.domain.messages import MessageStatus, Outcome, Receipt, Verdict
from otp_service.store import receipts
from otp_service.store.connect import connect
from otp_service.store.outbox import Claimed, Keys, Outbox, dead_letters
from tests.courier.world import Sent, World, play

KEYS = Keys.of(0)
ACCEPTED = Attempt(1, "a", Outcome(Verdict.ACCEPTED, provider_message_id="v1"), 12)
BUSY = Attempt(1, "a", Outcome(Verdict.TRY_LATER, "rate_limited"), 12)


def ending(
    sent: Sent, claimed: Claimed, end: End, status: MessageStatus, attempt: Attempt, extra: str = ""
) -> Settlement:
    """What a courier settles."""
    names = (sent.message, sent.verification, sent.record)
    return Settlement(claimed, end, *names, status, attempts=[attempt], extra=extra)


async def facts(client: Redis) -> list[str]:
    """The ids of the facts that wait."""
    return [fields[b"f"].decode() for _, fields in await client.xrange(KEYS.facts)]


async def claimed_by(world: World, name: str) -> tuple[Outbox, Claimed]:
    """An outbox and the one entry that was read from it."""
    outbox = Outbox(world.redis, 0, name)
    await outbox.prepare()
    (claimed,) = await outbox.next(1)
    return outbox, claimed


def test_a_settlement_that_is_repeated_queues_no_second_retry(url: str) -> None:
    """When the reply to a settlement is lost and it is written again, the message is still retried once."""

    async def story(world: World) -> None:
        sent = await world.put()
        outbox, claimed = await claimed_by(world, "one")
        later = ending(sent, claimed, "later", "sending", BUSY, json.dumps([1, "v", "1"]))
        assert await outbox.settle(*arguments([later])) == 1
        assert await outbox.move_due(10) == 1
        assert await outbox.settle(*arguments([later])) == 0
        assert await outbox.move_due(10) == 0
        assert len(await world.redis.xrange(KEYS.outbox[0])) == 1

    play(story, url)


def test_a_late_courier_can_report_success_but_no_failure(url: str) -> None:
    """A courier whose entry was ended by another one doesn't turn an accepted message into a failed one."""

    async def story(world: World) -> None:
        sent = await world.put()
        slow, claimed = await claimed_by(world, "slow")
        fast = Outbox(world.redis, 0, "fast")
        (taken,) = await fast.abandoned(0, 1)
        assert taken.deliveries == 2
        assert await fast.settle(*arguments([ending(sent, taken, "done", "accepted", ACCEPTED)])) == 1
        assert await slow.settle(*arguments([ending(sent, claimed, "done", "failed", BUSY)])) == 0
        assert await world.status(sent) == "3|accepted|a|"
        assert await facts(world.redis) == [f"{sent.message}:a1", f"{sent.message}:3", f"{sent.message}:a1"]

    play(story, url)


def test_settling_leaves_a_record_that_is_gone_alone(url: str) -> None:
    """A record that expired meanwhile is not made again by its message's state."""

    async def story(world: World) -> None:
        sent = await world.put()
        outbox, claimed = await claimed_by(world, "one")
        await world.redis.delete(sent.record)
        await outbox.settle(*arguments([ending(sent, claimed, "done", "accepted", ACCEPTED)]))
        assert not await world.redis.exists(sent.record)
        assert f"{sent.message}:3" in await facts(world.redis)

    play(story, url)


def test_a_delayed_message_that_cannot_be_read_does_not_hold_up_the_others(url: str) -> None:
    """Garbage among the delayed messages becomes dead letters, and what is due behind it moves on."""

    async def story(world: World) -> None:
        members = ["not json", "[]", '[4,"v","1"]', '[1,"v"]', '[1,"v",{}]', '[2,"v","1"]']
        await world.redis.zadd(KEYS.due, dict.fromkeys(members, 1))
        outbox = Outbox(world.redis, 0, "one")
        assert await outbox.move_due(10) == len(members)
        assert len(await dead_letters(world.redis, 1)) == len(members) - 1
        assert await world.redis.xlen(KEYS.outbox[1]) == 1

    play(story, url)


def test_a_delayed_message_waits_for_its_time(url: str) -> None:
    """What is not due yet stays where it is."""

    async def story(world: World) -> None:
        await world.redis.zadd(KEYS.due, {'[1,"v","1"]': 4_000_000_000_000})
        assert await Outbox(world.redis, 0, "one").move_due(10) == 0
        assert await world.redis.zcard(KEYS.due) == 1

    play(story, url)


def test_a_receipt_moves_its_message_up_once(url: str) -> None:
    """A receipt is told once: repeats change nothing, and a late `sent` does not undo `delivered`."""

    async def story(world: World) -> None:
        sent = await world.put()
        link = connect(url)

        def report(status: MessageStatus) -> bool:
            whose = receipts.Sent(sent.message, sent.verification)
            return receipts.apply_receipt(link, 1, whose, "a", Receipt("v-1", status))

        told = [await asyncio.to_thread(report, status) for status in ("delivered", "delivered", "sent")]
        assert told == [True, False, True]
        assert await world.status(sent) == "6|delivered|a|"
        assert [id for id in await facts(world.redis) if ":r:" not in id] == [f"{sent.message}:6"]

    play(story, url)
