"""SQL stops: codes go on with what was read last, and facts wait until it is back."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.e2e.shop import Shop, numbers, shop_in_production
from tests.e2e.wire import read
from tests.ledger.postgres import PostgresServer, postgres_server
from tests.servers import wait_until

FACTS = 5  # of an approval: it was started, its message queued, tried and accepted, the code approved


@dataclass(frozen=True)
class OnPostgres:
    """A shop and the database under it."""

    shop: Shop
    database: PostgresServer


@pytest.fixture
def on_postgres(migrated: Path) -> Iterator[OnPostgres]:
    """A shop whose ledger is a PostgreSQL of its own."""
    with postgres_server() as database:
        url = database.url.format(name="postgres")
        with shop_in_production(migrated, database_url=url) as shop:
            yield OnPostgres(shop, database)


def test_codes_go_on_while_postgresql_is_stopped(on_postgres: OnPostgres) -> None:
    """With SQL stopped starts, checks and sending go on, /readyz says so, none starts anew, and no fact is lost."""
    shop, database = on_postgres.shop, on_postgres.database
    shop.made.settles()
    database.stop()

    made = shop.opened(20)

    for id_, to in made.items():
        wait_until(lambda to=to: shop.vendor.sent_to(to), 60)
        assert shop.api.check(shop.vendor.sent_to(to)[0].code, id=id_).get_json()["valid"] is True
    wait_until(lambda: "ledger" in str(readiness(shop).json()["degraded"]), 60)
    assert readiness(shop).status_code == 200
    assert shop.admin.get(f"/v1/verifications?to=%2B{numbers()[0][1:]}").status_code == 503
    assert_none_starts(shop)
    wait_until(lambda: shop.made.waiting() == (0, 20 * FACTS), 60)

    database.start()

    shop.made.settles()
    wait_until(lambda: readiness(shop).json()["degraded"] == [], 60)
    history = read(shop.admin, "/v1/verifications?status=approved&limit=200")["items"]
    assert {item["id"] for item in history} == set(made)
    assert all([message["status"] for message in item["messages"]] == ["accepted"] for item in history)


def readiness(shop: Shop) -> httpx.Response:
    """What /readyz says."""
    return httpx.get(f"{shop.made.url}/readyz", timeout=60)


def assert_none_starts(shop: Shop) -> None:
    """A process that never had a snapshot says why it does not start."""
    for command in (("serve", "--port", "1"), ("worker",)):
        ended = shop.made.command(*command)
        assert ended.returncode == 2
        assert "OTP_DATABASE_URL: the database can't be reached" in ended.stderr
        assert "Traceback" not in ended.stderr


def test_codes_go_on_while_somebody_holds_sqlites_lock(shop: Shop) -> None:
    """While another program holds the SQLite file locked, codes go out and are approved; their facts wait for it."""
    with sqlite3.connect(shop.made.folder / "otp.db", isolation_level=None, timeout=60) as other:
        other.execute("BEGIN EXCLUSIVE")

        ((id_, to),) = shop.opened().items()
        wait_until(lambda: shop.vendor.sent_to(to), 60)
        approved = shop.api.check(shop.vendor.sent_to(to)[0].code, id=id_).get_json()
        wait_until(lambda: shop.made.waiting() == (0, FACTS), 60)
        other.execute("COMMIT")
    other.close()

    assert approved["valid"] is True
    shop.made.settles()
    (found,) = read(shop.admin, f"/v1/verifications?to=%2B{to[1:]}")["items"]
    assert (found["id"], found["status"]) == (id_, "approved")


def test_a_database_that_was_not_migrated_serves_nobody(shop: Shop) -> None:
    """A process does not start on a database without the schema; it says which command makes it."""
    ended = shop.made.command("worker", OTP_DATABASE_URL=f"sqlite:///{shop.made.folder}/new.db")

    assert ended.returncode == 2
    assert "otp-service migrate" in ended.stderr
