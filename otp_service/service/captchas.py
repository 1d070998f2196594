"""Asks the vendor of a CAPTCHA whether a token is good: never a free pass, and never more than a few seconds."""

import ssl
import threading
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from typing import NoReturn

import httpx
import structlog

from otp_service.domain.captchas import Captcha, judge, question
from otp_service.domain.errors import Refusal

LIMIT_S = 5.0  # in all: names, connection, question and answer
STEP_S = 4.0  # of each step, so that a thread that nobody waits for any more ends as well; a drip ends with the whole
ILL_S = 10.0
MOST_AT_ONCE = 8
MAX_BYTES = 16_384
STEPS = dict.fromkeys(("connect", "pool", "read", "write"), STEP_S)

log = structlog.get_logger("otp_service.challenges")


class Asker:
    """Asks the vendors, several at once.

    After a failure one question at a time finds out whether the vendor is back, and all others are refused at once: the
    threads that answer everybody else must not all wait for a vendor.
    """

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, "captcha")
        self._transport: httpx.BaseTransport | None = None
        self._ill_until = 0.0
        self._probing = threading.Lock()

    def passes(self, captcha: Captcha, token: str, ip: str | None, hostnames: Collection[str]) -> bool:
        """Whether the vendor says yes; Refusal unavailable if it can't be had to say anything."""
        if time.monotonic() >= self._ill_until:
            return self._asked(captcha, token, ip, hostnames)
        if not self._probing.acquire(blocking=False):
            raise unreachable()
        try:
            return self._asked(captcha, token, ip, hostnames)
        finally:
            self._probing.release()

    def _asked(self, captcha: Captcha, token: str, ip: str | None, hostnames: Collection[str]) -> bool:
        answer = self._threads.submit(self._post, captcha, question(captcha, token, ip))
        verdict = judge(captcha, *self._waited(captcha, answer), hostnames)
        if verdict.end == "unable":
            self._ill(captcha, verdict.reason)
        self._ill_until = 0.0
        if verdict.end == "refused":
            log.info("captcha_refused", kind=captcha.kind, reason=verdict.reason)
        return verdict.end == "solved"

    def _waited(self, captcha: Captcha, answer: Future[tuple[int, bytes]]) -> tuple[int, bytes]:
        try:
            return answer.result(self._limit_s)
        except (httpx.HTTPError, OSError, TooSlow) as error:
            answer.cancel()
            self._ill(captcha, type(error).__name__)

    def _ill(self, captcha: Captcha, reason: str) -> NoReturn:
        log.warning("captcha_vendor_unable", kind=captcha.kind, reason=reason)
        self._ill_until = time.monotonic() + ILL_S
        raise unreachable()

    def _post(self, captcha: Captcha, form: dict[str, str]) -> tuple[int, bytes]:
        # To a transport directly, since a client follows redirects if told and logs URLs.
        self._transport = self._transport or httpx.HTTPTransport(verify=ssl.create_default_context())
        request = httpx.Request("POST", captcha.url, data=form, extensions={"timeout": STEPS})
        ends = time.monotonic() + self._limit_s
        response = self._transport.handle_request(request)
        try:
            return response.status_code, _body(response, ends)
        finally:
            response.close()


def unreachable() -> Refusal:
    """The refusal while a vendor can't say whether a token is good."""
    return Refusal("unavailable", "who made this CAPTCHA can't be asked now; nothing was used up", retry_after_s=5)


def _body(response: httpx.Response, ends: float) -> bytes:
    found = b""
    for piece in response.iter_raw():
        found += piece
        if len(found) > MAX_BYTES or time.monotonic() >= ends:
            return b""
    return found
