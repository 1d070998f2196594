"""The client itself: one method per endpoint, one request that is repeated at most once."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx

from otp_service.client.factors import Factors
from otp_service.client.models import CheckResult, Message, PhoneMessage, Verification, read
from otp_service.client.pages import Page, PageOptions
from otp_service.client.problems import NoAnswer, UnexpectedAnswer, problem_of

T = TypeVar("T")
Json = Mapping[str, Any]

# After these nobody answers any more. A read that merely takes too long is not among them: its request may still be at
# work, and a second one would wait as long again.
LOST = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)


class StartOptions(TypedDict, total=False):
    """What a start may say beside the number; what is left out is as the application's policy has it."""

    channel: str | None
    purpose: str | None
    locale: str | None
    template: str | None
    variables: Mapping[str, str] | None
    code: str | None
    user: str | None
    binding: Mapping[str, str] | None
    client: Mapping[str, str] | None  # of the person, not of this program: ip, user_agent, device_id
    challenge: str | None
    metadata: Mapping[str, str] | None


class MessageOptions(TypedDict, total=False):
    """What a message may say beside the number: either a text or a template, and whatever else."""

    text: str | None
    template: str | None
    variables: Mapping[str, str] | None
    locale: str | None
    sender: str | None
    send_at: datetime | None
    valid_for_s: int | None
    priority: str | None  # normal | low
    reference: str | None
    metadata: Mapping[str, str] | None
    smart_encoding: bool | None


class Client:
    """Talks to one service with one API key; a context manager, safe to share between threads.

    Every call carries an `Idempotency-Key` of its own. When the connection fails or the service answers 503 the call is
    repeated once with the same key, so that it can't send a second message or cost a second attempt.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        repeat_after_s: float = 0.2,
    ) -> None:
        self._timeout, self._repeat_after_s = timeout, repeat_after_s
        headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, transport=transport)
        self.factors = Factors(self._post, self._json, _read)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def start(self, to: str, **options: Unpack[StartOptions]) -> Verification:
        """Sends a person a code; while one is live for this number and purpose, sends that one again."""
        return self._post(Verification, "/v1/verifications", {"to": to, **_given(options)})

    def check(
        self,
        *,
        code: str,
        to: str | None = None,
        id: str | None = None,
        purpose: str | None = None,
        user: str | None = None,
        binding: Mapping[str, str] | None = None,
        client: Mapping[str, str] | None = None,
    ) -> CheckResult:
        """Asks whether this is the code, by number (and purpose) or by id; a wrong code is an answer, not an error."""
        if (to is None) == (id is None):
            raise ValueError("check needs either `to` or `id`")
        options = {"to": to, "id": id, "purpose": purpose, "user": user, "binding": binding, "client": client}
        return self._post(CheckResult, "/v1/verifications/check", {"code": code, **_given(options)})

    def resend(self, id: str, channel: str | None = None, *, challenge: str | None = None) -> Verification:
        """Sends the code of a pending verification again; shortly before its end, a new one with an id of its own."""
        return self._post(Verification, f"{_path(id)}/resend", _given({"channel": channel, "challenge": challenge}))

    def page(self, kind: str, return_url: str, **options: Unpack[PageOptions]) -> Page:
        """Makes a page for a person: `code`, `enrol`, `confirm` or `check`; its `url` is where to send them."""
        return self._post(Page, "/v1/pages", {"kind": kind, "return_url": return_url, **_given(options)})

    def cancel(self, id: str) -> Verification:
        """Ends a verification: its code opens nothing any more."""
        return _read(Verification, self._json("DELETE", _path(id)))

    def get(self, id: str) -> Verification:
        """Reads a verification with its messages."""
        return _read(Verification, self._json("GET", _path(id)))

    def list(
        self,
        *,
        to: str | None = None,
        status: str | None = None,
        from_: datetime | None = None,
        to_time: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[Verification]:
        """Iterates over the verifications of the application, newest first, page by page of `limit`."""
        query = _given({"to": to, "status": status, "from": _time(from_), "to_time": _time(to_time), "limit": limit})
        while True:
            page = self._json("GET", "/v1/verifications", query)
            yield from (_read(Verification, item) for item in _items(page, "items"))
            if not page.get("next_cursor"):
                return
            query = {**query, "cursor": page["next_cursor"]}

    def send_message(self, to: str, **options: Unpack[MessageOptions]) -> Message:
        """Sends a person a text, or a template filled in, at once or at `send_at`."""
        sent = {**options, "send_at": _time(options.get("send_at"))}
        return self._post(Message, "/v1/messages", {"to": to, **_given(sent)})

    def message(self, id: str) -> Message:
        """Reads a message: what became of it, and when."""
        return _read(Message, self._json("GET", _message(id)))

    def move_message(self, id: str, send_at: datetime) -> Message:
        """Sends a scheduled message at another time."""
        return _read(Message, self._json("PATCH", _message(id), body={"send_at": _time(send_at)}))

    def cancel_message(self, id: str | None = None, *, reference: str | None = None) -> Message:
        """Cancels a message that no provider has yet, by its id or by its reference."""
        if (id is None) == (reference is None):
            raise ValueError("cancel_message needs either `id` or `reference`")
        path = "/v1/messages" if id is None else _message(id)
        return _read(Message, self._json("DELETE", path, _given({"reference": reference})))

    def outcome(self, id: str, *, converted: bool) -> None:
        """Tells whether the person did what the message was for; what is told never is not counted."""
        told = {"outcome": "converted" if converted else "not_converted"}
        self._json("POST", f"{_message(id)}/outcome", body=told)

    def messages(self, to: str | None = None, wait: float = 0.0, after: str | None = None) -> tuple[PhoneMessage, ...]:
        """Reads the simulated phone, in development: oldest first, waiting at most `wait` seconds (to 30) for one."""
        query = _given({"to": to, "wait": wait, "after": after})
        answer = self._json("GET", "/dev/messages", query, timeout=self._timeout + wait)
        return tuple(_read(PhoneMessage, item) for item in _items(answer, "messages"))

    def _post(self, kind: type[T], path: str, body: Json) -> T:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return _read(kind, self._answered(lambda: self._http.post(path, json=body, headers=key)))

    def _json(
        self,
        method: str,
        path: str,
        query: Json | None = None,
        timeout: float | None = None,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        limit = self._timeout if timeout is None else timeout
        return self._answered(
            lambda: self._http.request(method, path, params=query, json=body, headers=headers, timeout=limit)
        )

    def _answered(self, ask: Callable[[], httpx.Response]) -> Json:
        try:
            response = ask()
            if response.status_code != 503:
                return _json_of(response)
        except LOST:
            pass
        except httpx.RequestError as error:
            raise NoAnswer(f"no answer from the service: {type(error).__name__}") from error
        time.sleep(self._repeat_after_s)
        try:
            return _json_of(ask())
        except httpx.RequestError as error:
            raise NoAnswer(f"no answer from the service, twice: {type(error).__name__}") from error


def _json_of(response: httpx.Response) -> Json:
    if response.is_error:
        raise problem_of(response)
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not response.is_success or not isinstance(answer, dict):
        raise UnexpectedAnswer(f"{response.request.url.host} answered {response.status_code}, not as this service does")
    return answer


def _read(kind: type[T], answer: Json) -> T:
    try:
        return read(kind, answer)
    except (TypeError, ValueError) as error:
        raise UnexpectedAnswer(f"the answer is no {kind.__name__}: {type(error).__name__}") from None


def _items(answer: Json, name: str) -> Iterator[Json]:
    items = answer.get(name)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnexpectedAnswer(f"the answer has no list of {name}")
    return iter(items)


def _given(options: Json) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _path(id: str) -> str:
    return f"/v1/verifications/{quote(id, safe='')}"


def _message(id: str) -> str:
    return f"/v1/messages/{quote(id, safe='')}"


def _time(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None
