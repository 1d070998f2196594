"""One real message by one provider, past all routing, and a transcript of it that may be shown to anybody."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from otp_service.courier.vendor import CALL_S, VendorClient, failure_kind
from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.phone import mask
from otp_service.domain.routing import outcome_of_failure
from otp_service.providers.answers import json_of
from otp_service.providers.base import Provider

FORMAT = 1
FIELD = re.compile(r"[A-Za-z_-]{1,40}")  # anything else could be a value
LONGEST_SHOWN = 16  # characters of a path's part; what is longer names an account


@dataclass(frozen=True, slots=True)
class Tried:
    """What was asked and what came of it; `status` is None where no answer came."""

    request: httpx.Request
    outcome: Outcome
    status: int | None
    answer: Sequence[str]  # the names of its fields
    took_ms: int


async def tried(provider: Provider, message: Message, client: VendorClient) -> Tried:
    """Hands the message to the provider, once."""
    request, began = provider.request(message, time.time()), time.monotonic()
    try:
        response = await client.send(request, CALL_S)
    except Exception as error:  # whatever it is, failure_kind() knows how far it got
        return Tried(request, outcome_of_failure(failure_kind(error)), None, (), _since(began))
    outcome = provider.outcome(response)
    return Tried(request, outcome, response.status_code, sorted(_names(json_of(response.content))), _since(began))


def transcript(
    provider: Provider, message: Message, done: Tried, receipts: Sequence[dict[str, Any]], at: str, release: str
) -> dict[str, Any]:
    """All that happened, without number, text, credentials or accounts."""
    outcome = done.outcome
    return {
        "format": FORMAT,
        "kind": provider.kind,
        "provider": provider.name,
        "release": release,
        "at": at,
        "to": mask(message.to),
        "country": message.country,
        "segments": message.segments,
        "encoding": message.encoding,
        "request": {
            "method": done.request.method,
            "host": done.request.url.host,
            "path": _path(done.request.url.path),
            "headers": sorted(name.lower() for name in done.request.headers),
        },
        "answer": {"status": done.status, "fields": list(done.answer), "took_ms": done.took_ms},
        "outcome": {
            "verdict": outcome.verdict.value,
            "reason": outcome.reason,
            "raw": outcome.raw,
            "detail": provider.hint(outcome.raw),
        },
        "receipts": list(receipts),
        "proven": proven(outcome, receipts),
    }


def proven(outcome: Outcome, receipts: Sequence[dict[str, Any]]) -> str:
    """How far the message is known to have come: `delivered`, `accepted` or `nothing`."""
    if any(receipt["status"] == "delivered" for receipt in receipts):
        return "delivered"
    return "accepted" if outcome.verdict is Verdict.ACCEPTED else "nothing"


def _path(path: str) -> str:
    return "/".join(part if len(part) <= LONGEST_SHOWN else "..." for part in path.split("/"))


def _names(value: Any, prefix: str = "") -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                if FIELD.fullmatch(name):
                    yield f"{prefix}{name}"
                    yield from _names(inner, f"{prefix}{name}.")
        case list() if value:
            yield from _names(value[0], prefix)


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
