"""The store's own fixtures."""

import pytest

from otp_service.store.connect import connect
from tests.servers import RedisServer
from tests.store.desk import Desk


@pytest.fixture
def desk(redis: RedisServer) -> Desk:
    """A desk on an empty Redis, at a time of its own."""
    return Desk(connect(redis.url))
