"""Users with factors, for admins: who has which, what is held against them, and what helps.

Names are an application's own, so they are sealed: lists show them masked, and who reads one in full is audited. The
audit names a user by the keyed index alone.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.domain.factors import delays
from otp_service.ledger import (
    audit,
    factor_erasure,
    factor_history,
    factor_user_pages,
    factor_users,
    factors,
    recovery_codes,
    trusted_devices,
)
from otp_service.ledger.changes import Change
from otp_service.ledger.factor_erasure import Erased
from otp_service.ledger.factor_history import Happened
from otp_service.ledger.factor_user_pages import Wanted
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.ledger.paging import Page
from otp_service.ledger.trusted_devices import TrustedDevice
from otp_service.service.admin.fields import MOST_REASON, words
from otp_service.service.admin.opening import changing, looking, owner, stored
from otp_service.service.admin.subjects import caller_of
from otp_service.service.core import Core
from otp_service.service.factors import devices, history
from otp_service.service.factors.sealing import opened
from otp_service.service.factors.types import recovery_codes as recovery
from otp_service.service.factors.users import user_index_of

Json = dict[str, Any]
MOST_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A user as lists show them: the name, None once its key is gone, and the types of what they have."""

    user: FactorUser
    name: str | None = field(repr=False)
    types: Sequence[str]
    waits_until_ms: int | None

    @property
    def is_disabled(self) -> bool:
        """Whether all tries end until an admin lifts it."""
        return self.user.disabled_at is not None

    @property
    def attempts_left(self) -> int:
        """How many wrong codes are left until then."""
        return delays.left(self.user.failures)


@dataclass(frozen=True, slots=True)
class Seen:
    """A factor without what proves it; the label is None once its key is gone."""

    factor: Factor
    label: str | None = field(repr=False)
    issuer: str | None
    codes_left: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that is known of a user's factors; the history is the newest, newest first."""

    listed: Listed
    factors: Sequence[Seen]
    devices: Sequence[TrustedDevice]
    history: Sequence[Happened]


def page(
    core: Core,
    application: str,
    limit: int,
    cursor: str | None = None,
    *,
    test: bool = False,
    disabled: bool = False,
    name: str | None = None,
) -> Page[Listed]:
    """Some of an application's users with factors, newest first; those who are disabled, or the one of this name."""
    with looking(core) as connection:
        of = owner(connection, application)
        index = None if name is None else user_index_of(core, caller_of(of, test=test).realm, name)
        found = factor_user_pages.page(connection, Wanted(of.id, test, disabled, index), limit, cursor)
        return Page(_listed(core, connection, found.items), found.next_cursor)


def held(core: Core, application: str, limit: int) -> list[Listed]:
    """Whom wrong codes hold up or lately did, the gravest first."""
    with looking(core) as connection:
        return _listed(core, connection, factor_user_pages.held(connection, owner(connection, application).id, limit))


def read(core: Core, id: str) -> Standing:
    """Everything that is known of a user; Refusal not_found."""
    with looking(core) as connection:
        return _standing(core, connection, _known(connection, id))


def look(core: Core, actor: str, id: str, reason: str) -> Standing:
    """The same for who reads the names in full, which is audited."""
    words("reason", reason, least=1, most=MOST_REASON)
    with changing(core, actor) as change:
        user = _held(change.connection, id)
        _audited(change, "user.look", user, None, {"reason": reason})
        return _standing(core, change.connection, user)


def lift(core: Core, actor: str, id: str, reason: str = "") -> Standing:
    """Forgives a user their wrong codes, and lets them try again; what changes nothing is not audited."""
    words("reason", reason, least=0, most=MOST_REASON)
    with changing(core, actor) as change:
        connection, user = change.connection, _held(change.connection, id)
        if user.failures or user.disabled_at is not None:
            before = {"failures": user.failures, "disabled": user.disabled_at is not None}
            _audited(change, "user.lift", user, before, {"reason": reason} if reason else None)
            factor_users.forgive(connection, user.user_index)
            whose, at_ms = (user.application_id, user.user_index), core.clock()
            devices.distrust(connection, *whose, at_ms)
            why = {"reason": reason} if reason else {}
            factor_history.record(connection, *whose, "lifted", at_ms, by=actor, **why)
        return _standing(core, connection, _known(connection, id))


def remove(core: Core, actor: str, id: str, factor_id: str, reason: str = "") -> Standing:
    """Removes one factor of a user, which callers are told; Refusal not_found."""
    words("reason", reason, least=0, most=MOST_REASON)
    at_ms = core.clock()
    with changing(core, actor) as change:
        connection, user = change.connection, _held(change.connection, id)
        factor = factors.read(connection, stored(factor_id), at_ms)
        if factor is None or factor.user_index != user.user_index:
            raise Refusal("not_found", "this user has no such factor")
        before = {"user": user.user_index, "type": factor.type, "status": factor.status}
        _audited(change, "factor.remove", user, before, {"reason": reason} if reason else None, factor.id)
        factors.remove(connection, factor.id)
        if factor.status == "active" and factor.type != recovery.NAME:
            devices.distrust(connection, user.application_id, user.user_index, at_ms)
        history.removed(core, connection, user, factor, at_ms)
        return _standing(core, connection, user)


def erase(core: Core, actor: str, id: str) -> Erased:
    """Forgets a user: factors, devices, history, what callers were told, and the name."""
    with changing(core, actor) as change:
        user = _held(change.connection, id)
        erased = factor_erasure.erase(change.connection, user.user_index)
        _audited(change, "user.erase", user, None, asdict(erased))
        return erased


def found(core: Core, application: str, name: str, *, test: bool = False) -> str | None:
    """The id of the user of this name; None if they have no factors."""
    items = page(core, application, 1, test=test, name=name).items
    return items[0].user.user_index if items else None


def _known(connection: Connection, id: str) -> FactorUser:
    return _there(factor_users.read(connection, stored(id)))


def _held(connection: Connection, id: str) -> FactorUser:
    return _there(factor_users.held(connection, stored(id)))


def _there(user: FactorUser | None) -> FactorUser:
    if user is None:
        raise Refusal("not_found", "there is no such user with factors")
    return user


def _audited(
    change: Change, act: str, user: FactorUser, before: Json | None, after: Json | None, target: str = ""
) -> None:
    named = target or user.user_index
    audit.record(change, act, application_id=user.application_id, target=named, before=before, after=after)


def _standing(core: Core, connection: Connection, user: FactorUser) -> Standing:
    at_ms, index = core.clock(), user.user_index
    return Standing(
        _listed(core, connection, [user])[0],
        [_seen(core, connection, each) for each in factors.of_user(connection, index, at_ms)],
        trusted_devices.of_user(connection, index, at_ms),
        factor_history.of_user(connection, index, MOST_HISTORY),
    )


def _listed(core: Core, connection: Connection, users: Sequence[FactorUser]) -> list[Listed]:
    types, now = factor_user_pages.types_of(connection, users), core.clock()
    waits = {each.user_index: each.locked_until if each.locked_until > now else None for each in users}
    return [
        Listed(each, history.name_of(core, each), types.get(each.user_index, ()), waits[each.user_index])
        for each in users
    ]


def _seen(core: Core, connection: Connection, factor: Factor) -> Seen:
    left = recovery_codes.left(connection, factor.id) if factor.type == recovery.NAME else None
    kept = opened(core, factor)  # one that does not open may still be removed
    return Seen(factor, kept.label if kept else None, kept.issuer if kept else None, left)
