"""kill -9 of Redis: refused in time while it is away, and nothing acknowledged is lost."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.e2e.wire import Wire
from tests.servers import wait_until
from tests.world import Api

CALLERS = 4


@pytest.fixture
def shop(migrated: Path) -> Iterator[Shop]:
    """A shop on a Redis that answers when it has written."""
    with shop_in_production(migrated, appendfsync="always") as shop:
        yield shop


def test_redis_is_killed_under_load_and_comes_back(shop: Shop) -> None:
    """Killed under load, Redis costs 503 with Retry-After within a second; back again, nothing acknowledged is lost."""
    stop = threading.Event()
    with ThreadPoolExecutor(CALLERS) as callers:
        loads = [callers.submit(starts_until, stop, shop.made.url, shop.api.key) for _ in range(CALLERS)]
        wait_until(lambda: len(shop.vendor.got) > 50, 60)

        shop.made.redis.kill()
        refused = [timed_start(shop.api) for _ in range(6)]
        shop.made.redis.start()
        wait_until(lambda: shop.api.start(numbers()[0]).status_code == 201, 60)

        sent = len(shop.vendor.got)
        wait_until(lambda: len(shop.vendor.got) > sent + 50, 60)
        stop.set()
        acknowledged = dict(pair for load in loads for pair in load.result())

    assert [(status, after) for status, after, _ in refused] == [(503, "1")] * 6
    assert max(took_s for _, _, took_s in refused) < 1
    assert {shop.api.get(f"/v1/verifications/{id_}").status_code for id_ in acknowledged} == {200}
    shop.made.settles()
    assert all(shop.vendor.sent_to(to) for to in acknowledged.values())


def starts_until(stop: threading.Event, url: str, key: str) -> list[tuple[str, str]]:
    """Starts one verification after the other; the id and number of each that was acknowledged."""
    wire, acknowledged = Wire(url), []
    api = Api(wire, key)  # type: ignore[arg-type]
    while not stop.is_set():
        (to,) = numbers()
        answer = api.start(to)
        assert answer.status_code in (201, 503)
        if answer.status_code == 201:
            acknowledged.append((answer.get_json()["id"], to))
    wire.close()
    return acknowledged


def timed_start(api: Api) -> tuple[int, str | None, float]:
    """Status, Retry-After and seconds of one start."""
    began = time.monotonic()
    answer = api.start(numbers()[0])
    return answer.status_code, answer.headers.get("Retry-After"), time.monotonic() - began
