"""Reports: what became of the messages of some time."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine

from otp_service.domain.facts import Fact
from otp_service.ledger.applications import Application
from otp_service.ledger.dashboards import counting
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.reports import By, Counts, Wanted, counted
from tests.ledger.telling import DAY, HOUR, NOW, SECOND, moved, queued, started, tried, turned


def code(
    number: int, app: str, *, provider: str = "a", country: str = "CH", end: str = "delivered", **more: Any
) -> list[Fact]:
    """All facts of a code that was accepted and came to some end; `approved` if it was typed in."""
    id, message, at_ms = f"ver_{number}", f"msg_{number}", more.get("at_ms", NOW)
    wait = queued(message, id, app, f"person-{number}", at_ms)
    wait.data["country"] = country
    attempt = tried(message, 1, provider, "accepted", at_ms + 300)
    attempt.data["cost_micros"] = 50_000
    facts = [
        started(id, app, f"person-{number}", at_ms, message=message, test=more.get("test", False)),
        wait,
        attempt,
        moved(message, "accepted", id, at_ms + 300, provider=provider),
        moved(message, end, id, at_ms + 3300, provider=provider, reason=more.get("reason")),
    ]
    return [*facts, turned(id, 2, "approved", at_ms + 9000)] if more.get("approved") else facts


def report(engine: Engine, by: By, *, now_ms: int = NOW + DAY, **more: Any) -> dict[str, list[Counts]]:
    """The parts of each group's figures."""
    with reading(engine) as connection:
        found = counted(connection, Wanted(by, more.pop("from_ms", NOW), NOW + DAY, now_ms, **more))
    return {key: [one for one in found if one.key == key] for key in {one.key for one in found}}


def figures(parts: Sequence[Counts], names: str) -> list[int]:
    """The figures of these names, added up."""
    return [sum(getattr(one, name) for one in parts) for name in names.split()]


def test_a_report_counts_what_became_of_messages(engine: Engine, app: Application) -> None:
    """Accepted, delivered, failed, typed in, and what it cost."""
    apply_facts(engine, [*code(1, app.id, approved=True), *code(2, app.id), *code(3, app.id, approved=True)])
    apply_facts(engine, code(4, app.id, provider="b", end="failed", reason="filtered"))
    found = report(engine, "provider")
    assert figures(found["a"], "messages accepted sent delivered judged converted cost_micros") == [
        3,
        3,
        3,
        3,
        3,
        2,
        150_000,
    ]
    assert figures(found["b"], "messages accepted delivered failed judged converted") == [1, 1, 0, 1, 1, 0]
    assert figures(found["a"], "delivered_judged delivered_converted") == [3, 2]
    assert {(one.accept_step, one.deliver_step) for one in found["a"]} == {(2, 5)}  # 0.3 s, and 3 s


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("country", {"CH", "DE"}),
        ("route", {"a/CH", "b/DE"}),
        ("error", {"filtered"}),
        ("prefix", {"41791"}),
        ("minute", {str(NOW), str(NOW + HOUR)}),
        ("hour", {str(NOW), str(NOW + HOUR)}),
        ("day", {str(NOW - NOW % DAY)}),
    ],
)
def test_a_report_has_the_groups_that_it_was_asked_for(
    engine: Engine, app: Application, by: By, keys: set[str]
) -> None:
    """By country, block, route, reason, or minute, hour or day of queueing."""
    apply_facts(engine, code(1, app.id))
    apply_facts(
        engine, code(2, app.id, provider="b", country="DE", end="undelivered", reason="filtered", at_ms=NOW + HOUR)
    )
    assert report(engine, by).keys() == keys


def test_a_wrong_code_counts_as_checked(engine: Engine, app: Application) -> None:
    """Whoever mistypes a code has got it: it is checked and not converted."""
    apply_facts(engine, [*code(1, app.id, approved=True), *code(2, app.id), turned("ver_2", 2, "guessed")])
    assert figures(report(engine, "day")[str(NOW - NOW % DAY)], "messages checked converted") == [2, 2, 1]


def test_reports_and_dashboards_draw_the_same_funnel(engine: Engine, app: Application) -> None:
    """A report and a panel of the console agree on what was asked for, sent, delivered, typed in and verified."""
    again = [queued("msg_again", "ver_1", app.id, "person-1", NOW + SECOND), turned("ver_1", 3, "approved", sends=2)]
    own = queued("msg_own", "", app.id, at_ms=NOW)
    told = Fact("o1", "outcome", NOW + 9, {"message": "msg_own", "outcome": "not_converted"})
    apply_facts(engine, [*code(1, app.id), *again, *code(2, app.id, approved=True), *code(3, app.id), own, told])
    found = report(engine, "country")
    with reading(engine) as connection:
        drawn = counting.counted(connection, counting.Span(NOW, NOW + DAY, DAY, NOW + DAY), ["country"])
    for country, parts in found.items():
        tally = drawn[country,]
        funnel = [tally.requested, tally.sent, tally.delivered, tally.checked, tally.approved, tally.judged]
        assert figures(parts, "messages accepted delivered checked converted judged") == funnel


def test_a_code_converts_for_the_message_that_came(engine: Engine, app: Application) -> None:
    """Of a code that was sent again by another provider and then typed in, the last message counts."""
    again = [queued("msg_again", "ver_1", app.id, "person-1", NOW + 60 * SECOND)]
    again += [moved("msg_again", "accepted", "ver_1", NOW + 61 * SECOND, provider="b")]
    approved = turned("ver_1", 3, "approved", NOW + 70 * SECOND, sends=2)
    apply_facts(engine, [*code(1, app.id), *again, turned("ver_1", 2, "resent", NOW + 60 * SECOND, sends=2), approved])
    found = report(engine, "provider")
    assert figures(found["a"], "judged converted") == [1, 0]
    assert figures(found["b"], "judged converted") == [1, 1]


def test_what_may_still_be_typed_in_is_not_judged(engine: Engine, app: Application) -> None:
    """Until its time is over nobody knows whether a code converts; then it didn't."""
    apply_facts(engine, code(1, app.id))
    assert figures(report(engine, "provider", now_ms=NOW + SECOND)["a"], "delivered judged") == [1, 0]
    assert figures(report(engine, "provider")["a"], "delivered judged converted") == [1, 1, 0]


def test_callers_who_check_codes_themselves_tell_what_converted(engine: Engine, app: Application) -> None:
    """A message of its own is judged once its outcome is told, and not before."""
    for number, outcome in enumerate(("converted", "not_converted", None)):
        id = f"msg_own{number}"
        apply_facts(engine, [queued(id, "", app.id, at_ms=NOW), moved(id, "accepted", provider="a")])
        if outcome:
            apply_facts(engine, [Fact(f"{id}:o", "outcome", NOW + 9, {"message": id, "outcome": outcome})])
    assert figures(report(engine, "provider")["a"], "messages checked judged converted") == [3, 2, 2, 1]


def test_a_report_is_of_some_messages_only(engine: Engine, app: Application) -> None:
    """Of a time, an application, a provider or a country; test keys' messages are apart."""
    apply_facts(engine, [*code(1, app.id), *code(2, app.id, provider="b", country="DE"), *code(3, app.id, test=True)])
    assert {key: figures(parts, "messages") for key, parts in report(engine, "provider").items()} == {
        "a": [1],
        "b": [1],
    }
    assert figures(report(engine, "provider", test=True)["a"], "messages") == [1]
    assert report(engine, "provider", provider="b").keys() == {"b"}
    assert report(engine, "provider", country="CH").keys() == {"a"}
    assert report(engine, "provider", application="app_other") == {}
    assert report(engine, "provider", from_ms=NOW + 1) == {}
