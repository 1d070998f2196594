"""What is written down of factors, and told to the application: in the transaction in which it happens."""

import structlog
from sqlalchemy import Connection

from otp_service.domain.events import Event
from otp_service.domain.keys import UnknownKid
from otp_service.ledger import factor_history
from otp_service.ledger.events import record
from otp_service.ledger.factor_users import FactorUser
from otp_service.ledger.factors import Factor
from otp_service.service.core import Core

log = structlog.get_logger("otp_service.factors")


def name_of(core: Core, user: FactorUser) -> str | None:
    """The name that the application gave its user; None, and a line in the log, if it does not open any more."""
    try:
        return core.ring.open(user.user_sealed, user.user_index).decode()
    except (UnknownKid, ValueError):
        log.error("user_does_not_open", user=user.user_index)
        return None


def enrolled(connection: Connection, factor: Factor, at_ms: int) -> None:
    """A factor was made; nobody is told before it is confirmed."""
    _write(connection, factor, "enrolled", at_ms)


def confirmed(core: Core, connection: Connection, user: FactorUser, factor: Factor, at_ms: int) -> None:
    """A factor counts from now on."""
    core.observe.factor_enrolled(factor.type)
    _write(connection, factor, "confirmed", at_ms)
    _tell(core, connection, user, "factor.enrolled", factor.id, at_ms, factor=factor.id, type=factor.type)


def removed(core: Core, connection: Connection, user: FactorUser, factor: Factor, at_ms: int) -> None:
    """A factor is gone; one that was never confirmed goes without a word."""
    _write(connection, factor, "removed", at_ms)
    if factor.status == "active":
        _tell(core, connection, user, "factor.removed", factor.id, at_ms, factor=factor.id, type=factor.type)


def trusted(core: Core, connection: Connection, user: FactorUser, device: str, at_ms: int) -> None:
    """A device is remembered; its user may want to hear of it."""
    factor_history.record(connection, user.application_id, user.user_index, "trusted", at_ms, device=device)
    _tell(core, connection, user, "device.trusted", device, at_ms, device=device)


def tried(connection: Connection, user: FactorUser, factor: Factor | None, event: str, at_ms: int) -> None:
    """What came of a code; whose it would have been is written down where it is known."""
    type = {"type": factor.type} if factor else {}
    id = factor.id if factor else None
    factor_history.record(connection, user.application_id, user.user_index, event, at_ms, id, **type)


def held(core: Core, connection: Connection, user: FactorUser, how: str, failures: int, at_ms: int) -> None:
    """Wrong codes hold a user up: `locked` half way, `disabled` at the end."""
    core.observe.user_held(how)
    factor_history.record(connection, user.application_id, user.user_index, how, at_ms, failures=failures)
    _tell(core, connection, user, f"user.{how}", user.user_index, at_ms, failures=failures)


def _write(connection: Connection, factor: Factor, event: str, at_ms: int) -> None:
    whose = factor.application_id, factor.user_index
    factor_history.record(connection, *whose, event, at_ms, factor.id, type=factor.type)


def _tell(
    core: Core, connection: Connection, user: FactorUser, news: str, about: str, at_ms: int, **data: str | int
) -> None:
    name = name_of(core, user)
    if name is None:
        return  # nobody knows whom it is about; what happened must not be taken back for it, a lock least of all
    told = {"user": name, **data, "test": user.test}
    record(connection, [Event(news, about, user.application_id, at_ms, told, str(at_ms))])
