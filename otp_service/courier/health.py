"""What this courier knows of providers: at once what it sees itself, a few times a second what all of them know."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import structlog
from redis.exceptions import RedisError

from otp_service.courier.clock import StoreClock
from otp_service.domain.health import (
    EVERY_COUNTRY,
    UNTOUCHED,
    Breaker,
    Event,
    RouteHealth,
    conversions_of,
    dump_breaker,
    learn,
    pause_ms,
    probing,
    read_breaker,
    route_health,
    sign_of,
)
from otp_service.domain.messages import Outcome, Verdict
from otp_service.store.breakers import Change, Codes, Route, Shared, counted_codes, forget_codes, share
from otp_service.store.outbox import AsyncRedis

log = structlog.get_logger()

TRIES = 3  # after which what was learnt waits for the next turn
QUIET_TURNS = 8  # what only moves an average is shared in one turn of so many


class CourierHealth(Mapping[Route, RouteHealth]):
    """The health of every route by now, as routing asks for it."""

    def __init__(self, redis: AsyncRedis, clock: StoreClock, cells: int) -> None:
        self._redis, self._clock, self._cells = redis, clock, cells
        self._version, self._turn = "", 0
        self._texts: dict[Route, str] = {}  # as Redis has them
        self._known: dict[Route, Breaker] = {}  # with what this courier saw since
        self._seen: defaultdict[Route, list[Event]] = defaultdict(list)  # and has not shared yet
        self._offered: dict[Route, list[Event]] = {}  # is sharing now
        self._codes: Codes = {}
        self._calm: dict[Route, RouteHealth] = {}  # of those with which nothing is wrong
        self._well: dict[Route, tuple[int, float]] = {}  # how many of their answers, and seconds in all, to be shared

    def get(self, route: Route, otherwise: object = None) -> RouteHealth:
        """The health of a route; of an unknown one that it is well."""
        return self._calm.get(route) or self[route]

    def __iter__(self) -> Iterator[Route]:
        return iter({*self._known, *self._codes})

    def __len__(self) -> int:
        return len({*self._known, *self._codes})

    def tell(self, provider: str, country: str, outcome: Outcome, took_s: float, *, probe: bool = False) -> None:
        """Takes in what became of a try; this courier knows it at once."""
        route = (provider, country)
        if outcome.verdict is Verdict.ACCEPTED and route in self._calm:
            count, sum_s = self._well.get(route, (0, 0.0))
            self._well[route] = (count + 1, sum_s + took_s)
            return
        sign, at_ms, busy_ms = sign_of(outcome), int(self._clock.now_ms()), pause_ms(outcome)
        whole = (provider, EVERY_COUNTRY)
        if sign != "shut":
            self._note(route, Event(sign, at_ms, took_s * 1000, probe))
        if sign == "shut" or busy_ms or self._known.get(whole, UNTOUCHED).until_ms:
            # Failing somewhere opens nothing everywhere, but any probe may find the whole provider well again.
            told = "neither" if sign == "failed" and not probe else sign
            self._note(whole, Event(told, at_ms, probe=probe, pause_ms=busy_ms))

    async def may_probe(self, provider: str, country: str, *, alone: bool) -> bool:
        """Whether this courier, before all others, may ask a provider whose breaker is not closed."""
        for route in ((provider, country), (provider, EVERY_COUNTRY)):
            if self._known.get(route, UNTOUCHED).until_ms and not await self._claimed(route, alone):
                return False
        return True

    async def share(self) -> None:
        """Tells the others what this courier saw, and hears what they did."""
        self._turn += 1
        if not self._turn % QUIET_TURNS:
            self._add_averages()
        self._offered, self._seen = dict(self._seen), defaultdict(list)
        try:
            await self._offer()
            for _ in range(TRIES - 1):
                if self._offered:
                    await self._offer()
        finally:
            for route, events in self._offered.items():
                self._seen[route] = events + self._seen[route]
            self._offered = {}

    async def count(self) -> None:
        """Adds up over all cells which codes were verified, and shares it."""
        now_ms = int(self._clock.now_ms())
        total: defaultdict[str, int] = defaultdict(int)
        for cell in range(self._cells):
            counted = await counted_codes(self._redis, cell)
            await forget_codes(self._redis, cell, counted, now_ms)
            for field, count in counted.items():
                total[field] += count
        self._hear(await share(self._redis, self._version, (), conversions_of(total, now_ms)))

    def __getitem__(self, route: Route) -> RouteHealth:
        own = self._known.get(route, UNTOUCHED)
        whole = self._known.get((route[0], EVERY_COUNTRY), UNTOUCHED)
        codes = self._codes.get(route, (0, 0))
        now_ms = int(self._clock.now_ms())
        found = route_health(own, whole, now_ms, codes)
        if not (own.failures or own.until_ms or whole.until_ms or found.paused_until_ms > now_ms):
            self._calm[route] = found
        return found

    def _note(self, route: Route, event: Event) -> None:
        events = self._seen[route]
        before = self._known.get(route, UNTOUCHED)
        known = self._known[route] = learn(before, event)
        events.append(event)
        if bool(known.until_ms) != bool(before.until_ms):
            state = "breaker_opened" if known.until_ms else "breaker_closed"
            log.warning(state, provider=route[0], country=route[1])
        if known.failures or known.until_ms != before.until_ms or known.paused_ms != before.paused_ms:
            self._calm.clear()

    def _add_averages(self) -> None:
        now_ms = int(self._clock.now_ms())
        for route, (count, sum_s) in self._well.items():
            self._seen[route].append(Event("well", now_ms, sum_s * 1000 / count, count=count))
        self._well = {}

    async def _offer(self) -> None:
        """Shares what it can; what is refused, since somebody else had news of the same route, stays on offer."""
        changes = []
        for route, events in self._offered.items():
            text = self._texts.get(route, "")
            changes.append(Change(route, text, dump_breaker(_after(read_breaker(text), events))))
        told = await share(self._redis, self._version, changes)
        for change in changes:
            if change.route not in told.refused:
                self._texts[change.route] = change.text
                del self._offered[change.route]
        self._hear(told)

    async def _claimed(self, route: Route, alone: bool) -> bool:
        text = self._texts.get(route, "")
        wanted = probing(read_breaker(text), int(self._clock.now_ms()), alone=alone)
        if wanted is None:
            return False
        change = Change(route, text, dump_breaker(wanted))
        try:
            told = await share(self._redis, self._version, (change,))
        except (RedisError, OSError):
            return False
        if not told.refused:
            self._texts[route] = change.text
        self._hear(told)
        return not told.refused

    def _hear(self, told: Shared) -> None:
        self._version = told.version
        if told.breakers is not None:
            self._texts = dict(told.breakers)
        if told.codes is not None:
            self._codes = told.codes
        self._known = {route: self._believed(route) for route in {*self._texts, *self._offered, *self._seen}}
        self._calm.clear()

    def _believed(self, route: Route) -> Breaker:
        """What all know of a route, and what this courier saw since."""
        known = read_breaker(self._texts.get(route, ""))
        return _after(known, (*self._offered.get(route, ()), *self._seen.get(route, ())))


def _after(known: Breaker, events: Iterable[Event]) -> Breaker:
    for event in events:
        known = learn(known, event)
    return known
