"""Why somebody was refused, from the evidence that its log entry keeps, in sentences for whoever has to explain it."""

from collections.abc import Mapping
from typing import Any

from otp_service.domain.fraud.reasons import Reason

Evidence = Mapping[str, Any]  # scope, rule, and what the rule counts

_OF = {
    "to": "this number",
    "prefix": "this number's range",
    "ip": "the client's address",
    "network": "the client's network",
    "device": "the client's device",
    "user": "this user",
    "application": "this application",
    "spend": "this application",
    "country": "this country",
}
_SENTENCES = {
    "lock failures": "{amount} wrong codes in a row were typed for this number; an admin must lift its lock",
    "lock destination_locked": "Wrong codes were typed for this number, so the next one waits",
    "resend resend_too_soon": "A code was sent a moment ago, and the policy wants a pause before the next",
    "sends max_sends": "As many codes as the policy allows were sent for this purpose",
    "spend spend_exhausted": "The application's ceiling of {money} in {period} is used up",
    "country spend_exhausted": "The ceiling of {money} in {period} for this country is used up",
    "country not_listed": "The policy's countries do not name {value}",
    "line_type refused": "The policy refuses numbers of type {value}",
    "number blocked": "An admin has blocked this number",
    "prefix blocked": "An admin has blocked numbers that begin like this one",
    "country blocked": "An admin has blocked this country",
    "ip blocked": "An admin has blocked the client's address",
    "network blocked": "An admin has blocked a network that the client is in",
    "user blocked": "An admin has blocked this user",
    "opt_out refused": "The person has opted out of messages like this one",
    "challenge not_solved": "The solution that came along was wrong, too late or for somebody else",
}
# Where limits live in slots of their own, the amount is not told along with the refusal.
_UNCOUNTED = {
    "rate_limited": "The limit for {of} is used up",
    "spend_exhausted": "The ceiling for {of} is used up",
}
_UNITS = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second"))


def sentence(found: Evidence) -> str:
    """One piece of evidence as people read it."""
    scope, rule = str(found["scope"]), str(found["rule"])
    if "level" in found:
        return Reason(scope, rule, *(int(found[name]) for name in ("level", "has", "may"))).sentence
    text = _SENTENCES.get(f"{scope} {rule}")
    if found.get("amount") is None:
        text = _UNCOUNTED.get(rule, text)
    if text is None and rule == "rate_limited":
        text = "The limit of {amount} in {period} for {of} is used up"
    words = {
        "amount": found.get("amount"),
        "money": f"${(found.get('amount') or 0) / 1_000_000:.2f}",
        "period": _period(int(found.get("period_ms") or 0)),
        "of": _OF.get(scope, scope),
        "value": found.get("value"),
    }
    return (text or f"{scope}: {rule}").format(**words)


def _period(ms: int) -> str:
    """A time in the largest unit that it is whole in."""
    for size, name in _UNITS:
        if ms and ms % size == 0:
            return f"{ms // size} {name}{'s' * (ms != size)}"
    return f"{ms} ms"
