"""The recorded fixtures as Python: what each kind is given, what it must ask, and what it must make of the answers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from otp_service.domain.messages import Callback, Dlt, Message
from otp_service.providers import PROVIDERS, Provider, build

FIXTURES = Path(__file__).parent / "fixtures"
NOW = 1_790_000_000.0
MESSAGE: dict[str, Any] = {"id": "msg_fixture", "to": "+41791234567", "text": "123456 is your code", "country": "CH"}


@dataclass(frozen=True)
class Case:
    """One fixture file."""

    kind: str
    name: str
    data: dict[str, Any]

    def provider(self) -> Provider:
        return build(self.kind, "fixture", self.data["options"])

    def message(self, **changes: Any) -> Message:
        told = {**MESSAGE, **self.data.get("message", {}), **changes}
        if "dlt" in told:
            told["dlt"] = Dlt(**told["dlt"])
        return Message(**told)


def cases() -> list[Case]:
    """Every fixture of every registered kind."""
    return [
        Case(kind, f"{kind}/{path.stem}", json.loads(path.read_text()))
        for kind in PROVIDERS
        for path in sorted((FIXTURES / kind).glob("*.json"))
    ]


def answer(told: dict[str, Any]) -> httpx.Response:
    """A recorded answer as a response."""
    content = {"json": told["json"]} if "json" in told else {"text": told.get("text", "")}
    return httpx.Response(told["status"], headers=told.get("headers", {}), **content)


def callback(told: dict[str, Any]) -> Callback:
    """A recorded callback as the web hands it over."""
    body, kind = b"", ""
    if "form" in told:
        body, kind = urlencode(told["form"]).encode(), "application/x-www-form-urlencoded"
    if "json" in told:
        body, kind = json.dumps(told["json"]).encode(), "application/json"
    url = told.get("url", "https://otp.example/v1/callbacks/fixture/tok/receipts")
    return Callback(told.get("method", "POST"), url, {"content-type": kind}, body)


def values_sent(request: httpx.Request) -> dict[str, Any]:
    """The decoded body or query of a request, whatever its encoding."""
    kind = request.headers.get("content-type", "")
    if kind in ("application/json", "application/x-amz-json-1.0"):
        found: dict[str, Any] = json.loads(request.content)
        return found
    if kind.startswith("text/plain"):
        return {"text": request.content.decode()}
    if kind:
        return dict(parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True))
    return dict(parse_qsl(request.url.query.decode(), keep_blank_values=True, strict_parsing=True))


def strings_in(value: Any) -> list[str]:
    """All strings in a JSON value."""
    match value:
        case str():
            return [value]
        case dict():
            return [found for inner in value.values() for found in strings_in(inner)]
        case list():
            return [found for inner in value for found in strings_in(inner)]
        case _:
            return []
