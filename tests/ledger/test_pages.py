"""Lists by the page."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from otp_service.domain.errors import Refusal
from otp_service.domain.facts import Fact
from otp_service.domain.keys import b64
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, blocks, keys, pages, templates
from otp_service.ledger.applications import Application
from otp_service.ledger.changes import change
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.pages import Listing
from otp_service.ledger.paging import Page
from tests.ledger.telling import AUDIT_KEY, NOW

Read = Callable[[Connection, str, int, str | None], Page[Any]]

LISTS: dict[str, Read] = {
    "applications": lambda connection, _, limit, cursor: pages.applications_page(connection, limit, cursor),
    "keys": pages.keys_page,
    "templates": pages.templates_page,
    "blocks": lambda connection, app, limit, cursor: pages.blocks_page(
        connection, NOW, Listing(application_id=app), limit, cursor
    ),
    "hard locks": pages.disabled_page,
    "audit": lambda connection, _, limit, cursor: pages.audit_page(connection, limit, cursor),
}
each_list = pytest.mark.parametrize("read", LISTS.values(), ids=LISTS)

MADE_UP = (
    *("{", "[]", '["a"]', "[1.5]", "[true]", "[1, 2, 3]", "[" * 5000),
    *('["a", "\\u0000"]', '["a", "\\ud800"]', "[9223372036854775808]", '[9223372036854775808, "a"]'),
)


@pytest.fixture
def full(engine: Engine, app: Application) -> Application:
    """A ledger with five of each, some of them made in the same millisecond."""
    for number in range(4):
        with change(engine, AUDIT_KEY, "cli", NOW + number // 2) as opened:
            applications.create(opened, f"app {number}", Policy())
    for number in range(5):
        with change(engine, AUDIT_KEY, "cli", NOW + number // 2) as opened:
            keys.create(opened, f"key_{number}", app.id, "", "hash", ["reports"])
            templates.add(opened, app.id, f"t{number // 2}", "en" if number % 2 else "de-CH", "{code}")
            blocks.add(opened, "prefix", f"4{number}", "why", application_id=app.id)
    locks = [{"application": app.id, "subject": f"s{number}", "failures": 100} for number in range(5)]
    apply_facts(engine, [Fact(f"ver_{n}:lock1", "lock", NOW + n // 2, data) for n, data in enumerate(locks)])
    return app


@each_list
def test_pages_make_up_the_list(engine: Engine, full: Application, read: Read) -> None:
    """Pages of two hold every item of the list once, in its order."""
    with reading(engine) as connection:
        whole = read(connection, full.id, 100, None)
        items, cursor = [], None
        while True:
            page = read(connection, full.id, 2, cursor)
            items, cursor = [*items, *page.items], page.next_cursor
            if cursor is None:
                break
    assert items == list(whole.items)
    assert len(items) >= 5


@each_list
@pytest.mark.parametrize("cursor", ["", "?", *(b64(text.encode()) for text in MADE_UP)])
def test_a_cursor_that_no_list_gave_out_is_refused(engine: Engine, full: Application, read: Read, cursor: str) -> None:
    """A made-up cursor is refused before the database sees it."""
    with reading(engine) as connection, pytest.raises(Refusal) as refusal:
        read(connection, full.id, 2, cursor)
    assert [error["field"] for error in refusal.value.errors] == ["cursor"]


def test_a_block_that_is_over_is_not_listed(engine: Engine) -> None:
    """A block is listed until it expires."""
    with change(engine, AUDIT_KEY, "cli", NOW) as opened:
        blocks.add(opened, "prefix", "41", "why", expires_at=NOW + 1)
    with reading(engine) as connection:
        assert len(pages.blocks_page(connection, NOW, Listing(), 10, None).items) == 1
        assert len(pages.blocks_page(connection, NOW + 1, Listing(), 10, None).items) == 0


def test_a_removed_template_is_not_listed(engine: Engine, app: Application) -> None:
    """A template that was removed is in no list; its earlier versions stay readable, and their numbers stay taken."""
    with change(engine, AUDIT_KEY, "cli", NOW) as opened:
        templates.add(opened, app.id, "default", "en", "{code}")
        templates.remove(opened, app.id, "default", "en")
    with reading(engine) as connection:
        assert pages.templates_page(connection, app.id, 10, None).items == []
        assert pages.saved(connection, app.id, "default", "en") is None
        first = templates.read(connection, app.id, "default", "en", 1)
    assert first
    assert first.body == "{code}"
    with change(engine, AUDIT_KEY, "cli", NOW) as opened:
        assert templates.add(opened, app.id, "default", "en", "{code}").version == 3
