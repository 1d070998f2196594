"""Events reach their webhooks: signed, in order, for days, and no endpoint holds another back."""

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
from sqlalchemy import Engine

from otp_service.courier import notifier as notifiers
from otp_service.courier.notifier import Notifier, Pace
from otp_service.courier.observe import Unobserved
from otp_service.courier.webhook_client import WebhookClient
from otp_service.domain.events import Event
from otp_service.domain.keys import parse_ring
from otp_service.domain.policy import Policy
from otp_service.domain.public_addresses import Reach
from otp_service.domain.times import rfc3339
from otp_service.domain.webhook_signature import SECRET, key_text, verify
from otp_service.domain.webhooks import DAY_S, SCHEDULE_S
from otp_service.ledger import applications, audit, deliveries, events, webhooks
from otp_service.ledger.engine import make_engine, reading
from otp_service.ledger.webhooks import Webhook
from otp_service.service.core import now_ms
from tests.courier.hooks import Sink, sink, status
from tests.ledger.telling import AUDIT_KEY, NOW, SECOND, changing
from tests.logged import logged
from tests.world import MASTER_KEYS

RING = parse_ring(MASTER_KEYS)
KEY = key_text(SECRET, b"s" * 32)
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, DAY_S * SECOND


class Watched(Unobserved):
    """Counts what became of webhooks."""

    def __init__(self) -> None:
        self.results: Counter[str] = Counter()

    def webhook(self, result: str) -> None:
        self.results[result] += 1


class Desk:
    """A ledger with an application, and couriers that are told the time."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.now, self.told = engine, NOW, Watched()
        with changing(engine) as opened:
            self.shop = applications.create(opened, "shop", Policy()).id

    def endpoint(self, receiver: Sink | None, *types: str, url: str = "") -> Webhook:
        """A webhook of the shop that leads to this receiver."""
        url = url or f"http://localhost:{receiver.port if receiver else 1}/hook"
        with changing(self.engine, at_ms=self.now) as opened:
            made = webhooks.create(opened, self.shop, url, types)
            webhooks.add_secret(
                opened, made, "hmac", f"whs_{made.id}", RING.seal(KEY.encode(), f"whs_{made.id}", b"n" * 12)
            )
        return made

    def happens(self, about: str, type: str = "message.delivered", **data: Any) -> str:
        """Something that is told."""
        event = Event(type, about, self.shop, self.now, {"id": about, **data})
        with self.engine.begin() as connection:
            events.record(connection, [event])
        return event.id

    @asynccontextmanager
    async def courier(self) -> AsyncIterator[Notifier]:
        """A notifier whose clock is this desk's, whose pauses have no jitter and who waits for slow machines."""
        client = WebhookClient(Reach(development=True), limit_s=60)
        clock: Callable[[], int] = lambda: self.now  # noqa: E731
        yield Notifier(self.engine, RING, AUDIT_KEY, client, self.told, clock, lambda: 0.5, Pace(0.01, 0.01))
        await client.aclose()

    async def turn(self, courier: Notifier) -> None:
        """One round: what is due is tried, and what came of it written down."""
        await courier.fan_out()
        await courier.deliver()
        await courier.ended()
        await courier.settle()

    def recent(self, endpoint: Webhook) -> list[deliveries.Delivery]:
        with reading(self.engine) as connection:
            return deliveries.recent(connection, endpoint.id)

    def found(self, endpoint: Webhook) -> Webhook:
        with reading(self.engine) as connection:
            return webhooks.require(connection, endpoint.id)

    def types(self) -> list[str]:
        with reading(self.engine) as connection:
            return [event.type for event in events.after(connection, self.shop, 0)]


@pytest.fixture
def desk(migrated: Path, tmp_path: Path) -> Iterator[Desk]:
    """An empty ledger with one application."""
    engine = make_engine(f"sqlite:///{shutil.copy(migrated, tmp_path / 'otp.db')}")
    yield Desk(engine)
    engine.dispose()


def ids(receiver: Sink) -> list[str]:
    """The ids of what a receiver got, in order."""
    return [got.headers["webhook-id"] for got in receiver.got]


def test_an_event_arrives_signed(desk: Desk) -> None:
    """A receiver gets type, timestamp and data with an id and a signature that its library verifies."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            desk.now = now_ms()  # the library's clock is this machine's
            endpoint = desk.endpoint(receiver)
            id = desk.happens("msg_1", status="delivered", reference="Zürich")
            await desk.turn(courier)
            (got,) = receiver.got
            assert got.headers["webhook-id"] == id
            told = {
                "type": "message.delivered",
                "timestamp": rfc3339(desk.now),
                "data": {"id": "msg_1", "status": "delivered", "reference": "Zürich"},
            }
            assert json.loads(got.body) == told
            assert standardwebhooks.Webhook(KEY).verify(got.body, got.headers) == told
            verify([KEY], got.headers, got.body, desk.now / 1000)
            old = {**got.headers, "webhook-timestamp": str(desk.now // 1000 - 3600)}
            with pytest.raises(standardwebhooks.WebhookVerificationError, match="Message timestamp too old"):
                standardwebhooks.Webhook(KEY).verify(got.body, old)
            (delivery,) = desk.recent(endpoint)
            assert (delivery.status, delivery.tries, delivery.answer) == ("delivered", 1, "204")
            await desk.turn(courier)
            assert len(receiver.got) == 1

    asyncio.run(run())


def test_endpoints_get_what_they_asked_for(desk: Desk) -> None:
    """Each endpoint of an application gets the types it names, once; those of others get none of it."""

    async def run() -> None:
        async with sink() as all, sink() as some, sink() as other, desk.courier() as courier:
            desk.endpoint(all)
            desk.endpoint(some, "verification.*", "message.failed")
            with changing(desk.engine) as opened:
                bank = applications.create(opened, "bank", Policy()).id
            desk.shop, shop = bank, desk.shop
            desk.endpoint(other)
            desk.shop = shop
            wanted = [desk.happens("ver_1", "verification.started"), desk.happens("msg_1", "message.failed")]
            unwanted = desk.happens("msg_2", "message.accepted")
            await desk.turn(courier)
            assert sorted(ids(some)) == sorted(wanted)
            assert sorted(ids(all)) == sorted([*wanted, unwanted])
            assert other.got == []

    asyncio.run(run())


def test_a_failure_is_tried_again_for_days(desk: Desk) -> None:
    """A receiver that is down is tried after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, under one id."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            receiver.answer = lambda _: status(503)
            endpoint = desk.endpoint(receiver)
            desk.happens("msg_1")
            await desk.turn(courier)
            for tries, pause_s in enumerate(SCHEDULE_S, 1):
                desk.now += pause_s * SECOND - 1
                await desk.turn(courier)
                assert len(receiver.got) == tries
                desk.now += 1
                await desk.turn(courier)
                assert len(receiver.got) == tries + 1
            assert len({(got.headers["webhook-id"], got.body) for got in receiver.got}) == 1
            assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == len(SCHEDULE_S) + 1
            (delivery,) = desk.recent(endpoint)
            assert (delivery.status, delivery.tries, delivery.answer) == ("failed", 10, "503")
            assert desk.told.results == {"failed": 9, "given_up": 1}

    asyncio.run(run())


def test_a_receiver_that_is_down_for_three_days_misses_nothing(desk: Desk) -> None:
    """After three days all that happened meanwhile arrives, each once as delivered and in order per subject."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            receiver.answer = lambda _: status(500)
            endpoint = desk.endpoint(receiver)
            subjects = [f"msg_{number}" for number in range(6)]
            for type in ("message.accepted", "message.delivered"):
                for subject in subjects:
                    desk.happens(subject, type)
            end = desk.now + 3 * DAY
            while desk.now < end:
                await desk.turn(courier)
                desk.now += HOUR
            assert desk.found(endpoint).enabled
            receiver.answer = lambda _: status(200)
            receiver.got.clear()
            end = desk.now + DAY + 3 * HOUR
            while desk.now < end:
                await desk.turn(courier)
                desk.now += HOUR
            got = [json.loads(got.body) for got in receiver.got]
            assert len(got) == 12
            for subject in subjects:
                types = [each["type"] for each in got if each["data"]["id"] == subject]
                assert types == ["message.accepted", "message.delivered"]
            assert desk.found(endpoint).failing_since is None

    asyncio.run(run())


def test_a_later_event_waits_for_the_earlier_of_its_subject(desk: Desk) -> None:
    """While an event can't be delivered, later ones about the same thing wait, and others don't."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            receiver.answer = lambda got: status(500 if b"accepted" in got.body else 200)
            desk.endpoint(receiver)
            first = desk.happens("msg_1", "message.accepted")
            second = desk.happens("msg_1", "message.delivered")
            other = desk.happens("msg_2", "message.delivered")
            await desk.turn(courier)
            assert sorted(ids(receiver)) == sorted([first, other])
            receiver.answer = lambda _: status(200)
            desk.now += 5 * SECOND
            await desk.turn(courier)
            await desk.turn(courier)
            assert ids(receiver)[2:] == [first, second]

    asyncio.run(run())


def test_gone_disables_at_once(desk: Desk) -> None:
    """A receiver that answers 410 is asked nothing more; the other endpoints, the audit and the stream tell."""

    async def run() -> None:
        async with sink() as receiver, sink() as other, desk.courier() as courier:
            receiver.answer = lambda _: status(410)
            gone, alive = desk.endpoint(receiver), desk.endpoint(other)
            desk.happens("msg_1")
            await desk.turn(courier)
            desk.happens("msg_2")
            await desk.turn(courier)
            assert len(receiver.got) == 1
            found = desk.found(gone)
            assert (found.enabled, found.disabled_reason, found.disabled_at) == (False, "gone", desk.now)
            assert desk.found(alive).enabled
            assert "webhook.disabled" in desk.types()
            told = {each["type"]: each["data"] for each in map(json.loads, (got.body for got in other.got))}
            assert told["webhook.disabled"] == {"id": gone.id, "reason": "gone"}
            with reading(desk.engine) as connection:
                entry = audit.entries(connection)[0]
            assert (entry.act, entry.actor, entry.target) == ("webhook.disable", "courier", gone.id)
            assert desk.told.results["disabled"] == 1

    asyncio.run(run())


def test_five_days_of_failure_disable(desk: Desk) -> None:
    """An endpoint at which nothing worked for five days is given up, with what waits for it, and no sooner."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            receiver.answer = lambda _: status(500)
            endpoint = desk.endpoint(receiver)
            began = desk.now
            while desk.now < began + 5 * DAY:
                desk.happens(f"msg_{desk.now}")
                await desk.turn(courier)
                assert desk.found(endpoint).enabled
                desk.now += 8 * HOUR
            await desk.turn(courier)
            found = desk.found(endpoint)
            assert (found.enabled, found.disabled_reason) == (False, "failing")
            assert {delivery.status for delivery in desk.recent(endpoint)} == {"failed"}

    asyncio.run(run())


def test_one_success_in_five_days_is_enough(desk: Desk) -> None:
    """An endpoint that took one event meanwhile is not given up."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            endpoint = desk.endpoint(receiver)
            began = desk.now
            while desk.now < began + 6 * DAY:
                receiver.answer = lambda _: status(200 if desk.now - began == 4 * DAY else 500)
                desk.happens(f"msg_{desk.now}")
                await desk.turn(courier)
                desk.now += 8 * HOUR
            assert desk.found(endpoint).enabled

    asyncio.run(run())


def test_a_slow_endpoint_holds_nobody_back(desk: Desk) -> None:
    """With one endpoint that never answers and a thousand events, the other has all of its own after one round each."""

    async def run() -> None:
        async with sink() as slow, sink() as quick, desk.courier() as courier:
            slow.free.clear()
            desk.endpoint(slow, "verification.*")
            desk.endpoint(quick, "message.*")
            for number in range(500):
                desk.happens(f"ver_{number}", "verification.started")
            for number in range(40):
                desk.happens(f"msg_{number}")
            while len(quick.got) < 40:
                await courier.fan_out()
                await courier.deliver()
                await asyncio.sleep(0.01)
                await courier.settle()
            assert slow.most_open <= notifiers.AT_ONCE
            slow.free.set()
            await courier.ended()
            await courier.settle()

    asyncio.run(run())


def test_a_dead_couriers_work_is_done_by_another(desk: Desk) -> None:
    """What a courier had leased when it died another delivers once the lease has ended, and no sooner."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            desk.endpoint(receiver)
            id = desk.happens("msg_1")
            await courier.fan_out()
            assert len(deliveries.claim(desk.engine, desk.now, notifiers.LEASE_MS, lambda _: 5)) == 1  # and dies
            await desk.turn(courier)
            assert receiver.got == []
            desk.now += notifiers.LEASE_MS
            await desk.turn(courier)
            assert ids(receiver) == [id]

    asyncio.run(run())


def test_couriers_beside_each_other_deliver_each_once(desk: Desk) -> None:
    """Three couriers that run at once bring every event once, and end when they are told to."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as a, desk.courier() as b, desk.courier() as c:
            desk.endpoint(receiver)
            wanted = [desk.happens(f"msg_{number}") for number in range(60)]
            stop = asyncio.Event()
            running = [asyncio.create_task(courier.run(stop)) for courier in (a, b, c)]
            while len(receiver.got) < 60:
                await asyncio.sleep(0.01)
            stop.set()
            await asyncio.gather(*running)
            assert sorted(ids(receiver)) == sorted(wanted)

    asyncio.run(run())


def test_a_url_out_of_reach_is_told_and_tried_again(desk: Desk) -> None:
    """An endpoint that leads to a private address is never called; its deliveries say why."""

    async def run() -> None:
        async with desk.courier() as courier:
            endpoint = desk.endpoint(None, url="https://10.0.0.1/hook")
            desk.happens("msg_1")
            await desk.turn(courier)
            (delivery,) = desk.recent(endpoint)
            assert (delivery.status, delivery.answer) == ("pending", "not_public")

    asyncio.run(run())


def test_nothing_that_identifies_is_logged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a failure names ids and the answer, and neither the URL, the payload nor a key."""

    async def run() -> None:
        async with sink() as receiver, desk.courier() as courier:
            receiver.answer = lambda _: status(500)
            desk.endpoint(receiver, url=f"http://localhost:{receiver.port}/secret-path?token=abc")
            desk.happens("msg_1", metadata={"order": "private"})
            await desk.turn(courier)

    with logged(monkeypatch) as lines:
        asyncio.run(run())
    assert "webhook_failed" in lines.getvalue()
    assert not any(word in lines.getvalue() for word in ("secret-path", "token", "private", KEY))
