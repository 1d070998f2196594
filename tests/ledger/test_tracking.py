"""One message as the ledger knows it, with its tries, its reports and what it cost."""

from itertools import permutations

import pytest
from sqlalchemy import Engine

from otp_service.domain.facts import Fact
from otp_service.ledger.applications import Application
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.retention import retain
from otp_service.ledger.schema import attempts, messages, receipts
from otp_service.ledger.tracking import HandedOver, TrackedRow, handed_over, tracked
from tests.ledger.telling import DAY, NOW, SECOND, row, rows, story, tried

ID = "msg_1"


def attempt(n: int, provider: str, verdict: str, cost_micros: int | None) -> Fact:
    fact = tried(ID, n, provider, verdict, NOW + n)
    return Fact(
        fact.id, "attempt", fact.at_ms, fact.data | {"sender": "Shop", "country": "CH", "cost_micros": cost_micros}
    )


def reported(status: str, at_ms: int = NOW + SECOND, **more: str) -> Fact:
    data = {"message": ID, "verification": "ver_1", "provider": "b", "status": status, "reason": None, "raw": None}
    return Fact(f"{ID}:r:{status}", "receipt", at_ms, data | more)


def told(app: Application) -> list[Fact]:
    """A story with a failover and two reports."""
    tries = [attempt(2, "a", "try_another", None), attempt(3, "b", "accepted", 70_000), attempt(4, "b", "ambiguous", 1)]
    return [*story(1, app.id), *tries, reported("sent"), reported("delivered", NOW + 2 * SECOND, part="x")]


def found(engine: Engine, app: Application) -> TrackedRow:
    with reading(engine) as connection:
        one = tracked(connection, app.id, ID)
    assert one
    return one


def test_a_message_has_its_tries_and_reports_in_order(engine: Engine, app: Application) -> None:
    """Each try with its sender and cost, each report with its segment; a repeat of any of them changes nothing."""
    apply_facts(engine, told(app))
    apply_facts(engine, told(app))
    one = found(engine, app)
    assert [(each.n, each.provider, each.verdict, each.cost_micros) for each in one.attempts] == [
        (1, "simulator", "accepted", None),
        (2, "a", "try_another", None),
        (3, "b", "accepted", 70_000),
        (4, "b", "ambiguous", 1),
    ]
    assert [(each.provider, each.status, each.part) for each in one.receipts] == [
        ("b", "sent", None),
        ("b", "delivered", "x"),
    ]
    assert (one.verification_id, one.message_class, one.test, one.country) == ("ver_1", None, False, "CH")


def test_a_message_is_nobody_elses(engine: Engine, app: Application) -> None:
    """Another application finds nothing under its id."""
    apply_facts(engine, told(app))
    with reading(engine) as connection:
        assert tracked(connection, "app_other", ID) is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_message_costs_what_its_tries_cost_together(engine: Engine, app: Application, order: tuple[int, ...]) -> None:
    """Whatever comes first, and however often."""
    facts = told(app)
    batches = [facts[:7], facts[7:9], facts[9:]]
    for at in (*order, *order):
        apply_facts(engine, batches[at])
    assert row(engine, messages, ID)["cost_micros"] == 70_001


def test_who_was_given_the_message_last_is_known(engine: Engine, app: Application) -> None:
    """Under which sender a provider accepted it, and where to: what it reports of the sender is about that one."""
    apply_facts(engine, told(app))
    with reading(engine) as connection:
        assert handed_over(connection, ID, "b") == HandedOver("Shop", "CH", NOW + 3)
        assert handed_over(connection, ID, "a") is None


def test_reports_go_with_their_message(engine: Engine, app: Application) -> None:
    """When the history of a message is over, its tries and reports are too; nothing in them ever named a person."""
    apply_facts(engine, told(app))
    assert "index-" not in repr(rows(engine, receipts)) + repr(rows(engine, attempts))
    retain(engine, NOW + 29 * DAY)
    assert len(rows(engine, receipts)) == 2
    retain(engine, NOW + 31 * DAY)
    assert (rows(engine, messages), rows(engine, attempts), rows(engine, receipts)) == ([], [], [])
