"""Messages of their own, which belong to no verification."""

import json
import time

from otp_service.domain.ids import own_message_id
from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.routes.routing import Routing
from otp_service.domain.routes.rules import Candidate
from otp_service.store.keys import message_keys
from tests.courier.world import RING, Sent, Vendor, World, eventually, play, refuse, take_and_hang_up

TEXT = "Your parcel {code} is here."
PLACE = b"\0\0\0\1"


async def put_message(world: World, *, live_s: float = 60, **changes: object) -> Sent:
    """Queues a message of its own, as the script of sending does."""
    world.count += 1
    message = own_message_id(PLACE, world.count.to_bytes(16, "big"))
    keys = message_keys(PLACE, message, world.cells)
    now = int(time.time() * 1000)
    until = str(now + int(live_s * 1000))
    sealed = {"to": "+41791230000", "country": "CH", "application": "app_1", "realm": "app_1", "sender": None}
    sealed |= {"text": TEXT, "class": "transactional", "dlt": None, "test": False, **changes}
    envelope = RING.seal(json.dumps(sealed).encode(), message, world.count.to_bytes(12, "big"))
    fields = {"v": "1", "m": message, "i": "", "k": "", "c": "", "d": until, "e": envelope}
    fields |= {"r": "req_1", "q": str(now), "p": "50000"}
    await world.redis.hset(keys.record, mapping={"id": message, "st": "pending", "exp": until})
    await world.redis.xadd(keys.outboxes[1], fields)
    return Sent(message, "", keys.record, "", fields)


def test_a_message_of_its_own_is_sent_as_it_is(url: str) -> None:
    """Its text is final: no template is filled in, and no code is derived."""

    async def story(world: World) -> None:
        sent = await put_message(world)
        async with world.running():
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert world.sink.texts("a") == [TEXT]
        assert world.ledger.facts[f"{sent.message}:3"].data["verification"] is None

    play(story, url)


def test_a_canceled_message_is_not_sent(url: str) -> None:
    """A message that was canceled while it waited costs nothing."""

    async def story(world: World) -> None:
        sent = await put_message(world)
        await world.redis.hset(sent.record, "st", "canceled")
        async with world.running():
            await world.ends(sent, "5|canceled||canceled")
        assert world.sink.got == []

    play(story, url)


def test_a_message_that_may_have_gone_out_is_not_repeated(url: str) -> None:
    """Nobody wants another message twice: one that was not answered has failed, whoever else is left."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = take_and_hang_up
        sent = await put_message(world)
        async with world.running(providers=("a", "b")):
            await eventually(lambda: _status(world, sent), "5|failed|a")
        assert len(world.sink.got) == 1

    play(story, url)


def test_a_message_of_its_own_is_not_watched(url: str) -> None:
    """Only codes are sent on when nobody reports them."""

    async def story(world: World) -> None:
        sent = await put_message(world)
        async with world.running(providers=("a", "b"), watched_s=1):
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
            assert await world.redis.hlen("{c0}:held") == 0

    play(story, url)


def test_a_message_waits_for_its_own_provider(url: str) -> None:
    """A message for which a provider has no token soon waits for it; it does not take a dearer way."""

    async def story(world: World) -> None:
        known = Routing((Candidate("a", 1, max_per_s=0.6), Candidate("b", 2)))
        sent = [await put_message(world) for _ in range(3)]
        async with world.running(providers=("a", "b"), routing=lambda: known):
            for one in sent:
                await world.ends(one, "3|accepted|a|")
        assert world.sink.texts("b") == []

    play(story, url)


def test_an_entry_of_another_cell_is_set_aside(url: str) -> None:
    """A message whose id names another cell, or none, would stop Redis Cluster: it becomes a dead letter."""

    async def story(world: World) -> None:
        for message in ("msg_AAAAAAAAAAAAAAAAAAAAAA", own_message_id(b"\0\0\0\2", bytes(16))):
            fields = (await put_message(world)).fields | {"m": message}
            await world.redis.delete("{c1}:out:normal")
            await world.redis.xadd("{c1}:out:normal", fields)
            async with world.running():
                await eventually(lambda: world.redis.xlen("{c1}:out:normal"), 0)
        assert await world.redis.xlen("{c1}:dead") == 2
        assert world.sink.got == []

    play(story, url, cells=2)


class OfParts(Vendor):
    """A vendor that names each segment, and reports to one address for all messages."""

    fixed_receipts = True

    def outcome(self, response: object) -> Outcome:
        """Two segments."""
        return Outcome(Verdict.ACCEPTED, provider_message_id="ab-1", parts=("ab-1", "ab-2"))

    def unfit(self, message: Message) -> None:
        """It takes everything."""


def test_the_vendors_ids_lead_to_the_message(url: str) -> None:
    """Where a vendor reports by its own ids, they are kept, and how many segments it reports."""

    async def story(world: World) -> None:
        sent = await world.put()
        async with world.running(watched_s=50, vendors={"a": OfParts("a", world.sink.url, reports=True)}):
            await world.ends(sent, "3|accepted|a|")
            await eventually(lambda: world.redis.exists("{pm:a:=ab-2}"), 1)
        assert await world.redis.get("{pm:a:=ab-1}") == f"{sent.message}|{sent.verification}".encode()
        parts = await world.redis.hgetall(f"{{c0}}:r:{sent.message}")
        assert (parts[b"by"], parts[b"n:a"]) == (b"a", b"2")

    play(story, url)


def test_a_sender_that_is_not_registered_is_told(url: str) -> None:
    """A vendor's "unregistered" has the sender taken out, and the code goes to the next provider."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = refuse(403)
        sent = await world.put()
        async with world.running(providers=("a", "b")):
            await world.ends(sent, "3|accepted|b|")
            await eventually(lambda: _told(world), 1)  # by a thread of its own
        ((provider, sender, country, raw, sent_ms),) = world.taken_out
        assert (provider, sender, country, raw) == ("a", None, "CH", "http 403")
        assert abs(sent_ms - time.time() * 1000) < 60_000

    play(story, url)


def test_attempts_tell_what_they_cost(url: str) -> None:
    """An attempt tells sender, country and what the provider takes for it, or nothing if nothing went out."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = refuse(500)
        sent = await world.put()
        async with world.running(providers=("a", "b")):
            await world.ends(sent, "3|accepted|b|")
            await world.rests()
        told = [world.ledger.facts[f"{sent.message}:a{n}"].data for n in (1, 2)]
        assert [one["country"] for one in told] == ["CH", "CH"]
        assert told[0]["cost_micros"] is None
        assert told[1]["cost_micros"] > 0

    play(story, url)


async def _told(world: World) -> int:
    return len(world.taken_out)


async def _status(world: World, sent: Sent) -> str:
    return (await world.status(sent)).rpartition("|")[0]
