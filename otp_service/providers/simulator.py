"""The simulator: a vendor that isn't one; the simulated phone in development, a drain for test keys in production.

`simulator.invalid` resolves nowhere (RFC 6761, section 6.4): the courier mounts an in-memory transport on that host, so
a mistake in the wiring is an error of connection and never a message to somebody.
"""

from typing import Annotated, ClassVar

import httpx
from pydantic import Field

from otp_service.domain.messages import REASONS, Message, Outcome, Verdict
from otp_service.providers.answers import json_of, outcome_of_status, unreadable, vendor_id
from otp_service.providers.base import Options, Silent


class SimulatorOptions(Options):
    """The sender is what the simulated phone shows."""

    sender: Annotated[str | None, Field(min_length=1, max_length=32)] = None


class Simulator(Silent):
    """Hands a message to the simulated phone: 202 accepts it, 400 rejects it, 429 asks for patience."""

    kind: ClassVar[str] = "simulator"
    url: ClassVar[str] = "http://simulator.invalid/messages"
    options_type: ClassVar[type[Options]] = SimulatorOptions

    def __init__(self, name: str, options: SimulatorOptions) -> None:
        self.name = name
        self.sender = options.sender

    def request(self, message: Message, now: float) -> httpx.Request:
        """A POST of the message as JSON."""
        body = {
            "id": message.id,
            "to": message.to,
            "sender": message.sender or self.sender,
            "text": message.text,
            "segments": message.segments,
            "encoding": message.encoding,
            "channel": message.channel,
        }
        return httpx.Request("POST", self.url, json=body)

    def outcome(self, response: httpx.Response) -> Outcome:
        """202 `{"id"}` accepted, 400 `{"reason"}` rejected, 429 with Retry-After later."""
        body = json_of(response.content)
        told = body if isinstance(body, dict) else {}
        match response.status_code:
            case 202:
                found = vendor_id(told.get("id"))
                return Outcome(Verdict.ACCEPTED, provider_message_id=found) if found else unreadable(response)
            case 400:
                return Outcome(Verdict.REJECTED, _known(told.get("reason")), raw="http 400")
            case _:
                return outcome_of_status(response)


def _known(reason: object) -> str:
    return reason if isinstance(reason, str) and reason in REASONS else "unknown"
