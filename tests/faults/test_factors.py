"""Factors are truths: losing Redis loses none and stops no code, and without SQL nothing is accepted."""

import sqlite3
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from otp_service import wiring
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine, reading
from otp_service.ledger.schema import factor_history, factor_users
from otp_service.settings import Settings
from tests.factor_world import STEP, FactorWorld
from tests.ledger.postgres import PostgresServer, postgres_server
from tests.servers import RedisServer, redis_server, wait_until

KEY = {"Idempotency-Key": "a-key"}


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A Redis that a test may wipe and kill."""
    with redis_server() as server:
        yield server


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    """A PostgreSQL that a test may stop."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def on_postgres(settings: Settings, database: PostgresServer) -> Iterator[FactorWorld]:
    """People with factors on that PostgreSQL."""
    url = SecretStr(database.url.format(name="postgres"))
    fresh = make_engine(url.get_secret_value())
    migrate.to_head(fresh)
    fresh.dispose()
    parts = wiring.build(settings.model_copy(update={"database_url": url}), development_server=True)
    yield FactorWorld(parts)
    parts.core.engine.dispose()


def standing(world: FactorWorld) -> list[tuple[int, int]]:
    """What is counted against each user, and how much happened in all."""
    with reading(world.core.engine) as connection:
        happened = len(connection.execute(select(factor_history.c.id)).all())
        return [(failures, happened) for failures in connection.scalars(select(factor_users.c.failures))]


def test_a_wiped_redis_loses_no_factor(quick: FactorWorld, redis: RedisServer) -> None:
    """When Redis is wiped in mid-run every factor is there, used codes stay used, and wrong ones stay counted."""
    app, token = quick.confirmed(), quick.confirmed(type="hotp")
    codes = quick.enrolled(type="recovery_codes")["codes"]
    used = quick.app_code(app)
    assert (quick.verdict(used), quick.verdict(codes[0]), quick.verdict(quick.wrong(app))) == (
        "valid",
        "valid",
        "wrong_code",
    )
    before = quick.factors.get("/v1/users/u1/factors").json

    with redis.client() as client:
        client.flushall()

    assert quick.factors.get("/v1/users/u1/factors").json == before
    assert [quick.verdict(each) for each in (used, codes[0])] == ["already_used", "already_used"]
    quick.clock.pass_(STEP)
    assert [quick.verdict(each) for each in (quick.app_code(app), quick.app_code(token, counter=1), codes[1])] == [
        "valid"
    ] * 3
    assert quick.enrolled("u2")["status"] == "unconfirmed"


def test_without_redis_codes_go_on(quick: FactorWorld, redis: RedisServer) -> None:
    """While Redis is gone entirely, factors are enrolled, confirmed, checked, listed and removed."""
    app = quick.confirmed()
    redis.kill()
    assert quick.verdict(quick.app_code(app)) == "valid"
    assert quick.verdict(quick.app_code(app)) == "already_used"
    assert quick.verdict(quick.wrong(app)) == "wrong_code"
    other = quick.confirmed("u2")
    assert quick.verdict(quick.app_code(other), "u2") == "valid"
    assert quick.factors.delete(f"/v1/factors/{other['id']}").status_code == 200
    assert len(quick.factors.get("/v1/users/u1/factors").json["items"]) == 1


def test_a_promise_of_once_needs_redis(quick: FactorWorld, redis: RedisServer) -> None:
    """With an Idempotency-Key a check waits for Redis: 503, nothing is counted, and the code is good afterwards."""
    app = quick.confirmed()
    before = standing(quick)
    redis.kill()
    told = quick.factors.post("/v1/factors/check", {"user": "u1", "code": quick.app_code(app)}, KEY)
    assert (told.status_code, told.json["code"]) == (503, "unavailable")
    assert int(told.headers["Retry-After"]) >= 1
    assert standing(quick) == before
    assert quick.verdict(quick.app_code(app)) == "valid"


def test_without_sql_nothing_is_accepted(on_postgres: FactorWorld, database: PostgresServer) -> None:
    """While PostgreSQL is stopped every request is 503 with Retry-After; when it is back the same code is good once."""
    app = on_postgres.confirmed()
    before, code = standing(on_postgres), on_postgres.app_code(app)
    database.stop()
    asked = {
        "check": on_postgres.factors.post("/v1/factors/check", {"user": "u1", "code": code}),
        "wrong": on_postgres.factors.post("/v1/factors/check", {"user": "u1", "code": on_postgres.wrong(app)}),
        "once": on_postgres.factors.post("/v1/factors/check", {"user": "u1", "code": code}, KEY),
        "enrol": on_postgres.factors.post("/v1/factors", {"user": "u2", "type": "totp"}),
        "list": on_postgres.factors.get("/v1/users/u1/factors"),
        "remove": on_postgres.factors.delete(f"/v1/factors/{app['id']}"),
    }
    assert {name: answer.status_code for name, answer in asked.items()} == dict.fromkeys(asked, 503)
    assert all(answer.json["code"] == "unavailable" for answer in asked.values())
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in asked.values())

    database.start()

    assert standing(on_postgres) == before
    wait_until(lambda: checked(on_postgres, code) == {"valid": True}, 60)  # a busy Redis may hold the key for a while
    assert on_postgres.verdict(code) == "already_used"


def checked(world: FactorWorld, code: str) -> dict[str, bool]:
    """What a repeat hears, if it hears anything."""
    told = world.factors.post("/v1/factors/check", {"user": "u1", "code": code}, KEY).json
    return {name: told[name] for name in ("valid",) if name in told}


def test_while_somebody_holds_sqlites_lock_nothing_is_accepted(quick: FactorWorld) -> None:
    """A check that waits in vain for a locked SQLite file is 503 with Retry-After; the code is good afterwards."""
    app = quick.confirmed()
    code = quick.app_code(app)
    with sqlite3.connect(str(quick.core.engine.url.database), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        told = quick.factors.post("/v1/factors/check", {"user": "u1", "code": code})
        other.execute("ROLLBACK")
    other.close()
    assert (told.status_code, told.json["code"]) == (503, "unavailable")
    assert int(told.headers["Retry-After"]) >= 1
    assert quick.verdict(code) == "valid"
