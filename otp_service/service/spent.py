"""How full the day's ceilings of countries are, for those who watch the service."""

from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from otp_service.ledger.engine import reading
from otp_service.ledger.messages import places
from otp_service.service.admin.subjects import caller_of
from otp_service.service.core import Core, now_ms
from otp_service.service.limits import DAY_MS, spend_limits
from otp_service.store.limits import Count, peek

LEAST_MICROS = 1
LATE_MS = 600_000  # what couriers bring to the ledger later than this is seen by the next process
WINDOW_MS = DAY_MS + 2 * DAY_MS // 60  # as long as lua/limits.lua counts
MOST = 500  # the fullest: what is measured must not grow with what is attacked

Place = tuple[str, str]  # application, country


@dataclass
class Spent:
    """The countries to which something was sent within the window; each message in the ledger is looked for once."""

    _places: dict[Place, int] = field(default_factory=dict)
    _until_ms: int = 0

    def look(self, core: Core) -> dict[Place, float]:
        """Of each country's ceiling what is spent, 1 is all; Refusal unavailable while Redis is away."""
        with suppress(SQLAlchemyError):  # the countries that are known are looked at all the same
            self._find(core)
        found = {place: share for place in self._places if (share := _share(core, *place))}
        return dict(sorted(found.items(), key=lambda each: -each[1])[:MOST])

    def _find(self, core: Core) -> None:
        now = now_ms()
        with reading(core.engine) as connection:
            found = places(connection, max(now - WINDOW_MS, self._until_ms - LATE_MS))
        self._places |= dict.fromkeys(found, now)
        self._places = {place: at for place, at in self._places.items() if at > now - WINDOW_MS}
        self._until_ms = now


def _share(core: Core, application: str, country: str) -> float:
    """What is spent of one ceiling; none of one that is not there."""
    owner = core.snapshot().applications.get(application)
    rules = spend_limits(caller_of(owner, test=False), country, LEAST_MICROS) if owner else []
    return max(map(share, peek(core.link, [rule for rule in rules if rule.name == "country"])), default=0.0)


def share(count: Count) -> float:
    """What of a ceiling is spent; 1 is all."""
    return 1 - count.left / count.rule.amount if count.rule.amount else 1.0
