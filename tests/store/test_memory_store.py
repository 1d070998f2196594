"""Without any redis-server `dev` keeps its store in the process, and keeps its promises all the same."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from otp_service.settings import Settings
from otp_service.store import outbox
from otp_service.store.connect import MEMORY, connect, connect_courier
from otp_service.store.outbox import BLOCK_MS, Outbox
from tests.couriers import running_courier
from tests.servers import wait_until
from tests.store.courier_work import work_of_a_courier
from tests.world import OTHER_NUMBER, World

KEY, CHECK_KEY = {"Idempotency-Key": "of-a-start"}, {"Idempotency-Key": "of-a-check"}


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """The usual ones, with an empty store in this process."""
    connect(MEMORY).command("FLUSHALL")
    yield settings.model_copy(update={"redis_url": MEMORY})
    connect(MEMORY).command("FLUSHALL")


def test_a_code_is_sent_checked_and_used_up(world: World) -> None:
    """A verification is opened, guessed wrong, sent again, approved, and then already used."""
    id_ = world.api.start().json["id"]
    assert world.api.check(world.wrong(id_)).json["attempts_left"] == 4
    resent = world.api.post(f"/v1/verifications/{id_}/resend", {})
    assert (resent.status_code, resent.json["sends"]) == (200, 2)
    right = world.code(id_)
    assert world.api.check(right, id=id_).json["valid"]
    assert world.api.check(right).json["reason"] == "already_used"
    assert world.api.get(f"/v1/verifications/{id_}").json["status"] == "approved"


def test_a_canceled_code_is_worth_nothing(world: World) -> None:
    """Canceling works as elsewhere."""
    id_ = world.api.start().json["id"]
    code = world.code(id_)
    assert world.api.delete(f"/v1/verifications/{id_}").json["status"] == "canceled"
    assert world.api.check(code).json["reason"] == "canceled"


def test_a_repeat_hears_the_first_answer(world: World) -> None:
    """An Idempotency-Key is remembered for start and check, and refused with another body."""
    first = world.api.start(headers=KEY)
    assert world.api.start(headers=KEY).json == first.json
    assert world.api.start(OTHER_NUMBER, KEY).json["code"] == "idempotency_mismatch"
    right = world.code(first.json["id"])
    approved = world.api.check(right, CHECK_KEY).json
    assert approved["valid"]
    assert world.api.check(right, CHECK_KEY).json == approved


@pytest.mark.parametrize("amount", [3, 80], ids=["exact times", "counters"])
def test_limits_refuse(world: World, amount: int) -> None:
    """Both kinds of limits refuse after exactly what they allow."""
    world.policy(limits={"application": f"{amount} per hour"})
    statuses = [world.api.start(f"+4179123{number:04d}").status_code for number in range(amount + 1)]
    assert statuses == [201] * amount + [429]


def test_spend_stops_at_its_ceiling(world: World) -> None:
    """Money is a limit here, too."""
    world.policy(spend_per_day_micros=100_000)
    codes = [world.api.start(f"+4179123450{number}").json.get("code") for number in range(9)]
    assert "spend_exhausted" in codes
    assert codes[0] is None


def test_failures_lock(world: World) -> None:
    """Ten wrong codes delay the next start."""
    for purpose in ("login", "payment"):
        id_ = world.api.start(purpose=purpose).json["id"]
        for _ in range(5):
            world.api.check(world.wrong(id_), purpose=purpose)
    assert world.api.start(purpose="other").json["code"] == "destination_locked"


def test_a_code_typed_many_times_at_once_is_approved_once(world: World) -> None:
    """Threads share the store, and each script runs alone."""
    id_ = world.api.start().json["id"]
    guess = {"id": id_, "code": world.code(id_)}

    def check(_: int) -> str | None:
        sent = {"Authorization": f"Bearer {world.api.key}"}
        return world.app.test_client().post("/v1/verifications/check", json=guess, headers=sent).json["reason"]

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(check, range(64))) == {None: 1, "already_used": 63}


def test_the_courier_delivers_and_drains(world: World) -> None:
    """A courier in another thread brings codes to the simulated phone and facts to the ledger."""
    with running_courier(world.parts):
        ids = [world.api.start(f"+4179123450{number}").json["id"] for number in range(5)]
        wait_until(lambda: {status_of(world, id_) for id_ in ids} == {"accepted"}, 60)
        assert all(world.api.check(world.code(id_), id=id_).json["valid"] for id_ in ids)
        wait_until(lambda: not world.core.link.command("XLEN", "{c0}:facts"), 60)
    assert world.core.link.command("XLEN", "{c0}:out:high") == 0
    listed = world.admin.get("/v1/verifications?status=approved&limit=100").json["items"]
    assert {item["id"] for item in listed} == set(ids)


def status_of(world: World, id_: str) -> str:
    return world.api.get(f"/v1/verifications/{id_}").json["messages"][0]["status"]


def test_everything_a_courier_does_works(world: World) -> None:
    """Reading, taking over, ending, delaying, burying and replaying entries and facts work as on a real Redis."""
    sent = [world.api.start(f"+4179123450{number}").json for number in range(5)]
    asyncio.run(work_of_a_courier(MEMORY, sent))


def test_a_courier_without_work_waits(settings: Settings) -> None:
    """Reading an empty outbox takes as long as on a real Redis."""
    began = time.monotonic()
    assert asyncio.run(waited_for(settings.redis_url, {})) == 0
    assert time.monotonic() - began >= BLOCK_MS / 1000


def test_a_courier_s_wait_ends_with_work(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading an empty outbox ends as soon as something comes, however long it would have waited."""
    monkeypatch.setattr(outbox, "BLOCK_MS", 3_600_000)
    assert asyncio.run(waited_for(settings.redis_url, {"m": "msg_1"})) == 1


async def waited_for(url: str, entry: dict[str, str]) -> int:
    """How many entries a read finds that began just before this one came."""
    client = connect_courier(url)
    box = Outbox(client, 0, "one")
    await box.prepare()
    reading = asyncio.create_task(box.wait(1))
    await asyncio.sleep(0.01)
    if entry:
        await client.xadd("{c0}:out:high", entry)
    found = await reading
    await client.aclose()
    return len(found)


def test_the_service_is_ready(world: World) -> None:
    """Readiness finds nothing to complain about."""
    assert world.app.test_client().get("/readyz").json == {"status": "ready", "degraded": []}
