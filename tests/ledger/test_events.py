"""Events come from facts: each once, in the order of commits, whatever order the facts come in."""

import random
import threading

import pytest
from sqlalchemy import Engine

from otp_service.domain.events import TYPES, Event, event_id, matches, payload
from otp_service.domain.facts import Fact
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, locks, suspensions
from otp_service.ledger.applications import Application
from otp_service.ledger.engine import reading
from otp_service.ledger.events import Told, after, head, record
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.news import tell_expired
from otp_service.ledger.schema import events as events_table
from otp_service.ledger.schema import verifications
from tests.ledger.telling import (
    NOW,
    SECOND,
    changing,
    locked,
    moved,
    queued,
    row,
    rows,
    started,
    story,
    turned,
)


def told(engine: Engine, app: Application, *types: str) -> list[Told]:
    """The application's events, in order."""
    with reading(engine) as connection:
        return list(after(connection, app.id, 0, types, 100_000))


def types(engine: Engine, app: Application) -> list[str]:
    """The types of the application's events, in order."""
    return [event.type for event in told(engine, app)]


def test_a_story_is_told(engine: Engine, app: Application) -> None:
    """A verification that was sent, delivered and approved is told in four events."""
    apply_facts(engine, story(1, app.id))
    assert types(engine, app) == [
        "verification.started",
        "verification.approved",
        "message.accepted",
        "message.delivered",
    ]


def test_an_event_says_what_happened_and_to_whom_it_matters(engine: Engine, app: Application) -> None:
    """An event has ids, status, reason, provider, purpose, country and metadata; it has no number and no index."""
    apply_facts(engine, story(1, app.id))
    approved, delivered = told(engine, app)[1], told(engine, app)[3]
    assert approved.data == {
        "id": "ver_1",
        "status": "approved",
        "reason": None,
        "purpose": "login",
        "channel": "sms",
        "country": "CH",
        "metadata": {"order": "42"},
        "test": False,
    }
    assert approved.at == NOW + 9000
    assert delivered.data == {
        "id": "msg_1",
        "verification": "ver_1",
        "status": "delivered",
        "reason": None,
        "provider": "simulator",
        "purpose": "login",
        "class": "code",
        "reference": None,
        "channel": "sms",
        "country": "CH",
        "segments": 1,
        "metadata": {},
        "test": False,
    }
    assert "person-1" not in str([event.data for event in told(engine, app)])


def test_repeats_are_told_once(engine: Engine, app: Application) -> None:
    """Facts that come again, at once or one by one, tell nothing new, under ids that stay the same."""
    facts = [*story(1, app.id), locked("ver_1:9", app.id, "subject")]
    apply_facts(engine, [*facts, *facts])
    once = told(engine, app)
    for fact in facts:
        apply_facts(engine, [fact])
    assert told(engine, app) == once
    assert len({event.id for event in once}) == len(once) == 5


@pytest.mark.parametrize("seed", range(12))
def test_every_order_tells_the_same(engine: Engine, app: Application, seed: int) -> None:
    """Facts in any order, one by one, tell of every end; news without an application waits for the fact that has it."""
    facts = story(1, app.id)
    random.Random(seed).shuffle(facts)
    for fact in facts:
        apply_facts(engine, [fact])
    found = types(engine, app)
    assert len(found) == len(set(found))
    assert {"verification.started", "verification.approved", "message.delivered"} <= set(found)
    assert found.index("verification.started") < found.index("verification.approved")
    if "message.accepted" in found:
        assert found.index("message.accepted") < found.index("message.delivered")


def test_a_status_that_comes_too_late_is_not_told(engine: Engine, app: Application) -> None:
    """After a message was told as delivered, nobody is told that it failed or was accepted."""
    apply_facts(engine, [started("ver_1", app.id), queued("msg_1", "ver_1", app.id), moved("msg_1", "delivered")])
    apply_facts(engine, [moved("msg_1", "accepted"), moved("msg_1", "failed", reason="filtered")])
    assert types(engine, app) == ["verification.started", "message.delivered"]


def test_a_failure_says_why(engine: Engine, app: Application) -> None:
    """A message that failed tells its reason and its provider; one that nobody sent in time has failed too."""
    apply_facts(engine, [queued("msg_1", "", app.id), queued("msg_2", "", app.id)])
    apply_facts(engine, [moved("msg_1", "undelivered", reason="filtered", provider="twilio")])
    apply_facts(engine, [moved("msg_2", "expired", reason="expired")])
    first, second = told(engine, app)
    assert (first.type, first.data["reason"], first.data["provider"]) == ("message.undelivered", "filtered", "twilio")
    assert (second.type, second.data["status"], second.data["reason"]) == ("message.failed", "expired", "expired")


def test_what_changes_no_status_is_not_told(engine: Engine, app: Application) -> None:
    """A wrong guess, a resend and a message that is being sent are no events."""
    apply_facts(engine, [started("ver_1", app.id), queued("msg_1", "ver_1", app.id)])
    apply_facts(engine, [turned("ver_1", 2, "guessed"), turned("ver_1", 3, "resent"), moved("msg_1", "sending")])
    assert types(engine, app) == ["verification.started"]


def test_a_hard_lock_is_told_once(engine: Engine, app: Application) -> None:
    """A number that is disabled is told of, without saying which."""
    apply_facts(engine, [locked("ver_1:9", app.id, "subject")])
    apply_facts(engine, [locked("ver_1:9", app.id, "subject")])
    (event,) = told(engine, app)
    assert (event.type, event.data) == (
        "destination.locked",
        {"failures": 100, "country": "CH", "disabled": True},
    )


def test_half_way_to_the_lock_is_told_once(engine: Engine, app: Application) -> None:
    """A number with fifty wrong codes in a row is told of, is not disabled yet, and is locked by nothing."""
    lock = locked("ver_1:failures50", app.id, "subject")
    fact = Fact(lock.id, "failures", lock.at_ms, lock.data | {"failures": 50})
    apply_facts(engine, [fact])
    apply_facts(engine, [fact])
    (event,) = told(engine, app)
    assert (event.type, event.data["failures"], event.data["disabled"]) == ("destination.locked", 50, False)
    with reading(engine) as connection:
        assert locks.in_force(connection) == []


def test_a_code_that_nobody_answers_is_told_as_expired(engine: Engine, app: Application) -> None:
    """A pending verification is told as expired once its time is over, once, and then reads so."""
    apply_facts(engine, [started("ver_1", app.id), started("ver_2", app.id), turned("ver_2", 2, "approved")])
    assert tell_expired(engine, NOW + 599 * SECOND) == 0
    assert tell_expired(engine, NOW + 600 * SECOND) == 1
    assert tell_expired(engine, NOW + 600 * SECOND) == 0
    (event,) = told(engine, app, "verification.expired")
    assert (event.data["id"], event.data["reason"], event.at) == ("ver_1", "expired", NOW + 600 * SECOND)
    assert row(engine, verifications, "ver_1")["status"] == "expired"


def test_an_approval_that_came_late_still_counts(engine: Engine, app: Application) -> None:
    """A fact that comes after its verification was told as expired moves the row on, and a repeat tells nothing."""
    apply_facts(engine, [started("ver_1", app.id)])
    tell_expired(engine, NOW + 700 * SECOND)
    apply_facts(engine, [started("ver_1", app.id), turned("ver_1", 2, "approved")])
    assert row(engine, verifications, "ver_1")["status"] == "approved"
    assert tell_expired(engine, NOW + 700 * SECOND) == 0
    assert types(engine, app) == ["verification.started", "verification.expired", "verification.approved"]


def test_an_application_may_keep_no_events(engine: Engine, app: Application) -> None:
    """With retain_events_s 0 nothing is told, while what happened is kept as ever."""
    with changing(engine) as opened:
        applications.set_policy(opened, app.id, Policy(retain_events_s=0))
    apply_facts(engine, story(1, app.id))
    assert told(engine, app) == []
    assert row(engine, verifications, "ver_1")["status"] == "approved"


def test_a_malformed_fact_tells_nothing(engine: Engine, app: Application) -> None:
    """Where a fact of a batch can't be kept, the whole batch tells nothing."""
    with pytest.raises(KeyError):
        apply_facts(engine, [*story(1, app.id), Fact("x", "message", NOW, {"id": "msg_9"})])
    assert told(engine, app) == []


def test_a_reader_misses_none_of_concurrent_drains(engine: Engine, app: Application) -> None:
    """Who always reads on from the last number sees every event of eight drains at once, in order, though they race."""
    writers = 8
    seen: list[int] = []
    over = threading.Event()

    def drain(number: int) -> None:
        for turn in range(12):
            apply_facts(engine, story(number * 1000 + turn, app.id))

    def read() -> None:
        while True:
            was_over = over.is_set()
            with reading(engine) as connection:
                seen.extend(event.seq for event in after(connection, app.id, seen[-1] if seen else 0, (), 7))
                if was_over and len(seen) == writers * 12 * 4:
                    return

    drains = [threading.Thread(target=drain, args=(number,)) for number in range(writers)]
    reader = threading.Thread(target=read, daemon=True)
    for thread in (reader, *drains):
        thread.start()
    for thread in drains:
        thread.join()
    over.set()
    reader.join(60)
    assert seen == sorted(seen)
    assert seen == [event.seq for event in told(engine, app)]
    assert len(seen) == writers * 12 * 4


def test_the_same_fact_in_concurrent_drains_is_told_once(engine: Engine, app: Application) -> None:
    """Four drains that bring the same facts at once tell each of them once."""
    drains = [threading.Thread(target=apply_facts, args=(engine, story(1, app.id))) for _ in range(4)]
    for thread in drains:
        thread.start()
    for thread in drains:
        thread.join()
    assert len(told(engine, app)) == 4


def test_a_stranger_reads_nothing(engine: Engine, app: Application) -> None:
    """An application reads its own events only, and the operator's are nobody's."""
    apply_facts(engine, story(1, app.id))
    with engine.begin() as connection:
        record(connection, [Event("sender.suspended", "ssp_1", "", NOW, {"provider": "twilio"})])
    with reading(engine) as connection:
        assert after(connection, "app_other", 0) == []
        assert head(connection) == 5
    assert "sender.suspended" not in types(engine, app)


def test_a_reader_may_ask_for_some_types(engine: Engine, app: Application) -> None:
    """Types and families of types choose what is read."""
    apply_facts(engine, story(1, app.id))
    assert [event.type for event in told(engine, app, "message.*")] == ["message.accepted", "message.delivered"]
    assert len(told(engine, app, "message.*", "verification.approved")) == 3


def test_types_match_by_name_or_family() -> None:
    """Who wants no type in particular wants all; a family wants what begins with its name and a dot."""
    assert all(matches((), type) for type in TYPES)
    assert matches(("message.*",), "message.failed")
    assert not matches(("message.*", "verification.started"), "verification.approved")


def test_an_id_is_that_of_its_news() -> None:
    """The same news has the same id, other news another."""
    assert event_id("message.failed", "msg_1") == event_id("message.failed", "msg_1")
    assert len({event_id("message.failed", "msg_1"), event_id("message.accepted", "msg_1")}) == 2
    assert len(event_id("message.failed", "msg_1")) == len("evt_") + 22


def test_a_payload_is_small() -> None:
    """A payload says type, timestamp and data; metadata that would make it larger than 20 kB is left out."""
    assert payload("a.b", 0, {"id": "x"}) == b'{"type":"a.b","timestamp":"1970-01-01T00:00:00.000Z","data":{"id":"x"}}'
    large = {"id": "x", "metadata": {str(place): "\N{GRINNING FACE}" * 200 for place in range(40)}}
    assert payload("a.b", 0, large).endswith(b'"data":{"id":"x","metadata":null}}')


def test_a_sender_that_is_taken_out_is_told_to_the_operator(engine: Engine, app: Application) -> None:
    """A suspension is an event of no application, once for each time."""
    with changing(engine) as opened:
        for _ in range(2):
            suspensions.suspend(opened, "twilio", "Shop", "US", "unregistered_sender", "30034", sent_ms=NOW)
    (event,) = rows(engine, events_table)
    assert (event["type"], event["application_id"]) == ("sender.suspended", "")
    assert event["data"] == {"provider": "twilio", "sender": "Shop", "country": "US", "reason": "unregistered_sender"}
    assert told(engine, app) == []
