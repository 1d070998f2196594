"""What a user has: their factors, and what is counted against them."""

from dataclasses import dataclass

from sqlalchemy import Connection

from otp_service.domain.factors import delays
from otp_service.ledger import factor_users, factors, recovery_codes
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.service.admin.opening import looking, stored
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors.sealing import opened
from otp_service.service.factors.types import recovery_codes as recovery
from otp_service.service.factors.users import nobody, user_index_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A factor as its application sees it; `codes_left` of recovery codes alone."""

    factor: Factor
    label: str
    issuer: str | None
    codes_left: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A user's factors, and how many wrong codes they may still type; times in milliseconds."""

    factors: list[Shown]
    attempts_left: int
    locked_until_ms: int | None
    disabled: bool


def standing(core: Core, caller: Caller, user: str) -> Standing:
    """What a user has; nothing for who was never heard of."""
    index, at_ms = user_index_of(core, caller.realm, user), core.clock()
    with looking(core) as connection:
        known = factor_users.read(connection, index)
        theirs = [shown(core, connection, each) for each in factors.of_user(connection, index, at_ms)]
    failures = known.failures if known else 0
    waits = known is not None and known.locked_until > at_ms
    return Standing(
        theirs,
        delays.left(failures),
        known.locked_until if known and waits else None,
        known is not None and known.disabled_at is not None,
    )


def one(core: Core, caller: Caller, id: str) -> Shown:
    """One factor; the one 404 for unknown, foreign and forgotten."""
    with looking(core) as connection:
        factor, _ = owned(connection, caller, id, core.clock())
        return shown(core, connection, factor)


def shown(core: Core, connection: Connection, factor: Factor) -> Shown:
    """A factor with what is sealed of it, but for its secret."""
    kept = opened(core, factor)
    return Shown(factor, kept.label if kept else "", kept.issuer if kept else None, codes_left(connection, factor))


def is_since(factor: Factor, type: str, at_ms: int) -> bool:
    """Whether a factor is of this type and was confirmed after this moment."""
    return factor.type == type and factor.confirmed_at is not None and factor.confirmed_at > at_ms


def codes_left(connection: Connection, factor: Factor) -> int | None:
    """How many recovery codes are unused; None of other types."""
    return recovery_codes.left(connection, factor.id) if factor.type == recovery.NAME else None


def owned(connection: Connection, caller: Caller, id: str, at_ms: int) -> tuple[Factor, FactorUser]:
    """A factor of the caller's, and whose it is; the one 404 for any other."""
    factor = factors.read(connection, stored(id), at_ms)
    user = factor and factor_users.read(connection, factor.user_index)
    if not factor or not user or (user.application_id, user.test) != (caller.application.id, caller.test):
        raise nobody()
    return factor, user
