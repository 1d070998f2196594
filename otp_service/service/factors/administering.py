"""What an operator sees and removes of a user's factors."""

from sqlalchemy import Connection

from otp_service.domain.errors import Refusal
from otp_service.ledger import audit, factor_users, factors
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.service.admin.opening import changing, looking, owner, stored
from otp_service.service.core import Core
from otp_service.service.factors import devices, history
from otp_service.service.factors.batches import index_of
from otp_service.service.factors.listing import Shown, shown
from otp_service.service.factors.types import recovery_codes


def listed(core: Core, application: str, user: str) -> list[Shown]:
    """A user's factors, oldest first; nothing for who was never heard of."""
    with looking(core) as connection:
        index = index_of(core, owner(connection, application).id, user)
        return [shown(core, connection, each) for each in factors.of_user(connection, index, core.clock())]


def found(core: Core, id: str) -> tuple[Shown, str]:
    """A factor, and whose it is; Refusal not_found."""
    with looking(core) as connection:
        factor, user = _one(core, connection, id)
        return shown(core, connection, factor), history.name_of(core, user)


def remove(core: Core, actor: str, id: str) -> Shown:
    """Forgets a factor and what proved it; the devices that were trusted beside it are trusted no more."""
    with changing(core, actor) as change:
        factor, user = _one(core, change.connection, id)
        gone = shown(core, change.connection, factor)
        factors.remove(change.connection, factor.id)
        if factor.status == "active" and factor.type != recovery_codes.NAME:
            devices.distrust(change.connection, factor.application_id, factor.user_index, change.at_ms)
        history.removed(core, change.connection, user, factor, change.at_ms)
        told = {"type": factor.type, "status": factor.status}
        audit.record(change, "factor.remove", application_id=factor.application_id, target=factor.id, before=told)
    return gone


def _one(core: Core, connection: Connection, id: str) -> tuple[Factor, FactorUser]:
    factor = factors.read(connection, stored(id), core.clock())
    user = factor and factor_users.read(connection, factor.user_index)
    if not factor or not user:
        raise Refusal("not_found", "there is no such factor")
    return factor, user
