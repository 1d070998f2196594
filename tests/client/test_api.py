"""The client: what it asks, what it makes of the answers, when it asks again."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from otp_service.client import Client, NoAnswer, OtpError, RateLimited, Unavailable, UnexpectedAnswer
from tests.client.stand import KEY, RESOURCE

CHECKED = {"id": "ver_1", "status": "pending", "valid": False, "reason": "wrong_code", "attempts_left": 4}
Answer = httpx.Response | Exception


class Wire:
    """Answers one request after the other from a list, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answers: Iterator[Answer] = iter(())

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        match next(self.answers):
            case httpx.Response() as response:
                return response
            case error:
                raise error

    def client(self, *answers: Answer) -> Client:
        self.answers = iter(answers)
        return Client("http://service.test", KEY, transport=httpx.MockTransport(self), repeat_after_s=0)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]

    @property
    def keys(self) -> list[str]:
        return [request.headers["Idempotency-Key"] for request in self.asked]


@pytest.fixture
def wire() -> Wire:
    return Wire()


def ok(body: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=body)


def problem(status: int, code: str, **more: object) -> httpx.Response:
    return httpx.Response(status, json={"code": code, **more}, headers={"Content-Type": "application/problem+json"})


def test_start_asks_as_the_contract_says(wire: Wire) -> None:
    """Start posts the number and what was given, leaves out the rest, and carries the key."""
    with wire.client(ok(RESOURCE, 201)) as client:
        client.start("+41791234567", locale="de-CH", binding={"amount": "12.50 CHF"}, user=None)
    [request] = wire.asked
    assert (request.method, request.url.path) == ("POST", "/v1/verifications")
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert wire.bodies == [{"to": "+41791234567", "locale": "de-CH", "binding": {"amount": "12.50 CHF"}}]


def test_a_verification_is_typed(wire: Wire) -> None:
    """A verification comes with its times as datetimes in UTC, and fields from the future are left out."""
    verification = wire.client(ok({**RESOURCE, "carrier_pigeon": True}, 201)).start("+41791234567")
    assert verification.expires_at == datetime(2026, 11, 20, 10, 10, tzinfo=UTC)
    assert verification.approved_at is None
    assert (verification.id, verification.status, verification.attempts_left) == ("ver_1", "pending", 5)


def test_reading_a_verification_tells_its_messages(wire: Wire) -> None:
    """A verification that is read has its messages, each with what became of it."""
    message = {"id": "msg_1", "status": "failed", "reason": "unreachable", "provider": "p", "created_at": None}
    verification = wire.client(ok({**RESOURCE, "messages": [message]})).get("ver_1")
    assert [(m.status, m.reason, m.provider) for m in verification.messages] == [("failed", "unreachable", "p")]


@pytest.mark.parametrize("who", [{"to": "+41791234567", "purpose": "login"}, {"id": "ver_1"}])
def test_check_asks_by_number_or_by_id(wire: Wire, who: dict[str, str]) -> None:
    """A check names the verification by its number and purpose or by its id."""
    wire.client(ok(CHECKED)).check(code="123456", **who)  # type: ignore[arg-type]
    assert wire.asked[0].url.path == "/v1/verifications/check"
    assert wire.bodies == [{"code": "123456", **who}]


@pytest.mark.parametrize("who", [{}, {"to": "+41791234567", "id": "ver_1"}])
def test_check_needs_exactly_one_of_number_and_id(wire: Wire, who: dict[str, str]) -> None:
    """A check of nobody, or of two at once, is a mistake of the program and asks nothing."""
    with pytest.raises(ValueError, match="`to` or `id`"):
        wire.client().check(code="123456", **who)  # type: ignore[arg-type]
    assert wire.asked == []


def test_only_a_valid_answer_is_true(wire: Wire) -> None:
    """A wrong code is an answer that counts as false, so that a plain `if` lets nobody in."""
    client = wire.client(ok(CHECKED), ok({**CHECKED, "valid": True}), ok({**CHECKED, "valid": "false"}))
    assert [bool(client.check(id="ver_1", code="123456")) for _ in range(3)] == [False, True, False]


def test_resend_and_cancel_act_on_one_verification(wire: Wire) -> None:
    """Resend posts to its verification, with a channel or solution only if one was given; cancel deletes it."""
    client = wire.client(ok(RESOURCE), ok(RESOURCE), ok(RESOURCE), ok({**RESOURCE, "status": "canceled"}))
    client.resend("ver_1")
    client.resend("ver_1", channel="sms")
    client.resend("ver_1", challenge="solved")
    assert client.cancel("ver_1").status == "canceled"
    assert [json.loads(r.content) for r in wire.asked[:3]] == [{}, {"channel": "sms"}, {"challenge": "solved"}]
    assert [(r.method, r.url.path) for r in wire.asked] == [
        *[("POST", "/v1/verifications/ver_1/resend")] * 3,
        ("DELETE", "/v1/verifications/ver_1"),
    ]


def test_an_id_stays_one_part_of_the_path(wire: Wire) -> None:
    """An id from outside can't reach another endpoint."""
    wire.client(ok(RESOURCE)).get("../admin/keys?x=")
    assert wire.asked[0].url.raw_path == b"/v1/verifications/..%2Fadmin%2Fkeys%3Fx%3D"


def test_a_list_goes_on_over_its_pages(wire: Wire) -> None:
    """A list yields page after page, asking for the next one only when it is needed."""
    pages = [{"items": [RESOURCE, RESOURCE], "next_cursor": "c2"}, {"items": [RESOURCE], "next_cursor": None}]
    found = wire.client(*map(ok, pages)).list(status="approved", from_=datetime(2026, 11, 20, tzinfo=UTC), limit=2)
    next(found)
    assert len(wire.asked) == 1
    assert len(list(found)) == 2
    first = {"status": "approved", "from": "2026-11-20T00:00:00+00:00", "limit": "2"}
    assert [dict(request.url.params) for request in wire.asked] == [first, {**first, "cursor": "c2"}]


def test_every_call_has_a_key_of_its_own(wire: Wire) -> None:
    """Two calls never share an Idempotency-Key, so the second is not taken for a repetition of the first."""
    client = wire.client(ok(RESOURCE), ok(RESOURCE), ok(CHECKED), ok(CHECKED))
    for _ in range(2):
        client.start("+41791234567")
    for _ in range(2):
        client.check(id="ver_1", code="123456")
    assert len(set(wire.keys)) == 4


LOST = [httpx.ConnectError("refused"), httpx.ReadError("reset"), httpx.RemoteProtocolError("closed")]
LOST += [httpx.ConnectTimeout("late")]


@pytest.mark.parametrize("first", [*LOST, problem(503, "unavailable")], ids=lambda a: type(a).__name__)
def test_a_lost_answer_is_asked_for_once_more_with_the_same_key(wire: Wire, first: Answer) -> None:
    """After a failed connection or a 503 the same request goes out once more under the same key."""
    assert wire.client(first, ok(RESOURCE, 201)).start("+41791234567").id == "ver_1"
    assert len(wire.asked) == 2
    assert len(set(wire.keys)) == 1
    assert wire.bodies[0] == wire.bodies[1]


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([httpx.ConnectError("refused")] * 2, NoAnswer),
        ([httpx.ConnectError("refused"), httpx.ReadTimeout("late")], NoAnswer),
        ([problem(503, "unavailable")] * 2, Unavailable),
        ([httpx.ReadError("reset"), problem(429, "rate_limited")], RateLimited),
    ],
)
def test_a_second_failure_is_told(wire: Wire, answers: list[Answer], error: type[OtpError]) -> None:
    """A call is repeated once and no more; what went wrong the second time is raised."""
    with pytest.raises(error):
        wire.client(*answers).start("+41791234567")
    assert len(wire.asked) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ReadTimeout("late"), NoAnswer),
        (problem(429, "resend_too_soon", retry_after_s=7), RateLimited),
        (problem(500, "internal"), OtpError),
        (httpx.Response(502, text="<h1>Bad gateway</h1>"), Unavailable),
    ],
)
def test_anything_else_is_never_repeated(wire: Wire, answer: Answer, error: type[OtpError]) -> None:
    """A refusal, an error and an answer that merely takes too long are not asked for again."""
    with pytest.raises(error):
        wire.client(answer).start("+41791234567")
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<h1>Welcome to the router</h1>"),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        ok([]),
        ok({"id": "ver_1"}),
        ok({**RESOURCE, "expires_at": "soon"}),
    ],
)
def test_an_answer_of_something_else_is_named_so(wire: Wire, answer: httpx.Response) -> None:
    """What isn't this service, such as a proxy's page, is told apart and never followed."""
    with pytest.raises(UnexpectedAnswer):
        wire.client(answer).get("ver_1")
    assert len(wire.asked) == 1


@pytest.mark.parametrize("ask", [lambda c: c.messages("+41791234567"), lambda c: list(c.list())])
def test_a_list_that_is_none_is_named_so(wire: Wire, ask: Callable[[Client], object]) -> None:
    """An answer without the list that was asked for is told apart."""
    with pytest.raises(UnexpectedAnswer):
        ask(wire.client(ok({"items": {}, "messages": [1]})))


def test_the_simulated_phone_is_waited_for(wire: Wire) -> None:
    """Reading the simulated phone waits as long as asked, on top of the usual patience."""
    item = {"id": "msg_1", "to": "+41791234567", "sender": None, "text": "Your code is 123456.", "segments": 1}
    item |= {"encoding": "gsm7", "channel": "sms", "at": "2026-11-20T10:00:00.120Z"}
    [message] = wire.client(ok({"messages": [item]})).messages("+41791234567", wait=20, after="msg_0")
    assert (message.code, message.at.microsecond) == ("123456", 120_000)
    assert dict(wire.asked[0].url.params) == {"to": "+41791234567", "wait": "20", "after": "msg_0"}
    assert wire.asked[0].extensions["timeout"]["read"] == 30


def test_the_key_is_never_shown(wire: Wire) -> None:
    """Neither the client nor an error of it shows the API key."""
    client = wire.client(httpx.ConnectError("refused"), httpx.ConnectError("refused"))
    with pytest.raises(NoAnswer) as caught:
        client.start("+41791234567")
    assert KEY not in f"{client!r} {caught.value!r} {caught.value}"
