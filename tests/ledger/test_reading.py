"""What the ledger tells of verifications."""

import pytest
from sqlalchemy import Engine, update

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import b64
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, reading
from otp_service.ledger.applications import Application
from otp_service.ledger.engine import reading as reading_
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.paging import Page
from otp_service.ledger.reading import Person, VerificationRow
from otp_service.ledger.schema import verifications
from tests.ledger.telling import NOW, SECOND, changing, moved, queued, started, story, turned


def _read(engine: Engine, application_id: str, id: str) -> VerificationRow | None:
    with reading_(engine) as connection:
        return reading.verification(connection, application_id, id)


def _page(engine: Engine, application_id: str, now_ms: int = NOW, **wanted: object) -> Page[VerificationRow]:
    with reading_(engine) as connection:
        return reading.page(connection, application_id, now_ms, **wanted)  # type: ignore[arg-type]


def _ids(page: Page[VerificationRow]) -> list[str]:
    return [found.id for found in page.items]


def test_a_verification_is_told_with_its_messages(engine: Engine, app: Application) -> None:
    """A verification reads with its person, still sealed, and its messages in the order in which they were queued."""
    second = queued("msg_0", "ver_1", app.id, "person-1", NOW + 40 * SECOND)
    apply_facts(engine, [*story(1, app.id), second], lambda: "per_1")
    found = _read(engine, app.id, "ver_1")
    assert found is not None
    assert (found.status, found.used, found.metadata) == ("approved", 2, {"order": "42"})
    assert found.person == Person("per_1", "index-person-1", "k1.sealed-person-1", "CH")
    assert [(message.id, message.status, message.provider) for message in found.messages] == [
        ("msg_1", "delivered", "simulator"),
        ("msg_0", "queued", None),
    ]
    assert found.messages[0].ended_at == NOW + 3000


def test_others_verifications_are_unknown(engine: Engine, app: Application) -> None:
    """A verification of another application, and one whose beginning is not known yet, read as unknown."""
    apply_facts(engine, [started("ver_1", "app_other"), turned("ver_2", 3, "approved")])
    assert _read(engine, app.id, "ver_1") is None
    assert _read(engine, app.id, "ver_2") is None
    assert _read(engine, app.id, "ver_3") is None


def test_what_only_the_ledger_knows_is_not_pending(engine: Engine, app: Application) -> None:
    """A pending verification that the store no longer knows reads as expired, since no code can be right any more."""
    apply_facts(engine, [started("ver_1", app.id)])
    found = _read(engine, app.id, "ver_1")
    assert found is not None
    assert found.status == "expired"


def test_a_forgotten_number_is_not_told(engine: Engine, app: Application) -> None:
    """A row that may no longer lead to a number tells neither seal nor index, and is not found by the number."""
    apply_facts(engine, [started("ver_1", app.id), started("ver_2", app.id)], lambda: "per_1")
    with engine.begin() as connection:
        connection.execute(update(verifications).where(verifications.c.id == "ver_1").values(number_kept=False))
    found = _read(engine, app.id, "ver_1")
    assert found is not None
    assert found.person == Person("per_1", None, None, "CH")
    assert _ids(_page(engine, app.id, number_index="index-ana")) == ["ver_2"]


def test_a_list_is_filtered(engine: Engine, app: Application) -> None:
    """A list shows the verifications of one application by number, status, time and whether they were tests."""
    facts = [
        started("ver_1", app.id, "ana", NOW),
        started("ver_2", app.id, "ben", NOW + 10, test=True),
        started("ver_3", app.id, "ana", NOW + 20),
        turned("ver_3", 2, "canceled", NOW + 25),
        started("ver_4", "app_other", "ana", NOW + 30),
    ]
    apply_facts(engine, facts)
    later = NOW + 600 * SECOND + 5
    assert _ids(_page(engine, app.id)) == ["ver_3", "ver_2", "ver_1"]
    assert _ids(_page(engine, app.id, number_index="index-ana")) == ["ver_3", "ver_1"]
    assert _ids(_page(engine, app.id, from_ms=NOW + 10, to_ms=NOW + 20)) == ["ver_2"]
    assert _ids(_page(engine, app.id, status="canceled")) == ["ver_3"]
    assert _ids(_page(engine, app.id, test=True)) == ["ver_2"]
    assert _ids(_page(engine, app.id, later, status="pending")) == ["ver_2"]
    assert _ids(_page(engine, app.id, later, status="expired")) == ["ver_1"]
    assert [found.status for found in _page(engine, app.id, later).items] == ["canceled", "pending", "expired"]


def test_pages_neither_repeat_nor_miss(engine: Engine, app: Application) -> None:
    """Pages give every verification once, also those of one millisecond, and whatever is added meanwhile."""
    apply_facts(engine, [started(f"ver_{number}", app.id, at_ms=NOW + number // 3) for number in range(10)])
    got: list[str] = []
    page = _page(engine, app.id, limit=3)
    while page.next_cursor:
        got += _ids(page)
        apply_facts(engine, [started(f"ver_new{len(got)}", app.id, at_ms=NOW + 100)])
        page = _page(engine, app.id, limit=3, cursor=page.next_cursor)
    got += _ids(page)
    assert got == [f"ver_{number}" for number in (9, 8, 7, 6, 5, 4, 3, 2, 1, 0)]


def test_a_full_last_page_has_no_next(engine: Engine, app: Application) -> None:
    """A page that happens to end with the last row says that nothing follows."""
    apply_facts(engine, [started(f"ver_{number}", app.id) for number in range(2)])
    assert _page(engine, app.id, limit=2).next_cursor is None
    assert _page(engine, "app_other").items == []


@pytest.mark.parametrize(
    "cursor",
    ["x", "!!!", "", "_w", *(b64(text.encode()) for text in ('["x","y"]', f'[{9**30},"ver_1"]', '[1,"ver\\u0000"]'))],
)
def test_a_made_up_cursor_is_refused(engine: Engine, app: Application, cursor: str) -> None:
    """A cursor that no list gave out is refused by its field's name."""
    with pytest.raises(Refusal) as refused:
        _page(engine, app.id, cursor=cursor)
    assert refused.value.errors[0]["field"] == "cursor"


def test_messages_of_others_stay_apart(engine: Engine, app: Application) -> None:
    """On a page each verification has its own messages."""
    with changing(engine) as change:
        other = applications.create(change, "other", Policy())
    apply_facts(engine, [*story(1, app.id), *story(2, app.id), *story(3, other.id), moved("msg_9", "failed")])
    assert [[message.id for message in found.messages] for found in _page(engine, app.id).items] == [
        ["msg_2"],
        ["msg_1"],
    ]
