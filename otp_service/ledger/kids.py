"""Which keys of the ring the ledger still needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, Connection, and_, or_, select

from otp_service.ledger.schema import (
    admins,
    allows,
    blocks,
    factor_users,
    factors,
    meta,
    opt_outs,
    people,
    trusted_devices,
    webhook_secrets,
)


@dataclass(frozen=True)
class Sealed:
    """A column of sealed values (`kid.` and the rest), the name each is bound to, and which rows hold one."""

    column: Column[str]
    bound_to: ColumnElement[str]
    rows: Sequence[ColumnElement[bool]] = ()


SEALED = (
    Sealed(people.c.to_sealed, people.c.number_index),
    Sealed(blocks.c.to_sealed, blocks.c.value),
    Sealed(allows.c.to_sealed, allows.c.value),
    Sealed(admins.c.totp_sealed, admins.c.id),
    Sealed(opt_outs.c.to_sealed, opt_outs.c.number_index),
    Sealed(webhook_secrets.c.secret_sealed, webhook_secrets.c.id),
    Sealed(factor_users.c.user_sealed, factor_users.c.user_index),
    # Of application, user and factor: a secret that is moved to another row does not open.
    Sealed(factors.c.sealed, factors.c.application_id + "/" + factors.c.user_index + "/" + factors.c.id),
    Sealed(trusted_devices.c.label_sealed, trusted_devices.c.id),
    Sealed(meta.c.value, meta.c.name, (meta.c.name == "index_key",)),
)


def missing_kids(connection: Connection, ring: Collection[str]) -> list[str]:
    """The kids of sealed values that are not in this ring; without them those can't be opened."""
    missing: set[str] = set()
    while found := _one_beyond(connection, {*ring, *missing}):
        missing.add(found)
    return sorted(missing)


def beyond(place: Sealed, known: Collection[str]) -> ColumnElement[bool]:
    """The rows whose value is sealed under none of these kids."""
    # Kids are letters and digits: nothing to escape.
    under = or_(*(place.column.startswith(f"{kid}.") for kid in known))
    return and_(place.column.is_not(None), *place.rows, ~under)


def _one_beyond(connection: Connection, known: Collection[str]) -> str | None:
    for place in SEALED:
        if found := connection.scalar(select(place.column).where(beyond(place, known)).limit(1)):
            return found.partition(".")[0]
    return None
