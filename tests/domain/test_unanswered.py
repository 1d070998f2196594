"""How often a code may go out that providers leave unanswered."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from otp_service.domain.messages import Verdict
from otp_service.domain.routes.decide import Choice
from otp_service.domain.routing import NO_ANSWER, SOMEBODY, Step, after, in_turn, may_be_asked, outcome_of_failure
from tests.domain.test_routing import CODE, outcome


def asked(names: Sequence[str], unanswered: Sequence[str]) -> list[str]:
    """Who is asked, in turn, of those whom routing named."""
    return [choice.provider for choice in in_turn(map(Choice, names), unanswered)]


def test_ambiguous_code_is_repeated_once_after_a_back_off() -> None:
    """With nobody else left, a code that may have gone out is sent once more after a wait, and no third time."""
    found = outcome_of_failure("write")
    assert after(found, CODE, left=[], left_s=500, unanswered=["a"]) == Step("later", "connection", 1)
    assert asked("a", ["a"]) == ["a"]
    assert after(found, CODE, left=[], left_s=500, back_offs=1, unanswered=["a", "a"]) == NO_ANSWER
    assert asked("a", ["a", "a"]) == []


def test_busy_provider_after_an_ambiguous_one_does_not_use_up_the_repeat() -> None:
    """Who says that it is busy has sent nothing: the code is still repeated."""
    step = after(outcome(Verdict.TRY_LATER, "rate_limited"), CODE, left=[], left_s=60, unanswered=["a"])
    assert step.move == "later"
    assert asked("a", ["a"]) == ["a"]


def test_those_that_did_not_have_the_code_come_before_the_repeat() -> None:
    """Whoever was busy is asked again before a code is repeated with one that may have sent it."""
    assert asked("abc", ["a", "b"]) == ["c", "a"]


def test_courier_that_died_counts_as_a_provider_without_an_answer() -> None:
    """A message taken over is sent, but no longer repeated; one whose repeat was taken over is not sent again."""
    assert asked("a", [SOMEBODY]) == ["a"]
    assert after(outcome_of_failure("timeout"), CODE, left=[], left_s=500, unanswered=[SOMEBODY, "a"]) == NO_ANSWER
    assert asked("a", ["a", SOMEBODY]) == []


def test_whoever_may_still_be_asked_is_waited_for() -> None:
    """A provider without an answer is waited for while its repeat is left, and no longer."""
    assert may_be_asked("b", ["a", "a"])
    assert may_be_asked("a", ["a"])
    assert not may_be_asked("a", ["a", "a"])


@given(
    st.integers(1, 4), st.lists(st.sampled_from(["try_another", "try_later", "ambiguous"]), min_size=200, max_size=200)
)
def test_unanswered_code_goes_out_once_for_each_provider_and_once_more(count: int, verdicts: list[str]) -> None:
    """Whatever providers say between, nobody has a code twice but one, and that one no more than twice."""
    known = "abcd"[:count]
    unanswered: list[str] = []
    left, left_s, back_offs = asked(known, unanswered), 1e9, 0
    for verdict in verdicts:
        name = left.pop(0)
        unanswered += [name] * (verdict == "ambiguous")
        found = outcome(Verdict(verdict))
        step = after(found, CODE, left=left, left_s=left_s, back_offs=back_offs, unanswered=unanswered)
        if step.move == "fail":
            break
        if step.move == "later":
            left, back_offs = asked(known, unanswered), back_offs + 1
    assert len(unanswered) - len(set(unanswered)) <= 1
    assert len(unanswered) <= count + 1
    assert step.move != "fail" or step == NO_ANSWER
