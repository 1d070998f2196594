"""A reply that is lost on its way back makes no second message."""

from typing import Any

import pytest
from redis import Redis

from otp_service.settings import Settings
from tests.proxy import Proxy
from tests.servers import RedisServer
from tests.store.test_messages import KEY, PATH, later, message
from tests.world import Api, World


@pytest.fixture
def api(world: World) -> Api:
    """A caller that sends messages."""
    return world.caller("messages")


@pytest.fixture
def settings(settings: Settings, line: Proxy, patience: str) -> Settings:
    """The usual ones, with Redis behind the proxy."""
    return settings.model_copy(update={"redis_url": f"{line.url}?{patience}"})


@pytest.mark.parametrize("headers", [None, KEY], ids=["plain", "with a key"])
@pytest.mark.parametrize("fields", [{}, {"reference": "order-42"}], ids=["nameless", "with a reference"])
def test_one_message_is_sent(
    world: World, api: Api, redis: RedisServer, line: Proxy, headers: Any, fields: Any
) -> None:
    """The caller hears 202 once, and one message waits and is counted."""
    world.policy(message_limits="2 per hour")
    line.lose_reply_to(b"EVALSHA")
    assert api.post(PATH, message(**fields), headers).status_code == 202
    assert (line.sent(b"EVALSHA"), line.lost_all) == (2, True)
    with redis.client() as client:
        assert (client.xlen("{c0}:out:normal"), client.xlen("{c0}:facts")) == (1, 1)
    assert [api.post(PATH, message()).status_code for _ in range(2)] == [202, 429]


def test_one_message_is_moved_and_canceled(api: Api, redis: RedisServer, line: Proxy) -> None:
    """Moved twice is moved once, canceled twice is canceled once."""
    id_ = api.post(PATH, message(send_at=later())).json["id"]
    for method, body, status in (("PATCH", {"send_at": later(3)}, "scheduled"), ("DELETE", None, "canceled")):
        line.lose_reply_to(b"{c0}:held")
        answer = api.call(method, f"{PATH}/{id_}", body)
        assert (line.lost_all, answer.status_code, answer.json["status"]) == (True, 200, status)
    with redis.client() as client:
        assert held(client) == (0, 0, 0)


def held(client: Redis) -> tuple[Any, ...]:
    return client.zcard("{c0}:due"), client.hlen("{c0}:held"), client.xlen("{c0}:out:normal")
