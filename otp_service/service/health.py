"""Readiness: what keeps this process from serving, and what merely ails."""

from dataclasses import dataclass, field

from otp_service.domain.errors import Refusal
from otp_service.service.core import Core
from otp_service.service.truths import Truths
from otp_service.store.health import examine

STALE_S = 10.0
CLOCK_S = 1.0


@dataclass(frozen=True)
class Health:
    """`failing` makes the process not ready; `degraded` is told and lived with."""

    failing: list[str] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        return not self.failing


def health(core: Core, truths: Truths) -> Health:
    """Everything that is wrong now, in words that say what to do."""
    found = Health()
    _redis(core, found)
    _ledger(truths, found)
    if core.production and not core.provider_file.live:
        found.failing.append("providers: none is configured; name one in the file of OTP_CONFIG")
    return found


def _redis(core: Core, found: Health) -> None:
    try:
        redis = examine(core.link)
    except Refusal:
        found.failing.append("redis: it does not answer")
        return
    if redis.eviction and redis.eviction != "noeviction":
        found.failing.append(
            f"redis: maxmemory-policy is {redis.eviction}, which deletes failure counts; set noeviction"
        )
    if abs(redis.clock_ahead_s) > CLOCK_S:
        found.failing.append("clock: this host and Redis differ by more than a second; run NTP on both")


def _ledger(truths: Truths, found: Health) -> None:
    age = truths.age_s
    if age is None:
        found.failing.append("ledger: it was never read")
    elif age > STALE_S:
        found.degraded.append(f"ledger: not read for {int(age)} s; admin changes and history wait, codes go on")
    if age is not None:
        found.degraded.extend(f"ledger: {problem}" for problem in truths().problems)
