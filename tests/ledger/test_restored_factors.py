"""A restore gives nobody a second use of a code, and forgives nobody."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, update

from otp_service.domain.policy import Policy
from otp_service.ledger import applications
from otp_service.ledger.backup import backup
from otp_service.ledger.restore import restore
from otp_service.ledger.schema import admins, factor_users, factors, recovery_codes, spent_proofs, trusted_devices
from tests.ledger.people_with_factors import CODES, device, factor, tell, user
from tests.ledger.telling import DAY, NOW, Row, changing, row, rows

LATER = NOW + DAY
STEP = LATER // 30_000
HELD = ("failures", "locked_until", "disabled_at")


@pytest.fixture
def file(engine: Engine, tmp_path: Path) -> Path:
    """Where a backup goes of a ledger with a user."""
    with changing(engine) as change:
        applications.create(change, "shop", Policy(), id="app_1")
    tell(engine, (factor_users, user()))
    return tmp_path / "backup.gz"


def _turned_back(engine: Engine, file: Path, *since: Any) -> None:
    """A backup, what happened since, and its restore."""
    backup(engine, file, NOW)
    with engine.begin() as connection:
        for statement in since:
            connection.execute(statement)
    restore(engine, file, LATER, replace=True)


def _changed(table: Any, **values: Any) -> Any:
    return update(table).values(values)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, STEP),
        ({"drift": 3}, STEP + 3),
        ({"drift": -3}, STEP),
        ({"period_s": 60}, LATER // 60_000),
        ({"counter": STEP + 9}, STEP + 9),
    ],
)
def test_steps_up_to_the_restore_count_as_used(engine: Engine, file: Path, before: Row, after: int) -> None:
    """Every step that a device's window could take until the restore is used up, and none is given back."""
    tell(engine, (factors, factor(**before)))
    _turned_back(engine, file)
    assert row(engine, factors, "fac_1")["counter"] == after


def test_steps_of_admins_count_as_used(engine: Engine, file: Path) -> None:
    """The apps by which admins sign in are used up like any other."""
    ana = {"id": "adm_1", "name": "ana", "role": "admin", "totp_step": 5, "failures": 0, "locked_until": 0}
    tell(engine, (admins, {**ana, "created_at": NOW}))
    _turned_back(engine, file)
    assert row(engine, admins, "adm_1")["totp_step"] == STEP + 1


def test_presses_that_nobody_knows_of_count_as_used(engine: Engine, file: Path) -> None:
    """A token goes on as many presses ahead as are looked ahead, where the database no longer knows."""
    tell(engine, (factors, factor(type="hotp", counter=7)))
    _turned_back(engine, file, delete(factors))
    assert row(engine, factors, "fac_1")["counter"] == 17


@pytest.mark.parametrize(("now", "after"), [(7, 7), (40, 40), (3, 17)])
def test_presses_that_the_database_knows_of_are_not_guessed(engine: Engine, file: Path, now: int, after: int) -> None:
    """A token goes on where it was, unless the database is older than the backup."""
    tell(engine, (factors, factor(type="hotp", counter=7)))
    _turned_back(engine, file, _changed(factors, counter=now))
    assert row(engine, factors, "fac_1")["counter"] == after


def test_what_was_used_since_stays_used(engine: Engine, file: Path) -> None:
    """Recovery codes and proofs that the database knows as used stay so; codes that are unused stay good."""
    codes = [{"factor_id": "fac_1", "code_hash": each, "used_at": None} for each in ("a", "b")]
    tell(engine, (factors, CODES), *((recovery_codes, each) for each in codes))
    spent = spent_proofs.insert().values(id="prf_1", expires_at=LATER)
    _turned_back(
        engine, file, _changed(recovery_codes, used_at=NOW + 1).where(recovery_codes.c.code_hash == "a"), spent
    )
    assert [each["used_at"] for each in rows(engine, recovery_codes)] == [NOW + 1, None]
    assert [each["id"] for each in rows(engine, spent_proofs)] == ["prf_1"]


@pytest.mark.parametrize(
    ("before", "now", "after"),
    [
        ((0, 0, None), (100, NOW + 9, NOW), (100, NOW + 9, NOW)),
        ((3, 5, None), (7, NOW, None), (7, NOW, None)),
        ((7, NOW, None), (3, 5, None), (7, NOW, None)),
        ((100, NOW, NOW), (0, 0, None), (100, NOW, NOW)),
    ],
)
def test_nobody_is_forgiven_by_a_restore(engine: Engine, file: Path, before: Any, now: Any, after: Any) -> None:
    """Of the wrong codes and locks of backup and database the graver ones hold."""
    with engine.begin() as connection:
        connection.execute(_changed(factor_users, **dict(zip(HELD, before, strict=True))))
    _turned_back(engine, file, _changed(factor_users, **dict(zip(HELD, now, strict=True))))
    assert tuple(row(engine, factor_users, "u1")[name] for name in HELD) == after


def test_no_device_is_trusted_after_a_restore(engine: Engine, file: Path) -> None:
    """Whoever revoked a device after the backup does not find it trusted again."""
    tell(engine, (trusted_devices, device()))
    _turned_back(engine, file)
    assert rows(engine, trusted_devices) == []
