"""The simulated phone as the far end of an HTTP client: what the simulator provider posts, arrives."""

import secrets
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from otp_service.web.dev.bubbles import Incoming, Next
from otp_service.web.dev.phone import Phone


def _accepted() -> httpx.Response:
    return httpx.Response(202, json={"id": f"sim_{secrets.token_hex(8)}"})


ANSWERS: dict[Next, Callable[[], httpx.Response]] = {
    Next.DELIVER: _accepted,
    Next.DELAY: _accepted,
    Next.FAIL: lambda: httpx.Response(400, json={"reason": "unreachable"}),
    Next.THROTTLE: lambda: httpx.Response(429, json={"reason": "rate_limited"}, headers={"Retry-After": "2"}),
}


class PhoneTransport(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Hands `POST /messages` to the phone without a network, whatever the host is."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, await request.aread())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, request.read())

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        if request.method != "POST" or not request.url.path.endswith("/messages"):
            return httpx.Response(404, json={"reason": "unknown"})
        try:
            message = Incoming.model_validate_json(body)
        except ValidationError:
            return httpx.Response(400, json={"reason": "unknown"})
        return ANSWERS[self._phone.receive(message)]()
