"""What follows from what came of a try with a provider: pure decisions, no clock and no queue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from otp_service.domain.messages import Message, Outcome, Verdict
from otp_service.domain.routes.decide import Choice

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
class Step:
    """What to do with a message now.

    done: it is with a provider. fail: give up, with `reason`. next: go on at once with the next choice.
    later: decide anew after `delay_s`.
    """

    move: Move
    reason: str | None = None
    delay_s: float = 0


DONE = Step("done")
NEXT = Step("next")
NO_ANSWER = Step("fail", "timeout")  # when a code was sent as often as it may be, and nobody said that it went out


def in_turn(choices: Iterable[Choice], unanswered: Sequence[str]) -> list[Choice]:
    """Who is asked, if some tries were not answered: those who were not asked then, after them the one to repeat."""
    known = list(choices)
    doubtful = [choice for choice in known if choice.provider in unanswered]
    repeated = doubtful[:1] if _may_repeat(unanswered) else []
    return [choice for choice in known if choice.provider not in unanswered] + repeated


def may_be_asked(provider: str, unanswered: Sequence[str]) -> bool:
    """Whether a provider may get the message, after these tries without an answer."""
    return provider not in unanswered or _may_repeat(unanswered)


def _may_repeat(unanswered: Sequence[str]) -> bool:
    named = {name for name in unanswered if name != SOMEBODY}
    return len(unanswered) - len(named) < REPEATS


def outcome_of_failure(kind: FailureKind) -> Outcome:
    """The outcome of a try that ended without an HTTP answer."""
    return FAILURES[kind]


def after(
    outcome: Outcome,
    message: Message,
    *,
    left: Sequence[object],
    left_s: float,
    tried: int = 1,
    back_offs: int = 0,
    unanswered: Sequence[str] = (),
) -> Step:
    """What follows from an outcome.

    `left` are the choices that there still are, `left_s` the seconds to the message's deadline, `tried` how many were
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


def _wish(verdict: Verdict, message: Message, left: Sequence[object]) -> Move:
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
