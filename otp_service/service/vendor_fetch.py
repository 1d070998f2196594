"""What a vendor's callback makes us fetch: the certificate that it is judged by, and the confirmation it asks for.

The provider pins the hosts; here it is https only, no redirect, a few seconds and a few kilobytes.
"""

import ssl
import time
from dataclasses import replace

import httpx
import structlog

from otp_service.domain.errors import Refusal
from otp_service.domain.messages import Callback
from otp_service.providers import Provider

LIMIT_S = 3.0  # for the whole body
WAIT_S = 2.0  # for each step on the way there
MAX_BYTES = 65_536
MOST_CERTIFICATES = 32
WAITS = dict.fromkeys(("connect", "pool", "read", "write"), WAIT_S)

log = structlog.get_logger("otp_service.receipts")


class Fetched:
    """What this process fetched; certificates are kept by their URL, since another one has another URL.

    It speaks to an httpx transport directly: a client would log URLs, in which tokens are.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self.transport = transport
        self._certificates: dict[str, bytes] = {}

    def certificate(self, url: str) -> bytes | None:
        """The certificate at a URL, or None if it can't be had now."""
        if url not in self._certificates:
            found = self.get(url)
            if found is None:
                return None
            if len(self._certificates) >= MOST_CERTIFICATES:
                self._certificates.clear()
            self._certificates[url] = found
        return self._certificates[url]

    def get(self, url: str) -> bytes | None:
        """The body of a 200 to a GET, whole and in time; None for anything else."""
        request = httpx.Request("GET", url, extensions={"timeout": WAITS})
        if request.url.scheme != "https":
            return None
        transport = self.transport or httpx.HTTPTransport(verify=ssl.create_default_context())
        try:
            return _body(transport.handle_request(request), time.monotonic() + LIMIT_S)
        except (httpx.HTTPError, OSError) as error:
            log.warning("vendor_unreachable", host=request.url.host, error=type(error).__name__)
            return None
        finally:
            if self.transport is None:
                transport.close()


FETCHED = Fetched()


def with_certificate(provider: Provider, callback: Callback, fetched: Fetched = FETCHED) -> Callback:
    """The callback with the certificate that its provider needs to judge it, if it needs one.

    Refusal unavailable if it can't be had now: the vendor will try again, while a 401 would be the end of it.
    """
    url = provider.certificate_url(callback)
    if url is None:
        return callback
    certificate = fetched.certificate(url)
    if certificate is None:
        raise Refusal("unavailable", "the certificate of this callback can't be fetched now")
    return replace(callback, certificate=certificate)


def confirm(provider: Provider, callback: Callback, fetched: Fetched = FETCHED) -> bool:
    """True if an authentic callback asked for a confirmation and got it; Refusal unavailable if that fails for now."""
    url = provider.confirmation_url(callback)
    if url is None:
        return False
    if fetched.get(url) is None:
        raise Refusal("unavailable", "the subscription of this callback can't be confirmed now")
    log.info("receipts_subscription_confirmed", provider=provider.name)
    return True


def _body(response: httpx.Response, deadline: float) -> bytes | None:
    found = b""
    try:
        for piece in response.iter_raw():
            found += piece
            if len(found) > MAX_BYTES or time.monotonic() > deadline:
                return None
    finally:
        response.close()
    return found if response.status_code == 200 else None
