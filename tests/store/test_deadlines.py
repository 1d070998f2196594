"""Trouble with Redis is 503 with Retry-After in under a second, and ends by itself."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from otp_service.settings import Settings
from otp_service.store import link as link_module
from tests.proxy import Proxy, proxy
from tests.servers import PATIENCE, RedisServer, redis_server, wait_until
from tests.world import OTHER_NUMBER, Api, World

IN_TIME_S = 1.0
TRIED_FOR_S = 60.0
KEY = {"Idempotency-Key": "once-and-for-all"}
# Where no deadline is meant, since a Redis that is gone is noticed at once.
patiently = pytest.mark.parametrize("options", [PATIENCE], ids=["with patience"])


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
def options() -> str:
    """Options of Redis: none, so that its deadlines are those of production."""
    return ""


@pytest.fixture
def settings(settings: Settings, line: Proxy, options: str) -> Settings:
    """The usual ones, with a Redis that may go away."""
    return settings.model_copy(update={"redis_url": f"{line.url}?{options}"})


def refused_in_time(call: Callable[[], TestResponse]) -> TestResponse:
    """The response: a 503 that says when to come back, and comes in time; load only adds, so the quickest counts."""
    until, quickest_s = time.monotonic() + TRIED_FOR_S, TRIED_FOR_S
    while time.monotonic() < until:
        began = time.monotonic()
        response = call()
        quickest_s = min(quickest_s, time.monotonic() - began)
        assert (response.status_code, response.json["code"]) == (503, "unavailable")
        assert int(response.headers["Retry-After"]) >= 1
        if quickest_s < IN_TIME_S:
            return response
    raise AssertionError(f"the quickest refusal took {quickest_s:.2f} s")


def answered(call: Callable[[], TestResponse]) -> TestResponse:
    """The first response that is no 503: on a busy machine a caller may have to ask again."""
    responses: list[TestResponse] = []
    wait_until(lambda: responses.append(call()) or responses[-1].status_code != 503, 60)
    return responses[-1]


@patiently
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
        answered(lambda: world.api.start(OTHER_NUMBER))
    line.black_hole = True
    refused_in_time(world.api.start)
    refused_in_time(world.api.start)
    line.black_hole = False
    assert answered(lambda: world.api.start(headers=KEY)).status_code == 201


def test_a_slow_redis_is_given_up_in_time(world: World, line: Proxy, own_redis: RedisServer) -> None:
    """A Redis that needs long for every reply does not make one request wait for several of them."""
    with own_redis.client() as client:
        client.script_flush()  # the first reply is that the script is unknown
    line.delay_s = 0.3
    refused_in_time(world.api.start)


@patiently
def test_redis_comes_back_without_a_restart_of_the_service(world: World, own_redis: RedisServer) -> None:
    """After Redis was killed and started again the same threads go on, with what was pending before."""
    id_ = world.api.start().json["id"]
    right = world.code(id_)
    own_redis.kill()
    refused_in_time(world.api.start)
    own_redis.start()
    assert world.api.check(right).json["valid"]
    assert world.api.start(OTHER_NUMBER).status_code == 201


@patiently
def test_a_broken_connection_is_replaced_unnoticed(
    world: World, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every thread whose connection Redis has closed connects anew, and its caller notices nothing."""
    monkeypatch.setattr(link_module, "AGAIN_BEFORE_S", 60)
    ready, go, statuses = threading.Barrier(4), threading.Event(), []

    def call(number: int) -> None:
        own = Api(world.app.test_client(), world.api.key)
        own.start(f"+4179123450{number}")
        ready.wait(60)
        go.wait(60)
        statuses.append(own.start(f"+4179123460{number}").status_code)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(60)
    with own_redis.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    go.set()
    for thread in threads:
        thread.join()
    assert statuses == [201, 201, 201]


@patiently
def test_readiness_notices_at_once_that_redis_is_back(world: World, own_redis: RedisServer) -> None:
    """/readyz is 503 while Redis is away, and 200 at the first question after it came back."""
    client = world.app.test_client()
    assert client.get("/readyz").status_code == 200
    own_redis.kill()
    assert client.get("/readyz").status_code == 503
    own_redis.start()
    assert client.get("/readyz").status_code == 200
