"""Rubbish over the wire, against the production server."""

import contextlib
import re
import socket
import statistics
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.shop import Shop, numbers

MEGABYTE = 1024 * 1024
HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
IDLE = 300
SAMPLES = 40


def said(shop: Shop, *parts: bytes) -> bytes:
    """What the server answers to these bytes; it must close the connection by itself then."""
    answer = b""
    with socket.create_connection(("127.0.0.1", shop.made.servers[0].port), timeout=60) as made:
        with contextlib.suppress(ConnectionError):  # an answer may come before all is sent
            for part in parts:
                made.sendall(part)
        with contextlib.suppress(ConnectionResetError):
            while received := made.recv(65536):
                answer += received
    return answer


def statuses(answer: bytes) -> list[int]:
    """The statuses of all answers that came."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def post(shop: Shop, *lines: bytes, version: bytes = b"1.1") -> bytes:
    """The head of a start with these further lines."""
    key = b"Authorization: Bearer " + shop.api.key.encode()
    start = b"POST /v1/verifications HTTP/" + version
    return b"\r\n".join((start, b"Host: otp.example", key, b"Content-Type: application/json", *lines, b"", b""))


def test_ten_megabytes_are_refused_before_they_are_read(shop: Shop) -> None:
    """A body of 10 MB is refused by its length before any of it was sent."""
    answer = said(shop, post(shop, b"Content-Length: %d" % (10 * MEGABYTE)))

    assert statuses(answer) == [413]
    assert b'"code": "payload_too_large"' in answer


def test_ten_megabytes_in_chunks_are_refused_early(shop: Shop) -> None:
    """A body of unknown length is refused as soon as it is longer than allowed."""
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"

    answer = said(shop, post(shop, b"Transfer-Encoding: chunked"), *[chunk] * 160, b"0\r\n\r\n")

    assert statuses(answer) in ([413], [])  # the answer may be lost when the connection is cut while we still send
    assert httpx.get(f"{shop.made.url}/livez").status_code == 200


CHUNKED = b"15\r\n" + b'{"to":"+41791234567"}' + b"\r\n0\r\n\r\n"
SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: otp.example\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 4", b"Content-Length: 32"),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding:\r\n chunked",),
        (b"Content-Length : 32",),
        (b"Content-Length: +32",),
        (b"Content-Length: 0x20",),
    ],
    ids=lambda lines: ", ".join(line.decode().replace("\r\n", "/") for line in lines),
)
def test_a_request_whose_end_is_not_clear_is_refused(shop: Shop, lines: tuple[bytes, ...]) -> None:
    """A request whose end could be seen in two ways is answered 400, and what stands behind it is not looked at."""
    assert statuses(said(shop, post(shop, *lines) + CHUNKED + SMUGGLED)) == [400]


@pytest.mark.parametrize("chunked_first", [True, False])
def test_nothing_is_smuggled_behind_a_length_that_is_none(shop: Shop, chunked_first: bool) -> None:
    """A request in chunks that also names a length ends with its chunks; nothing behind it is taken for a request."""
    lines = (b"Transfer-Encoding: chunked", b"Content-Length: 4")

    answer = said(shop, post(shop, *(lines if chunked_first else lines[::-1])) + CHUNKED + SMUGGLED)

    assert statuses(answer) in ([201], [200])


def test_http_1_0_is_answered(shop: Shop) -> None:
    """A caller that speaks HTTP/1.0 starts a verification, and the connection is closed after it."""
    body = b'{"to": "%s"}' % numbers()[0].encode()

    answer = said(shop, post(shop, b"Content-Length: %d" % len(body), version=b"1.0") + body)

    assert statuses(answer) == [201]


@pytest.mark.parametrize("method", ["TRACE", "PATCH", "BREW"])
def test_other_methods_are_not_allowed(shop: Shop, method: str) -> None:
    """A method that a path does not know is 405 with the ones that it does know, even TRACE."""
    answer = httpx.request(method, f"{shop.made.url}/v1/verifications")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x00\xee\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 100,
        b"GET /livez HTTP/1.1\r\nX\x00Y: 1\r\n",
    ],
    ids=["tls", "version", "zeros", "header"],
)
def test_what_is_not_http_is_refused(shop: Shop, rubbish: bytes) -> None:
    """Bytes that are no HTTP/1 request are answered 400 or nothing, and the connection is closed."""
    assert statuses(said(shop, rubbish + b"\r\n\r\n")) in ([400], [])


@pytest.mark.parametrize(
    ("lines", "status"),
    [((b"X: " + b"a" * MEGABYTE,), 431), (tuple(b"X-%d: 1" % n for n in range(5000)), 431)],
    ids=["long", "many"],
)
def test_endless_headers_are_refused(shop: Shop, lines: tuple[bytes, ...], status: int) -> None:
    """Headers that are too long or too many are refused, and the connection is closed."""
    assert statuses(said(shop, post(shop, *lines))) in ([status], [])


@contextlib.contextmanager
def idle(shop: Shop) -> Iterator[list[socket.socket]]:
    """Connections that have sent half a head, and connections of strangers that have sent the first byte of a body."""
    with contextlib.ExitStack() as stack:
        made = []
        for number in range(IDLE):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", shop.made.servers[0].port), timeout=60))
            one.sendall((b"GET /livez HTTP/1.1\r\nHost: ", UNKNOWN_CALLER)[number % 2])
            made.append(one)
        yield made


UNKNOWN_CALLER = b"POST /v1/verifications HTTP/1.1\r\nHost: otp.example\r\nContent-Length: 100\r\n\r\n{"


def test_slow_connections_do_not_hold_up_others(shop: Shop) -> None:
    """Beside 300 connections that trickle heads and bodies, others are served; half a head is cut off after seconds."""
    alone_s = start_s(shop)
    with idle(shop) as connections:
        beside_s = start_s(shop)
        assert connections[0].recv(1000) == b""

    assert beside_s < 0.5 + 3 * alone_s  # of a busy machine, not of those connections


def start_s(shop: Shop) -> float:
    """How many seconds a start usually takes."""
    took_s = []
    for _ in range(SAMPLES):
        began = time.monotonic()
        assert shop.api.start(numbers()[0]).status_code == 201
        took_s.append(time.monotonic() - began)
    return statistics.median(took_s)
