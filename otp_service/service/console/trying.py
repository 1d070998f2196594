"""What the last day would have been under a policy: its codes asked for again, in a realm of its own."""

import threading
from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.domain.policy import Policy
from otp_service.domain.replay.scoring import Tally
from otp_service.domain.replay.trace import LEGIT, Row
from otp_service.service.console.policing import Change
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.replay.history import history, replay

DAY_MS = 86_400_000
MOST_ROWS = 3000  # a second or two on a live Redis
UNANSWERED = "attack:unanswered"
_ONE_AT_A_TIME = threading.Lock()  # each is thousands of calls on the Redis that codes are sent by


@dataclass(frozen=True, slots=True)
class Tried:
    """What a policy would have made of codes that were typed in, and of those that nobody typed."""

    typed: Tally
    unanswered: Tally
    reasons: tuple[tuple[str, int], ...]  # why people were lost, the most frequent first


@dataclass(frozen=True, slots=True)
class Trial:
    """The last day under the policy in force and under the changed one; `whole` unless only the newest were tried."""

    rows: int
    whole: bool
    before: Tried
    after: Tried


def trial(core: Core, change: Change) -> Trial:
    """Tries both policies on the last day's codes; Refusal unavailable while Redis is down, or another is tried."""
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise Refusal("unavailable", "another change is being tried just now", retry_after_s=5)
    try:
        return _trial(core, change)
    finally:
        _ONE_AT_A_TIME.release()


def _trial(core: Core, change: Change) -> Trial:
    now = now_ms()
    rows = [_judged(each) for each in history(core, change.application.id, now - DAY_MS, now, MOST_ROWS)]
    before, after = (_tried(core, rows, policy) for policy in (change.application.policy, change.policy))
    return Trial(len(rows), len(rows) < MOST_ROWS, before, after)


def _tried(core: Core, rows: list[Row], policy: Policy) -> Tried:
    score = replay(core.link, rows, policy, f"preview-{random_bytes(9).hex()}")
    return Tried(score.legit, score.attack, tuple(sorted(score.reasons.items(), key=lambda each: -each[1])[:5]))


def _judged(row: Row) -> Row:
    """Whether the code was typed in is all that history knows of who wanted it."""
    return row._replace(label=LEGIT if row.converts_after_ms is not None else UNANSWERED)
