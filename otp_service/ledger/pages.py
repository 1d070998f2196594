"""Lists by the page, for admins: applications, keys, templates, blocks, opt-outs, webhooks, hard locks, audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from sqlalchemy import Connection, RowMapping, or_, select

from otp_service.domain.templates.bodies import Kind
from otp_service.ledger.applications import COLUMNS, Application, application_of
from otp_service.ledger.audit import Entry
from otp_service.ledger.blocks import BLOCKS, Block, Book, block_of, naming
from otp_service.ledger.blocks import Kind as BlockKind
from otp_service.ledger.keys import ApiKey, key_of
from otp_service.ledger.opt_outs import OptOut, opt_out_of
from otp_service.ledger.paging import Page, page_rows
from otp_service.ledger.schema import (
    api_keys,
    applications,
    audit,
    hard_locks,
    opt_outs,
    people,
    templates,
    webhooks,
)
from otp_service.ledger.templates import REMOVED, newest_versions
from otp_service.ledger.webhooks import Webhook, webhook_of


@dataclass(frozen=True, slots=True)
class Saved:
    """A version of a template with the time at which it was saved."""

    application_id: str
    name: str
    locale: str
    version: int
    body: str
    created_at: int
    kind: Kind
    smart_encoding: bool
    vendor_ids: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Disabled:
    """A hard lock in force, with the number as far as it is still kept; `to_sealed` is bound to `number_index`."""

    application_id: str
    failures: int
    locked_at: int
    number_index: str | None
    to_sealed: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """Which rows of blocks or allows: of one application alone, of one kind, or those that hold one of these values."""

    book: Book = BLOCKS
    application_id: str | None = None
    kind: BlockKind | None = None
    named: Mapping[BlockKind, Sequence[str]] = field(default_factory=dict)


def applications_page(connection: Connection, limit: int, cursor: str | None) -> Page[Application]:
    """Every application whose policy can be read, oldest first."""
    place = (applications.c.created_at, applications.c.id)
    rows, following = page_rows(connection, select(*COLUMNS), place, limit, cursor)
    return Page([found for row in rows if (found := _readable(row)) is not None], following)


def keys_page(connection: Connection, application_id: str | None, limit: int, cursor: str | None) -> Page[ApiKey]:
    """Every key, revoked ones too, oldest first; of one application or of all."""
    found = select(api_keys)
    if application_id is not None:
        found = found.where(api_keys.c.application_id == application_id)
    rows, following = page_rows(connection, found, (api_keys.c.created_at, api_keys.c.id), limit, cursor)
    return Page([key_of(row) for row in rows], following)


def key(connection: Connection, id: str) -> ApiKey | None:
    """The key of this id."""
    row = connection.execute(select(api_keys).where(api_keys.c.id == id)).mappings().one_or_none()
    return None if row is None else key_of(row)


def templates_page(connection: Connection, application_id: str, limit: int, cursor: str | None) -> Page[Saved]:
    """An application's templates in force, by name and locale."""
    found = newest_versions().where(templates.c.application_id == application_id)
    rows, following = page_rows(connection, found, (templates.c.name, templates.c.locale), limit, cursor)
    return Page([_saved(row) for row in rows], following)


def saved(connection: Connection, application_id: str, name: str, locale: str) -> Saved | None:
    """An application's template in force under this name and locale."""
    found = newest_versions().where(
        templates.c.application_id == application_id, templates.c.name == name, templates.c.locale == locale
    )
    row = connection.execute(found).mappings().one_or_none()
    return None if row is None else _saved(row)


def versions_page(
    connection: Connection, application_id: str, name: str, locale: str, limit: int, cursor: str | None
) -> Page[Saved]:
    """Every version of a template that has a text, newest first, also of one that is out of force."""
    found = select(templates).where(
        templates.c.application_id == application_id,
        templates.c.name == name,
        templates.c.locale == locale,
        templates.c.body != REMOVED,
    )
    rows, following = page_rows(connection, found, (templates.c.version,), limit, cursor, newest_first=True)
    return Page([_saved(row) for row in rows], following)


def _saved(row: RowMapping) -> Saved:
    return Saved(*(row[field.name] for field in fields(Saved)))


def blocks_page(connection: Connection, now_ms: int, wanted: Listing, limit: int, cursor: str | None) -> Page[Block]:
    """The wanted rows of a list that are in force, newest first."""
    table = wanted.book.table
    found = select(table).where(or_(table.c.expires_at.is_(None), table.c.expires_at > now_ms))
    if wanted.application_id is not None:
        found = found.where(table.c.application_id == wanted.application_id)
    if wanted.kind is not None:
        found = found.where(table.c.kind == wanted.kind)
    if wanted.named:
        found = found.where(naming(table, wanted.named))
    rows, following = page_rows(connection, found, (table.c.created_at, table.c.id), limit, cursor, newest_first=True)
    return Page([block_of(row) for row in rows], following)


def opt_outs_page(
    connection: Connection, application_id: str, test: bool, limit: int, cursor: str | None
) -> Page[OptOut]:
    """An application's opt-outs, newest first; those that test keys made or the others."""
    found = select(opt_outs).where(opt_outs.c.application_id == application_id, opt_outs.c.test == test)
    place = (opt_outs.c.created_at, opt_outs.c.number_index)
    rows, following = page_rows(connection, found, place, limit, cursor, newest_first=True)
    return Page([opt_out_of(row) for row in rows], following)


def webhooks_page(connection: Connection, application_id: str | None, limit: int, cursor: str | None) -> Page[Webhook]:
    """Every webhook, oldest first; of one application or all."""
    found = select(webhooks)
    if application_id is not None:
        found = found.where(webhooks.c.application_id == application_id)
    rows, following = page_rows(connection, found, (webhooks.c.created_at, webhooks.c.id), limit, cursor)
    return Page([webhook_of(row) for row in rows], following)


def disabled_page(connection: Connection, application_id: str, limit: int, cursor: str | None) -> Page[Disabled]:
    """An application's hard locks in force, newest first."""
    found = (
        select(hard_locks, people.c.number_index, people.c.to_sealed)
        .outerjoin(people, people.c.person_id == hard_locks.c.person_id)
        .where(hard_locks.c.application_id == application_id, hard_locks.c.lifted_at.is_(None))
    )
    place = (hard_locks.c.locked_at, hard_locks.c.fact_id)
    rows, following = page_rows(connection, found, place, limit, cursor, newest_first=True)
    return Page([Disabled(*(row[name] for name in Disabled.__slots__)) for row in rows], following)


def audit_page(connection: Connection, limit: int, cursor: str | None) -> Page[Entry]:
    """What admins did, newest first."""
    rows, following = page_rows(connection, select(audit), (audit.c.seq,), limit, cursor, newest_first=True)
    return Page([Entry(**row) for row in rows], following)


def _readable(row: RowMapping) -> Application | None:
    """One whose policy can't be read is out of service, and told by the snapshot's problems."""
    try:
        return application_of(row)[0]
    except ValueError:
        return None
