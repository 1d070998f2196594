"""A Redis for each of the courier's tests."""

import pytest

from tests.servers import RedisServer


@pytest.fixture
def socket(redis: RedisServer) -> str:
    """The socket of an empty Redis."""
    return redis.socket
