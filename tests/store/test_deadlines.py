"""Trouble with Redis is 503 with Retry-After in under a second, and ends by itself."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from otp_service.settings import Settings
from tests.proxy import Proxy, proxy
from tests.servers import RedisServer, redis_server
from tests.world import OTHER_NUMBER, Api, World

IN_TIME_S = 1.0


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis that only this test has, and may kill."""
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
def line(own_redis: RedisServer) -> Iterator[Proxy]:
    """What the service takes for its Redis."""
    with proxy(own_redis.socket) as made:
        yield made


@pytest.fixture
def settings(settings: Settings, line: Proxy) -> Settings:
    """The usual ones, with a Redis that may go away."""
    return settings.model_copy(update={"redis_url": line.url})


def refused_in_time(call: Callable[[], TestResponse]) -> TestResponse:
    """The response: a 503 that says when to come back, and comes in time; a busy machine gets three tries."""
    for _ in range(3):
        began = time.monotonic()
        response = call()
        took_s = time.monotonic() - began
        assert (response.status_code, response.json["code"]) == (503, "unavailable")
        assert int(response.headers["Retry-After"]) >= 1
        if took_s < IN_TIME_S:
            return response
    raise AssertionError(f"the last of three refusals took {took_s:.2f} s")


def test_without_redis_nothing_is_started_or_checked(world: World, own_redis: RedisServer) -> None:
    """Redis down is 503 with Retry-After in under a second, for start, check, read and cancel."""
    id_ = world.api.start().json["id"]
    right = world.code(id_)
    own_redis.kill()
    refused_in_time(world.api.start)
    refused_in_time(lambda: world.api.check(right))
    refused_in_time(lambda: world.api.get(f"/v1/verifications/{id_}"))
    refused_in_time(lambda: world.api.delete(f"/v1/verifications/{id_}"))


@pytest.mark.parametrize("warm", [True, False], ids=["on an open connection", "on a new one"])
def test_a_silent_redis_is_given_up_in_time(world: World, line: Proxy, warm: bool) -> None:
    """A Redis that takes everything and answers nothing is 503 in under a second, too."""
    if warm:
        world.api.start(OTHER_NUMBER)
    line.black_hole = True
    refused_in_time(world.api.start)
    refused_in_time(world.api.start)
    line.black_hole = False
    assert world.api.start().status_code == 201


def test_a_slow_redis_is_given_up_in_time(world: World, line: Proxy) -> None:
    """A Redis that needs long for every reply does not make one request wait for several of them."""
    line.delay_s = 0.3
    refused_in_time(world.api.start)


def test_redis_comes_back_without_a_restart_of_the_service(world: World, own_redis: RedisServer) -> None:
    """After Redis was killed and started again the same threads go on, with what was pending before."""
    id_ = world.api.start().json["id"]
    right = world.code(id_)
    own_redis.kill()
    refused_in_time(world.api.start)
    own_redis.start()
    assert world.api.check(right).json["valid"]
    assert world.api.start(OTHER_NUMBER).status_code == 201


def test_a_broken_connection_is_replaced_unnoticed(world: World, own_redis: RedisServer) -> None:
    """Every thread whose connection Redis has closed connects anew, and its caller notices nothing."""
    ready, go, statuses = threading.Barrier(4), threading.Event(), []

    def call(number: int) -> None:
        own = Api(world.app.test_client(), world.api.key)
        own.start(f"+4179123450{number}")
        ready.wait()
        go.wait()
        statuses.append(own.start(f"+4179123460{number}").status_code)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    with own_redis.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    go.set()
    for thread in threads:
        thread.join()
    assert statuses == [201, 201, 201]


def test_readiness_notices_at_once_that_redis_is_back(world: World, own_redis: RedisServer) -> None:
    """/readyz is 503 while Redis is away, and 200 at the first question after it came back."""
    client = world.app.test_client()
    assert client.get("/readyz").status_code == 200
    own_redis.kill()
    assert client.get("/readyz").status_code == 503
    own_redis.start()
    assert client.get("/readyz").status_code == 200
