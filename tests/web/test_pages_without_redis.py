"""Hosted pages while Redis is away."""

from collections.abc import Iterator

import pytest

from tests.servers import RedisServer, redis_server
from tests.web.pages import Person, allow, make
from tests.world import World


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis of its own, to be killed."""
    with redis_server() as server:
        yield server


def test_a_page_without_redis_says_so(world: World, redis: RedisServer) -> None:
    """While Redis is away a page says that nothing was used up, with 503 and when to come back; then it goes on."""
    allow(world)
    id_ = world.started()
    somebody = Person.at(world, make(world, verification=id_))
    code, form = world.code(id_), somebody.form
    redis.kill()
    for response in (somebody.open(), somebody.send("check", form=form, code=code)):
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) > 0
        assert "Nothing was used up" in somebody.text
