"""What holds against somebody now: limits and how far they are used, debts, locks, blocks and allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.fraud.scopes import operator_prefix
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import ALLOWS, BLOCKS, Block, Book
from otp_service.service.admin import applications, blocks, forgiving, fraud, limits, locks
from otp_service.service.admin.blocks import Wanted
from otp_service.service.admin.fields import MOST_REASON, words
from otp_service.service.admin.fraud import State
from otp_service.service.admin.limits import LimitState
from otp_service.service.admin.locks import Lock
from otp_service.service.admin.quarantines import Quarantine
from otp_service.service.console.searching import Sought
from otp_service.service.core import Core

MOST_APPLICATIONS = 12
MOST_ROWS = 20
# What is sought -> as what limits name it, and in which scopes they count it.
NAMED: Mapping[str, str] = {"number": "to", "ip": "ip", "name": "user", "device": "device"}
OWN: Mapping[str, tuple[str, ...]] = {
    "number": ("to", "prefix"),
    "ip": ("ip", "network"),
    "name": ("user",),
    "device": ("device",),
}
OWING = ("number", "ip")  # what the brake knows scopes of
STANDS = frozenset(NAMED)  # what limits and blocks can be about


@dataclass(frozen=True, slots=True)
class Standing:
    """What one application counts of somebody, live keys alone."""

    application: Application
    limits: Sequence[LimitState]
    owed: Sequence[State] = ()  # by its scopes against which anything speaks
    lock: Lock | None = None
    quarantine: Quarantine | None = None  # of the number's operator's prefix

    @property
    def is_locked(self) -> bool:
        """Whether wrong codes hold this number."""
        return self.lock is not None and (self.lock.disabled or self.lock.locked_until_ms is not None)


@dataclass(frozen=True, slots=True)
class Met:
    """The rows of both lists that meet somebody."""

    blocks: Sequence[Block] = ()
    allows: Sequence[Block] = ()


def standings(core: Core, sought: Sought, only: str | None = None) -> list[Standing]:
    """What each application counts of somebody now; Refusal unavailable while Redis is down."""
    if sought.kind not in STANDS:
        return []
    found = [applications.get(core, only)] if only else applications.listed(core)[:MOST_APPLICATIONS]
    return [_standing(core, each, sought) for each in found]


def met(core: Core, sought: Sought) -> Met:
    """The blocks and allows that meet somebody, whatever the application."""
    wanted: dict[str, Wanted] = {
        "number": Wanted(to=sought.value),
        "ip": Wanted(ip=sought.value),
    }
    if sought.kind in wanted:
        asked = [wanted[sought.kind]]
    elif sought.kind == "name":
        asked = [Wanted(application=each, user=sought.value) for each in core.snapshot().applications]
    else:
        return Met()
    return Met(_rows(core, asked, BLOCKS), _rows(core, asked, ALLOWS))


def start_again(core: Core, actor: str, sought: Sought, application: str, reason: str) -> None:
    """Forgets what the limits of a number, an address, a user or a device counted; money stays counted."""
    words("reason", reason, least=1, most=MOST_REASON)
    limits.start_again(core, actor, application, reason=reason, **_subject(sought))


def lift(core: Core, actor: str, sought: Sought, application: str, reason: str) -> None:
    """Forgives a number its wrong codes, and says why."""
    words("reason", reason, least=1, most=MOST_REASON)
    if sought.kind != "number":
        raise invalid_field("application", "only a number can be locked")
    locks.lift(core, actor, application, sought.value, reason=reason)


def forgive(core: Core, actor: str, sought: Sought, application: str, scope: str, reason: str) -> None:
    """Forgives a scope of a number or an address what it owes to the brake, and says why."""
    words("reason", reason, least=1, most=MOST_REASON)
    if sought.kind not in OWING:
        raise invalid_field("scope", "only numbers and addresses have scopes that owe")
    forgiving.forgive(core, actor, application, scope, reason=reason, **_subject(sought))


def _standing(core: Core, of: Application, sought: Sought) -> Standing:
    counted = limits.read(core, of.id, **_subject(sought)).limits
    own = [each for each in counted if each.scope in OWN[sought.kind]]  # what all share stands on a page of its own
    owed = _owed(core, of, sought)
    if sought.kind != "number":
        return Standing(of, own, owed)
    return Standing(of, own, owed, locks.read(core, of.id, sought.value), _quarantine(core, of, sought.value))


def _owed(core: Core, of: Application, sought: Sought) -> Sequence[State]:
    if sought.kind not in OWING or of.policy.fraud == "off":
        return ()
    found = fraud.states(core, fraud.meant(of, **_subject(sought)))
    return [each for each in found.states if not each.is_clear]


def _quarantine(core: Core, of: Application, number: str) -> Quarantine | None:
    prefix = operator_prefix(number)
    return next((each for each in fraud.held(core, of.id) if each.prefix == prefix), None)


def _subject(sought: Sought) -> dict[str, Any]:
    """Whose limits are meant, as limits name them."""
    name = NAMED.get(sought.kind)
    if name is None:
        raise Refusal("not_found", "nothing counts limits of this")
    return {name: sought.value}


def _rows(core: Core, asked: Sequence[Wanted], book: Book) -> list[Block]:
    pages = [blocks.page(core, MOST_ROWS, wanted=each, book=book).items for each in asked]
    return list({row.id: row for rows in pages for row in rows}.values())[:MOST_ROWS]
