"""Facts are kept once each, whatever order and however often they come."""

import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Engine, delete, event, func, select

from otp_service.domain.facts import Fact
from otp_service.ledger import locks, meta
from otp_service.ledger.applications import Application
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import attempts, hard_locks, messages, people, verification_history, verifications
from tests.ledger.telling import (
    NOW,
    SECOND,
    changing,
    contents,
    locked,
    moved,
    numbered,
    queued,
    row,
    rows,
    started,
    story,
    turned,
)

TABLES = (people, verifications, verification_history, messages, attempts, hard_locks)


def _version(engine: Engine) -> int:
    with reading(engine) as connection:
        return meta.version(connection)


def test_a_story_is_kept_whole(engine: Engine, app: Application) -> None:
    """The facts of one verification give its row, its history, its message, its attempts and its person."""
    ids = numbered("per")
    apply_facts(engine, story(1, app.id), lambda: next(ids))
    found = row(engine, verifications, "ver_1")
    (person,) = rows(engine, people)
    assert person["number_index"] == "index-person-1"
    assert person["to_sealed"] == "k1.sealed-person-1"
    assert found == {
        "id": "ver_1",
        "n": 3,
        "application_id": app.id,
        "person_id": person["person_id"],
        "number_kept": True,
        "test": False,
        "purpose": "login",
        "channel": "sms",
        "locale": "de-CH",
        "status": "approved",
        "reason": None,
        "sends": 1,
        "used": 2,
        "max_attempts": 5,
        "metadata": {"order": "42"},
        **dict.fromkeys(("ip_index", "network_index", "device_index", "user_index")),
        "created_at": NOW,
        "expires_at": NOW + 600 * SECOND,
        "ended_at": NOW + 9000,
    }
    message = row(engine, messages, "msg_1")
    assert (message["status"], message["n"]) == ("delivered", 6)
    assert (message["provider"], message["provider_message_id"]) == ("simulator", "SM1")
    assert [message[f"{time}_at"] for time in ("queued", "accepted", "sent", "ended")] == [
        NOW,
        NOW + 100,
        None,
        NOW + 3000,
    ]
    assert [(line["event"], line["at"]) for line in rows(engine, verification_history)] == [
        ("started", NOW),
        ("guessed", NOW + 5000),
        ("approved", NOW + 9000),
    ]
    assert [(attempt["provider"], attempt["verdict"]) for attempt in rows(engine, attempts)] == [
        ("simulator", "accepted")
    ]


def test_history_names_nobody(engine: Engine, app: Application) -> None:
    """A line of history holds neither the number's index nor its seal."""
    apply_facts(engine, [started("ver_1", app.id)])
    (line,) = rows(engine, verification_history)
    assert line["data"] == {"status": "pending", "sends": 1, "used": 0, "message": "msg_ver_1"}


def test_repeats_change_nothing(engine: Engine, app: Application) -> None:
    """Facts that come again, one by one or all at once, leave every row as it was."""
    facts = [*story(1, app.id), locked("ver_1:9", app.id, "subject", "person-1")]
    apply_facts(engine, facts)
    once = contents(engine, *TABLES)
    apply_facts(engine, [*facts, *facts])
    for fact in facts:
        apply_facts(engine, [fact])
    assert contents(engine, *TABLES) == once


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(seed=some.integers(0, 2**32), cut=some.integers(0, 7))
def test_any_order_gives_the_same_rows(engine: Engine, app: Application, seed: int, cut: int) -> None:
    """Facts in any order and in any two batches, some of them twice, give the rows that the right order gives."""
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(delete(table))
    right = story(1, app.id)
    shuffled = random.Random(seed).sample(right, len(right))
    apply_facts(engine, shuffled[:cut], lambda: "per_1")
    apply_facts(engine, [*shuffled[cut:], *shuffled[:2]], lambda: "per_2")
    got = contents(engine, verifications, verification_history, messages, attempts)
    (person,) = rows(engine, people)
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(delete(table))
    apply_facts(engine, right, lambda: str(person["person_id"]))
    assert got == contents(engine, verifications, verification_history, messages, attempts)


def test_an_end_may_come_before_the_beginning(engine: Engine, app: Application) -> None:
    """An approval that comes first is kept, and the start fills in the rest without undoing it."""
    apply_facts(engine, [turned("ver_1", 3, "approved", NOW + 9000)])
    assert row(engine, verifications, "ver_1")["status"] == "approved"
    apply_facts(engine, [started("ver_1", app.id)])
    found = row(engine, verifications, "ver_1")
    assert (found["status"], found["application_id"], found["n"]) == ("approved", app.id, 3)
    assert (found["created_at"], found["ended_at"]) == (NOW, NOW + 9000)


def test_a_message_only_moves_up(engine: Engine) -> None:
    """A delivery stays, though another provider's failure comes later; a failure gives way to a delivery."""
    apply_facts(engine, [moved("msg_1", "delivered", at_ms=NOW + 5)])
    apply_facts(engine, [moved("msg_1", "failed", at_ms=NOW + 9, reason="timeout")])
    apply_facts(engine, [moved("msg_2", "failed", at_ms=NOW + 5, reason="timeout")])
    apply_facts(engine, [moved("msg_2", "delivered", at_ms=NOW + 9)])
    found = [(message["status"], message["reason"], message["ended_at"]) for message in rows(engine, messages)]
    assert found == [("delivered", None, NOW + 5), ("delivered", None, NOW + 9)]


def test_one_number_is_one_person(engine: Engine, app: Application) -> None:
    """However many verifications, messages and locks name a number, it is one person, under the first id."""
    ids = numbered("per")
    apply_facts(engine, [started("ver_1", app.id), queued("msg_1", "ver_1", app.id)], lambda: next(ids))
    (first,) = rows(engine, people)
    more = [started("ver_2", app.id), started("ver_3", app.id, "ben"), locked("ver_2:9", app.id, "s")]
    apply_facts(engine, more, lambda: next(ids))
    owners = [row(engine, verifications, id)["person_id"] for id in ("ver_1", "ver_2", "ver_3")]
    assert owners[0] == owners[1] == first["person_id"] != owners[2]
    assert row(engine, messages, "msg_1")["person_id"] == first["person_id"]
    assert row(engine, hard_locks, "ver_2:9")["person_id"] == first["person_id"]
    assert len(rows(engine, people)) == 2


def test_a_lock_makes_a_new_version(engine: Engine, app: Application) -> None:
    """A hard lock is a truth: it makes a new version, once."""
    version = _version(engine)
    apply_facts(engine, [locked("ver_1:9", app.id, "subject")])
    assert _version(engine) == version + 1
    apply_facts(engine, [locked("ver_1:9", app.id, "subject"), started("ver_1", app.id)])
    assert _version(engine) == version + 1


def test_a_lifted_lock_stays_lifted(engine: Engine, app: Application) -> None:
    """The fact of a lock that an admin has lifted locks nothing when it comes again; a new one does."""
    lock = locked("ver_1:9", app.id, "subject")
    apply_facts(engine, [lock])
    with changing(engine) as change:
        assert locks.lift(change, app.id, "subject")
    apply_facts(engine, [lock])
    assert _locked(engine) == []
    apply_facts(engine, [locked("ver_2:9", app.id, "subject")])
    assert _locked(engine) == ["subject"]


@pytest.mark.parametrize(
    "bad",
    [
        Fact("x:1", "verification", NOW, {"id": "ver_x"}),
        Fact("x:1", "message", NOW, {"id": "msg_x", "n": 1}),
        Fact("x:1", "attempt", NOW, {}),
        Fact("x:1", "lock", NOW, {"subject": "s"}),
        Fact("x:1", "song", NOW, {}),  # type: ignore[arg-type]
    ],
)
def test_a_malformed_fact_stops_its_batch(engine: Engine, app: Application, bad: Fact) -> None:
    """A fact that lacks what its type needs is refused before anything of its batch is written."""
    with pytest.raises((KeyError, ValueError)):
        apply_facts(engine, [*story(1, app.id), bad])
    assert all(found == [] for found in contents(engine, *TABLES).values())


def test_no_facts_are_no_work(engine: Engine) -> None:
    """An empty batch is fine."""
    apply_facts(engine, [])
    assert rows(engine, verifications) == []


def test_couriers_write_at_once(engine: Engine, app: Application) -> None:
    """Couriers who bring the same people and verifications in different orders neither fail nor write them twice."""
    facts = [fact for number in range(40) for fact in story(number, app.id)]
    errors: list[Exception] = []

    def bring(seed: int) -> None:
        try:
            mine = random.Random(seed).sample(facts, len(facts))
            for start in range(0, len(mine), 70):
                apply_facts(engine, mine[start : start + 70])
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)

    threads = [threading.Thread(target=bring, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(rows(engine, people)) == 40
    assert {found["status"] for found in rows(engine, verifications)} == {"approved"}


def test_a_long_batch_asks_no_more_often(engine: Engine, app: Application) -> None:
    """A batch of 500 facts asks the database as often as one of seven."""
    asked: list[int] = []

    def costs(facts: list[Fact]) -> int:
        asked.clear()
        apply_facts(engine, facts)
        return len(asked)

    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(1))
    few = costs(story(999, app.id))
    assert costs([fact for number in range(72) for fact in story(number, app.id)][:500]) == few
    with reading(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(verifications)) == 73


def _locked(engine: Engine) -> list[str]:
    return [found["subject"] for found in rows(engine, hard_locks) if found["lifted_at"] is None]
