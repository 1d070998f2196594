"""The tree of problems: every refusal of the service has its branch."""

import httpx
import pytest

from otp_service.client import Forbidden, InvalidField, ProblemError, RateLimited, Unavailable
from otp_service.client.problems import KINDS, KINDS_BY_STATUS, problem_of
from otp_service.domain.errors import PROBLEMS


def test_every_code_of_the_service_has_its_branch() -> None:
    """The client knows every refusal of the service and none besides; only an internal error has no branch."""
    assert set(KINDS) == set(PROBLEMS) - {"internal"}


@pytest.mark.parametrize("code", sorted(KINDS))
def test_code_and_status_name_the_same_branch(code: str) -> None:
    """A refusal lands in the same branch by its code as a newer one would by its status."""
    by_status = KINDS_BY_STATUS.get(PROBLEMS[code][0])
    assert by_status is None or issubclass(KINDS[code], by_status)


def test_a_problem_says_what_the_service_said() -> None:
    """A problem carries code, status, detail, request id, the fields and when to come back."""
    field = {"field": "to", "code": "invalid", "detail": "not a number"}
    body = {"code": "invalid_field", "title": "T", "detail": "to: not a number", "request_id": "r1", "errors": [field]}
    error = problem_of(httpx.Response(422, json=body))
    assert isinstance(error, InvalidField)
    assert error.fields == ("to",)
    assert (error.status, error.request_id, error.retry_after_s) == (422, "r1", None)
    assert str(error) == "invalid_field (422): to: not a number"


@pytest.mark.parametrize(
    ("response", "retry_after_s"),
    [
        (httpx.Response(429, json={"code": "max_sends", "retry_after_s": 31}, headers={"Retry-After": "30"}), 31),
        (httpx.Response(429, json={"code": "rate_limited"}, headers={"Retry-After": "30"}), 30),
        (httpx.Response(429, headers={"Retry-After": "Fri, 20 Nov 2026 10:00:00 GMT"}), None),
        (httpx.Response(429), None),
    ],
)
def test_a_limit_says_when_to_come_back(response: httpx.Response, retry_after_s: int | None) -> None:
    """A limit tells the seconds from the body or the header, and none if there are none."""
    error = problem_of(response)
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == retry_after_s


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (httpx.Response(403, json={"code": "moon_phase"}), Forbidden, "moon_phase"),
        (httpx.Response(503, text="<h1>Down</h1>"), Unavailable, "unknown"),
        (httpx.Response(500, json={"code": "internal"}), ProblemError, "internal"),
        (httpx.Response(418, json=["teapot"]), ProblemError, "unknown"),
    ],
)
def test_what_is_not_known_goes_by_its_status(response: httpx.Response, kind: type[ProblemError], code: str) -> None:
    """A code from the future, and an answer without any, are sorted by their status and never crash."""
    error = problem_of(response)
    assert (type(error), error.code) == (kind, code)
