"""Refusals in the words of people: what to do now, or that there is nothing more to be done here."""

from dataclasses import dataclass

from otp_service.domain.errors import Refusal

_CANNOT_SEND = (
    *("destination_blocked", "country_not_allowed", "line_type_not_allowed", "refused_as_fraud"),
    *("challenge_required", "spend_exhausted", "opted_out"),
)
# The sentence of each refusal after which the page goes on; all others are told as BUSY.
SENTENCES = {
    **dict.fromkeys(_CANNOT_SEND, "cannot_send"),
    "rate_limited": "many",
    "max_sends": "many",
    "destination_locked": "many",
    "resend_too_soon": "resend_soon",
    "invalid_field": "shape",
    "idempotency_mismatch": "again",
    "user_locked": "check_locked",
}
# Why a page ends that can't go on.
ENDS = {
    "destination_disabled": "locked",
    "user_disabled": "disabled",
    "not_pending": "canceled",
    "not_found": "canceled",
    "step_up_required": "late",
    "conflict": "full",
}
# The title of an end, where it is not its own.
TITLES = {"full": "ended_late"}
# What is said under it.
THEN = {
    "expired": "then_new",
    "max_attempts": "then_new",
    "already_used": "then_new",
    "canceled": "then_canceled",
    "locked": "then_help",
    "disabled": "then_help",
    "late": "then_late",
    "full": "full",
    "unknown": "then_unknown",
}


BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of something that did not work: the name of its sentence, seconds to wait, tries that are left."""

    sentence: str
    status: int = 200
    wait_s: int = 0
    left: int | None = None


def told(refusal: Refusal) -> Told:
    """A refusal after which the page goes on."""
    waits = refusal.retry_after_s or 0 if refusal.status == 429 and refusal.code != "resend_too_soon" else 0
    return Told(SENTENCES.get(refusal.code, BUSY), refusal.status, waits)
