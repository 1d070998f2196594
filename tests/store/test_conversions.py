"""Which accepted codes people typed, counted where they were accepted."""

import asyncio
from typing import Any

from otp_service.courier.settling import Attempt, Settlement, arguments
from otp_service.domain.ids import address_of
from otp_service.domain.messages import Outcome, Verdict
from otp_service.settings import Settings
from otp_service.store.breakers import counted_codes
from otp_service.store.connect import connect_courier
from otp_service.store.keys import subject_keys
from otp_service.store.outbox import Outbox
from tests.keyspace import raw_client
from tests.world import World

CONVERSIONS = "{c0}:conv"


def accept(settings: Settings, started: dict[str, Any], provider: str) -> None:
    """A courier hands the newest message to this provider, in Switzerland."""

    async def settle() -> None:
        client = connect_courier(settings.redis_url)
        box = Outbox(client, 0, "one")
        await box.prepare()
        (claimed,) = await box.next(1)
        record = subject_keys(address_of(started["id"]), 1).record
        attempts = [Attempt(1, provider, Outcome(Verdict.ACCEPTED), 5)]
        names = (started["message_id"], started["id"], record)
        await box.settle(*arguments([Settlement(claimed, "done", *names, "accepted", attempts=attempts, counted="CH")]))
        await client.aclose()

    asyncio.run(settle())


def counted(settings: Settings) -> dict[str, int]:
    """What is counted, without the time."""

    async def count() -> dict[str, int]:
        client = connect_courier(settings.redis_url)
        found = await counted_codes(client, 0)
        await client.aclose()
        return {field.partition("|")[2]: number for field, number in found.items()}

    return asyncio.run(count())


def test_a_typed_code_counts_for_who_sent_it(world: World, settings: Settings) -> None:
    """An accepted code counts as sent, and once it is verified as typed, in the same slot and by the same route."""
    started = world.api.start().json
    accept(settings, started, "p")
    assert counted(settings) == {"p|CH|s": 1}
    assert world.api.check(world.code(started["id"])).json["valid"]
    assert counted(settings) == {"p|CH|s": 1, "p|CH|c": 1}


def test_wrong_guesses_and_repeats_count_nothing(world: World, settings: Settings) -> None:
    """Only the guess that approves counts, and only once."""
    started = world.api.start().json
    accept(settings, started, "p")
    world.api.check(world.wrong(started["id"]))
    for _ in range(3):
        world.api.check(world.code(started["id"]))
    assert counted(settings) == {"p|CH|s": 1, "p|CH|c": 1}


def test_a_resent_code_counts_for_the_last_that_sent_it(world: World, settings: Settings) -> None:
    """Of several messages with one code the newest is credited; the others stay sent and not typed."""
    accept(settings, world.api.start().json, "first")
    again = world.api.start().json
    accept(settings, again, "second")
    world.api.check(world.code(again["id"]))
    assert counted(settings) == {"first|CH|s": 1, "second|CH|s": 1, "second|CH|c": 1}


def test_a_new_verification_owes_nothing_to_the_one_before(world: World, settings: Settings) -> None:
    """A code that nobody is known to have sent counts for nobody."""
    started = world.api.start(user="u1").json
    accept(settings, started, "p")
    fresh = world.api.start(user="u2").json
    assert world.api.check(world.code(fresh["id"]), user="u2").json["valid"]
    assert counted(settings) == {"p|CH|s": 1}


def test_a_late_settlement_does_not_claim_another_message(world: World, settings: Settings) -> None:
    """A courier that settles a message after it was resent does not take the credit of the newer one."""
    old = world.api.start().json
    new = world.api.start().json
    accept(settings, old, "late")
    assert counted(settings) == {}
    accept(settings, new, "p")
    assert counted(settings) == {"p|CH|s": 1}


def test_a_count_that_was_removed_does_not_come_back(world: World, settings: Settings) -> None:
    """A code that is typed after its slot was removed brings nothing back."""
    started = world.api.start().json
    accept(settings, started, "p")
    with raw_client(world) as client:
        assert 0 < client.pttl(CONVERSIONS) <= 3 * 3_600_000
        client.delete(CONVERSIONS)
    assert world.api.check(world.code(started["id"])).json["valid"]
    assert counted(settings) == {}
