"""Passwords: argon2id, at least 12 characters, no other rules but that it is not the name (NIST SP 800-63B-4, 3.1.1.2).

Parameters are the second choice of RFC 9106, section 4: 64 MiB, three passes, four lanes.
"""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from otp_service.domain.errors import Refusal, invalid_field

LEAST, MOST = 12, 256
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_ONE_AT_A_TIME = threading.Lock()  # guesses must not fill the memory of a web process
_PLACES = threading.BoundedSemaphore(2)  # one at work, one behind it: the other threads are the API's


def acceptable(password: str, name: str) -> str:
    """The password as it is hashed; Refusal invalid_field if it is short, or hardly more than the name."""
    told = _normal(password)
    if not LEAST <= len(told) <= MOST:
        raise invalid_field("password", f"must have {LEAST} to {MOST} characters; a few words in a row do well")
    if len(told.casefold().replace(name.casefold(), "")) < LEAST // 2 or len(set(told)) < 4:
        raise invalid_field("password", "is too easily guessed: it is hardly more than your name or one character")
    return told


def hashed(password: str) -> str:
    """What is kept of a password."""
    with turn():
        return HASHER.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password; without one it takes as long, and is not. Whoever asks holds the turn."""
    try:
        right = HASHER.verify(stored or _nobodys(), _normal(password[: MOST * 4]))
    except (Argon2Error, InvalidHashError):
        return False
    return right and stored is not None


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody has this password")


@contextmanager
def turn() -> Iterator[None]:
    """The process's one turn at passwords; Refusal unavailable at once where somebody waits already."""
    if not _PLACES.acquire(blocking=False):
        raise Refusal("unavailable", "too many people are signing in just now", retry_after_s=2)
    try:
        with _ONE_AT_A_TIME:
            yield
    finally:
        _PLACES.release()


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
