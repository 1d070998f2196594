"""Lists of messages of their own, newest first."""

import pytest
from sqlalchemy import Engine

from otp_service.domain.errors import Refusal
from otp_service.domain.facts import Fact
from otp_service.ledger import messages
from otp_service.ledger.applications import Application
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.paging import Page
from otp_service.ledger.tracking import TrackedRow
from tests.ledger.telling import DAY, HOUR, NOW, SECOND, moved, queued, story


def own(number: int, app: Application, **more: object) -> Fact:
    """A message of its own was queued."""
    fact = queued(f"msg_{number}", "", app.id, f"person-{number}", NOW + number)
    fact.data.update(
        {"class": "transactional", "test": False, "deadline_ms": NOW + DAY, "reference": f"r{number}", **more}
    )
    return fact


def listed(engine: Engine, app: Application, now_ms: int = NOW + HOUR, **wanted: object) -> Page[TrackedRow]:
    with reading(engine) as connection:
        return messages.page(connection, app.id, now_ms, **{"test": False, **wanted})


def ids(page: Page[TrackedRow]) -> list[str]:
    return [item.id for item in page.items]


def test_messages_come_newest_first_and_page_by_page(engine: Engine, app: Application) -> None:
    """Each once, without codes, those of test keys, and those of other applications."""
    apply_facts(engine, [own(number, app) for number in range(5)])
    apply_facts(engine, [*story(9, app.id), own(6, app, test=True), own(7, app, application="app_other")])
    first = listed(engine, app, limit=3)
    assert ids(first) == ["msg_4", "msg_3", "msg_2"]
    assert ids(listed(engine, app, limit=3, cursor=first.next_cursor)) == ["msg_1", "msg_0"]
    with pytest.raises(Refusal, match="cursor"):
        listed(engine, app, cursor="x")


def test_messages_are_found_by_what_they_are(engine: Engine, app: Application) -> None:
    """By number, as long as it is kept, by reference, by status and by time."""
    apply_facts(engine, [*(own(number, app) for number in range(3)), moved("msg_1", "delivered")])
    assert ids(listed(engine, app, number_index="index-person-2")) == ["msg_2"]
    assert ids(listed(engine, app, reference="r0")) == ["msg_0"]
    assert ids(listed(engine, app, status="delivered")) == ["msg_1"]
    assert ids(listed(engine, app, from_ms=NOW + 1, to_ms=NOW + 2)) == ["msg_1"]


@pytest.mark.parametrize(
    ("now_ms", "status"),
    [(NOW + SECOND, "scheduled"), (NOW + HOUR, "queued"), (NOW + 2 * HOUR, "expired")],
    ids=["before its time", "due", "past its deadline"],
)
def test_time_passes_without_a_word(engine: Engine, app: Application, now_ms: int, status: str) -> None:
    """A scheduled message that nothing more was told of is due at its time and expired after its deadline."""
    apply_facts(engine, [own(1, app, status="scheduled", send_at_ms=NOW + HOUR, deadline_ms=NOW + 2 * HOUR)])
    (found,) = listed(engine, app, now_ms).items
    assert found.status == status
    assert ids(listed(engine, app, now_ms, status=status)) == ["msg_1"]
