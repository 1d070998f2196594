"""The simulated phone as the far end of the courier's HTTP client."""

import asyncio
from typing import Any

import httpx
import pytest

from otp_service.web.dev import Phone, PhoneTransport
from otp_service.web.dev.bubbles import Next

ANA = "+41791234567"
BODY: dict[str, Any] = {
    "id": "msg_1",
    "to": ANA,
    "sender": None,
    "text": "Your code is 123456.",
    "segments": 1,
    "encoding": "gsm7",
    "channel": "sms",
}


@pytest.fixture
def phone() -> Phone:
    return Phone()


async def posted(phone: Phone, body: object) -> httpx.Response:
    async with httpx.AsyncClient(transport=PhoneTransport(phone), base_url="http://simulator.invalid") as client:
        return await client.post("/messages", json=body)


def test_a_posted_message_is_accepted_and_shown(phone: Phone) -> None:
    """What the simulator provider posts is accepted with an id and shown as it was sent."""
    answer = asyncio.run(posted(phone, BODY))
    assert (answer.status_code, answer.json()["id"][:4]) == (202, "sim_")
    [shown] = phone.messages(ANA)
    assert {key: shown.as_message()[key] for key in BODY} == BODY


@pytest.mark.parametrize(
    ("next_", "status", "answer", "retry_after"),
    [
        (Next.DELAY, 202, None, None),
        (Next.FAIL, 400, {"reason": "unreachable"}, None),
        (Next.THROTTLE, 429, {"reason": "rate_limited"}, "2"),
    ],
)
def test_the_switch_decides_the_answer(
    phone: Phone, next_: Next, status: int, answer: object, retry_after: str | None
) -> None:
    """The simulated vendor accepts, refuses or throttles the next message as the switch says and shows none of them."""
    phone.switch(ANA, next_)
    response = asyncio.run(posted(phone, BODY))
    assert (response.status_code, response.headers.get("Retry-After")) == (status, retry_after)
    assert answer is None or response.json() == answer
    assert phone.messages(ANA) == []


def test_a_synchronous_client_reaches_the_phone_too(phone: Phone) -> None:
    """The transport serves synchronous clients as it serves asynchronous ones."""
    with httpx.Client(transport=PhoneTransport(phone), base_url="http://simulator.invalid") as client:
        assert client.post("/messages", json=BODY).status_code == 202
    assert len(phone.messages(ANA)) == 1


@pytest.mark.parametrize("body", [[], {}, {**BODY, "to": 41791234567}, {**BODY, "segments": "many"}])
def test_a_malformed_message_is_refused(phone: Phone, body: object) -> None:
    """A message that lacks what a phone needs is refused and shown nowhere."""
    assert asyncio.run(posted(phone, body)).status_code == 400
    assert phone.messages() == []


def test_only_messages_can_be_posted(phone: Phone) -> None:
    """Any other address of the simulated vendor answers 404."""
    with httpx.Client(transport=PhoneTransport(phone), base_url="http://simulator.invalid") as client:
        assert client.get("/messages").status_code == 404
        assert client.post("/elsewhere", json=BODY).status_code == 404
