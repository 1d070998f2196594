"""Removing a factor."""

from otp_service.ledger import factor_users, factors
from otp_service.service.admin.opening import writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.factors import devices, history, step_up
from otp_service.service.factors.listing import Shown, owned, shown
from otp_service.service.factors.types import recovery_codes


def remove(core: Core, caller: Caller, id: str, proof: str | None = None) -> Shown:
    """Forgets a factor, and what proved it; the last one may take a step-up, whose proof this is."""
    at_ms = core.clock()
    with writing(core) as connection:
        factor_users.held(connection, owned(connection, caller, id, at_ms)[1].user_index)
        factor, user = owned(connection, caller, id, at_ms)  # of two that go at once, one is the last or gone already
        name = history.name_of(core, user) or ""  # no proof is of nobody
        step_up.require(core, caller, connection, name, "remove", proof, at_ms, factor)
        gone = shown(core, connection, factor)
        factors.remove(connection, factor.id)
        if factor.status == "active" and factor.type != recovery_codes.NAME:
            devices.distrust(connection, factor.application_id, factor.user_index, at_ms)
        history.removed(core, connection, user, factor, at_ms)
        return gone
