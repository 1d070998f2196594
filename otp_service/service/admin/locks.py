"""Failure locks, for admins: what is counted against a number, and forgiving it."""

from dataclasses import dataclass

from otp_service.domain.keys import b64
from otp_service.domain.phone import mask
from otp_service.ledger import audit, locks, pages
from otp_service.ledger.applications import Application
from otp_service.ledger.pages import Disabled
from otp_service.ledger.paging import Page
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.admin.subjects import caller_of, destination_of
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import Destination
from otp_service.service.people import known_as
from otp_service.service.sealed import number_in_ledger
from otp_service.store.failure_locks import FailureLock, failure_lock, forgive


@dataclass(frozen=True, slots=True)
class Lock:
    """What is counted against a number (masked): wrong codes in a row, and what follows; times in milliseconds."""

    application_id: str
    to: str
    failures: int
    strangers: int
    last_ms: int | None
    locked_until_ms: int | None
    disabled: bool


def read(core: Core, application: str, to: str, *, test: bool = False) -> Lock:
    """The failure lock of a number as it stands."""
    with looking(core) as connection:
        found = owner(connection, application)
        meant = destination_of(core, caller_of(found, test=test), to)
        held = bool(locks.in_force(connection, found.id, b64(meant.at.subject)))
    return _lock(core, found, meant, held)


def lift(core: Core, actor: str, application: str, to: str, *, test: bool = False, reason: str = "") -> Lock:
    """Forgives a number its wrong codes, and enables it; what changes nothing is not audited."""
    with changing(core, actor) as change:
        found = owner(change.connection, application)
        meant = destination_of(core, caller_of(found, test=test), to)
        counted = failure_lock(core.link, core.cells, meant.at.subject)
        lifted = locks.lift(change, found.id, b64(meant.at.subject), reason)
        if counted.failures and not lifted:
            before = {"failures": counted.failures}
            after = {"reason": reason} if reason else None
            target = known_as(core, change.connection, meant)
            audit.record(change, "lock.lift", application_id=found.id, target=target, before=before, after=after)
        if counted.failures or lifted:
            forgive(core.link, core.cells, meant.at.subject)  # last: without Redis nothing of this is written
    return _lock(core, found, meant, held=False)


def page(core: Core, application: str, limit: int, cursor: str | None = None) -> Page[Disabled]:
    """Some of the application's disabled numbers, newest first."""
    with looking(core) as connection:
        return pages.disabled_page(connection, owner(connection, application).id, limit, cursor)


def shown(core: Core, disabled: Disabled) -> str | None:
    """A disabled number, masked; None once it is no longer kept."""
    number = number_in_ledger(core, disabled.to_sealed, disabled.number_index)
    return mask(number) if number else None


def _lock(core: Core, application: Application, meant: Destination, held: bool) -> Lock:
    counted: FailureLock = failure_lock(core.link, core.cells, meant.at.subject)
    return Lock(
        application.id,
        mask(meant.number.e164),
        counted.failures,
        counted.strangers,
        counted.last_ms if counted.failures else None,
        now_ms() + counted.wait_ms if counted.wait_ms else None,
        held or counted.failures >= application.policy.hard_lock_after,
    )
