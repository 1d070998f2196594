"""What facts make of messages of their own: moved, and what came of them."""

from itertools import permutations

import pytest
from sqlalchemy import Engine

from otp_service.domain.facts import Fact
from otp_service.ledger.applications import Application
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import messages
from tests.ledger.telling import HOUR, NOW, SECOND, moved, queued, row

ID = "msg_1"


def scheduled(app: Application) -> Fact:
    fact = queued(ID, "", app.id)
    fact.data.update({"status": "scheduled", "send_at_ms": NOW + HOUR, "deadline_ms": NOW + 2 * HOUR})
    return fact


def postponed(at_ms: int, send_at_ms: int) -> Fact:
    more = {"send_at_ms": send_at_ms, "deadline_ms": send_at_ms + HOUR, "moved_ms": at_ms}
    return moved(ID, "scheduled", at_ms=at_ms, **more)


def outcome(word: str, at_ms: int = NOW + SECOND) -> Fact:
    return Fact(f"{ID}:o:{word}", "outcome", at_ms, {"message": ID, "outcome": word})


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_move_counts(engine: Engine, app: Application, order: tuple[int, ...]) -> None:
    """A message that was moved twice is due when the later move said, in whatever order the facts come."""
    told = [scheduled(app), postponed(NOW + 1, NOW + 9 * HOUR), postponed(NOW + 2, NOW + 5 * HOUR)]
    apply_facts(engine, [told[at] for at in order])
    found = row(engine, messages, ID)
    assert (found["status"], found["send_at"], found["deadline_at"]) == ("scheduled", NOW + 5 * HOUR, NOW + 6 * HOUR)
    assert (found["queued_at"], found["application_id"]) == (NOW, app.id)


@pytest.mark.parametrize("words", [("converted", "not_converted"), ("not_converted", "converted")])
def test_a_conversion_is_never_taken_back(engine: Engine, app: Application, words: tuple[str, str]) -> None:
    """Of what a caller tells of a message, converted counts, whichever came last."""
    apply_facts(engine, [queued(ID, "ver_1", app.id), *map(outcome, words)])
    apply_facts(engine, [moved(ID, "delivered", "ver_1")])
    found = row(engine, messages, ID)
    assert (found["outcome"], found["status"]) == ("converted", "delivered")


def test_an_outcome_may_come_before_its_message(engine: Engine, app: Application) -> None:
    """What came of a message that the ledger did not know yet stands beside it once it is known."""
    apply_facts(engine, [outcome("not_converted")])
    apply_facts(engine, [queued(ID, "ver_1", app.id), moved(ID, "accepted", "ver_1")])
    found = row(engine, messages, ID)
    assert (found["outcome"], found["status"], found["queued_at"]) == ("not_converted", "accepted", NOW)
