"""Every route of the console while its ledger is away, or can be read and not written."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, update

from otp_service import wiring
from otp_service.ledger import engine as ledger_engine
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from otp_service.ledger.schema import admin_sessions
from otp_service.settings import Settings
from otp_service.web.console.registry import ROUTES
from tests.console.conftest import COOKIE, serving
from tests.console.filled import ACTS, GETS, LOOKS, Filled, filled, ledger, store
from tests.console.traffic import configured
from tests.ledger.postgres import postgres_server
from tests.servers import RedisServer
from tests.world import World


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a service with two providers."""
    return configured(settings, tmp_path)


@pytest.fixture
def everything(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Filled]:
    """A console with something of everything, whose SQLite waits for nobody."""
    monkeypatch.setattr(ledger_engine, "BUSY_TIMEOUT_MS", 0)
    world.core.engine.dispose()
    with serving(world) as console:
        yield filled(console)


def test_every_form_here_is_accepted(everything: Filled) -> None:
    """While all is well each of these forms does what it says, so that what refuses it below is the ledger."""
    console = everything.console
    for rule in everything.forms():
        route = next(each for each in ACTS if each.rule == rule)
        with console.http("admin") as client:
            answer = everything.post(client, route, everything.form(route), console.csrf(client))
        assert answer.status_code in (200, 303), (rule, answer.text)


def test_without_a_ledger_every_route_says_so(redis: RedisServer, settings: Settings) -> None:
    """While PostgreSQL is stopped every page and act answers 503 with a page; afterwards one is still signed in."""
    with postgres_server() as database, serving(_world_on(database.url, settings)) as console:
        everything = filled(console)
        with console.http("admin") as client:
            csrf, before = console.csrf(client), ledger(console)
            database.stop()
            for route in ROUTES:
                sent = {"data": {"csrf": csrf, **everything.form(route)}} if route.method == "POST" else {}
                answer = client.request(route.method, everything.path(route), **sent)
                assert answer.status_code == 503, route.rule
                assert int(answer.headers["Retry-After"]) > 0
                assert COOKIE not in answer.headers.get("Set-Cookie", "")
                for told in ("This can&#39;t be answered now", "Try again", "you stay signed in", "console.css"):
                    assert told in answer.text, route.rule
                assert "Traceback" not in answer.text
            database.start()
            assert client.get("/console/profile").status_code == 200
            assert ledger(console) == before
        console.world.core.engine.dispose()


def test_a_locked_file_is_a_ledger_that_is_away(everything: Filled) -> None:
    """While another process holds the whole SQLite file every page answers 503, and works again afterwards."""
    console = everything.console
    with console.http("admin") as client:
        with _holding(console.world.core.engine, "exclusive"):
            answers = {each.rule: client.get(everything.path(each)).status_code for each in GETS}
        assert {rule for rule, status in answers.items() if status != 503} == set()
        assert client.get("/console/profile").status_code == 200


def test_a_ledger_that_can_only_be_read_shows_every_page(everything: Filled) -> None:
    """While another process writes, and goes on writing, every page is shown, and nobody has to sign in again."""
    console = everything.console
    with console.http("admin") as client:
        with console.world.core.engine.begin() as connection:
            connection.execute(update(admin_sessions).values(seen_at=admin_sessions.c.seen_at - 120_000))
        with _holding(console.world.core.engine, "normal"):
            inside = [each for each in GETS if each.role is not None]
            answers = {each.rule: client.get(everything.path(each)).status_code for each in inside}
    assert {rule for rule, status in answers.items() if status not in (200, 303)} == {"/profile/app"}  # it has no app


def test_an_act_that_can_not_be_written_does_nothing_at_all(everything: Filled, redis: RedisServer) -> None:
    """Each act whose ledger can't be written answers 503, and neither ledger nor Redis holds anything of it."""
    console = everything.console
    with console.http("admin") as client:
        csrf, before = console.csrf(client), (ledger(console), store(redis))
        with _holding(console.world.core.engine, "normal"):
            for route in ACTS:
                answer = everything.post(client, route, everything.form(route), csrf)
                if route.rule in everything.forms() and route.rule not in LOOKS:
                    assert answer.status_code == 503, route.rule
                    assert answer.headers["Retry-After"]
                assert answer.status_code not in (500, 502), route.rule
        assert (ledger(console), store(redis)) == before
        assert client.get("/console/profile").status_code == 200


def _world_on(url: str, settings: Settings) -> World:
    there = url.format(name="postgres")
    engine = make_engine(there)
    migrate.to_head(engine)
    engine.dispose()
    return World(wiring.build(settings.model_copy(update={"database_url": SecretStr(there)}), development_server=True))


@contextmanager
def _holding(engine: Engine, how: str) -> Iterator[None]:
    """Another process writes to the file; `exclusive` lets nobody read meanwhile."""
    engine.dispose()
    other = sqlite3.connect(str(engine.url.database), isolation_level=None)
    other.execute(f"PRAGMA locking_mode = {how}")
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
        engine.dispose()
