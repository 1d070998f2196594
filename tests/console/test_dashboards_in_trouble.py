"""The dashboards while what they read from is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from otp_service.settings import Settings
from tests.console.conftest import Console
from tests.console.traffic import SWISS, busy, configured
from tests.servers import RedisServer, redis_server

PAGES = ("now", "countries", "countries/CH", "countries/CH/4179", "providers", "money")


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that a test may kill."""
    with redis_server() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


def test_while_redis_is_away_the_rest_goes_on(console: Console, redis: RedisServer) -> None:
    """Without Redis each page says what it can't tell, and shows all that the database knows."""
    busy(console.world, [SWISS])
    page = console.page("viewer")
    redis.kill()
    page.goto("/console/now")
    expect(page.get_by_role("region", name="Needs you")).to_contain_text("Redis: it does not answer")
    expect(page.get_by_text("Refusals can’t be told now")).to_be_visible()
    expect(page.get_by_role("table", name="Codes at each step").get_by_role("row", name="Requested")).to_contain_text(
        "40"
    )
    page.goto("/console/countries")
    expect(page.get_by_role("row", name="Switzerland")).to_contain_text("?")
    page.goto("/console/providers")
    expect(page.get_by_text("health unknown: Redis is away").first).to_be_visible()
    page.goto("/console/money")
    expect(page.get_by_text("Budgets can’t be told now")).to_be_visible()
    expect(page.get_by_role("table", name="What was spent by country")).to_contain_text("Switzerland")


def test_while_the_ledger_is_away_every_page_says_so(console: Console) -> None:
    """Where the database fails each page says which panel it can't draw, and is still a page."""
    with console.world.core.engine.begin() as connection:
        connection.execute(text("ALTER TABLE messages RENAME TO messages_away"))
    page = console.page("viewer")
    for path in PAGES:
        answer = page.goto(f"/console/{path}")
        assert answer
        assert answer.status == 200, path
        expect(page.get_by_text("the database does not answer").first).to_be_visible()


def test_a_quiet_time_is_no_error(console: Console) -> None:
    """Where nothing was sent each page says so."""
    page = console.page("viewer")
    for path in PAGES:
        answer = page.goto(f"/console/{path}")
        assert answer
        assert answer.status == 200, path
    expect(page.get_by_text("Nothing was sent in the last 24 hours.").first).to_be_visible()
