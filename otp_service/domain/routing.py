"""Which provider gets a message, and what follows from what came of it: pure decisions, no clock and no queue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.provider_file import SIMULATOR, ProviderFile

FailureKind = Literal["connect", "timeout", "write", "protocol"]
Move = Literal["done", "fail", "next", "later"]

BACK_OFF_S = (1, 2, 4, 8, 16, 30)  # the last one repeats

# Each provider may leave one try of a code unanswered, and one of them a second: what was not answered may have gone
# out and be billed, while the start was charged for one message.
REPEATS = 1
SOMEBODY = ""  # stands for the provider that a courier was with when it died, if with any

# How a try ended that got no HTTP answer. Before a connection stood nothing was sent; from the first byte on the
# message may have gone out, whatever the socket says.
FAILURES: Mapping[str, Outcome] = {
    "connect": Outcome(Verdict.TRY_ANOTHER, "connection", raw="connect"),
    "timeout": Outcome(Verdict.AMBIGUOUS, "timeout", raw="timeout"),
    "write": Outcome(Verdict.AMBIGUOUS, "connection", raw="write"),
    "protocol": Outcome(Verdict.AMBIGUOUS, "bad_response", raw="protocol"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider as routing sees it."""

    name: str
    priority: int = 100  # lower comes first
    countries: frozenset[str] | None = None  # None: every country
    test_only: bool = False  # gets test messages and no others
    simulated: bool = False  # reaches nobody, so test messages may go there; implied by test_only


@dataclass(frozen=True, slots=True)
class Step:
    """What to do with a message now.

    done: it is with a provider. fail: give up, with `reason`. next: go on at once with the next name of the plan.
    later: plan anew after `delay_s`.
    """

    move: Move
    reason: str | None = None
    delay_s: float = 0


DONE = Step("done")
NEXT = Step("next")
NO_PROVIDER = Step("fail", "no_provider")  # when the first plan is empty
NO_ANSWER = Step("fail", "timeout")  # when a code was sent as often as it may be, and nobody said that it went out


def candidates(file: ProviderFile) -> tuple[Candidate, ...]:
    """The configured providers as candidates, in the order in which they are asked."""
    found = [
        Candidate(entry.name, entry.priority, entry.countries, entry.test_only, entry.kind == SIMULATOR)
        for entry in file.providers
    ]
    return tuple(sorted(found, key=lambda candidate: candidate.priority))  # stable: the file decides between equals


def plan(known: Iterable[Candidate], message: Message, tried: Sequence[str] = ()) -> list[str]:
    """The names of those that may be asked for this message, best first, without those already tried."""
    fit = [candidate for candidate in known if _fits(candidate, message) and candidate.name not in tried]
    return [candidate.name for candidate in sorted(fit, key=lambda candidate: candidate.priority)]


def plan_anew(known: Iterable[Candidate], message: Message, unanswered: Sequence[str]) -> list[str]:
    """The plan of a message of which some tries were not answered: those not among them, then the one to repeat."""
    names = plan(known, message)
    doubtful = [name for name in names if name in unanswered]
    repeated = doubtful[:1] if _may_repeat(unanswered) else []
    return [name for name in names if name not in doubtful] + repeated


def _may_repeat(unanswered: Sequence[str]) -> bool:
    named = {name for name in unanswered if name != SOMEBODY}
    return len(unanswered) - len(named) < REPEATS


def _fits(candidate: Candidate, message: Message) -> bool:
    if candidate.countries is not None and message.country not in candidate.countries:
        return False
    if message.test:
        return candidate.simulated or candidate.test_only
    return not candidate.test_only


def outcome_of_failure(kind: FailureKind) -> Outcome:
    """The outcome of a try that ended without an HTTP answer."""
    return FAILURES[kind]


def after(
    outcome: Outcome,
    message: Message,
    *,
    left: Sequence[str],
    left_s: float,
    tried: int = 1,
    back_offs: int = 0,
    unanswered: Sequence[str] = (),
) -> Step:
    """What follows from an outcome.

    `left` are the names that the plan still has, `left_s` the seconds to the message's deadline, `tried` how many were
    asked since the last wait (this one included), `back_offs` how many waits the message has behind it, `unanswered`
    who was asked in its whole life without an answer, once for each time (this one included).
    """
    move = _wish(outcome.verdict, message, left)
    if move == "done":
        return DONE
    if move == "fail" or left_s <= 0:
        return Step("fail", outcome.reason or _why(move))
    if move == "next":
        return NEXT
    if outcome.verdict is Verdict.AMBIGUOUS and not _may_repeat(unanswered):
        return NO_ANSWER
    delay_s = _delay_s(outcome, alone=tried <= 1 and not left, back_offs=back_offs)
    if delay_s >= left_s:
        return Step("fail", outcome.reason or "expired")
    return Step("later", outcome.reason, delay_s)


# verdict -> the move while others are left, and when none is. A busy provider is passed over: somebody is waiting.
MOVES: Mapping[Verdict, tuple[Move, Move]] = {
    Verdict.ACCEPTED: ("done", "done"),
    Verdict.REJECTED: ("fail", "fail"),
    Verdict.TRY_ANOTHER: ("next", "later"),
    Verdict.MISCONFIGURED: ("next", "later"),
    Verdict.TRY_LATER: ("next", "later"),
    Verdict.AMBIGUOUS: ("next", "later"),
}


def _wish(verdict: Verdict, message: Message, left: Sequence[str]) -> Move:
    # A code that may have gone out is sent again, since it is the same code; nobody wants another message twice.
    if verdict is Verdict.AMBIGUOUS and not message.is_code:
        return "fail"
    some, none = MOVES[verdict]
    return some if left else none


def _why(move: Move) -> str:
    return "unknown" if move == "fail" else "expired"


def _delay_s(outcome: Outcome, *, alone: bool, back_offs: int) -> float:
    """Retry-After speaks of one provider, so it rules where that one is all there is; else the own back-off does."""
    own = BACK_OFF_S[min(back_offs, len(BACK_OFF_S) - 1)]
    if outcome.verdict is Verdict.TRY_LATER and outcome.retry_after_s is not None and alone:
        return max(1, outcome.retry_after_s)
    return own
