"""A refusal by a script, as callers hear it."""

from otp_service.domain.errors import Refusal

_DETAILS = {
    "idempotency_mismatch": "this Idempotency-Key was used with another body; take a fresh key",
    "idempotency_in_flight": "the first request with this Idempotency-Key is still being answered; repeat it shortly",
    "not_pending": "this verification has ended; start a new one",
    "destination_disabled": "too many wrong codes in a row; an admin must lift the lock",
    "destination_locked": "wrong codes were typed for this number; no new code is sent for a while",
    "resend_too_soon": "a code was sent a moment ago",
    "max_sends": "enough codes were sent for this purpose",
    "rate_limited": "the limit of this {rule} is reached",
    "spend_exhausted": "the spend ceiling of this {rule} is reached",
    # Which rule it was is told to admins alone: whoever asks must not learn how to ask.
    "challenge_required": "solve a challenge, and repeat this with the solution in the field challenge",
    "refused_as_fraud": "this looks like fraud; an admin can look up why by the reference",
}
_RULES = {
    "to": "number",
    "ip": "client address",
    "prefix": "number range",
    "network": "client network",
    "device": "device",
    "user": "user",
    "spend": "application",
    "country": "country",
}


class Refused(Refusal):
    """What a script answered: `refused, code, wait ms, rule, reference, (application limit: amount, period, left)`."""

    def __init__(self, answer: list[str]) -> None:
        _, code, wait, rule, *more = answer
        reference, application = (more[0], more[1:]) if more else ("", [])
        detail = _DETAILS[code].format(rule=_RULES.get(rule, rule))
        wait_s = -(-int(wait) // 1000)
        if wait_s:
            detail = f"{detail}; try again in {wait_s} s"
        super().__init__(code, detail, members={"reference": reference} if reference else None)
        self.rule = rule
        if self.status == 429:
            self.retry_after_s, self.headers = wait_s, _rate_limit(application, wait_s)


def _rate_limit(application: list[str], wait_s: int) -> dict[str, str]:
    """RateLimit headers (draft-ietf-httpapi-ratelimit-headers) of the application's own limits, of no other."""
    limits = list(zip(application[::3], application[1::3], application[2::3], strict=True))
    if not limits:
        return {}
    named = [
        (f'"application-{int(period) // 1000}"', amount, int(period) // 1000, left) for amount, period, left in limits
    ]
    return {
        "RateLimit-Policy": ", ".join(f"{name};q={amount};w={period}" for name, amount, period, _ in named),
        "RateLimit": ", ".join(f"{name};r={left};t={wait_s}" for name, _, _, left in named),
    }
