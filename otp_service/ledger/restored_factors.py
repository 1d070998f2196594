"""What must not turn back with the clock when a backup is restored: one-time codes that were used, and wrong ones.

A backup can't know which codes were used after it was made, so every code up to the restore counts as used: of an app
all steps that its window took until then; of a token as many presses as are looked ahead, since nobody knows more.
What a database that is restored over still knows stays: later counters, recovery codes and proofs that were used, users
who are disabled or have more wrong codes. Devices are trusted no more, since one may have been revoked meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, bindparam, case, delete, func, select, update

from otp_service.domain.factors.codes import LOOK_AHEAD, step_of
from otp_service.ledger.schema import admins, factor_users, factors, recovery_codes, spent_proofs, trusted_devices
from otp_service.ledger.writing import insert_once

APP_OF_ADMINS_S = 30  # the period of the apps by which admins sign in; codes of one step ahead are taken


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knew before a restore."""

    users: Sequence[RowMapping]
    counters: Sequence[RowMapping]
    codes: Sequence[RowMapping]
    proofs: Sequence[RowMapping]


def known(connection: Connection) -> Known:
    """What must stay as it is now, whatever the backup says."""
    users = (factor_users.c.failures > 0) | factor_users.c.disabled_at.is_not(None)
    return Known(
        _rows(connection, factor_users, ("user_index", "failures", "locked_until", "disabled_at"), users),
        _rows(connection, factors, ("id", "counter"), factors.c.type == "hotp"),
        _rows(connection, recovery_codes, ("factor_id", "code_hash", "used_at"), recovery_codes.c.used_at.is_not(None)),
        _rows(connection, spent_proofs, ("id", "expires_at")),
    )


def keep(connection: Connection, before: Known, restored_ms: int) -> None:
    """Has everything that may have been used until the restore count as used."""
    connection.execute(delete(trusted_devices))
    _use_up_steps(connection, restored_ms)
    _use_up_presses(connection, before.counters)
    _use_up(connection, before)
    _hold(connection, before.users)


def _use_up_steps(connection: Connection, restored_ms: int) -> None:
    step = restored_ms // 1000 // func.coalesce(factors.c.period_s, 30)
    newest = step + case((factors.c.drift > 0, factors.c.drift), else_=0)
    is_older = and_(factors.c.type == "totp", factors.c.counter < newest)
    connection.execute(update(factors).where(is_older).values(counter=newest))
    theirs = step_of(restored_ms, APP_OF_ADMINS_S) + 1
    connection.execute(update(admins).where(admins.c.totp_step < theirs).values(totp_step=theirs))


def _use_up_presses(connection: Connection, counters: Iterable[RowMapping]) -> None:
    tokens = update(factors).where(factors.c.type == "hotp")
    connection.execute(tokens.values(counter=factors.c.counter + LOOK_AHEAD))
    now: dict[str, Any] = {"counter": bindparam("now")}
    is_behind = factors.c.counter - LOOK_AHEAD <= bindparam("now")
    exact = tokens.where(factors.c.id == bindparam("of"), is_behind).values(now)  # nothing need be guessed
    _each(connection, exact, [{"of": each["id"], "now": each["counter"]} for each in counters])


def _use_up(connection: Connection, before: Known) -> None:
    this = (recovery_codes.c.factor_id == bindparam("of"), recovery_codes.c.code_hash == bindparam("hash"))
    used = update(recovery_codes).where(*this, recovery_codes.c.used_at.is_(None)).values(used_at=bindparam("at"))
    _each(connection, used, [dict(zip(("of", "hash", "at"), each.values(), strict=True)) for each in before.codes])
    _each(connection, insert_once(connection, spent_proofs), [dict(each) for each in before.proofs])


def _hold(connection: Connection, users: Iterable[RowMapping]) -> None:
    user = factor_users.c
    held = {
        "failures": _later(user.failures, bindparam("wrong")),
        "locked_until": _later(user.locked_until, bindparam("until")),
        "disabled_at": func.coalesce(user.disabled_at, bindparam("at")),
    }
    names = ("index", "wrong", "until", "at")
    told = [dict(zip(names, each.values(), strict=True)) for each in users]
    _each(connection, update(factor_users).where(user.user_index == bindparam("index")).values(held), told)


def _later(old: ColumnElement[int], new: Any) -> ColumnElement[int]:
    return case((new > old, new), else_=old)


def _rows(
    connection: Connection, table: Table, names: Iterable[str], *which: ColumnElement[bool]
) -> Sequence[RowMapping]:
    return connection.execute(select(*(table.c[name] for name in names)).where(*which)).mappings().all()


def _each(connection: Connection, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)
