"""The store's own fixtures."""

from collections.abc import Iterator

import pytest

from otp_service.store import link as link_module
from otp_service.store.connect import connect
from tests.proxy import Proxy, proxy
from tests.servers import PATIENCE, RedisServer
from tests.store.desk import Desk


@pytest.fixture
def desk(redis: RedisServer) -> Desk:
    """A desk on an empty Redis, at a time of its own."""
    return Desk(connect(redis.url))


@pytest.fixture
def line(redis: RedisServer) -> Iterator[Proxy]:
    """What the service takes for its Redis, which knows every script: what is lost is the reply to one that ran."""
    redis.teach()
    with proxy(redis.socket) as made:
        yield made


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> str:
    """Options of a Redis that a busy machine may make wait; whoever hears of a loss, however late, repeats."""
    monkeypatch.setattr(link_module, "AGAIN_BEFORE_S", 60)
    return PATIENCE
