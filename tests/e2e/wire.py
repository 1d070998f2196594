"""Callers that speak HTTP to the production server, one at a time or many at once."""

import asyncio
import json as jsons
import secrets
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import httpx
from werkzeug.wrappers import Response

from tests.contract.spec import validate_response
from tests.servers import wait_until
from tests.world import Api

START, CHECK = "/v1/verifications", "/v1/verifications/check"
PATIENCE_S = 60


class Wire:
    """Does what Flask's test client does, over HTTP and with a new connection for each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.heard: list[bytes] = []  # every answer, head and body
        alone = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=url, timeout=PATIENCE_S, limits=alone, verify=False)

    def open(self, path: str, *, method: str, json: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        got = self._http.request(method, path, json=json, headers=headers)
        self.heard.append(repr(got.headers).encode() + got.content)
        return Response(got.content, got.status_code, list(got.headers.items()))

    def close(self) -> None:
        self._http.close()


@dataclass(frozen=True)
class Answer:
    """What one of many requests was answered."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(repr=False)

    @property
    def word(self) -> str:
        """In one word: approved, why not, the problem's code, or the status."""
        if self.status >= 400:
            return str(self.body["code"])
        if "valid" in self.body:
            return "approved" if self.body["valid"] else str(self.body["reason"])
        return str(self.status)


@dataclass(frozen=True)
class Request:
    """One POST of many."""

    path: str
    body: Mapping[str, Any]
    idempotency_key: str | None = None
    is_patient: bool = False


def together(url: str, api: Api, requests: Sequence[Request]) -> list[Answer]:
    """Posts everything at once, each over a connection of its own; the answers keep to openapi.yaml."""
    return asyncio.run(_together(url, api.key, requests))


def patient(requests: Iterable[Request]) -> list[Request]:
    """The same, each asked again under its own key while a busy machine answers 503."""
    return [replace(request, idempotency_key=secrets.token_hex(8), is_patient=True) for request in requests]


def read(api: Api, path: str) -> dict[str, Any]:
    """What a GET tells in the end: a busy store or ledger answers 503, and is asked again."""
    found: list[dict[str, Any]] = []

    def told() -> bool:
        answer = api.get(path)
        if answer.status_code == 200:
            found.append(answer.get_json())
        assert answer.status_code in (200, 503), answer.get_data(as_text=True)
        return bool(found)

    wait_until(told, PATIENCE_S, 0.5)
    return found[0]


def words(answers: Sequence[Answer]) -> Counter[str]:
    """How often which answer was given."""
    return Counter(answer.word for answer in answers)


async def _together(url: str, key: str, requests: Sequence[Request]) -> list[Answer]:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout) as session:
        return await asyncio.gather(*(_post(session, key, request) for request in requests))


async def _post(session: aiohttp.ClientSession, key: str, request: Request) -> Answer:
    headers = {"Authorization": f"Bearer {key}"}
    if request.idempotency_key:
        headers["Idempotency-Key"] = request.idempotency_key
    deadline = time.monotonic() + PATIENCE_S
    while True:
        async with session.post(request.path, json=request.body, headers=headers) as response:
            body = await response.read()
            validate_response("POST", request.path, response.status, response.headers, body)
        if not (request.is_patient and response.status in (409, 503) and time.monotonic() < deadline):
            return Answer(response.status, jsons.loads(body), dict(response.headers))
        await asyncio.sleep(1)
