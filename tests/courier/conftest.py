"""A Redis for each of the courier's tests."""

import pytest

from tests.servers import RedisServer


@pytest.fixture
def url(redis: RedisServer) -> str:
    """The address of an empty Redis."""
    return redis.url
