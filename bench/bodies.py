"""HTTP requests as bytes: every one of the same length, and every number and client address only once."""

import json
from collections.abc import Mapping
from typing import Any

HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: shop/1.0\r\nAccept: application/json\r\n"
    "Authorization: Bearer {key}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: shop/1.0\r\nAccept: application/json\r\n\r\n"
ANY_ID = "v" * 52
START, CHECK = "/v1/verifications", "/v1/verifications/check"


def number(n: int) -> str:
    """The n-th Swiss mobile number."""
    return f"+4179{n % 10_000_000:07d}"


def client_ip(n: int) -> str:
    """The n-th client's address, always 15 symbols."""
    parts = divmod(n // 10_000, 100) + divmod(n % 10_000, 100)
    return ".".join(str(100 + part) for part in parts)


def start_body(n: int) -> dict[str, Any]:
    """What a shop's backend sends when its n-th customer logs in."""
    return {"to": number(n), "client": {"ip": client_ip(n)}}


def check_body(id_: str, code: str) -> dict[str, Any]:
    """What it sends when the customer has typed the code."""
    return {"id": id_, "code": code}


class Template:
    """A POST of which only some words change, each for one of the same length."""

    def __init__(self, path: str, key: str, body: Mapping[str, Any]) -> None:
        text = json.dumps(body)
        self._bytes = (HEAD.format(path=path, key=key, length=len(text)) + text).encode()

    def filled(self, *words: tuple[bytes, bytes]) -> bytes:
        """The request with each first word replaced by the second."""
        found = self._bytes
        for old, new in words:
            found = found.replace(old, new, 1)
        return found


class Starts:
    """Start requests, one number after the other."""

    def __init__(self, key: str, first: int) -> None:
        self._template = Template(START, key, start_body(0))
        self._next = first

    def take(self) -> bytes:
        """The next start."""
        n, self._next = self._next, self._next + 1
        words = ((number(0).encode(), number(n).encode()), (client_ip(0).encode(), client_ip(n).encode()))
        return self._template.filled(*words)


class Checks:
    """Check requests by id."""

    def __init__(self, key: str) -> None:
        self._template = Template(CHECK, key, check_body(ANY_ID, "000000"))

    def of(self, id_: bytes, code: str) -> bytes:
        """The check of one verification."""
        return self._template.filled((ANY_ID.encode(), id_), (b'"000000"', f'"{code}"'.encode()))


def id_in(answer: bytes) -> bytes:
    """The verification id in an answer to a start."""
    at = answer.index(b'"ver_') + 1
    return answer[at : answer.index(b'"', at)]
