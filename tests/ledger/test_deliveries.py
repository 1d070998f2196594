"""Deliveries are shared by couriers on either database: each event once to each endpoint, in order per subject."""

import threading
from collections import Counter

from sqlalchemy import Engine

from otp_service.domain.events import Event
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, deliveries, events, webhooks
from otp_service.ledger.applications import Application
from otp_service.ledger.deliveries import Claimed, Result
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.retention import retain
from otp_service.ledger.schema import events as events_table
from otp_service.ledger.schema import webhook_deliveries
from otp_service.ledger.webhooks import Webhook
from tests.ledger.telling import DAY, NOW, changing, rows, story

LEASE_MS = 60_000


def endpoint(engine: Engine, app: Application, *types: str) -> Webhook:
    """A webhook of this application."""
    with changing(engine) as opened:
        return webhooks.create(opened, app.id, "https://shop.example/", types)


def happens(engine: Engine, app: Application, *about: str, at_ms: int = NOW) -> None:
    """Some things that are told, and given to the webhooks."""
    with engine.begin() as connection:
        events.record(connection, [Event("message.delivered", each, app.id, at_ms, {}, str(at_ms)) for each in about])
    deliveries.fan_out(engine, at_ms)


def claim(engine: Engine, now_ms: int = NOW, room: int = 100) -> list[Claimed]:
    """What one courier gets."""
    return deliveries.claim(engine, now_ms, LEASE_MS, lambda _: room)


def settle(engine: Engine, claimed: list[Claimed], *, works: bool = True, due_at: int | None = None) -> list[str]:
    """Each of these came to this end."""
    return deliveries.settle(engine, [Result(each, works, "x", due_at) for each in claimed], NOW)


def test_events_are_given_once_by_whoever_comes_first(engine: Engine, app: Application) -> None:
    """Four couriers that fan out while four drains write give every event to every endpoint that wants it, once."""
    made = [endpoint(engine, app), endpoint(engine, app, "message.*")]
    over = threading.Event()

    def drain(number: int) -> None:
        for turn in range(8):
            apply_facts(engine, story(number * 100 + turn, app.id))

    def fan_out() -> None:
        while deliveries.fan_out(engine, NOW) or not over.is_set():
            pass

    drains = [threading.Thread(target=drain, args=(number,)) for number in range(4)]
    couriers = [threading.Thread(target=fan_out) for _ in range(4)]
    for thread in (*couriers, *drains):
        thread.start()
    for thread in drains:
        thread.join()
    over.set()
    for thread in couriers:
        thread.join()
    deliveries.fan_out(engine, NOW)
    assert Counter(row["webhook_id"] for row in rows(engine, webhook_deliveries)) == {
        made[0].id: 4 * 8 * 4,
        made[1].id: 4 * 8 * 2,
    }


def test_couriers_share_what_is_due(engine: Engine, app: Application) -> None:
    """Six couriers that claim at once get everything, and nothing twice."""
    endpoint(engine, app)
    happens(engine, app, *(f"msg_{number}" for number in range(120)))
    got: list[str] = []

    def work() -> None:
        while found := claim(engine, room=7):
            got.extend(each.event.id for each in found)
            settle(engine, found)

    couriers = [threading.Thread(target=work) for _ in range(6)]
    for thread in couriers:
        thread.start()
    for thread in couriers:
        thread.join()
    while found := claim(engine):  # rows that another courier held just then were passed over
        got.extend(each.event.id for each in found)
        settle(engine, found)
    assert len(got) == len(set(got)) == 120
    assert {row["status"] for row in rows(engine, webhook_deliveries)} == {"delivered"}


def test_a_lease_that_ended_is_anothers(engine: Engine, app: Application) -> None:
    """What a courier leased is nobody else's until the lease ends; an answer that comes after that counts once."""
    endpoint(engine, app)
    happens(engine, app, "msg_1")
    first = claim(engine)
    assert claim(engine, NOW + LEASE_MS - 1) == []
    second = claim(engine, NOW + LEASE_MS)
    assert [each.event for each in second] == [each.event for each in first]
    settle(engine, second)
    settle(engine, first, works=False, due_at=NOW)
    (row,) = rows(engine, webhook_deliveries)
    assert (row["status"], row["tries"]) == ("delivered", 1)


def test_of_one_subject_only_the_first_is_claimed(engine: Engine, app: Application) -> None:
    """Of several events about one thing the next is claimed when the one before is over."""
    endpoint(engine, app)
    for at_ms in (NOW, NOW + 1, NOW + 2):
        happens(engine, app, "msg_1", at_ms=at_ms)
    order = []
    for _ in range(3):
        (only,) = claim(engine, NOW + 10)
        order.append(only.event.at)
        settle(engine, [only])
    assert order == [NOW, NOW + 1, NOW + 2]


def test_events_are_forgotten_by_policy(engine: Engine, app: Application) -> None:
    """After retain_events_s an event is gone with its deliveries; one that is still to be delivered stays."""
    endpoint(engine, app)
    happens(engine, app, "msg_1")
    settle(engine, claim(engine))
    happens(engine, app, "msg_2", at_ms=NOW + 1)
    retain(engine, NOW + 3 * DAY - 1)
    assert len(rows(engine, events_table)) == 2
    retain(engine, NOW + 3 * DAY + 1)
    assert [row["subject"] for row in rows(engine, events_table)] == ["msg_2"]
    assert [row["subject"] for row in rows(engine, webhook_deliveries)] == ["msg_2"]
    settle(engine, claim(engine, NOW + 3 * DAY))
    retain(engine, NOW + 3 * DAY + 1)
    assert rows(engine, events_table) == rows(engine, webhook_deliveries) == []


def test_what_no_webhook_was_given_yet_is_kept(engine: Engine, app: Application) -> None:
    """However short the policy keeps events, they are given out before they are forgotten."""
    with changing(engine) as opened:
        applications.set_policy(opened, app.id, Policy(retain_events_s=1))
    with engine.begin() as connection:
        events.record(connection, [Event("message.delivered", "msg_1", app.id, NOW, {})])
    retain(engine, NOW + DAY)
    assert len(rows(engine, events_table)) == 1
    deliveries.fan_out(engine, NOW)
    retain(engine, NOW + DAY)
    assert rows(engine, events_table) == []


def test_numbers_grow_without_endpoints_too(engine: Engine, app: Application) -> None:
    """Where nobody wants events an endpoint that is made later is not flooded with old ones."""
    happens(engine, app, "msg_1", "msg_2")
    endpoint(engine, app)
    happens(engine, app, "msg_3")
    assert [row["subject"] for row in rows(engine, webhook_deliveries)] == ["msg_3"]
    with reading(engine) as connection:
        assert events.head(connection) == 3
