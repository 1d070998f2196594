"""SIGTERM and kill under load: no request is lost, and no message is sent twice or not at all."""

import json
import os
import signal
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.processes import STARTS_WITHIN_S, Server
from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.servers import wait_until

CALLERS = 6
PAUSE_S = 0.01  # of each caller: this is about order, not about speed
TRIES = 4
AGAIN_AFTER_S = 0.2
ENOUGH = 100  # requests before and after


@pytest.fixture(scope="module")
def shop(migrated: Path) -> Iterator[Shop]:
    """Three web servers and two couriers."""
    with shop_in_production(migrated, couriers=2) as shop:
        shop.made.serve(workers=1)
        shop.made.serve(workers=2)
        shop.made.ready()
        yield shop


@dataclass
class Load:
    """Callers behind a balancer: each start goes to the servers in turn, and to the next one where no answer came."""

    key: str
    servers: list[Server]  # in rotation at the moment
    answered: list[tuple[str, str, int]] = field(default_factory=list)  # number, server, status
    unanswered: list[tuple[str, str]] = field(default_factory=list)  # number, what went wrong
    stop: threading.Event = field(default_factory=threading.Event)
    turns: Iterator[int] = field(default_factory=count)

    def run(self) -> None:
        """Starts one verification after the other over kept connections, as reverse proxies do."""
        with httpx.Client(verify=False, timeout=60, headers={"Authorization": f"Bearer {self.key}"}) as http:
            while not self.stop.wait(PAUSE_S):
                self._start(http, numbers()[0])

    def _start(self, http: httpx.Client, to: str) -> None:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        servers, first = self.servers, next(self.turns)
        for again in range(TRIES):
            server = servers[(first + again) % len(servers)]
            try:
                answer = http.post(f"{server.url}/v1/verifications", json={"to": to}, headers=key)
            except httpx.TransportError as error:
                self.unanswered.append((to, type(error).__name__))
                self.stop.wait(AGAIN_AFTER_S)
            else:
                self.answered.append((to, server.url, answer.status_code))
                return

    def more(self, many: int = ENOUGH) -> None:
        """Waits until so many more requests are answered."""
        so_far = len(self.answered)
        wait_until(lambda: len(self.answered) >= so_far + many, 120)


@contextmanager
def steady(shop: Shop, servers: list[Server]) -> Iterator[Load]:
    """Load on these servers until the block ends."""
    load = Load(shop.api.key, servers)
    with ThreadPoolExecutor(CALLERS) as pool:
        running = [pool.submit(load.run) for _ in range(CALLERS)]
        try:
            load.more()
            yield load
        finally:
            load.stop.set()
            for one in running:
                one.result()


def assert_each_is_one_sms(shop: Shop, load: Load) -> None:
    """Every start was acknowledged once, and is one message with one code."""
    shop.made.settles()
    assert {status for _, _, status in load.answered} == {201}
    called = [to for to, _, _ in load.answered]
    assert {to for to, _ in load.unanswered} <= set(called)
    assert len(set(called)) == len(called)
    assert [to for to in called if len(shop.vendor.sent_to(to)) != 1] == []


def test_servers_that_are_stopped_under_load_lose_no_request(shop: Shop) -> None:
    """A server that is stopped answers all that it has read; behind a balancer no request fails or counts twice."""
    first, second, third = shop.made.servers
    with steady(shop, [first, second]) as load:
        for going, staying in ((first, [second, third]), (second, [third])):
            assert going.terminate() == 0
            load.servers = staying  # only now does the balancer notice
            load.more()

    for stopped in (first, second):
        done = [line for line in requests_of(stopped) if line["status"] == 201]
        assert len(done) == sum(url == stopped.url for _, url, _ in load.answered)
    assert_each_is_one_sms(shop, load)


def requests_of(server: Server) -> list[dict[str, Any]]:
    """The requests that a server says it has answered."""
    lines = [json.loads(line) for line in server.logged.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "request"]


def test_a_killed_web_process_costs_no_second_sms(shop: Shop) -> None:
    """A web process that is killed under load is replaced; whoever asks again with the same key gets one SMS."""
    server = shop.made.servers[2]
    victim = server.workers()[0]
    with steady(shop, [server]) as load:
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(set(server.workers()) - {victim}) == server.wanted, STARTS_WITHIN_S)
        wait_until(server.ready, STARTS_WITHIN_S)
        load.more()

    assert_each_is_one_sms(shop, load)


def test_couriers_that_are_stopped_and_replaced_send_everything_once(shop: Shop) -> None:
    """While every courier is replaced under load, each message is sent exactly once."""
    shop.vendor.delay_s = 0.2
    going = list(shop.made.couriers)
    for _ in going:
        shop.made.work()
    shop.made.ready()
    with steady(shop, [shop.made.servers[2]]) as load:
        for old in going:
            assert old.terminate() == 0
            assert "courier_left_messages" not in old.logged
            load.more()

    shop.vendor.delay_s = 0
    assert_each_is_one_sms(shop, load)
