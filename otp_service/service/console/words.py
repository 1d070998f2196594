"""What happened, in sentences: one table per kind of thing that the ledger keeps."""

from collections.abc import Mapping
from typing import Literal

Tone = Literal["good", "bad", "warn", "plain"]

# What a turn of a verification says, and how it bodes.
STEPS: Mapping[str, tuple[str, Tone]] = {
    "started": ("A code was asked for", "plain"),
    "resent": ("The same code was asked for again", "plain"),
    "guessed": ("A wrong code was typed in", "warn"),
    "approved": ("The right code was typed in: the number is verified", "good"),
    "failed": ("Too many wrong codes: this verification is over", "bad"),
    "canceled": ("It was called off: by the caller, or because another code took its place", "warn"),
    "expired": ("Its time ran out before anybody typed the code in", "warn"),
}
VERDICTS: Mapping[str, tuple[str, Tone]] = {
    "accepted": ("{provider} took the message", "good"),
    "rejected": ("{provider} refused the message for good", "bad"),
    "try_another": ("{provider} could not send it; another provider may", "warn"),
    "try_later": ("{provider} was busy", "warn"),
    "ambiguous": ("{provider} did not answer; it may have gone out all the same", "warn"),
    "misconfigured": ("{provider} did not accept our account or sender: an admin must act", "bad"),
}
STATUSES: Mapping[str, tuple[str, Tone]] = {
    "queued": ("The message waits to be sent", "plain"),
    "scheduled": ("The message waits for its time", "plain"),
    "sending": ("The message is being sent", "plain"),
    "accepted": ("{provider} has the message", "plain"),
    "sent": ("{provider} reports: sent to the network", "plain"),
    "delivered": ("{provider} reports: the phone has it", "good"),
    "undelivered": ("{provider} reports: it did not reach the phone", "bad"),
    "failed": ("{provider} reports: it could not be sent", "bad"),
    "expired": ("{provider} reports: it was not delivered in time", "bad"),
    "canceled": ("The message was called off", "warn"),
}
# Why a message ended as it did, of messages.REASONS.
REASONS: Mapping[str, str] = {
    "invalid_number": "there is no such number",
    "not_mobile": "the number takes no text messages",
    "opted_out": "the person asked for no more messages",
    "blocked": "the network or the provider blocks this number",
    "filtered": "a filter of the network held it back",
    "unregistered_sender": "the sender is not registered in this country",
    "invalid_sender": "the sender can't be shown there",
    "country_not_enabled": "the provider's account does not send to this country",
    "unreachable": "the phone was off or out of reach",
    "rate_limited": "too many messages at once",
    "no_funds": "the account at the provider is empty",
    "bad_credentials": "the provider did not accept our credentials",
    "expired": "its time was over",
    "canceled": "it was called off",
    "timeout": "no answer came in time",
    "connection": "the provider could not be reached",
    "provider_error": "the provider had a fault",
    "no_provider": "no provider was left that could send it",
    "bad_response": "the provider's answer made no sense",
    "unknown": "the provider gave no reason that is known here",
}
TELLINGS: Mapping[str, tuple[str, Tone]] = {
    "delivered": ("{host} was told {type}", "good"),
    "pending": ("{host} is still to be told {type}", "warn"),
    "failed": ("{host} could not be told {type}", "bad"),
}
STATES: Mapping[str, Tone] = {
    **dict.fromkeys(("approved", "delivered"), "good"),
    **dict.fromkeys(("failed", "undelivered"), "bad"),
    **dict.fromkeys(("expired", "canceled"), "warn"),
}


def because(reason: str | None) -> str:
    """The end of a sentence that says why; nothing where nobody said."""
    return f": {REASONS.get(reason, reason.replace('_', ' '))}" if reason else ""


def tone_of(status: str) -> Tone:
    """How a status bodes."""
    return STATES.get(status, "plain")
