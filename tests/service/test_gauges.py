"""What only a look tells: it is told as it is, and that Redis is away."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from prometheus_client import REGISTRY
from sqlalchemy import create_engine

from otp_service.courier.gauges import watch
from otp_service.courier.measured import Measured
from otp_service.courier.observe import Unobserved
from otp_service.domain.health import Breaker, dump_breaker
from otp_service.domain.keys import KeyRing
from otp_service.service.gauges import Looked, look, missing_keys
from otp_service.service.spent import Place, Spent
from otp_service.store.keys import BREAKERS
from tests.keyspace import drain
from tests.servers import RedisServer
from tests.world import World

CEILING = {"price_micros": {"CH": 50_000, "DE": 10_000}, "spend_per_day_micros": None}
GERMAN = "+4915123456789"


def test_all_is_well(world: World) -> None:
    """Nothing is spent, nobody is shut out and no key is missing of a service that has just begun."""
    found = look(world.core)
    assert (found.redis_up, found.spent, found.quarantined, set(found.breakers.values())) == (True, 0.0, 0, {0})
    assert missing_keys(world.core) == 0


def test_the_fullest_ceiling_is_told(world: World) -> None:
    """Of all applications the one that has spent the most of its day counts."""
    world.policy(spend_per_day_micros=200_000)
    world.started()
    spent = look(world.core).spent
    assert 0 < spent <= 1
    world.policy(spend_per_day_micros=400_000)
    assert abs(look(world.core).spent - spent / 2) < 0.01


def test_each_country_is_told_by_its_ceiling(world: World) -> None:
    """Of each country in which an application spent within the day it is told how much of the ceiling that is."""
    world.policy(**CEILING, spend_per_country_per_day_micros=100_000)
    spent = Spent()
    assert spent.look(world.core) == {}
    world.started()
    drain(world)
    assert spent.look(world.core) == {(world.shop, "CH"): 0.5}
    world.started(GERMAN)
    drain(world)
    found = spent.look(world.core)
    assert list(found) == [(world.shop, "CH"), (world.shop, "DE")]
    assert abs(found[world.shop, "DE"] - 0.1) < 0.001


def test_where_no_ceiling_is_nothing_is_told(world: World) -> None:
    """Neither a country without a ceiling nor one of test keys is measured."""
    world.policy(**CEILING, spend_per_country_per_day_micros=None)
    world.started()
    drain(world)
    assert Spent().look(world.core) == {}
    world.policy(**CEILING, spend_per_country_per_day_micros=100_000)
    world.caller("verifications:start", test=True).start(GERMAN)
    drain(world)
    assert Spent().look(world.core) == {}


def test_countries_are_told_while_the_ledger_is_away(world: World) -> None:
    """Without SQL the countries that were found before are looked at all the same."""
    world.policy(**CEILING, spend_per_country_per_day_micros=200_000)
    world.started()
    drain(world)
    spent = Spent()
    spent.look(world.core)
    world.started()
    away = replace(world.core, engine=create_engine("sqlite:////nowhere/at/all.db"))
    assert spent.look(away) == {(world.shop, "CH"): 0.5}


def test_a_country_that_is_over_is_measured_no_longer() -> None:
    """A gauge of a country ends with the day in which something was spent there."""
    seen = Measured()
    name, swiss = "otp_country_spend_ratio", {"application": "app_x", "country": "CH"}
    seen.spent({("app_x", "CH"): 0.5, ("app_x", "DE"): 0.1})
    assert REGISTRY.get_sample_value(name, swiss) == 0.5
    seen.spent({("app_x", "DE"): 0.2})
    assert REGISTRY.get_sample_value(name, swiss) is None
    assert REGISTRY.get_sample_value(name, {**swiss, "country": "DE"}) == 0.2


def test_prefixes_in_quarantine_are_counted(world: World) -> None:
    """A prefix counts for as long as its quarantine lasts, over all applications."""
    key = f"{{f:{world.shop}}}:quarantined"
    world.core.link.command("ZADD", key, 2**52, "+4179 CH", 1, "+4178 CH")
    assert look(world.core).quarantined == 1


def test_open_breakers_are_counted_by_provider(world: World) -> None:
    """A provider that is shut out in a country is told with how many there are."""
    provider = next(iter(world.core.providers))
    shut = dump_breaker(Breaker(failures=(1, 2, 3), opened=1, since_ms=1, until_ms=2**52))
    for country in ("CH", "DE"):
        world.core.link.command("HSET", BREAKERS[0], f"{provider}|{country}", shut)
    assert look(world.core).breakers[provider] == 2


def test_a_key_that_left_the_ring_too_early_is_missing(world: World) -> None:
    """A value that is sealed under a key which the ring does not have is found."""
    bare = replace(world.core, ring=KeyRing({"k9": b"9" * 32}))
    assert missing_keys(bare) == 1


def test_without_redis_only_that_is_told(world: World, redis: RedisServer) -> None:
    """While Redis is away the gauge of it is 0 and the others keep what they had."""
    seen = Measured()
    seen.looked(Looked(True, 0.5, 3, {"twilio": 2}))
    seen.looked(Looked())
    told = {name: REGISTRY.get_sample_value(name) for name in ("otp_redis_up", "otp_spend_ratio")}
    assert told == {"otp_redis_up": 0.0, "otp_spend_ratio": 0.5}
    assert REGISTRY.get_sample_value("otp_breakers_open", {"provider": "twilio"}) == 2


def test_what_a_courier_sees_is_measured() -> None:
    """Every gauge of a courier takes what it is told."""
    seen = Measured()
    seen.audit(17, 16)
    seen.keys_missing(2)
    named = ("otp_audit_entries", "otp_audit_head_seq", "otp_keys_missing")
    assert [REGISTRY.get_sample_value(name) for name in named] == [17, 16, 2]


def test_a_courier_tells_how_full_ceilings_are(world: World) -> None:
    """A courier looks at the ceilings of countries as soon as it runs, and tells whoever measures."""
    told: list[Mapping[Place, float]] = []

    class Seen(Unobserved):
        def spent(self, found: Mapping[Place, float]) -> None:
            told.append(found)
            stop.set()

    world.policy(**CEILING, spend_per_country_per_day_micros=100_000)
    world.started()
    drain(world)
    stop = asyncio.Event()
    asyncio.run(watch(world.core, Seen(), stop))
    assert told == [{(world.shop, "CH"): 0.5}]
