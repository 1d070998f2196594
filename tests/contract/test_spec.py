"""What answers are held against openapi.yaml with, held against answers that are wrong."""

import json
from typing import Any

import pytest

from tests.contract.spec import Mismatch, document, find_operation, validate_response

JSON = {"X-Request-Id": "req-7f3a", "Content-Type": "application/json"}
PROBLEM = JSON | {"Content-Type": "application/problem+json; charset=utf-8"}


def started(**changes: Any) -> str:
    """The answer to a start, with changes."""
    return json.dumps(document()["components"]["examples"]["StartedVerification"]["value"] | changes)


def problem(code: str, status: int, **more: Any) -> str:
    """A problem, with more members."""
    body = {"type": f"/problems/{code}", "title": "t", "status": status, "detail": "d", "code": code, "request_id": "r"}
    return json.dumps(body | more)


def refused(*args: Any) -> str:
    """Why an answer is not what openapi.yaml promises."""
    with pytest.raises(Mismatch) as caught:
        validate_response(*args)
    return str(caught.value)


def test_a_right_answer_passes():
    """An answer as openapi.yaml promises it passes."""
    validate_response("POST", "/v1/verifications?x=1", 201, JSON, started())


def test_a_code_in_an_answer_is_found():
    """A member that openapi.yaml does not list, such as the code, is found."""
    assert "'code' was unexpected" in refused("POST", "/v1/verifications", 201, JSON, started(code="123456"))


def test_an_undeclared_status_is_found():
    """A status that the operation does not declare is found."""
    assert "does not declare" in refused("POST", "/v1/verifications", 202, JSON, started())


def test_a_missing_request_id_is_found():
    """An answer without X-Request-Id is found."""
    headers = {"Content-Type": "application/json"}
    assert "header X-Request-Id is missing" in refused("POST", "/v1/verifications", 201, headers, started())


def test_a_wrong_content_type_is_found():
    """An answer of another content type is found."""
    assert "content type" in refused("POST", "/v1/verifications", 201, PROBLEM, started())


def test_a_429_without_retry_after_is_found():
    """A 429 without the header Retry-After is found."""
    body = problem("max_sends", 429, retry_after_s=3)
    assert "Retry-After is missing" in refused("POST", "/v1/verifications", 429, PROBLEM, body)
    validate_response("POST", "/v1/verifications", 429, PROBLEM | {"retry-after": "3"}, body)


def test_a_problem_that_the_operation_does_not_list_is_found():
    """A problem whose code the operation does not list under that status is found."""
    body = problem("country_not_allowed", 403)
    validate_response("POST", "/v1/verifications", 403, PROBLEM, body)
    assert "country_not_allowed" in refused("POST", "/v1/verifications/check", 403, PROBLEM, body)


def test_a_local_time_is_found():
    """A time that is not RFC 3339 in UTC is found."""
    for text in ("2026-11-20T10:00:00+01:00", "2026-11-20 10:00:00Z", "yesterdayZ"):
        assert "$.created_at" in refused("POST", "/v1/verifications", 201, JSON, started(created_at=text))


def test_an_unknown_path_must_be_a_problem():
    """A path that openapi.yaml does not know may only answer the problem not_found."""
    validate_response("GET", "/nothing/here", 404, PROBLEM, problem("not_found", 404))
    assert "no such operation" in refused("GET", "/nothing/here", 200, JSON, "{}")


def test_a_refused_method_must_say_what_is_allowed():
    """A 405 must be a problem and have the header Allow."""
    body = problem("method_not_allowed", 405)
    assert "Allow is missing" in refused("PUT", "/v1/verifications", 405, PROBLEM, body)
    validate_response("PUT", "/v1/verifications", 405, PROBLEM | {"Allow": "GET, POST"}, body)


def test_a_literal_path_is_not_taken_for_an_id():
    """/v1/verifications/check is the check, not a verification of that id."""
    assert find_operation("POST", "/v1/verifications/check").template == "/v1/verifications/check"
    assert find_operation("GET", "/v1/verifications/ver_1").template == "/v1/verifications/{id}"


def test_head_is_held_against_get():
    """HEAD is held against GET, without its body."""
    validate_response("HEAD", "/livez", 200, JSON, b"")
