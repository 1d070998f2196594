"""Blocks and allows, for admins: who gets no codes, and whom the brake lets pass."""

from collections.abc import Iterator
from dataclasses import dataclass

from otp_service.ledger import audit, blocks, pages
from otp_service.ledger.blocks import BLOCKS, Block, Book, Kind
from otp_service.ledger.paging import Page
from otp_service.service.admin.fields import MOST_REASON, future, words
from otp_service.service.admin.named import kept, naming, shown, whole
from otp_service.service.admin.opening import changing, looking, owner, stored
from otp_service.service.core import Core, now_ms

__all__ = ["Wanted", "create", "delete", "exported", "look", "page", "shown", "whole"]

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: of one application alone, of one kind, or those that name a number, an address or a user."""

    application: str | None = None
    kind: Kind | None = None
    to: str | None = None
    ip: str | None = None
    user: str | None = None


EVERY = Wanted()


def create(
    core: Core,
    actor: str,
    kind: Kind,
    value: str,
    reason: str,
    *,
    application: str | None = None,
    expires_ms: int | None = None,
    book: Book = BLOCKS,
) -> Block:
    """Blocks or allows what a value of this kind names; for one application or for all."""
    words("reason", reason, least=1, most=MOST_REASON)
    ends = future("expires_at", expires_ms)
    with changing(core, actor) as change:
        of = owner(change.connection, application) if application is not None else None
        meant = kept(core, kind, value, of)
        return blocks.add(
            *(change, kind, meant.value, reason),
            application_id=of.id if of else None,
            to_sealed=meant.to_sealed,
            expires_at=ends,
            book=book,
        )


def delete(core: Core, actor: str, id: str, book: Book = BLOCKS) -> Block:
    """Lifts a row, and answers it; Refusal not_found if there is none of this id."""
    with changing(core, actor) as change:
        return blocks.remove(change, stored(id), book)


def page(
    core: Core,
    limit: int,
    cursor: str | None = None,
    application: str | None = None,
    *,
    wanted: Wanted = EVERY,
    book: Book = BLOCKS,
) -> Page[Block]:
    """Some of the rows in force, newest first; those that are wanted, or all."""
    of_ = application or wanted.application
    with looking(core) as connection:
        of = owner(connection, of_) if of_ is not None else None
        named = naming(core, of, wanted.to, wanted.ip, wanted.user)
        by = pages.Listing(book, of.id if of else None, wanted.kind, named)
        return pages.blocks_page(connection, now_ms(), by, limit, cursor)


def exported(core: Core, wanted: Wanted = EVERY, book: Book = BLOCKS) -> Iterator[Block]:
    """Every row that is wanted, newest first, a thousand at a time; a Refusal comes before the first."""
    return _following(core, wanted, book, page(core, AT_ONCE, wanted=wanted, book=book))


def _following(core: Core, wanted: Wanted, book: Book, found: Page[Block]) -> Iterator[Block]:
    yield from found.items
    while found.next_cursor is not None:
        found = page(core, AT_ONCE, found.next_cursor, wanted=wanted, book=book)
        yield from found.items


def look(core: Core, actor: str, reason: str, wanted: Wanted = EVERY, book: Book = BLOCKS) -> None:
    """Audits that somebody looks at a list's numbers in full, and why."""
    words("reason", reason, least=1, most=MOST_REASON)
    with changing(core, actor) as change:
        of = owner(change.connection, wanted.application).id if wanted.application is not None else None
        audit.record(change, f"{book.word}.look", application_id=of, after={"reason": reason, "kind": wanted.kind})
