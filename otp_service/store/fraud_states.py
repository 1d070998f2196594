"""What the brake holds of its scopes, for people: states, quarantines, and how they are lifted and forgiven."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from otp_service.domain.fraud.scopes import Scopes
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.store.fraud import LETTERS, Brake, bounds, keys_of, prefix_key, quarantines_key
from otp_service.store.link import Link
from otp_service.store.scripts import SCRIPTS

SCOPES = {"n": "number", "b": "block", "p": "prefix", "c": "country", "a": "application", "w": "network"}


@dataclass(frozen=True, slots=True)
class State:
    """What a scope holds as it counts now; money in millionths of a dollar, of the application so many for any send."""

    scope: str
    at_ms: int  # when it was last charged or repaid
    owed_micros: int
    young_micros: int  # of it, what is too young to be missed
    room_micros: int  # what typed codes paid beyond the debt
    codes: float  # typed lately; of a number 1 if it is known
    score: float | None = None  # of a prefix
    quarantined_until_ms: int | None = None
    watched_until_ms: int | None = None
    run: int = 0  # of a block, how many numbers came in a row

    @property
    def is_clear(self) -> bool:
        """Whether nothing speaks against it."""
        held = (self.owed_micros, self.score, self.quarantined_until_ms, self.watched_until_ms, self.run)
        return not any(held)


class Held(NamedTuple):
    """The states of some scopes, and the time as of which they count so."""

    as_of_ms: int
    states: Sequence[State]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A prefix that gets no codes until then."""

    prefix: str
    country: str
    until_ms: int


def read(link: Link, realm: str, scopes: Scopes, thresholds: Thresholds, price_micros: int = 0, now: str = "") -> Held:
    """The states of these scopes, as far as there are any, as a send of this price would find them."""
    letters = LETTERS + ("w" if scopes.network else "")
    asks = Brake(keys_of(realm, scopes), letters, bounds(thresholds, price_micros), "0", 0, "", "", "", 0, 0)
    as_of, *texts = link.call(SCRIPTS["standing"], asks.keys, [now, *asks.args])
    return Held(int(as_of), [_state(text, int(as_of)) for text in texts])


def quarantined(link: Link, realm: str, now_ms: int | None = None) -> Sequence[Quarantine]:
    """The prefixes of an application that are in quarantine, those that last longest first."""
    since = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    pairs = link.command("ZREVRANGEBYSCORE", quarantines_key(realm), "+inf", f"({since}", "WITHSCORES")
    return [_quarantine(place, score) for place, score in _pairs(pairs)]


def lift(link: Link, index_key: bytes, realm: str, prefix: str, country: str, now: str = "") -> bool:
    """Ends the quarantine and the watch of a prefix; False where there was neither."""
    keys = [prefix_key(index_key, realm, prefix), quarantines_key(realm)]
    return bool(link.call(SCRIPTS["lift"], keys, [now, f"{prefix} {country}"]))


def forgive(link: Link, realm: str, scopes: Scopes, scope: str, place: str = "") -> bool:
    """Forgives one of these scopes whatever speaks against it; False where it has no state.

    `place` is of a prefix: itself in clear and the country under which it is in quarantine.
    """
    letter = next(letter for letter, name in SCOPES.items() if name == scope)
    keys = keys_of(realm, scopes)
    key = keys[(LETTERS + "w").index(letter)]
    return bool(link.call(SCRIPTS["forgive"], [key, keys[-1]], [letter, place]))


def _state(text: str, as_of_ms: int) -> State:
    letter, *figures = text.split(" ")
    at, _, debt, young1, young0, room, codes, *more = map(int, figures)
    young = young0 + young1
    known = float(codes > 0) if letter == "n" else codes / 1000
    told = (SCOPES[letter], at, debt + young, young, room, known)
    if letter == "b":
        return State(*told, run=more[1])
    if letter != "p":
        return State(*told)
    score, quarantined_until, _, watched_until, *_ = more
    return State(*told, score / 100, _coming(quarantined_until, as_of_ms), _coming(watched_until, as_of_ms))


def _coming(at_ms: int, as_of_ms: int) -> int | None:
    """A time that is not over yet."""
    return at_ms if at_ms > as_of_ms else None


def _quarantine(place: str, score: str) -> Quarantine:
    prefix, _, country = place.partition(" ")
    return Quarantine(prefix, country, int(float(score)))


def _pairs(flat: Sequence[Any]) -> list[tuple[str, str]]:
    """Members with their scores, in whichever shape a client gives them."""
    if flat and isinstance(flat[0], list | tuple):
        return [(member, score) for member, score in flat]
    return list(zip(flat[::2], flat[1::2], strict=True))
