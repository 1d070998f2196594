"""Redis is killed, full, or forgets its scripts: refused in time, and nothing acknowledged is lost."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.e2e.wire import Wire, read
from tests.servers import wait_until
from tests.world import Api

CALLERS = 4
ENOUGH = 40


@pytest.fixture(scope="module")
def shop(migrated: Path) -> Iterator[Shop]:
    """A shop on a Redis that answers when it has written."""
    with shop_in_production(migrated, appendfsync="always") as shop:
        yield shop


@contextmanager
def load(shop: Shop) -> Iterator[list[tuple[str, str]]]:
    """Callers that start one verification after the other; the id and number of each that was acknowledged."""
    stop, acknowledged = threading.Event(), list[tuple[str, str]]()
    with ThreadPoolExecutor(CALLERS) as callers:
        running = [callers.submit(starts_until, stop, shop, acknowledged) for _ in range(CALLERS)]
        try:
            more(shop)
            yield acknowledged
        finally:
            stop.set()
            for one in running:
                one.result()


def starts_until(stop: threading.Event, shop: Shop, acknowledged: list[tuple[str, str]]) -> None:
    wire = Wire(shop.made.url)
    api = Api(wire, shop.api.key)  # type: ignore[arg-type]
    while not stop.is_set():
        (to,) = numbers()
        answer = api.start(to)
        assert answer.status_code in (201, 503)
        if answer.status_code == 201:
            acknowledged.append((answer.get_json()["id"], to))
    wire.close()


def more(shop: Shop) -> None:
    """Waits until the vendor got some more messages."""
    so_far = len(shop.vendor.got)
    wait_until(lambda: len(shop.vendor.got) > so_far + ENOUGH, 120)


def timed_start(api: Api) -> tuple[int, str | None, float]:
    """Status, Retry-After and seconds of one start."""
    began = time.monotonic()
    answer = api.start(numbers()[0])
    return answer.status_code, answer.headers.get("Retry-After"), time.monotonic() - began


def assert_all_are_there(shop: Shop, acknowledged: list[tuple[str, str]]) -> None:
    """Whatever was acknowledged can be read, and its code was sent."""
    assert all(read(shop.api, f"/v1/verifications/{id_}") for id_, _ in acknowledged)
    shop.made.settles()
    assert all(shop.vendor.sent_to(to) for _, to in acknowledged)


def test_redis_is_killed_under_load_and_comes_back(shop: Shop) -> None:
    """Killed under load, Redis costs 503 with Retry-After within a second; back again, nothing acknowledged is lost."""
    with load(shop) as acknowledged:
        shop.made.redis.kill()
        refused = [timed_start(shop.api) for _ in range(6)]
        shop.made.redis.start()
        wait_until(lambda: shop.api.start(numbers()[0]).status_code == 201, 60)
        more(shop)

    assert [(status, after) for status, after, _ in refused] == [(503, "1")] * 6
    assert min(took_s for _, _, took_s in refused) < 1  # the others may have waited for the machine
    assert_all_are_there(shop, acknowledged)


def test_a_full_redis_refuses_starts_and_guesses(shop: Shop) -> None:
    """With its memory full, starts and checks are 503 and cost nothing; with room again everything is as it was."""
    ((id_, _),) = shop.opened().items()
    code, called = shop.world.code(id_), numbers(5)
    with shop.made.redis.client() as client:
        client.config_set("maxmemory", 1)
        refused = [shop.api.check(shop.world.wrong(id_), id=id_) for _ in called]
        refused += [shop.api.start(to) for to in called]
        client.config_set("maxmemory", 0)

    assert {(answer.status_code, answer.headers.get("Retry-After")) for answer in refused} == {(503, "1")}
    assert read(shop.api, f"/v1/verifications/{id_}")["attempts_left"] == 5
    assert shop.api.check(code, id=id_).get_json()["valid"] is True
    shop.made.settles()
    assert not {sms.to for sms in shop.vendor.got} & set(called)


def test_scripts_that_redis_forgets_are_sent_again(shop: Shop) -> None:
    """While Redis forgets its scripts again and again, no request fails and every code is sent."""
    with load(shop) as acknowledged, shop.made.redis.client() as client:
        for _ in range(5):
            client.script_flush()
            more(shop)
        answers = {shop.api.start(numbers()[0]).status_code for _ in range(5)}

    assert answers == {201}
    assert_all_are_there(shop, acknowledged)
