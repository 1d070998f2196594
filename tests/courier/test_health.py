"""What couriers know of providers together, and what follows for messages."""

import asyncio
from typing import Any

from otp_service.courier.clock import StoreClock
from otp_service.courier.health import CourierHealth
from otp_service.domain.health import (
    EVERY_COUNTRY,
    FAILURES,
    OPEN_MS,
    WELL,
    Breaker,
    RouteHealth,
    dump_breaker,
    read_breaker,
)
from otp_service.domain.messages import Outcome, Verdict
from otp_service.store.breakers import Change, read_health, share
from otp_service.store.connect import connect
from otp_service.store.keys import BREAKERS
from tests.courier.world import PATIENT, World, eventually, forever, play, refuse, take_and_hang_up

DOWN = Outcome(Verdict.TRY_ANOTHER, "provider_error")
FINE = Outcome(Verdict.ACCEPTED)
ROUTE = ("a", "CH")


def courier_health(world: World) -> CourierHealth:
    """What one more courier knows."""
    return CourierHealth(world.redis, StoreClock(), world.cells)


async def opened(world: World, route: tuple[str, str] = ROUTE, ago_ms: int = 0, open_ms: int = OPEN_MS) -> None:
    """The breaker of a route opened so long ago."""
    now_ms = int(StoreClock().now_ms()) - ago_ms
    await put(world, route, Breaker(opened=1, since_ms=now_ms, until_ms=now_ms + open_ms))


async def opens_for_minutes(world: World, country: str = "CH") -> None:
    """When the breaker of a next opens, it does for five minutes, however slow this machine is."""
    await put(world, ("a", country), Breaker(opened=9))


async def put(world: World, route: tuple[str, str], known: Breaker) -> None:
    """Makes this known of a route."""

    async def is_written() -> bool:
        """False if a courier wrote in between: it refuses what was not read just before."""
        told = await share(world.redis, "", [])
        text = (told.breakers or {}).get(route, "")
        return not (await share(world.redis, "", [Change(route, text, dump_breaker(known))])).refused

    await eventually(is_written, True)


def given(world: World, provider: str) -> int:
    """How many messages a provider was given."""
    return len(world.sink.texts(provider))


async def breaker(url: str, route: tuple[str, str] = ROUTE) -> str:
    """What every process can read of a route."""
    return (await asyncio.to_thread(lambda: read_health(connect(url)))).get(route, WELL).breaker


async def opening_ms(world: World, route: tuple[str, str] = ROUTE) -> int:
    """For how long a breaker opened the last time, as couriers share it."""
    known = read_breaker(((await share(world.redis, "", [])).breakers or {})[route])
    return known.until_ms - known.since_ms


def test_a_provider_that_is_down_is_passed_over(url: str) -> None:
    """After five failures in a row a provider is asked no more, and messages go straight to the next."""

    async def story(world: World) -> None:
        await opens_for_minutes(world)
        world.sink.answers["a"] = refuse(500)
        async with world.running(providers=("a", "b"), concurrency=1):
            for _ in range(FAILURES + 3):
                await world.ends(await world.put(), "3|accepted|b|")
            await eventually(lambda: breaker(url), "open")
        assert (given(world, "a"), given(world, "b")) == (FAILURES, FAILURES + 3)

    play(story, url)


def test_couriers_warn_each_other(url: str) -> None:
    """What one courier found to be down another one does not ask."""

    async def story(world: World) -> None:
        await opens_for_minutes(world)
        world.sink.answers["a"] = refuse(500)
        async with world.running("first", providers=("a", "b"), concurrency=1):
            for _ in range(FAILURES):
                await world.ends(await world.put(), "3|accepted|b|")
            await eventually(lambda: breaker(url), "open")
        async with world.running("second", providers=("a", "b")):
            await world.ends(await world.put(), "3|accepted|b|")
        assert given(world, "a") == FAILURES

    play(story, url)


def test_failures_of_several_couriers_add_up(url: str) -> None:
    """Five failures open a breaker whichever couriers saw them, even if they tell of them at the same time."""

    async def story(world: World) -> None:
        await opens_for_minutes(world)
        couriers = [courier_health(world) for _ in range(FAILURES)]
        for each in couriers:
            each.tell(*ROUTE, DOWN, 0.1)
        for _ in range(3):  # who was refused offers again
            await asyncio.gather(*(each.share() for each in couriers))
        assert await breaker(url) == "open"
        assert {each[ROUTE].breaker for each in couriers} == {"open"}

    play(story, url)


def test_a_courier_knows_at_once_what_it_saw(url: str) -> None:
    """A courier waits for nobody to pass over a provider that failed it five times."""

    async def story(world: World) -> None:
        one = courier_health(world)
        for _ in range(FAILURES):
            one.tell(*ROUTE, DOWN, 0.1)
        assert one[ROUTE].breaker == "open"

    play(story, url)


def test_what_could_not_be_shared_is_shared_later(url: str) -> None:
    """What a courier saw while Redis had forgotten everything counts once it can be told."""

    async def story(world: World) -> None:
        one = courier_health(world)
        one.tell(*ROUTE, DOWN, 0.1)
        await one.share()
        await world.redis.flushall()
        for _ in range(FAILURES):
            one.tell(*ROUTE, DOWN, 0.1)
        await one.share()
        assert await breaker(url) == "open"

    play(story, url)


def test_one_message_at_a_time_shows_whether_a_provider_is_well_again(url: str) -> None:
    """When a breaker's time is over, one message of all couriers probes, and the others go elsewhere meanwhile."""

    async def story(world: World) -> None:
        await opened(world, ago_ms=OPEN_MS)
        world.sink.answers["a"] = forever
        both: dict[str, Any] = {"providers": ("a", "b"), "timing": PATIENT}
        async with world.running("first", **both), world.running("second", **both):
            sent = {(await world.put()).message for _ in range(20)}
            await eventually(lambda: _asked_for(world), sent)
            assert given(world, "a") == 1

    play(story, url)


def test_a_probe_that_goes_well_closes_the_breaker(url: str) -> None:
    """A provider that took its probe gets messages again, from every courier."""

    async def story(world: World) -> None:
        await opened(world, ago_ms=OPEN_MS)
        async with world.running(providers=("a", "b")):
            await world.ends(await world.put(), "3|accepted|a|")
            await eventually(lambda: breaker(url), "closed")
            await world.ends(await world.put(), "3|accepted|a|")

    play(story, url)


def test_a_probe_that_fails_opens_it_for_longer(url: str) -> None:
    """A provider that is still down is left alone for twice as long, and its probe is sent by the next one."""

    async def story(world: World) -> None:
        await opened(world, ago_ms=OPEN_MS)
        world.sink.answers["a"] = refuse(500)
        async with world.running(providers=("a", "b")):
            await world.ends(await world.put(), "3|accepted|b|")
            await eventually(lambda: opening_ms(world), 2 * OPEN_MS)

    play(story, url)


def test_a_provider_that_is_alone_is_probed_sooner(url: str) -> None:
    """Where no other provider is left, a breaker that has long been open does not keep a code for minutes."""

    async def story(world: World) -> None:
        now_ms = int(StoreClock().now_ms())
        known = Breaker(opened=9, since_ms=now_ms - 31_000, until_ms=now_ms + 270_000)
        await share(world.redis, "", [Change(ROUTE, "", dump_breaker(known))])
        async with world.running(providers=("a",)):
            await world.ends(await world.put(live_s=600), "3|accepted|a|")
            await eventually(lambda: breaker(url), "closed")

    play(story, url)


def test_a_code_that_would_die_waiting_is_sent_all_the_same(url: str) -> None:
    """No code ends unsent for a breaker alone: one whose life ends before it is asked anyhow."""

    async def story(world: World) -> None:
        await opened(world, open_ms=300_000)
        async with world.running(providers=("a",)):
            await world.ends(await world.put(live_s=200), "3|accepted|a|")

    play(story, url)


def test_a_code_with_time_waits_for_the_breaker(url: str) -> None:
    """Where nobody else is left and there is time, a code waits until the provider may be asked."""

    async def story(world: World) -> None:
        await opened(world, ago_ms=OPEN_MS - 1500)
        sent = await world.put()
        async with world.running(providers=("a",)):
            await world.ends(sent, "3|accepted|a|")
            await world.rests()
        assert given(world, "a") == 1

    play(story, url)


def test_a_busy_provider_is_left_alone_by_all_messages(url: str) -> None:
    """Retry-After pauses the provider, not the message: the next messages go elsewhere without asking it."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = refuse(429, **{"Retry-After": "300"})
        async with world.running(providers=("a", "b"), concurrency=1):
            for _ in range(5):
                await world.ends(await world.put(), "3|accepted|b|")
        assert given(world, "a") == 1

    play(story, url)


def test_a_provider_without_credit_is_left_alone_in_every_country(url: str) -> None:
    """Bad credentials or no funds open a provider everywhere at once."""

    async def story(world: World) -> None:
        await opens_for_minutes(world, EVERY_COUNTRY)
        world.sink.answers["a"] = refuse(401)
        async with world.running(providers=("a", "b"), concurrency=1):
            for country in ("CH", "DE", "FR"):
                await world.ends(await world.put(country=country), "3|accepted|b|")
            await eventually(lambda: breaker(url, ("a", "SE")), "open")
        assert given(world, "a") == 1

    play(story, url)


def test_failing_in_one_country_says_nothing_of_another(url: str) -> None:
    """A provider that fails in one country is asked in others as ever."""

    async def story(world: World) -> None:
        await opened(world, ("a", "DE"), open_ms=300_000)
        async with world.running(providers=("a", "b")):
            await world.ends(await world.put(country="DE"), "3|accepted|b|")
            await world.ends(await world.put(country="CH"), "3|accepted|a|")

    play(story, url)


def test_a_silent_provider_keeps_its_one_repeat_while_it_is_open(url: str) -> None:
    """A code whose only provider left it unanswered waits for its one repeat, and gets no second one for a breaker."""

    async def story(world: World) -> None:
        world.sink.answers["a"] = take_and_hang_up
        sent = await world.put(live_s=600)
        async with world.running(providers=("a",)):
            await eventually(lambda: _given(world, "a"), 1)
            await opened(world, ago_ms=OPEN_MS - 2500)
            await world.ends(sent, "5|failed|a|timeout")
        assert given(world, "a") == 2

    play(story, url)


def test_latency_and_codes_can_be_read_by_every_process(url: str) -> None:
    """What couriers share can be read where nothing is sent: breaker, latency, and codes sent and verified."""

    async def story(world: World) -> None:
        one = courier_health(world)
        for _ in range(20):
            one.tell(*ROUTE, FINE, 0.2)
        for _ in range(8):
            await one.share()
        now_ms = int(StoreClock().now_ms())
        slot = now_ms // 300_000 - 4
        counted = {f"{slot}|a|CH|s": 9, f"{slot}|a|CH|c": 8, f"{slot - 100}|a|CH|s": 70}
        await world.redis.hset("{c0}:conv", mapping=counted)
        await one.count()
        found = await asyncio.to_thread(lambda: read_health(connect(url)))
        assert found == {ROUTE: RouteHealth(latency_ms=200.0, sent=9, converted=8)}
        assert one[ROUTE] == found[ROUTE]
        assert await world.redis.hlen("{c0}:conv") == 2
        assert all([await world.redis.pttl(key) > 0 for key in BREAKERS])

    play(story, url)


async def _given(world: World, provider: str) -> int:
    return given(world, provider)


async def _asked_for(world: World) -> set[str]:
    """The messages that any provider was given."""
    return {got["id"] for got in world.sink.got}
