"""What the brake holds of its scopes, for people: states, quarantines, and how they are lifted."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otp_service.domain.fraud.scopes import Scopes
from otp_service.store.fraud import LETTERS, keys_of, prefix_key, quarantines_key
from otp_service.store.link import Link
from otp_service.store.scripts import SCRIPTS

SCOPES = {"n": "number", "b": "block", "p": "prefix", "c": "country", "a": "application", "w": "network"}


@dataclass(frozen=True, slots=True)
class State:
    """What a scope owed when it was last charged or repaid; money in millionths of a dollar."""

    scope: str
    at_ms: int
    owed_micros: int
    young_micros: int  # of it, what is too young to be missed
    room_micros: int  # what typed codes paid beyond the debt
    codes: float  # typed lately; of a number 1 if it is known
    score: float | None = None  # of a prefix
    quarantined_until_ms: int | None = None
    watched_until_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A prefix that gets no codes until then."""

    prefix: str
    country: str
    until_ms: int


def read(link: Link, realm: str, scopes: Scopes) -> Sequence[State]:
    """The states of these scopes, as far as there are any."""
    *keys, _ = keys_of(realm, scopes)
    letters = LETTERS + ("w" if scopes.network else "")
    texts = link.command("MGET", *keys)
    return [_state(letter, text) for letter, text in zip(letters, texts, strict=True) if text]


def quarantined(link: Link, realm: str, now_ms: int | None = None) -> Sequence[Quarantine]:
    """The prefixes of an application that are in quarantine, those that last longest first."""
    since = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    pairs = link.command("ZREVRANGEBYSCORE", quarantines_key(realm), "+inf", f"({since}", "WITHSCORES")
    return [_quarantine(place, score) for place, score in _pairs(pairs)]


def lift(link: Link, index_key: bytes, realm: str, prefix: str, country: str, now: str = "") -> bool:
    """Ends the quarantine and the watch of a prefix; False where there was neither."""
    keys = [prefix_key(index_key, realm, prefix), quarantines_key(realm)]
    return bool(link.call(SCRIPTS["lift"], keys, [now, f"{prefix} {country}"]))


def _state(letter: str, text: str) -> State:
    at, debt, young1, young0, room, codes, *more = map(int, text.split())
    young = young0 + young1
    known = float(codes > 0) if letter == "n" else codes / 1000
    state = State(SCOPES[letter], at, debt + young, young, room, known)
    if letter != "p":
        return state
    score, quarantined_until, _, watched_until, *_ = more
    return State(
        *(state.scope, at, state.owed_micros, young, room, known),
        *(score / 100, quarantined_until or None, watched_until or None),
    )


def _quarantine(place: str, score: str) -> Quarantine:
    prefix, _, country = place.partition(" ")
    return Quarantine(prefix, country, int(float(score)))


def _pairs(flat: Sequence[Any]) -> list[tuple[str, str]]:
    """Members with their scores, in whichever shape a client gives them."""
    if flat and isinstance(flat[0], list | tuple):
        return [(member, score) for member, score in flat]
    return list(zip(flat[::2], flat[1::2], strict=True))
