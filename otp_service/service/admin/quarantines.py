"""Prefixes in quarantine, of every application: hardly a code that went there was typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.ledger import audit
from otp_service.service.admin.opening import changing
from otp_service.service.core import Core
from otp_service.store import fraud_states


@dataclass(frozen=True, slots=True)
class Quarantine:
    """One application's prefix that gets no codes until then."""

    application: str
    prefix: str  # in E.164, with its plus
    country: str
    until_ms: int


def quarantines(core: Core) -> Sequence[Quarantine]:
    """Every prefix in quarantine; Refusal unavailable while Redis is down."""
    held = ((id_, found) for id_ in core.snapshot().applications for found in fraud_states.quarantined(core.link, id_))
    return [Quarantine(id_, found.prefix, found.country, found.until_ms) for id_, found in held]


def lift(core: Core, actor: str, application: str, prefix: str) -> None:
    """Ends a quarantine before its time, audited; Refusal not_found if there is none."""
    with changing(core, actor) as change:  # one after the other: of two who lift the same, one does
        held = {found.prefix: found for found in fraud_states.quarantined(core.link, application)}
        if prefix not in held:
            raise Refusal("not_found", "this prefix is in no quarantine")
        before = {"prefix": prefix, "until_ms": held[prefix].until_ms}
        audit.record(change, "fraud.lift", application_id=application, target=prefix, before=before)
        fraud_states.lift(core.link, core.index_key, application, prefix, held[prefix].country)
