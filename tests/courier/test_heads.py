"""Heads of the audit go out: each is signed once, told everywhere, and in every file."""

import asyncio
import fcntl
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, select, text

from otp_service.courier.heads import TURNED_BACK, Heads
from otp_service.courier.observe import Unobserved
from otp_service.domain.heads import from_line, is_signed, public_key
from otp_service.ledger import audit
from otp_service.ledger.changes import change
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import audit as entries
from otp_service.ledger.schema import audit_heads, events
from otp_service.service.core import now_ms
from tests.couriers import running_courier
from tests.logged import logged
from tests.servers import wait_until
from tests.world import World

MINUTE = 60_000


class Seen(Unobserved):
    """What a courier told of the audit."""

    def __init__(self) -> None:
        self.audits: list[tuple[int, int]] = []
        self.alarms: list[str] = []

    def audit(self, entries: int, head: int) -> None:
        self.audits.append((entries, head))


class Stand:
    """A ledger whose heads go out, at a time of the test's own."""

    def __init__(self, world: World, file: Path) -> None:
        self.core, self.file, self.now, self.seen = world.core, file, now_ms(), Seen()

    def heads(self, file: Path | None = None) -> Heads:
        core = self.core
        where = file or self.file
        return Heads(
            core.engine, core.ring, core.audit_key, where, self.seen, self.seen.alarms.append, clock=lambda: self.now
        )

    def act(self) -> int:
        """One more entry; its number."""
        with change(self.core.engine, self.core.audit_key, "tests", self.now) as opened:
            audit.record(opened, "test.act")
            return audit.head(opened.connection)[0]

    def in_file(self, file: Path | None = None) -> list[int]:
        return [from_line(line).seq for line in (file or self.file).read_text().splitlines()]


@pytest.fixture
def stand(world: World, tmp_path: Path) -> Stand:
    return Stand(world, tmp_path / "heads.jsonl")


Step = Callable[[Heads], None]


@pytest.fixture
def step() -> Step:
    """One look of a courier."""
    return lambda heads: asyncio.run(heads.step())


def signed_in(stand: Stand) -> list[int]:
    with reading(stand.core.engine) as connection:
        return list(connection.scalars(select(audit_heads.c.seq).order_by(audit_heads.c.seq)))


def test_a_head_goes_out_everywhere(stand: Stand, step: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head is in the ledger, in the log, in the file and an event of the operator's, each with a valid signature."""
    with logged(monkeypatch) as lines:
        step(stand.heads())
    (line,) = [json.loads(each) for each in lines.getvalue().splitlines() if '"audit_head"' in each]
    with reading(stand.core.engine) as connection:
        told = connection.execute(select(events).where(events.c.type == "audit.head")).one()
        entries_now = audit.head(connection)[0]
    head = from_line(stand.file.read_text().strip())

    assert signed_in(stand) == [head.seq] == [entries_now]
    assert told.application_id == ""
    assert told.data == {"seq": head.seq, "hash": head.hash, "at": head.at, "kid": "k1", "signature": head.signature}
    assert told.data.items() <= line.items()
    assert is_signed(head, public_key(stand.core.ring, "k1"))
    assert stand.seen.audits == [(head.seq, head.seq)]
    assert stand.file.stat().st_mode & 0o777 == 0o600


def test_of_several_couriers_one_signs_and_each_file_has_all(stand: Stand, step: Step, tmp_path: Path) -> None:
    """Couriers that look at the same moment sign one head between them; every one brings its own file up to date."""
    files = [tmp_path / f"heads-{number}" for number in range(3)]
    couriers = [stand.heads(file) for file in files]

    async def all_look() -> None:
        await asyncio.gather(*(each.step() for each in couriers))

    for _ in range(3):
        asyncio.run(all_look())
        stand.act()
        stand.now += MINUTE
    asyncio.run(all_look())
    for each in couriers:
        step(each)

    assert len(signed_in(stand)) == 4
    assert [stand.in_file(file) for file in files] == [signed_in(stand)] * 3


def test_couriers_may_share_a_file(stand: Stand, step: Step) -> None:
    """Two couriers with the same file write no head twice, and one that starts again goes on where it ended."""
    for _ in range(3):
        stand.act()
        for each in (stand.heads(), stand.heads()):
            step(each)
        stand.now += MINUTE
    assert stand.in_file() == signed_in(stand)
    assert len(signed_in(stand)) == 3


def test_couriers_that_share_a_file_never_alarm_each_other(stand: Stand, step: Step, tmp_path: Path) -> None:
    """A courier that waits for the file while others sign and write a later head goes on behind that, in peace."""
    stand.act()
    elsewhere = tmp_path / "elsewhere"
    slow, other, looks = stand.heads(), stand.heads(elsewhere), list[str]()
    step(other)

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith("SELECT audit_heads"):
            looks.append(statement)

    with stand.file.open("ab") as file, ThreadPoolExecutor(1) as pool:
        fcntl.flock(file, fcntl.LOCK_EX)
        event.listen(stand.core.engine, "after_cursor_execute", note)
        waits = pool.submit(step, slow)
        wait_until(lambda: len(looks) == 2, 60)  # whether one is due, and whether one is new
        stand.act()
        stand.now += MINUTE
        step(other)
        file.write(elsewhere.read_bytes())
        file.flush()
        fcntl.flock(file, fcntl.LOCK_UN)
        waits.result(60)

    assert stand.seen.alarms == []
    assert stand.in_file() == signed_in(stand)


def test_a_line_that_a_crash_cut_short_spoils_no_other(stand: Stand, step: Step) -> None:
    """Behind half a line the next head begins on a line of its own, and the one that was cut is written again."""
    step(stand.heads())
    whole = stand.file.read_bytes()
    stand.file.write_bytes(whole[:40])
    step(stand.heads())
    assert stand.file.read_bytes() == whole[:40] + b"\n" + whole


def test_entries_that_were_cut_off_raise_an_alarm_once(stand: Stand, step: Step) -> None:
    """Where the ledger is behind a head that went out, an alarm is raised, once, and nothing is signed."""
    stand.act()
    courier = stand.heads()
    step(courier)
    with stand.core.engine.begin() as connection:
        last = signed_in(stand)[-1]
        connection.execute(delete(entries).where(entries.c.seq == last))
        before = connection.execute(select(entries.c.seq, entries.c.hash).order_by(entries.c.seq.desc())).first()
        assert before
        connection.execute(text(f"UPDATE meta SET value = '{before.seq}:{before.hash}' WHERE name = 'audit_head'"))
    stand.now += MINUTE
    step(courier)
    step(courier)
    assert stand.seen.alarms == [TURNED_BACK]
    assert signed_in(stand) == [last]


def test_a_file_that_knows_more_than_the_ledger_raises_an_alarm(stand: Stand, step: Step) -> None:
    """Where the heads in the ledger were cut off too, the file still shows it."""
    step(stand.heads())
    stand.act()
    stand.now += MINUTE
    step(stand.heads())
    first, last = signed_in(stand)
    with stand.core.engine.begin() as connection:
        connection.execute(delete(entries).where(entries.c.seq > first))
        connection.execute(delete(audit_heads).where(audit_heads.c.seq > first))
        hash = connection.scalar(select(entries.c.hash).where(entries.c.seq == first))
        connection.execute(text(f"UPDATE meta SET value = '{first}:{hash}' WHERE name = 'audit_head'"))
    step(stand.heads())
    assert stand.seen.alarms == [TURNED_BACK]
    assert stand.in_file() == [first, last]


def test_a_running_courier_sends_heads(world: World, parts_with_file: Path) -> None:
    """A courier of the service signs what has happened soon after it starts."""
    with running_courier(world.parts):
        wait_until(lambda: parts_with_file.exists() and bool(parts_with_file.read_text()), 60)
    assert from_line(parts_with_file.read_text().splitlines()[0]).seq >= 1


@pytest.fixture
def parts_with_file(world: World, tmp_path: Path) -> Path:
    """The file that the world's courier is set to write."""
    file = tmp_path / "heads.jsonl"
    world.parts = replace(world.parts, settings=world.parts.settings.model_copy(update={"audit_heads_file": file}))
    return file
