"""The inventory of senders: which sender a provider shows to whom, and why one may not be shown."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

SenderKind = Literal["alphanumeric", "long_code", "short_code", "pool"]
SenderState = Literal["approved", "pending", "rejected", "expired"]
SHORTEST_LONG_CODE = 7  # digits; what is shorter is a short code


@dataclass(frozen=True, slots=True)
class Sender:
    """One sender and where it may be shown; times in milliseconds since 1970."""

    sender: str
    kind: SenderKind
    providers: frozenset[str]
    countries: frozenset[str] | None = None  # None: wherever the country's rule allows its kind
    state: SenderState = "approved"
    registered_ms: int | None = None
    expires_ms: int | None = None
    registration: str | None = None  # 10dlc, sender_id, dlt, ...
    max_per_s: float | None = None
    applications: frozenset[str] | None = None  # ids; None: every one

    def stands(self, now_ms: int) -> str | None:
        """Why it may not be shown now, in words for people; None if it is approved."""
        if self.state != "approved":
            return f"its registration is {self.state}"
        if self.expires_ms is not None and now_ms >= self.expires_ms:
            return "its registration has expired"
        if self.registered_ms is not None and now_ms < self.registered_ms:
            return "its registration is not in force yet"
        return None


@lru_cache(maxsize=1024)
def kind_of(sender: str) -> SenderKind:
    """What a sender looks like; one with a letter in it is alphanumeric."""
    digits = re.sub(r"[\s()+.-]", "", sender)
    if not (digits.isascii() and digits.isdigit()):
        return "alphanumeric"
    return "long_code" if len(digits) >= SHORTEST_LONG_CODE or sender.startswith("+") else "short_code"


# GSM 03.40 gives an alphanumeric address 11 characters; E.164 gives a number 15 digits.
LOOKS: Mapping[SenderKind, tuple[str, str]] = {
    "alphanumeric": (
        r"(?=.*[A-Za-z])[A-Za-z0-9 &+._-]{1,11}",
        "an alphanumeric sender has 1 to 11 letters, digits, spaces or & + . _ -, one letter at least",
    ),
    "long_code": (r"\+?[0-9]{7,15}", "a long code is a number such as +41791234567"),
    "short_code": (r"[0-9]{3,8}", "a short code has 3 to 8 digits"),
    "pool": (r"[\x21-\x7e]{1,128}", "a pool is the name that the vendor gives it"),
}


def looks_wrong(sender: str, kind: SenderKind) -> str | None:
    """Why it can't be a sender of this kind; None if it can."""
    pattern, told = LOOKS[kind]
    return None if re.fullmatch(pattern, sender) else told


def sticky(senders: Sequence[Sender], to: str) -> Sender:
    """The sender that this person always sees: rendezvous hashing, so that a new sender moves few people."""
    return max(senders, key=lambda each: _hash(each.sender, to)) if len(senders) > 1 else senders[0]


def _hash(sender: str, to: str) -> bytes:
    return blake2b(f"{len(sender)}:{sender}{to}".encode(), digest_size=8).digest()


Suspended = Mapping[tuple[str, str], frozenset[str | None]]  # (provider, sender) -> countries; None: everywhere


def is_suspended(suspended: Suspended, provider: str, sender: str, country: str) -> bool:
    """Whether a sender was taken out of this provider in this country."""
    found = suspended.get((provider, sender))
    return found is not None and (country in found or None in found)
