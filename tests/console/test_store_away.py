"""Every route of the console while Redis is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from otp_service.settings import Settings
from tests.console.conftest import serving
from tests.console.filled import ACTS, GETS, Filled, filled, ledger
from tests.console.traffic import configured
from tests.servers import RedisServer, redis_server
from tests.world import World


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis of its own, to be killed."""
    with redis_server() as server:
        yield server


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


@pytest.fixture
def everything(world: World) -> Iterator[Filled]:
    """A console with something of everything."""
    with serving(world) as console:
        yield filled(console)


def test_without_redis_every_page_is_shown(everything: Filled, redis: RedisServer) -> None:
    """What the ledger knows is shown without Redis: no page fails."""
    console = everything.console
    with console.http("admin") as client:
        redis.kill()
        inside = [each for each in GETS if each.role is not None]
        answers = {each.rule: client.get(everything.path(each)).status_code for each in inside}
    assert {rule for rule, status in answers.items() if status not in (200, 303)} == {"/profile/app"}  # it has no app


def test_without_redis_an_act_is_done_or_refused_whole(everything: Filled, redis: RedisServer) -> None:
    """An act that needs Redis answers 503 and writes nothing; all others do what they always do."""
    console, refused = everything.console, set()
    redis.kill()
    for route in ACTS:
        before = ledger(console)
        with console.http("admin") as client:
            answer = everything.post(client, route, everything.form(route), console.csrf(client))
        assert answer.status_code != 500, (route.rule, answer.text)
        if answer.status_code >= 500:
            refused.add(route.rule)
            assert answer.headers["Retry-After"]
            assert "Try again" in answer.text
            assert ledger(console)[: len(before) + 1] == before, route.rule
    assert "/find/<token>/reset" in refused
