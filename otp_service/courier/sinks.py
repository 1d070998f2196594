"""The other ends of the providers that are no vendors: a simulator without a phone, and the console."""

import asyncio
import json
import os
import secrets

import httpx

from otp_service.domain.phone import mask


class Swallow(httpx.AsyncBaseTransport):
    """The simulator where there is no phone: messages of test keys are accepted and go nowhere."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, json={"id": f"sim_{secrets.token_hex(8)}"})


class Console(httpx.AsyncBaseTransport):
    """A line on stderr for each message, with its text in development only."""

    def __init__(self, *, show_text: bool) -> None:
        self._show_text = show_text

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        message = json.loads(await request.aread())
        shown = message["text"] if self._show_text else f"({message['segments']} segments)"
        await asyncio.to_thread(os.write, 2, f"console message to {mask(message['to'])}: {shown}\n".encode())
        return httpx.Response(202, json={"id": f"con_{secrets.token_hex(8)}"})
