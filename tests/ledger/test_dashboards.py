"""Dashboards: messages counted by slot, application, provider, country and block, and the news among the events."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from otp_service.domain.events import Event
from otp_service.domain.facts import Fact
from otp_service.ledger.applications import Application
from otp_service.ledger.dashboards import counting, news
from otp_service.ledger.dashboards.counting import Dimension, Span, Tally
from otp_service.ledger.engine import reading
from otp_service.ledger.events import record
from otp_service.ledger.facts import apply_facts
from tests.ledger.telling import DAY, HOUR, NOW, SECOND, moved, queued, started, story, tried, turned


def span(from_ms: int = NOW - HOUR, to_ms: int = NOW + HOUR, slot_ms: int = HOUR, **more: str) -> Span:
    return Span(from_ms, to_ms, slot_ms, NOW + HOUR, **more)


def count(engine: Engine, by: Sequence[Dimension] = (), wanted: Span | None = None) -> dict[counting.Key, Tally]:
    with reading(engine) as connection:
        return counting.counted(connection, wanted or span(), by)


def test_a_code_that_was_typed_in_goes_through_the_whole_funnel(engine: Engine, app: Application) -> None:
    """A code that was sent, delivered and typed in counts at every step, and its attempts as its cost."""
    attempt = Fact("msg_1:try1", "attempt", NOW, {**tried("msg_1", 1, "a", "accepted").data, "cost_micros": 70_000})
    apply_facts(engine, [*story(1, app.id), attempt])
    (found,) = count(engine).values()
    assert (found.requested, found.sent, found.delivered, found.checked, found.approved) == (1, 1, 1, 1, 1)
    assert (found.judged, found.conversion, found.failed) == (1, 1.0, 0)


def test_a_code_counts_as_lost_only_when_its_time_is_over(engine: Engine, app: Application) -> None:
    """While a code may still be typed in nothing is known of its conversion; then it is known to be lost."""
    apply_facts(
        engine, [started("ver_1", app.id), queued("msg_1", "ver_1", app.id), moved("msg_1", "accepted", "ver_1")]
    )
    young = Span(NOW - HOUR, NOW + HOUR, HOUR, NOW + SECOND)
    assert count(engine, wanted=young)[()].judged == 0
    assert count(engine)[()].judged == 1
    assert count(engine)[()].conversion == 0


def test_a_wrong_guess_is_checked_and_not_approved(engine: Engine, app: Application) -> None:
    """A code with a wrong guess counts as checked, for its person has read it."""
    facts = [started("ver_1", app.id), queued("msg_1", "ver_1", app.id), turned("ver_1", 2, "guessed")]
    apply_facts(engine, facts)
    assert (count(engine)[()].checked, count(engine)[()].approved) == (1, 0)


def test_of_a_code_that_was_sent_again_the_last_message_is_the_one_typed_in(engine: Engine, app: Application) -> None:
    """A code that was resent is requested twice and approved once."""
    again = started("ver_1", app.id, n=2, event="resent", sends=2)
    facts = [
        started("ver_1", app.id),
        queued("msg_1", "ver_1", app.id),
        Fact("ver_1:2", "verification", NOW + 30 * SECOND, again.data),
        queued("msg_2", "ver_1", app.id, at_ms=NOW + 30 * SECOND),
        turned("ver_1", 3, "approved", NOW + 60 * SECOND, sends=2),
    ]
    apply_facts(engine, facts)
    assert (count(engine)[()].requested, count(engine)[()].approved) == (2, 1)


def test_a_message_of_its_own_converts_as_its_caller_tells(engine: Engine, app: Application) -> None:
    """What a caller checks by itself counts as checked once it has told, and as approved if it was converted."""
    own = [queued(f"msg_{n}", "", app.id) for n in (1, 2, 3)]
    told = [Fact("o1", "outcome", NOW, {"message": "msg_1", "outcome": "converted"})]
    told += [Fact("o2", "outcome", NOW, {"message": "msg_2", "outcome": "not_converted"})]
    apply_facts(engine, [*own, *told])
    found = count(engine)[()]
    assert (found.requested, found.checked, found.judged, found.approved) == (3, 2, 2, 1)


def test_test_keys_codes_are_left_out(engine: Engine, app: Application) -> None:
    """What test keys send is no traffic."""
    apply_facts(engine, [started("ver_1", app.id, test=True), queued("msg_1", "ver_1", app.id)])
    assert count(engine) == {}


def test_groups_are_slots_applications_providers_countries_and_blocks(engine: Engine, app: Application) -> None:
    """Each group is named by its values, a slot by when it begins, counted from where the time begins."""
    apply_facts(engine, [*story(1, app.id), *story(2, app.id, NOW + HOUR - 1)])
    by: list[Dimension] = ["slot", "application", "provider", "country", "block"]
    found = count(engine, by, span(NOW - 1, NOW + HOUR))
    assert [key[:3] for key in sorted(found)] == [
        (NOW - 1, app.id, "simulator"),
        (NOW + HOUR - 1, app.id, "simulator"),
    ]
    assert {key[4] for key in found} == {"41791"}


@pytest.mark.parametrize(
    ("more", "messages"),
    [({}, 1), ({"provider": "simulator"}, 1), ({"provider": "other"}, 0), ({"country": "XX"}, 0)],
)
def test_a_dashboard_is_narrowed_to_what_it_is_about(
    engine: Engine, app: Application, more: dict[str, str], messages: int
) -> None:
    """Only the messages of the time, the provider and the country that are asked for are counted."""
    apply_facts(engine, story(1, app.id))
    assert sum(found.requested for found in count(engine, wanted=span(**more)).values()) == messages
    assert count(engine, wanted=span(NOW - DAY, NOW, **more)) == {}


def test_an_untouched_ledger_says_so(engine: Engine, app: Application) -> None:
    """The ledger is empty until the first message."""
    with reading(engine) as connection:
        assert counting.is_empty(connection)
    apply_facts(engine, story(1, app.id))
    with reading(engine) as connection:
        assert not counting.is_empty(connection)


def test_the_news_come_newest_first(engine: Engine, app: Application) -> None:
    """The last events of everybody are read newest first, or those that follow a number, or one application's."""
    tell(engine, *(Event("message.accepted", f"msg_{n}", app.id if n else "", NOW, {}) for n in range(3)))
    with reading(engine) as connection:
        found = news.latest(connection, 10)
        assert [each.application_id for each in found] == [app.id, app.id, ""]
        assert [each.seq for each in news.latest(connection, 10, found[1].seq)] == [found[0].seq]
        assert len(news.latest(connection, 10, application=app.id)) == 2


def test_alarms_are_read_on_from_where_they_were_left(engine: Engine, app: Application) -> None:
    """Alarms are found among the events, and the next look begins behind the last one."""
    tell(engine, Event("destination.locked", "a", app.id, NOW, {}), Event("message.accepted", "b", app.id, NOW, {}))
    with reading(engine) as connection:
        first, place = news.alarms(connection, None, 10)
    tell(engine, Event("sender.suspended", "c", "", NOW, {}))
    with reading(engine) as connection:
        second, _ = news.alarms(connection, place, 10)
    assert [each.type for each in first] == ["destination.locked"]
    assert [each.type for each in second] == ["sender.suspended"]


def tell(engine: Engine, *told: Event) -> None:
    with engine.begin() as connection:
        record(connection, told)
