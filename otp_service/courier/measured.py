"""The courier's metrics in Prometheus' form."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

from otp_service.domain.messages import Outcome
from otp_service.service.gauges import Looked
from otp_service.service.spent import Place

ATTEMPTS = Counter(
    "otp_attempts_total", "Tries with providers, by what came of them.", ["provider", "verdict", "reason"]
)
ATTEMPT_SECONDS = Histogram("otp_attempt_seconds", "Time until a provider answered.", ["provider"])
MESSAGES = Counter("otp_messages_total", "Messages that ended for the courier.", ["status", "reason"])
WAITED = Histogram("otp_message_wait_seconds", "From queued to its end for the courier.")
DEAD = Counter("otp_dead_letters_total", "Entries that could not be worked.", ["reason"])
BACKLOG = Gauge("otp_backlog", "What waits, by queue; facts are those the ledger does not have yet.", ["cell", "queue"])
DRAINED = Counter("otp_facts_drained_total", "Facts that the ledger took.")
WEBHOOKS = Counter("otp_webhooks_total", "Tries to deliver events, and endpoints that were disabled.", ["result"])
AUDIT = Gauge("otp_audit_entries", "Entries of the audit.")
AUDIT_HEAD = Gauge("otp_audit_head_seq", "The entry whose signed head went out last.")
REDIS_UP = Gauge("otp_redis_up", "1 while Redis answers this courier.")
SPENT = Gauge("otp_spend_ratio", "Of the fullest daily ceiling of an application, what is spent; 1 is all of it.")
SPENT_BY_COUNTRY = Gauge(
    "otp_country_spend_ratio",
    "What an application has spent of a country's daily ceiling; countries that it sent to in the last day.",
    ["application", "country"],
)
QUARANTINED = Gauge("otp_quarantined_prefixes", "Prefixes that the brake holds in quarantine, over all applications.")
BREAKERS = Gauge("otp_breakers_open", "Countries in which a provider is shut out.", ["provider"])
KEYS_MISSING = Gauge("otp_keys_missing", "Keys that stored values were sealed with and the ring no longer has.")
STUMBLES = Counter("otp_courier_stumbles_total", "Loops of the courier that met an error and go on.", ["what"])


class Measured:
    """Counts what the courier does."""

    def __init__(self) -> None:
        self._places: frozenset[Place] = frozenset()

    def attempt(self, provider: str, outcome: Outcome, took_s: float) -> None:
        """A provider was asked."""
        ATTEMPTS.labels(provider, outcome.verdict, outcome.reason or "").inc()
        ATTEMPT_SECONDS.labels(provider).observe(took_s)

    def message(self, status: str, reason: str | None, waited_s: float) -> None:
        """A message came to an end for the courier."""
        MESSAGES.labels(status, reason or "").inc()
        WAITED.observe(max(0.0, waited_s))

    def dead(self, reason: str) -> None:
        """An entry became a dead letter."""
        DEAD.labels(reason).inc()

    def backlog(self, cell: int, waiting: dict[str, int]) -> None:
        """How much waits in a cell."""
        for queue, count in waiting.items():
            BACKLOG.labels(str(cell), queue).set(count)

    def drained(self, facts: int) -> None:
        """The ledger took facts."""
        DRAINED.inc(facts)

    def webhook(self, result: str) -> None:
        """A webhook was tried, or an endpoint disabled."""
        WEBHOOKS.labels(result).inc()

    def audit(self, entries: int, head: int) -> None:
        """How long the audit is, and how far its signed heads are."""
        AUDIT.set(entries)
        AUDIT_HEAD.set(head)

    def looked(self, found: Looked) -> None:
        """How things stand now; without Redis only that is known."""
        REDIS_UP.set(found.redis_up)
        if found.redis_up:
            SPENT.set(found.spent)
            QUARANTINED.set(found.quarantined)
            for provider, shut in found.breakers.items():
                BREAKERS.labels(provider).set(shut)

    def spent(self, found: Mapping[Place, float]) -> None:
        """How full each country's ceiling is; a country that nothing was spent in any more is left out."""
        for gone in self._places - found.keys():
            SPENT_BY_COUNTRY.remove(*gone)
        for place, share in found.items():
            SPENT_BY_COUNTRY.labels(*place).set(share)
        self._places = frozenset(found)

    def keys_missing(self, count: int) -> None:
        """How many keys the ring lacks."""
        KEYS_MISSING.set(count)

    def stumbled(self, what: str) -> None:
        """One of the loops met an error."""
        STUMBLES.labels(what).inc()
