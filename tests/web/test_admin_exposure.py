"""What an hour can cost, under attack."""

from typing import Any

import pytest

from tests.servers import RedisServer
from tests.world import World

PATH = "/v1/admin/applications"
LONG = "{code} " + "{name} " * 8
UNLIMITED: dict[str, Any] = {
    "spend_per_day_micros": None,
    "spend_per_country_per_day_micros": None,
    "countries": ["CH", "DE", "RU"],
    "limits": {"to": "", "ip": ""},
}
POLICIES: dict[str, dict[str, Any]] = {
    "ceiling of a day": {"spend_per_day_micros": 20_000_000},
    "ceiling of a country": {"spend_per_country_per_day_micros": 9_000_000},
    "limit of an hour": {"limits": {"to": "", "ip": "", "application": "7 per hour"}},
    "limit of a minute": {"limits": {"to": "", "ip": "", "application": "5 per minute; 9 per hour"}},
    "all of them": {
        "spend_per_day_micros": 20_000_000,
        "spend_per_country_per_day_micros": 9_000_000,
        "limits": {"to": "", "ip": "", "application": "7 per hour"},
    },
}


def charged(redis: RedisServer) -> int:
    """The price of everything that waits to be sent."""
    with redis.client() as client:
        return sum(int(entry["p"]) for _, entry in client.xrange("{c0}:out:high"))


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_an_attack_costs_no_more_than_was_said(world: World, redis: RedisServer, policy: dict[str, Any]) -> None:
    """An attacker with many numbers, the dearest country and the longest text is stopped within what was told."""
    saved = {"application": "shop", "name": "long", "locale": "en", "body": LONG}
    assert world.admin.post("/v1/admin/templates", saved).status_code == 201
    answer = world.admin.call("PATCH", f"{PATH}/{world.shop}", {"policy": {**UNLIMITED, **policy}})
    told = answer.get_json()["most_per_hour_micros"]
    refused = 0
    for prefix in ("+7916123", "+4179123", "+49151123"):
        for number in range(12):
            sent = world.api.start(f"{prefix}{4000 + number}", template="long", variables={"name": "😀" * 40})
            refused += sent.status_code == 429
    assert refused > 0
    assert 0 < charged(redis) <= told


def test_without_any_bound_an_attack_is_not_stopped(world: World, redis: RedisServer) -> None:
    """Where null is told, nothing stops an attacker: every start is charged."""
    answer = world.admin.call("PATCH", f"{PATH}/{world.shop}", {"policy": UNLIMITED})
    assert answer.get_json()["most_per_hour_micros"] is None
    sent = [world.api.start(f"+4179123{4000 + number}").status_code for number in range(30)]
    assert sent == [201] * 30
    assert charged(redis) == 30 * 90_000
