"""Every refusal of the service: one exception, a closed table of codes."""

from collections.abc import Sequence
from typing import Any, TypedDict

# code -> (HTTP status, title). The table in openapi.yaml is this one; a test compares them.
PROBLEMS: dict[str, tuple[int, str]] = {
    "invalid_json": (400, "The body is not valid JSON"),
    "unauthenticated": (401, "A valid API key is needed"),
    "forbidden": (403, "This key may not do that"),
    "destination_blocked": (403, "This number is blocked"),
    "country_not_allowed": (403, "This country is not allowed"),
    "line_type_not_allowed": (403, "This type of number is not allowed"),
    "opted_out": (403, "This person wants no such messages"),
    "refused_as_fraud": (403, "Refused as likely fraud"),
    "challenge_required": (403, "A challenge must be solved first"),
    "step_up_required": (403, "This takes a fresh verification of the user"),
    "destination_disabled": (403, "This number is disabled after too many wrong codes"),
    "user_disabled": (403, "This user is disabled after too many wrong codes"),
    "not_found": (404, "There is no such resource"),
    "method_not_allowed": (405, "This method is not allowed here"),
    "conflict": (409, "This collides with what exists"),
    "idempotency_in_flight": (409, "A request with this Idempotency-Key is still being answered"),
    "not_pending": (409, "This has ended"),
    "payload_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body must be application/json"),
    "invalid_field": (422, "A field is not valid"),
    "idempotency_mismatch": (422, "This Idempotency-Key was used with another body"),
    "rate_limited": (429, "Too many requests"),
    "resend_too_soon": (429, "It is too soon to send another code"),
    "max_sends": (429, "No more codes may be sent for now"),
    "destination_locked": (429, "This number is locked for a while after wrong codes"),
    "user_locked": (429, "This user is locked for a while after wrong codes"),
    "spend_exhausted": (429, "The spend ceiling is reached"),
    "internal": (500, "Something went wrong here"),
    "unavailable": (503, "The service can't answer now"),
}


class FieldError(TypedDict):
    """One field that was refused; the value itself is never repeated."""

    field: str
    code: str
    detail: str


class Refusal(Exception):
    """The one exception by which a request is refused, with a stable code from PROBLEMS.

    `members` are what the problem carries beside its standard ones, such as a reference that support can look up.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        retry_after_s: int | None = None,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        members: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status, self.title = PROBLEMS[code]
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.errors = list(errors)
        self.headers = headers or {}
        self.members = dict(members or {})


def invalid_field(field: str, detail: str, code: str = "invalid") -> Refusal:
    """The refusal of one field, with what to do about it."""
    return Refusal("invalid_field", f"{field}: {detail}", errors=[{"field": field, "code": code, "detail": detail}])
