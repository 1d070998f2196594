"""What only a look tells, for those who watch the service: is Redis there, what is spent, who is shut out."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from otp_service.domain.errors import Refusal
from otp_service.ledger.engine import reading
from otp_service.ledger.kids import missing_kids
from otp_service.service.admin.subjects import caller_of
from otp_service.service.core import Core
from otp_service.service.limits import spend_limits
from otp_service.service.spent import LEAST_MICROS, share
from otp_service.store.breakers import read_health
from otp_service.store.fraud_states import quarantined
from otp_service.store.limits import peek


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen; without Redis only that. `spent` is of the fullest ceiling of an application's day, 1 is all."""

    redis_up: bool = False
    spent: float = 0.0
    quarantined: int = 0
    breakers: Mapping[str, int] = field(default_factory=dict)  # countries that are shut, by provider


def look(core: Core) -> Looked:
    """How things stand now."""
    try:
        core.link.command("PING")
        breakers = dict.fromkeys(core.providers, 0) | _shut(core)
        return Looked(True, _spent(core), _quarantined(core), breakers)
    except Refusal:
        return Looked()


def missing_keys(core: Core) -> int:
    """How many keys stored values were sealed with that the ring no longer has."""
    with reading(core.engine) as connection:
        return len(missing_kids(connection, core.ring.kids))


def _spent(core: Core) -> float:
    callers = (caller_of(each, test=False) for each in core.snapshot().applications.values())
    rules = [rule for caller in callers for rule in spend_limits(caller, "", LEAST_MICROS) if rule.name == "spend"]
    return max(map(share, peek(core.link, rules)), default=0.0)


def _quarantined(core: Core) -> int:
    return sum(len(quarantined(core.link, realm)) for realm in core.snapshot().applications)


def _shut(core: Core) -> dict[str, int]:
    known = read_health(core.link)
    return dict(Counter(provider for (provider, _), health in known.items() if health.breaker == "open"))
