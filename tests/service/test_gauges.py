"""What only a look tells: it is told as it is, and that Redis is away."""

from dataclasses import replace

from prometheus_client import REGISTRY

from otp_service.courier.measured import Measured
from otp_service.domain.health import Breaker, dump_breaker
from otp_service.domain.keys import KeyRing
from otp_service.service.gauges import Looked, look, missing_keys
from otp_service.store.keys import BREAKERS
from tests.servers import RedisServer
from tests.world import World


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
