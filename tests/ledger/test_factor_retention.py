"""What is left of factors is forgotten in time, and nobody is forgiven by it."""

import threading
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from otp_service.domain.policy import Policy
from otp_service.ledger import applications, factor_users
from otp_service.ledger.applications import Application
from otp_service.ledger.engine import reading
from otp_service.ledger.retention import retain
from otp_service.ledger.schema import factor_history, factors, recovery_codes, spent_proofs, trusted_devices
from otp_service.ledger.schema import factor_users as users
from tests.ledger.people_with_factors import EVERYTHING, device, factor, happened, tell, user
from tests.ledger.telling import DAY, HOUR, NOW, changing, contents, rows


@pytest.fixture
def shop(engine: Engine) -> Application:
    """An application of a known id."""
    with changing(engine) as change:
        return applications.create(change, "shop", Policy(), id="app_1")


def test_what_holds_stays(engine: Engine, shop: Application) -> None:
    """A user with a factor, codes, a trusted device, a spent proof and a young history keeps all of it."""
    tell(engine, *EVERYTHING)
    tables = [table for table, _ in EVERYTHING]
    before = contents(engine, *tables)
    retain(engine, NOW + HOUR)
    assert contents(engine, *tables) == before


def test_what_nobody_confirmed_goes(engine: Engine, shop: Application) -> None:
    """A factor whose time for a first right code is over goes, and with the last one its user."""
    tell(engine, (users, user()), (users, user("u2")), (factors, factor("fac_2", "u2")))
    tell(engine, (factors, factor(status="unconfirmed", confirmed_at=None, expires_at=NOW + HOUR)))
    retain(engine, NOW + HOUR - 1)
    assert len(rows(engine, factors)) == 2
    retain(engine, NOW + HOUR)
    assert [row["id"] for row in rows(engine, factors)] == ["fac_2"]
    assert [row["user_index"] for row in rows(engine, users)] == ["u2"]


@pytest.mark.parametrize("over", [{"expires_at": NOW}, {"revoked_at": NOW - 1}])
def test_devices_that_are_trusted_no_more_go(engine: Engine, shop: Application, over: dict[str, Any]) -> None:
    """A device whose time is over or that was revoked goes; another stays, and keeps its user."""
    tell(engine, (users, user()), (trusted_devices, device()), (trusted_devices, device("dev_2", **over)))
    retain(engine, NOW)
    assert [row["id"] for row in rows(engine, trusted_devices)] == ["dev_1"]
    assert len(rows(engine, users)) == 1


def test_spent_proofs_go_when_they_would_be_worthless(engine: Engine) -> None:
    """A proof is known as spent until it expires, and no longer."""
    tell(
        engine,
        (spent_proofs, {"id": "prf_1", "expires_at": NOW}),
        (spent_proofs, {"id": "prf_2", "expires_at": NOW + 1}),
    )
    retain(engine, NOW)
    assert [row["id"] for row in rows(engine, spent_proofs)] == ["prf_2"]


def test_history_follows_the_policy(engine: Engine) -> None:
    """What happened to factors is kept as long as the application says; of one nobody knows, by the default."""
    with changing(engine) as change:
        applications.create(change, "brief", Policy(retain_history_s=86_400), id="app_1")
        applications.create(change, "usual", Policy(), id="app_2")
    told = [happened(f"fah_{n}", application=f"app_{n}") for n in (1, 2, 3)]
    tell(engine, *((factor_history, row) for row in told))
    retain(engine, NOW + DAY)
    assert [row["application_id"] for row in rows(engine, factor_history)] == ["app_2", "app_3"]
    retain(engine, NOW + 30 * DAY)
    assert rows(engine, factor_history) == []


@pytest.mark.parametrize("held", [{"failures": 1}, {"locked_until": NOW + DAY}, {"disabled_at": NOW}])
def test_nobody_is_forgiven_by_being_forgotten(engine: Engine, shop: Application, held: dict[str, Any]) -> None:
    """A user without factors stays while wrong codes are counted against them, or a lock holds."""
    tell(engine, (users, user()), (users, user("u2", **held)))
    retain(engine, NOW + HOUR)
    assert [row["user_index"] for row in rows(engine, users)] == ["u2"]


def test_an_expired_factor_takes_its_codes_along(engine: Engine, shop: Application) -> None:
    """Whatever hangs on a factor that goes, goes first."""
    tell(engine, (users, user()), (factors, factor(status="unconfirmed", expires_at=NOW)))
    tell(engine, (recovery_codes, {"factor_id": "fac_1", "code_hash": "h", "used_at": None}))
    retain(engine, NOW)
    assert contents(engine, recovery_codes, factors) == {"recovery_codes": [], "factors": []}


def test_an_enrolment_meanwhile_is_not_lost(engine: Engine, shop: Application) -> None:
    """Somebody who enrols just as retention would forget them is introduced again, or waited for."""
    tell(engine, (users, user()))
    done = threading.Event()

    def forget() -> None:
        while not done.is_set():
            retain(engine, NOW + HOUR)

    thread = threading.Thread(target=forget)
    thread.start()
    try:
        for number in range(30):
            with engine.begin() as connection:
                factor_users.introduce(connection, "u1", "app_1", False, "k1.u1", NOW)
                connection.execute(insert(factors).values(factor(f"fac_{number}")))
            with reading(engine) as connection:
                assert factor_users.read(connection, "u1")
            with engine.begin() as connection:
                connection.execute(factors.delete())
    finally:
        done.set()
        thread.join()
