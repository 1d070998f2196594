"""What policies no longer keep is forgotten: the number first, the history later."""

import threading

import pytest
from sqlalchemy import Engine, update

from otp_service.domain.policy import Policy
from otp_service.ledger import applications, blocks, locks, meta, retention
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import Target
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.retention import Retained, retain
from otp_service.ledger.schema import (
    METADATA,
    attempts,
    hard_locks,
    messages,
    people,
    verification_history,
    verifications,
)
from otp_service.ledger.snapshot import load_snapshot
from tests.ledger.telling import (
    DAY,
    HOUR,
    NOW,
    SECOND,
    changing,
    contents,
    locked,
    moved,
    queued,
    row,
    rows,
    started,
    story,
    turned,
)

NUMBER = DAY + 10 * SECOND  # after this the default policy keeps no number of a story
HISTORY = 30 * DAY + 10 * SECOND
EXPIRY = 600 * SECOND


def _app(engine: Engine, name: str, **policy: int) -> str:
    with changing(engine) as change:
        return applications.create(change, name, Policy(**policy)).id


def _dump(engine: Engine) -> str:
    return repr(contents(engine, *METADATA.sorted_tables))


def test_a_number_is_kept_until_its_time(engine: Engine, app: Application) -> None:
    """Until retain_number_s after its end a verification keeps its number."""
    apply_facts(engine, story(1, app.id))
    assert retain(engine, NOW + DAY) == Retained(numbers=0, verifications=0, messages=0, hard_locks=0)
    assert "sealed-person-1" in _dump(engine)


def test_a_number_is_forgotten_in_time(engine: Engine, app: Application) -> None:
    """After retain_number_s neither the number's seal nor its index is anywhere; the person's id and history stay."""
    apply_facts(engine, story(1, app.id), lambda: "per_1")
    assert retain(engine, NOW + NUMBER).numbers == 1
    assert "person-1" not in _dump(engine)
    assert row(engine, verifications, "ver_1")["person_id"] == "per_1"
    assert row(engine, people, "per_1")["country"] == "CH"
    assert len(rows(engine, verification_history)) == 3


def test_a_code_that_expired_ends_then(engine: Engine, app: Application) -> None:
    """A verification that nobody ended counts from its expiry."""
    apply_facts(engine, [started("ver_1", app.id)])
    assert retain(engine, NOW + EXPIRY + DAY - 1).numbers == 0
    assert retain(engine, NOW + EXPIRY + DAY).numbers == 1


def test_a_person_is_kept_while_anything_needs_it(engine: Engine, app: Application) -> None:
    """A person whose newer verification is still kept keeps the number; the old verification no longer leads to it."""
    apply_facts(engine, story(1, app.id), lambda: "per_1")
    apply_facts(engine, [started("ver_2", app.id, "person-1", NOW + DAY)])
    assert retain(engine, NOW + NUMBER).numbers == 0
    assert row(engine, people, "per_1")["to_sealed"] == "k1.sealed-person-1"
    assert [found["number_kept"] for found in rows(engine, verifications)] == [False, True]


def test_each_application_has_its_own_time(engine: Engine) -> None:
    """Of two applications that know a person each forgets the number in its own time."""
    short, long = _app(engine, "short", retain_number_s=0), _app(engine, "long", retain_number_s=7 * 86_400)
    apply_facts(engine, [*story(1, short), *story(2, long)])
    apply_facts(engine, [started("ver_3", long, "person-1"), turned("ver_3", 2, "canceled")])
    retain(engine, NOW + DAY)
    kept = {found["id"]: found["number_kept"] for found in rows(engine, verifications)}
    assert kept == {"ver_1": False, "ver_2": True, "ver_3": True}
    assert "sealed-person-1" in _dump(engine)
    retain(engine, NOW + 7 * DAY + HOUR)
    assert "k1.sealed" not in _dump(engine)


def test_history_is_deleted_in_time(engine: Engine, app: Application) -> None:
    """After retain_history_s verification, history, message, attempts and person are gone."""
    apply_facts(engine, [*story(1, app.id), *story(2, app.id, NOW + DAY)])
    retain(engine, NOW + NUMBER + DAY)
    done = retain(engine, NOW + HISTORY)
    assert (done.verifications, done.messages) == (1, 1)
    assert [found["id"] for found in rows(engine, verifications)] == ["ver_2"]
    assert {found["verification_id"] for found in rows(engine, verification_history)} == {"ver_2"}
    assert [found["id"] for found in rows(engine, messages)] == ["msg_2"]
    assert [found["message_id"] for found in rows(engine, attempts)] == ["msg_2"]
    assert len(rows(engine, people)) == 1


def test_history_goes_even_where_the_number_would_stay(engine: Engine) -> None:
    """A number that may be kept longer than the history goes with the history, as nothing leads to it any more."""
    app = _app(engine, "shop", retain_number_s=90 * 86_400, retain_history_s=86_400)
    apply_facts(engine, story(1, app))
    retain(engine, NOW + NUMBER)
    assert [rows(engine, table) for table in (people, verifications, messages)] == [[], [], []]


def test_a_number_that_comes_back_is_forgotten_again(engine: Engine) -> None:
    """A repeated fact that brings a forgotten number back keeps it only until the next run."""
    app = _app(engine, "shop", retain_number_s=0)
    apply_facts(engine, story(1, app))
    retain(engine, NOW + HOUR)
    apply_facts(engine, story(1, app))
    assert "sealed-person-1" in _dump(engine)
    retain(engine, NOW + HOUR)
    assert "person-1" not in _dump(engine)
    assert row(engine, verifications, "ver_1")["number_kept"] is False


def test_locks_and_blocks_outlive_the_person(engine: Engine, app: Application) -> None:
    """A hard lock and a block still hold after the number and the history were forgotten."""
    apply_facts(engine, [*story(1, app.id), locked("ver_1:9", app.id, "subject", "person-1")])
    with changing(engine) as change:
        blocks.add(change, "number", "index-person-1", "fraud", to_sealed="k1.sealed")
    retain(engine, NOW + 400 * DAY)
    snapshot = load_snapshot(engine)
    assert snapshot.hard_locks == {(app.id, "subject")}
    target = Target(app.id, "index-person-1", "+41791234567", "CH")
    assert snapshot.blocked.hits(target, NOW + 400 * DAY)
    assert rows(engine, people) == []


def test_lifted_locks_are_history(engine: Engine, app: Application) -> None:
    """A lock that was lifted is deleted retain_history_s later."""
    apply_facts(engine, [locked("ver_1:9", app.id, "subject")])
    with changing(engine) as change:
        locks.lift(change, app.id, "subject")
    assert retain(engine, NOW + 30 * DAY - 1).hard_locks == 0
    assert retain(engine, NOW + 30 * DAY).hard_locks == 1
    assert rows(engine, hard_locks) == []


@pytest.mark.parametrize("application", [None, "app_gone"])
def test_rows_of_nobody_follow_the_default(engine: Engine, application: str | None) -> None:
    """Facts of an application that is unknown, or never came, are deleted after the default time."""
    apply_facts(engine, [turned("ver_1", 3, "approved"), moved("msg_1", "sending")])
    if application:
        apply_facts(engine, [started("ver_1", application), queued("msg_1", "ver_1", application)])
    assert retain(engine, NOW + 29 * DAY).verifications == 0
    done = retain(engine, NOW + 31 * DAY)
    assert (done.verifications, done.messages) == (1, 1)


def test_a_policy_that_cannot_be_read_deletes_nothing(engine: Engine, app: Application) -> None:
    """An application whose policy can't be read keeps what it has, and the others' is forgotten in time."""
    other = _app(engine, "other")
    apply_facts(engine, [*story(1, app.id), *story(2, other)])
    with engine.begin() as connection:
        broken = update(applications.applications).where(applications.applications.c.id == app.id)
        connection.execute(broken.values(policy={"ttl_s": "soon"}))
        meta.bump_version(connection)
    retain(engine, NOW + HISTORY)
    assert [found["id"] for found in rows(engine, verifications)] == ["ver_1"]
    assert [found["number_index"] for found in rows(engine, people)] == ["index-person-1"]


def test_a_scheduled_message_keeps_its_number(engine: Engine, app: Application) -> None:
    """A message that is still to be sent is kept until its deadline, and from then on as any other."""
    waiting = queued("msg_1", "", app.id)
    waiting.data.update({"status": "scheduled", "send_at_ms": NOW + 29 * DAY, "deadline_ms": NOW + 30 * DAY})
    apply_facts(engine, [waiting])
    retain(engine, NOW + 31 * DAY - 1)
    assert "sealed-ana" in _dump(engine)
    retain(engine, NOW + 31 * DAY)
    assert "sealed-ana" not in _dump(engine)


def test_much_is_forgotten_in_batches(engine: Engine, app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than one batch holds are forgotten in one run."""
    monkeypatch.setattr(retention, "BATCH", 3)
    apply_facts(engine, [fact for number in range(10) for fact in story(number, app.id)])
    apply_facts(engine, [started("ver_new", app.id, "person-4", NOW + 2 * DAY)])
    assert retain(engine, NOW + 2 * DAY).numbers == 9
    done = retain(engine, NOW + 2 * DAY + EXPIRY + HISTORY)
    assert (done.verifications, done.messages, done.numbers) == (11, 10, 1)
    assert rows(engine, people) == []


def test_couriers_go_on_meanwhile(engine: Engine) -> None:
    """While facts come in, retention never takes a number that a kept verification leads to, and nobody fails."""
    app = _app(engine, "shop", retain_number_s=0)
    errors: list[Exception] = []

    def guarded(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)

    def bring() -> None:
        for number in range(60):
            ended = story(number % 7, app)
            live = started(f"ver_live{number}", app, f"person-{number % 7}", NOW + HOUR)
            apply_facts(engine, [*ended, live])

    def forget() -> None:
        for _ in range(40):
            retain(engine, NOW + HOUR)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in (bring, forget, forget)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    sealed = {found["person_id"] for found in rows(engine, people) if found["to_sealed"]}
    kept = {found["person_id"] for found in rows(engine, verifications) if found["number_kept"]}
    assert len([found for found in rows(engine, verifications) if found["id"].startswith("ver_live")]) == 60
    assert kept <= sealed
