"""What a courier does when something around it breaks."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError

from otp_service.courier.lane import READ
from otp_service.domain.keys import KeyRing
from otp_service.store.outbox import GROUP, Keys, Outbox, dead_letters, replay_dead
from tests.courier.world import PATIENT, QUICK, Answer, World, accept, eventually, forever, loops, play, refuse
from tests.servers import redis_server

KEYS = Keys.of(0)
DOWN = OperationalError("INSERT", {}, OSError("the database is gone"))


def test_a_killed_couriers_message_is_taken_over_with_the_same_code(url: str) -> None:
    """What a courier held when it died is sent by another one, with the same code."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = forever
        sent = await world.put()
        async with world.running("first") as first:
            await eventually(lambda: _count(world), 1)
            await first.kill()
        assert await world.status(sent) == ""
        world.sink.answers.clear()
        async with world.running("second"):
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert len(set(world.sink.texts("a"))) == 1
        assert len(world.sink.got) == 2

    play(story, url)


def test_a_living_couriers_message_is_not_taken_over(url: str) -> None:
    """A slow vendor call is renewed, so that no second courier sends the message too."""

    async def story(world: World) -> None:
        told = asyncio.Event()
        world.sink.answers["a"] = once(told)
        sent = await world.put()
        async with world.running("first", timing=replace(PATIENT, take_over_s=600)):
            await eventually(lambda: _count(world), 1)
            await _held_for(world, PATIENT.idle_ms)
            await eventually(lambda: _is_renewed(world), True)
            assert await Outbox(world.redis, 0, "second").abandoned(PATIENT.idle_ms, 1) == []
            told.set()
            await world.ends(sent, "3|accepted|a|")
        assert len(world.sink.got) == 1

    play(story, url)


def test_a_graceful_stop_ends_what_is_in_flight(url: str) -> None:
    """A courier that is told to stop settles what it has begun and reads nothing more."""

    async def story(world: World) -> None:
        told = asyncio.Event()
        world.sink.answers["a"] = once(told)
        begun = await world.put()
        async with world.running(timing=replace(QUICK, stop_s=60)) as running:
            await eventually(lambda: _count(world), 1)
            running.stop.set()
            await eventually(_loops, 2)  # those that settle and renew what is in flight
            late = await world.put()
            told.set()
        assert await world.status(begun) == "3|accepted|a|"
        assert await world.status(late) == ""
        assert len(world.sink.got) == 1

    play(story, url)


def test_what_does_not_end_in_time_is_left_for_others(url: str) -> None:
    """A stop does not wait for a silent vendor for ever: the message stays pending, unsettled."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = forever
        sent = await world.put()
        async with world.running(timing=replace(QUICK, stop_s=0.2)):
            await eventually(lambda: _count(world), 1)
        assert await world.status(sent) == ""
        assert (await world.redis.xpending(KEYS.outbox[0], GROUP))["pending"] == 1

    play(story, url)


def test_a_wiped_redis_is_set_up_again(url: str) -> None:
    """After Redis lost everything the courier makes its groups anew and goes on without a restart."""

    async def story(world: World) -> None:
        async with world.running():
            await world.ends(await world.put(), "3|accepted|a|")
            await world.redis.flushall()
            again = await world.put()
            await world.ends(again, "3|accepted|a|")
            await eventually(lambda: _known(world, f"{again.message}:3"), True)

    play(story, url)


def test_facts_wait_while_sql_is_down(url: str) -> None:
    """Without SQL codes are sent as ever and facts pile up in Redis; when SQL is back the ledger gets all of them."""

    async def story(world: World) -> None:
        world.ledger.fails = DOWN
        async with world.running():
            sent = [await world.put() for _ in range(3)]
            for one in sent:
                await world.ends(one, "3|accepted|a|")
            assert await world.redis.xlen(KEYS.facts) == 6
            assert world.ledger.facts == {}
            world.ledger.fails = None
            await world.rests()
        assert world.ledger.facts.keys() == {f"{one.message}:{n}" for one in sent for n in ("a1", "3")}

    play(story, url)


def test_facts_that_a_dead_drain_took_are_finished_by_another(url: str) -> None:
    """A drain that dies with facts in hand loses none of them."""

    async def story(world: World) -> None:
        dead = Outbox(world.redis, 0, "dead")
        await dead.prepare()
        await world.redis.xadd(KEYS.facts, {"f": "msg_1:3", "t": "message", "at": "1", "d": "{}"})
        assert len(await dead.facts(">", 10)) == 1
        async with world.running():
            await eventually(lambda: _known(world, "msg_1:3"), True)
            await world.rests()

    play(story, url)


def test_one_malformed_fact_does_not_hold_up_the_rest(url: str) -> None:
    """Facts that can't be read, or that the ledger can't take, are set aside; those around them are kept."""

    async def story(world: World) -> None:
        world.ledger.poison = "msg_4:3"
        for number in range(1, 8):
            await world.redis.xadd(KEYS.facts, {"f": f"msg_{number}:3", "t": "message", "at": "1", "d": "{}"})
        await world.redis.xadd(KEYS.facts, {"f": "msg_8:3", "t": "message", "at": "1", "d": "{"})
        await world.redis.xadd(KEYS.facts, {"nothing": "of a fact"})
        async with world.running():
            await world.rests()
        assert world.ledger.facts.keys() == {f"msg_{number}:3" for number in (1, 2, 3, 5, 6, 7)}
        assert sorted(letter.message for letter in await dead_letters(world.redis, 1)) == ["", "msg_4:3", "msg_8:3"]

    play(story, url)


def test_an_unknown_key_makes_a_dead_letter_that_can_be_replayed(url: str) -> None:
    """A message sealed with a key outside the ring is kept with its reason; with the key back it can be sent."""

    async def story(world: World) -> None:
        old = KeyRing({"k0": b"0" * 32})
        sent = await world.put(ring=old)
        async with world.running():
            await world.ends(sent, "5|failed||unknown")
        (letter,) = await dead_letters(world.redis, 1)
        assert (letter.reason, letter.message) == ("unknown_kid", sent.message)
        assert (await world.dead())[0][b"e"].decode() == sent.fields["e"]

        assert await replay_dead(world.redis, 1, [letter.id, "0:1-1", "nonsense"]) == 1
        async with world.running("second", ring=KeyRing({"k1": b"1" * 32, "k0": b"0" * 32})):
            await world.rests()
        assert sent.code in world.sink.texts("a")[0]
        assert await dead_letters(world.redis, 1) == []

    play(story, url)


def test_entries_that_cannot_be_read_become_dead_letters_beside_good_ones(url: str) -> None:
    """Bad bytes, a newer format, unknown fields and a broken envelope are set aside; the message behind is sent."""

    async def story(world: World) -> None:
        await world.redis.xadd(KEYS.outbox[0], {b"\xff": b"\xfe"})
        await world.put(v="2")
        await world.put(z="?")
        await world.put(d="soon")
        await world.put(i="ver_!")
        await world.put(e="k1.AAAA")
        good = await world.put()
        async with world.running():
            await world.ends(good, "3|accepted|a|")
            await world.rests()
        reasons = sorted(letter.reason for letter in await dead_letters(world.redis, 1))
        assert reasons == ["bad_format"] * 3 + ["unknown_fields", "unknown_format", "unreadable_envelope"]
        assert len(world.sink.got) == 1

    play(story, url)


def test_a_message_that_kills_couriers_is_set_aside(url: str) -> None:
    """After five deliveries without an end nobody tries a sixth time: the entry becomes a dead letter."""

    async def story(world: World) -> None:
        sent = await world.put()
        victim = Outbox(world.redis, 0, "victim")
        await victim.prepare()
        assert len(await victim.next(1)) == 1
        for _ in range(4):
            assert len(await victim.abandoned(0, 1)) == 1
        async with world.running():
            await world.ends(sent, "5|failed||unknown")
        assert [letter.reason for letter in await dead_letters(world.redis, 1)] == ["too_many_deliveries"]
        assert world.sink.got == []

    play(story, url)


@pytest.mark.parametrize("places", [READ // 10, 2 * READ])
def test_all_messages_of_a_dead_courier_are_taken_over_at_once(url: str, places: int) -> None:
    """A large backlog of a dead courier is worked without a pause between batches, even while there is no room."""

    async def story(world: World) -> None:
        dead = Outbox(world.redis, 0, "dead")
        await dead.prepare()
        for _ in range(READ + 30):
            await world.put(live_s=600)
        assert len(await dead.next(2 * READ)) == READ + 30
        await _held_for(world, 2 * QUICK.idle_ms)
        async with world.running(concurrency=places, timing=replace(QUICK, take_over_s=600)):
            await world.rests()
        assert len({got["id"] for got in world.sink.got}) == len(world.sink.got) == READ + 30

    play(story, url)


def test_sealed_numbers_stay_sealed_in_redis(url: str) -> None:
    """Neither a retry nor a dead letter nor a fact holds a number or a code."""

    async def story(world: World) -> None:
        world.sink.url = "http://127.0.0.1:1/"
        retried = await world.put()
        lost = await world.put(ring=KeyRing({"k0": b"0" * 32}))
        async with world.running():
            await world.ends(retried, "2|sending|a|connection")
            await world.ends(lost, "5|failed||unknown")
            dump = b"".join([bytes(member) for member in await world.redis.zrange(KEYS.due, 0, -1)])
            dump += repr(await world.redis.xrange(KEYS.dead)).encode()
            dump += repr(await world.redis.xrange(KEYS.facts)).encode()
        for one in (retried, lost):
            # By itself: six digits within a time are no code.
            assert not re.search(rf"(?<!\d){one.code}(?!\d)".encode(), dump.replace(one.message.encode(), b""))
        assert b"+4179" not in dump

    play(story, url)


def test_retention_runs_again_and_again(url: str) -> None:
    """The retention job runs in every period, and one that fails is run again."""

    async def story(world: World) -> None:
        async with world.running():
            await eventually(lambda: _retained(world), True)

    play(story, url)


def test_the_in_process_redis_carries_codes_too() -> None:
    """Without a Redis server, sending, retrying and draining work on the one inside the process."""

    async def story(world: World) -> None:
        await world.redis.flushall()
        world.sink.answers["a"] = refuse(500)
        sent = await world.put()
        async with world.running():
            await world.ends(sent, "2|sending|a|provider_error")
            world.sink.answers.clear()
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert f"{sent.message}:a2" in world.ledger.facts

    play(story, "memory://")


def test_a_killed_redis_that_comes_back_needs_no_restart() -> None:
    """The courier waits out a Redis that was killed, and goes on with what it finds there afterwards."""

    async def story(world: World) -> None:
        async with world.running():
            await world.ends(await world.put(), "3|accepted|a|")
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.start)
            await world.ends(await world.put(), "3|accepted|a|")
            await world.rests()

    with redis_server() as server:
        play(story, server.url)


def test_what_was_sent_while_redis_was_down_is_settled_afterwards() -> None:
    """A vendor's answer that comes while Redis is away is kept until it can be written: nothing is sent twice."""

    async def story(world: World) -> None:
        told = asyncio.Event()
        world.sink.answers["a"] = once(told)
        async with world.running(timing=PATIENT):
            sent = await world.put()
            await eventually(lambda: _count(world), 1)
            await asyncio.to_thread(server.kill)
            told.set()
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.start)
            await eventually(lambda: _known(world, f"{sent.message}:3"), True)
        assert len(world.sink.got) == 1

    with redis_server("--appendonly", "yes", "--appendfsync", "always") as server:
        play(story, server.url)


async def _count(world: World) -> int:
    return len(world.sink.got)


async def _loops() -> int:
    return loops()


async def _held(world: World) -> list[dict[str, Any]]:
    """The entries that couriers hold."""
    found: list[dict[str, Any]] = await world.redis.xpending_range(KEYS.outbox[0], GROUP, "-", "+", 1000)
    return found


async def _held_for(world: World, ms: int) -> None:
    """Makes it so long ago that couriers renewed what they hold."""
    for entry in await _held(world):
        id, holder = entry["message_id"], entry["consumer"]
        await world.redis.xclaim(KEYS.outbox[0], GROUP, holder, 0, [id], idle=ms, justid=True)


async def _is_renewed(world: World) -> bool:
    return all(entry["time_since_delivered"] < PATIENT.idle_ms for entry in await _held(world))


def once(told: asyncio.Event) -> Answer:
    """The vendor takes the message once it is told to."""

    async def answer(sent: dict[str, Any]) -> web.StreamResponse:
        await told.wait()
        return await accept(sent)

    return answer


async def _known(world: World, fact: str) -> bool:
    return fact in world.ledger.facts


async def _retained(world: World) -> bool:
    return world.retained >= 3
