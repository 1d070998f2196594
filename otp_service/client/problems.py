"""What can go wrong, as a tree: catch the branch that you can do something about.

OtpError
├── NoAnswer              the service couldn't be reached, or the answer was lost
├── UnexpectedAnswer      something answered that isn't this service
└── ProblemError          the service refused; `code` says why
    ├── InvalidRequest    the request is wrong; repeating it won't help
    │   └── InvalidField  `fields` names what to correct
    ├── Unauthenticated   the API key is unknown, expired or revoked
    ├── Forbidden         this key, number, country or person may not
    │   └── ChallengeRequired  `challenge` must be solved first
    ├── NotFound          no such verification, or nothing started for that number
    ├── Conflict          it has ended already, or the same request is still being answered
    ├── RateLimited       too often; come back in `retry_after_s`
    └── Unavailable       the service can't answer now
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx


class OtpError(Exception):
    """Everything that this client raises."""


class NoAnswer(OtpError):
    """No answer came, so whether the request was carried out is not known."""


class UnexpectedAnswer(OtpError):
    """The answer is none of this service: wrong address, or a proxy in between."""


class ProblemError(OtpError):
    """The service refused, with a stable `code` (RFC 9457 problem details)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: int | None) -> None:
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.request_id: str | None = problem.get("request_id")
        self.errors: Sequence[Mapping[str, str]] = problem.get("errors") or ()
        self.reference: str | None = problem.get("reference")
        self.retry_after_s = retry_after_s
        super().__init__(f"{self.code} ({status}): {self.detail or self.title}")


class InvalidRequest(ProblemError):
    """The request can't be carried out as it is."""


class InvalidField(InvalidRequest):
    """A field is not valid; nothing was sent and no attempt was spent."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields to correct."""
        return tuple(error.get("field", "") for error in self.errors)


class Unauthenticated(ProblemError):
    """The API key is unknown, expired or revoked."""


class Forbidden(ProblemError):
    """This key, number, country or person may not; `code` tells which."""


class ChallengeRequired(Forbidden):
    """The person has to solve `challenge` first; the start or resend is repeated with the solution."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: int | None) -> None:
        super().__init__(status, problem, retry_after_s)
        told = problem.get("challenge")
        self.challenge: Mapping[str, Any] = told if isinstance(told, dict) else {}


class NotFound(ProblemError):
    """There is no such verification, or it belongs to another application."""


class Conflict(ProblemError):
    """The verification has ended, or the same request is still being answered."""


class RateLimited(ProblemError):
    """Too often, too much or too soon; `retry_after_s` says when it is worth another try."""


class Unavailable(ProblemError):
    """The service can't answer now."""


KINDS: dict[str, type[ProblemError]] = {
    "invalid_json": InvalidRequest,
    "payload_too_large": InvalidRequest,
    "unsupported_media_type": InvalidRequest,
    "method_not_allowed": InvalidRequest,
    "idempotency_mismatch": InvalidRequest,
    "invalid_field": InvalidField,
    "unauthenticated": Unauthenticated,
    "forbidden": Forbidden,
    "destination_blocked": Forbidden,
    "destination_disabled": Forbidden,
    "user_disabled": Forbidden,
    "country_not_allowed": Forbidden,
    "line_type_not_allowed": Forbidden,
    "opted_out": Forbidden,
    "refused_as_fraud": Forbidden,
    "challenge_required": ChallengeRequired,
    "step_up_required": Forbidden,
    "not_found": NotFound,
    "conflict": Conflict,
    "idempotency_in_flight": Conflict,
    "not_pending": Conflict,
    "rate_limited": RateLimited,
    "resend_too_soon": RateLimited,
    "max_sends": RateLimited,
    "destination_locked": RateLimited,
    "user_locked": RateLimited,
    "spend_exhausted": RateLimited,
    "unavailable": Unavailable,
}

# For a code that is newer than this client, and for proxies that answer without one.
KINDS_BY_STATUS: dict[int, type[ProblemError]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: InvalidRequest,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def problem_of(response: httpx.Response) -> ProblemError:
    """The problem that an answer with an error status stands for."""
    problem = _json_object(response)
    kind = KINDS.get(str(problem.get("code"))) or KINDS_BY_STATUS.get(response.status_code, ProblemError)
    return kind(response.status_code, problem, _retry_after_s(response, problem))


def _json_object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after_s(response: httpx.Response, problem: Mapping[str, Any]) -> int | None:
    told = problem.get("retry_after_s", response.headers.get("Retry-After"))
    return int(told) if str(told).isascii() and str(told).isdigit() else None
