"""How well a route does: what couriers see of a provider in a country, and what routing may conclude from it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from otp_service.domain.messages import Outcome, Verdict

BreakerState = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class RouteHealth:
    """One provider in one country, as all couriers know it together.

    `sent` and `converted` count codes whose time to be typed is over: how many went out, how many were verified.
    """

    breaker: BreakerState = "closed"
    open_until_ms: int = 0
    paused_until_ms: int = 0  # the provider asked for patience
    latency_ms: float | None = None
    sent: int = 0
    converted: int = 0


WELL = RouteHealth()
Health = Mapping[tuple[str, str], RouteHealth]  # (provider, country); what is missing is well


# What breakers go by: so many failures in a row within so long open one; each further failure doubles the time.
FAILURES = 5
WITHIN_MS = 10_000
OPEN_MS = 10_000
MOST_OPEN_MS = 300_000
ALONE_MS = 30_000  # an open one is probed after this long at the latest, where nobody else can be asked
PROBE_MS = 15_000  # after which a probe whose courier died is forgotten
LOOK_AGAIN_MS = 1_000  # for those who wait for another one's probe
BUSY_MS = 1_000  # the pause of a provider that is busy and doesn't say how long
MOST_BUSY_MS = 300_000
LATENCY_SHARE = 0.1  # of the newest answer in the average

EVERY_COUNTRY = "*"  # stands for the country where something holds for the whole provider

# well: it works. failed: it may be down. shut: it takes nothing from us, wherever to. neither: this message's matter.
Sign = Literal["well", "failed", "shut", "neither"]

DOWN = ("connection", "timeout", "provider_error", "bad_response", "unknown")
SIGNS: Mapping[tuple[Verdict, str], Sign] = {
    **{(Verdict.TRY_ANOTHER, reason): "failed" for reason in DOWN},
    **{(Verdict.TRY_LATER, reason): "failed" for reason in DOWN},
    **{(Verdict.MISCONFIGURED, reason): "failed" for reason in DOWN},
    (Verdict.MISCONFIGURED, "bad_credentials"): "shut",
    (Verdict.MISCONFIGURED, "no_funds"): "shut",
}
# Without a word of the vendor's it may be this number that is forbidden: asking for one must not shut it to all others.
WORDLESS_403 = "http 403"
OTHERWISE: Mapping[Verdict, Sign] = {
    Verdict.ACCEPTED: "well",
    Verdict.REJECTED: "well",  # it works well enough to know that nobody has this number
    Verdict.AMBIGUOUS: "failed",
    Verdict.TRY_ANOTHER: "neither",
    Verdict.TRY_LATER: "neither",
    Verdict.MISCONFIGURED: "neither",
}


def sign_of(outcome: Outcome) -> Sign:
    """What an outcome says of the provider rather than of the message."""
    sign = SIGNS.get((outcome.verdict, outcome.reason or "unknown"), OTHERWISE[outcome.verdict])
    return "failed" if sign == "shut" and outcome.raw == WORDLESS_403 else sign


def pause_ms(outcome: Outcome) -> int:
    """For how long the whole provider is left alone after this outcome."""
    if outcome.verdict is not Verdict.TRY_LATER:
        return 0
    if outcome.retry_after_s is None:
        return BUSY_MS if outcome.reason == "rate_limited" else 0
    return min(max(BUSY_MS, outcome.retry_after_s * 1000), MOST_BUSY_MS)


@dataclass(frozen=True, slots=True)
class Breaker:
    """What couriers know of a provider in a country, or in EVERY_COUNTRY; times in milliseconds, 0 for never."""

    failures: tuple[int, ...] = ()  # when it failed, since it last worked
    opened: int = 0  # how often in a row
    since_ms: int = 0  # of the opening, or of the newest probe
    until_ms: int = 0  # 0: closed
    probe_ms: int = 0  # until when somebody's probe counts
    paused_ms: int = 0
    latency_ms: float | None = None


UNTOUCHED = Breaker()


@dataclass(frozen=True, slots=True)
class Event:
    """What became of one try, or of `count` tries that went well."""

    sign: Sign
    at_ms: int
    took_ms: float | None = None
    probe: bool = False
    pause_ms: int = 0
    count: int = 1


def learn(known: Breaker, event: Event) -> Breaker:
    """What is known after an event."""
    probe = event.probe and bool(known.until_ms)
    if event.pause_ms:
        known = replace(known, paused_ms=max(known.paused_ms, event.at_ms + event.pause_ms))
    if event.sign == "well" or (event.sign == "neither" and probe):
        return Breaker(paused_ms=known.paused_ms, latency_ms=_average(known.latency_ms, event))
    if event.sign == "neither" or (known.until_ms and not probe):
        return known  # what was under way when it opened says nothing new
    if event.sign == "shut" or probe:
        return _open(known, event.at_ms)
    recent = (*(at for at in known.failures if event.at_ms - at < WITHIN_MS), event.at_ms)[-FAILURES:]
    known = replace(known, failures=recent)
    return _open(known, event.at_ms) if len(recent) == FAILURES else known


def _open(known: Breaker, at_ms: int) -> Breaker:
    open_ms = min(OPEN_MS * 2 ** min(known.opened, 16), MOST_OPEN_MS)
    return replace(known, failures=(), opened=known.opened + 1, since_ms=at_ms, until_ms=at_ms + open_ms, probe_ms=0)


def _average(old: float | None, event: Event) -> float | None:
    if event.took_ms is None:
        return old
    if old is None:
        return event.took_ms
    return event.took_ms + (old - event.took_ms) * (1 - LATENCY_SHARE) ** event.count


def probing(known: Breaker, now_ms: int, *, alone: bool) -> Breaker | None:
    """What is known once a probe is under way; None if it is not the time for one."""
    due_ms = min(known.until_ms, known.since_ms + ALONE_MS) if alone else known.until_ms
    if now_ms < max(due_ms, known.probe_ms):
        return None
    return replace(known, since_ms=now_ms, probe_ms=now_ms + PROBE_MS)


def route_health(own: Breaker, whole: Breaker, now_ms: int, codes: tuple[int, int] = (0, 0)) -> RouteHealth:
    """A provider in a country as routing sees it: its own breaker and that of the whole provider, the worse counts."""
    until_ms = max(_ask_from_ms(own, now_ms), _ask_from_ms(whole, now_ms))
    state: BreakerState = "closed"
    if own.until_ms or whole.until_ms:
        state = "open" if until_ms > now_ms else "half_open"
    return RouteHealth(state, until_ms, max(own.paused_ms, whole.paused_ms), own.latency_ms, *codes)


def _ask_from_ms(known: Breaker, now_ms: int) -> int:
    """From when on it may be asked: while another one's probe is under way, soon."""
    if known.probe_ms > now_ms:
        return min(known.probe_ms, now_ms + LOOK_AGAIN_MS)
    return known.until_ms


def read_breaker(text: str) -> Breaker:
    """What dump_breaker() wrote; nothing known where this release can't read it."""
    try:
        failures, *rest = json.loads(text)
        return Breaker(tuple(failures), *rest)
    except (ValueError, TypeError):
        return UNTOUCHED


def dump_breaker(known: Breaker) -> str:
    """What is known, as text; equal knowledge is equal text."""
    latency = None if known.latency_ms is None else round(known.latency_ms, 1)
    rest = (known.opened, known.since_ms, known.until_ms, known.probe_ms, known.paused_ms, latency)
    return json.dumps([known.failures, *rest], separators=(",", ":"))


SLOT_MS = 300_000  # lua/conversions.lua counts codes in slots of five minutes
TYPED_MS = 600_000  # by when a person has typed the code, or never will
LOOKED_BACK_MS = 4_200_000
SLOTS_KEPT_MS = 9_000_000


def conversions_of(counted: Mapping[str, int], now_ms: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Codes sent and verified by (provider, country), from the slots that are over; `counted` as in the store."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for name, count in counted.items():
        slot, provider, country, kind = name.split("|")
        age_ms = now_ms - (int(slot) + 1) * SLOT_MS
        if TYPED_MS <= age_ms < LOOKED_BACK_MS:
            sent, verified = found.get((provider, country), (0, 0))
            found[provider, country] = (sent + count, verified) if kind == "s" else (sent, verified + count)
    return found


def outlived(names: Iterable[str], now_ms: int) -> list[str]:
    """Those of the counted fields whose slots nobody looks at any more."""
    return [name for name in names if now_ms - int(name.partition("|")[0]) * SLOT_MS > SLOTS_KEPT_MS]
