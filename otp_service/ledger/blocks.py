"""Blocks: numbers and prefixes that get no codes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from sqlalchemy import Connection, RowMapping, delete, insert, select

from otp_service.domain.errors import Refusal
from otp_service.ledger import applications, audit
from otp_service.ledger.changes import Change
from otp_service.ledger.ids import new_id
from otp_service.ledger.schema import blocks

Kind = Literal["number", "prefix"]
FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Block:
    """A number (by its index, never in clear) or a prefix (digits without the plus) that gets no codes."""

    id: str
    application_id: str | None  # None: every application
    kind: Kind
    value: str
    to_sealed: str | None  # the number, bound to value
    reason: str
    expires_at: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """The blocks arranged for one look-up per request: (application or None, value) -> when it expires."""

    numbers: Mapping[tuple[str | None, str], int] = field(default_factory=dict)
    prefixes: Mapping[tuple[str | None, str], int] = field(default_factory=dict)

    def hits(self, application_id: str, number_index: str, e164: str, now_ms: int) -> bool:
        """Whether this number gets no codes from this application now."""
        for owner in (application_id, None):
            if self.numbers.get((owner, number_index), 0) > now_ms:
                return True
            if self.prefixes and any(
                self.prefixes.get((owner, e164[1:end]), 0) > now_ms for end in range(2, len(e164) + 1)
            ):
                return True
        return False


def add(
    change: Change,
    kind: Kind,
    value: str,
    reason: str,
    *,
    application_id: str | None = None,
    to_sealed: str | None = None,
    expires_at: int | None = None,
) -> Block:
    """Block a number index or a prefix; `not_found` if there is no such application."""
    if application_id is not None:
        applications.require(change.connection, application_id)
    block = Block(new_id("blk"), application_id, kind, value, to_sealed, reason, expires_at, change.at_ms)
    change.connection.execute(insert(blocks).values(asdict(block)))
    audit.record(change, "block.add", application_id=application_id, target=block.id, after=_said(block))
    return block


def remove(change: Change, id: str) -> None:
    """Lift a block; `not_found` if there is none of this id."""
    row = change.connection.execute(select(blocks).where(blocks.c.id == id)).mappings().one_or_none()
    if row is None:
        raise Refusal("not_found", "there is no such block")
    change.connection.execute(delete(blocks).where(blocks.c.id == id))
    audit.record(change, "block.remove", application_id=row["application_id"], target=id, before=_said(block_of(row)))


def listed(connection: Connection) -> list[Block]:
    """Every block, expired ones too, oldest first."""
    oldest = select(blocks).order_by(blocks.c.created_at, blocks.c.id)
    return [block_of(row) for row in connection.execute(oldest).mappings()]


def block_of(row: RowMapping) -> Block:
    """A row as a block."""
    return Block(**row)


def arranged(found: list[Block]) -> Blocked:
    """Blocks as requests look them up; of two alike the longer counts."""
    tables: dict[Kind, dict[tuple[str | None, str], int]] = {"number": {}, "prefix": {}}
    for block in found:
        until = FOREVER if block.expires_at is None else block.expires_at
        table, key = tables[block.kind], (block.application_id, block.value)
        table[key] = max(until, table.get(key, 0))
    return Blocked(tables["number"], tables["prefix"])


def _said(block: Block) -> dict[str, str | int | None]:
    said: dict[str, str | int | None] = {
        "kind": block.kind,
        "reason": block.reason,
        "expires_at": block.expires_at,
    }
    return said | ({"prefix": block.value} if block.kind == "prefix" else {})
