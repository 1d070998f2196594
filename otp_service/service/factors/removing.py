"""Removing a factor."""

from otp_service.ledger import factors
from otp_service.service.admin.opening import writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import history
from otp_service.service.factors.listing import Shown, owned, shown


def remove(core: Core, caller: Caller, id: str) -> Shown:
    """Forgets a factor, and what proved it."""
    at_ms = core.clock()
    with writing(core) as connection:
        factor, user = owned(connection, caller, id, at_ms)
        gone = shown(core, connection, factor)
        factors.remove(connection, factor.id)
        history.removed(core, connection, user, factor, at_ms)
        return gone
