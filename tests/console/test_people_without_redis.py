"""The pages of people while Redis is away."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from otp_service.service.console import searching
from otp_service.service.console.searching import Sought
from tests.console.conftest import Console
from tests.console.test_find import happened
from tests.servers import RedisServer, redis_server
from tests.world import NUMBER


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis of its own, to be killed."""
    with redis_server() as server:
        yield server


def test_without_redis_the_ledger_still_tells(console: Console, redis: RedisServer) -> None:
    """While Redis is away the story comes from the ledger, and each page says what is not known."""
    happened(console.world)
    token = searching.token(console.world.core, Sought("number", NUMBER))
    page = console.page("admin")
    redis.kill()
    page.goto(f"/console/find/{token}")
    expect(page.get_by_text("Redis can’t be reached")).to_be_visible()
    expect(page.get_by_role("article", name="Code for login by SMS")).to_be_visible()
    page.goto("/console/limits")
    expect(page.get_by_text("what counts is not known now")).to_be_visible()
    page.goto(f"/console/limits/{token}")
    expect(page.get_by_text("what counts is not known now")).to_be_visible()
    for path in ("blocks", "templates", "senders", "policies"):
        page.goto(f"/console/{path}")
        expect(page.get_by_role("heading", level=1)).not_to_contain_text("answered now")
