"""What holds against somebody now: limits and how far they are used, locks, blocks and allows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from otp_service.domain.addresses import client_network, counted_network
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.ledger import audit
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import ALLOWS, BLOCKS, Block, Book
from otp_service.service.admin import applications, blocks, limits, locks
from otp_service.service.admin.blocks import Wanted
from otp_service.service.admin.fields import words
from otp_service.service.admin.limits import LimitState
from otp_service.service.admin.locks import Lock
from otp_service.service.admin.opening import changing
from otp_service.service.admin.subjects import caller_of
from otp_service.service.callers import Caller
from otp_service.service.console.searching import Sought
from otp_service.service.core import Core
from otp_service.service.limits import Whence, client_limits, index
from otp_service.store.limits import peek, reset

MOST_APPLICATIONS = 12
MOST_ROWS = 20
MOST_REASON = 200
# As what an address, a user and a device are counted.
COUNTED: Mapping[str, Mapping[str, Callable[[str], str]]] = {
    "ip": {"ip": counted_network, "network": client_network},
    "name": {"user": str},
    "device": {"device": str},
}
STANDS = frozenset({"number", "ip", "name", "device"})  # what limits and blocks can be about


@dataclass(frozen=True, slots=True)
class Standing:
    """What one application counts of somebody, live keys alone."""

    application: Application
    limits: Sequence[LimitState]
    lock: Lock | None = None

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
    if sought.kind == "number":
        limits.start_again(core, actor, application, to=sought.value)
        return
    with changing(core, actor) as change:
        caller = caller_of(applications.get(core, application), test=False)
        whence = _whence(core, caller, sought)
        for kind, target in whence.items():
            said = {"kind": kind, "test": False, "reason": reason}
            audit.record(change, "limits.reset", application_id=caller.application.id, target=target, after=said)
        reset(core.link, client_limits(caller, whence))  # last: without Redis nothing of this is written


def lift(core: Core, actor: str, sought: Sought, application: str, reason: str) -> None:
    """Forgives a number its wrong codes, and says why."""
    words("reason", reason, least=1, most=MOST_REASON)
    if sought.kind != "number":
        raise invalid_field("application", "only a number can be locked")
    locks.lift(core, actor, application, sought.value, reason=reason)


def _standing(core: Core, of: Application, sought: Sought) -> Standing:
    if sought.kind == "number":
        return Standing(
            of, _own(limits.read(core, of.id, to=sought.value).limits), locks.read(core, of.id, sought.value)
        )
    caller = caller_of(of, test=False)
    counts = peek(core.link, client_limits(caller, _whence(core, caller, sought)))
    return Standing(of, [limits.state_of(each) for each in counts])


def _own(found: Sequence[LimitState]) -> list[LimitState]:
    """The limits of the number and its range; those that all share stand on a page of their own."""
    return [each for each in found if each.scope in ("to", "prefix")]


def _whence(core: Core, caller: Caller, sought: Sought) -> Whence:
    """By what an address, a user or a device is counted."""
    told = COUNTED.get(sought.kind)
    if told is None:
        raise Refusal("not_found", "nothing counts limits of this")
    return {kind: index(core, caller, kind, counted(sought.value)) for kind, counted in told.items()}


def _rows(core: Core, asked: Sequence[Wanted], book: Book) -> list[Block]:
    pages = [blocks.page(core, MOST_ROWS, wanted=each, book=book).items for each in asked]
    return list({row.id: row for rows in pages for row in rows}.values())[:MOST_ROWS]
