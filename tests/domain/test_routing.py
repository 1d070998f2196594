"""What follows from what came of a try with a provider."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.messages import REASONS, Message, Outcome, Verdict
from otp_service.domain.routing import (
    BACK_OFF_S,
    DONE,
    MOVES,
    NEXT,
    SOMEBODY,
    FailureKind,
    Step,
    after,
    outcome_of_failure,
)

CODE = Message("msg_1", "+41791234567", "123456 is your code", "CH")
OTHER = Message("msg_2", "+41791234567", "your parcel is here", "CH", is_code=False)

reasons = st.sampled_from(sorted(REASONS))
outcomes = st.builds(
    Outcome, st.sampled_from(Verdict), st.none() | reasons, retry_after_s=st.none() | st.integers(0, 99)
)
few_names = st.lists(st.sampled_from(["a", "b", "c"]), unique=True)


def outcome(verdict: Verdict, reason: str = "provider_error", retry_after_s: int | None = None) -> Outcome:
    return Outcome(verdict, reason, retry_after_s=retry_after_s)


@pytest.mark.parametrize("message", [CODE, OTHER])
def test_accepted_is_done(message: Message) -> None:
    """A message that a provider accepted is done, even at the deadline."""
    assert after(Outcome(Verdict.ACCEPTED), message, left=["b"], left_s=0) == DONE


@pytest.mark.parametrize("message", [CODE, OTHER])
def test_rejected_ends_it(message: Message) -> None:
    """A rejected message ends with its reason, whoever is left."""
    step = after(outcome(Verdict.REJECTED, "opted_out"), message, left=["b"], left_s=500)
    assert step == Step("fail", "opted_out")


@pytest.mark.parametrize("verdict", [Verdict.TRY_ANOTHER, Verdict.MISCONFIGURED, Verdict.TRY_LATER])
@pytest.mark.parametrize("message", [CODE, OTHER])
def test_next_provider_is_asked_at_once(verdict: Verdict, message: Message) -> None:
    """Where a provider can't, isn't configured for it or is busy, the next one is asked at once."""
    assert after(outcome(verdict, retry_after_s=20), message, left=["b"], left_s=500) == NEXT


def test_ambiguous_code_fails_over_at_once() -> None:
    """A code that may have gone out is sent by the next provider at once: it is the same code."""
    assert after(outcome_of_failure("timeout"), CODE, left=["b"], left_s=500) == NEXT


@pytest.mark.parametrize("left", [[], ["b"]])
def test_ambiguous_message_that_is_no_code_is_not_repeated(left: list[str]) -> None:
    """Any other message that may have gone out is never sent twice: it ends with the reason."""
    assert after(outcome_of_failure("timeout"), OTHER, left=left, left_s=500) == Step("fail", "timeout")


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if MOVES[verdict][1] == "later"])
def test_all_tried_starts_over_after_a_back_off(verdict: Verdict) -> None:
    """When all were tried and time is left, it starts over after 1, 2, 4, 8, 16, then always 30 seconds."""
    waits = [after(outcome(verdict), CODE, left=[], left_s=500, tried=2, back_offs=n).delay_s for n in range(8)]
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.parametrize(("retry_after_s", "delay_s"), [(None, 4), (0, 1), (1, 1), (17, 17), (45, 45)])
def test_only_provider_says_how_long_to_wait(retry_after_s: int | None, delay_s: int) -> None:
    """A busy provider that is the only one is asked again when its Retry-After says, never at once."""
    step = after(outcome(Verdict.TRY_LATER, "rate_limited", retry_after_s), CODE, left=[], left_s=60, back_offs=2)
    assert step == Step("later", "rate_limited", delay_s)


def test_patience_of_one_does_not_hold_up_the_others() -> None:
    """Where others were tried too, one provider's long Retry-After doesn't delay the start over."""
    step = after(outcome(Verdict.TRY_LATER, "rate_limited", 3600), CODE, left=[], left_s=60, tried=2)
    assert step == Step("later", "rate_limited", 1)


def test_wait_beyond_the_deadline_ends_it() -> None:
    """If the only provider wants to be asked after the deadline, the message ends now, with the reason."""
    step = after(outcome(Verdict.TRY_LATER, "rate_limited", 60), CODE, left=[], left_s=60)
    assert step == Step("fail", "rate_limited")


@pytest.mark.parametrize("left", [[], ["b"]])
def test_deadline_ends_it_with_the_last_reason(left: list[str]) -> None:
    """At the deadline a message ends with the last reason, also if somebody is left."""
    assert after(outcome(Verdict.TRY_ANOTHER, "filtered"), CODE, left=left, left_s=0) == Step("fail", "filtered")


def test_end_always_has_a_reason() -> None:
    """An outcome without a reason still ends with one."""
    assert after(Outcome(Verdict.REJECTED), CODE, left=[], left_s=9).reason == "unknown"
    assert after(Outcome(Verdict.TRY_ANOTHER), CODE, left=[], left_s=0).reason == "expired"


@given(
    found=outcomes,
    is_code=st.booleans(),
    left=few_names,
    left_s=st.floats(-10, 700),
    tried=st.integers(1, 4),
    back_offs=st.integers(0, 10_000),
    unanswered=st.lists(st.sampled_from([SOMEBODY, "a", "b"]), max_size=4),
)
def test_nothing_is_planned_beyond_the_deadline(
    found: Outcome, is_code: bool, left: list[str], left_s: float, tried: int, back_offs: int, unanswered: list[str]
) -> None:
    """Whatever happens, no wait reaches the deadline, nobody is asked after it, and every failure has a reason."""
    message = CODE if is_code else OTHER
    step = after(found, message, left=left, left_s=left_s, tried=tried, back_offs=back_offs, unanswered=unanswered)
    assert step.move != "later" or 1 <= step.delay_s < left_s
    assert step.move != "next" or (left and left_s > 0)
    assert step.move != "fail" or step.reason in REASONS
    assert (step.move == "done") == (found.verdict is Verdict.ACCEPTED)


@given(st.lists(st.sampled_from(["try_another", "try_later", "misconfigured"]), min_size=200, max_size=200))
def test_a_message_that_nobody_takes_ends(verdicts: list[str]) -> None:
    """A message that every provider turns away again and again ends by its deadline."""
    left_s, back_offs, left = 600.0, 0, ["a", "b"]
    for verdict in verdicts:
        left = left[1:]
        step = after(
            outcome(Verdict(verdict)), CODE, left=left, left_s=left_s, tried=2 - len(left), back_offs=back_offs
        )
        if step.move == "fail":
            break
        if step.move == "later":
            left, back_offs, left_s = ["a", "b"], back_offs + 1, left_s - step.delay_s
    assert step.move == "fail"
    assert 0 < left_s <= BACK_OFF_S[-1]


@pytest.mark.parametrize(
    ("kind", "verdict", "reason"),
    [
        ("connect", Verdict.TRY_ANOTHER, "connection"),
        ("timeout", Verdict.AMBIGUOUS, "timeout"),
        ("write", Verdict.AMBIGUOUS, "connection"),
        ("protocol", Verdict.AMBIGUOUS, "bad_response"),
    ],
)
def test_failure_without_an_answer_is_an_outcome(kind: FailureKind, verdict: Verdict, reason: str) -> None:
    """Without a connection nothing was sent, so another may try; from the first byte on it is ambiguous."""
    found = outcome_of_failure(kind)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_table_knows_every_verdict() -> None:
    """Every verdict has its move."""
    assert set(MOVES) == set(Verdict)
