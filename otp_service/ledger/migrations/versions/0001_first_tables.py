"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Integer, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table, and the two counters that the ledger starts from."""
    meta = op.create_table("meta", _text("name", primary_key=True), _text("value"))
    op.bulk_insert(meta, [{"name": "version", "value": "1"}, {"name": "audit_head", "value": "0:"}])
    _truths()
    _verifications()
    _messages()
    _audit()


def _truths() -> None:
    op.create_table(
        "applications",
        _text("id", primary_key=True),
        _text("name", unique=True),
        sa.Column("policy", JSON, nullable=False),
        _ms("created_at"),
    )
    op.create_table(
        "api_keys",
        _text("id", primary_key=True),
        _application(),
        _text("name"),
        _text("hash"),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("test", Boolean, nullable=False),
        sa.Column("ips", JSON, nullable=False),
        _ms("expires_at", nullable=True),
        _ms("revoked_at", nullable=True),
        _ms("created_at"),
    )
    op.create_table(
        "templates",
        _application(primary_key=True),
        _text("name", primary_key=True),
        _text("locale", primary_key=True),
        sa.Column("version", Integer, primary_key=True, autoincrement=False),
        _text("body"),
        _ms("created_at"),
    )
    op.create_table(
        "blocks",
        _text("id", primary_key=True),
        _application(nullable=True),
        _text("kind"),
        _text("value"),
        _text("to_sealed", nullable=True),
        _text("reason"),
        _ms("expires_at", nullable=True),
        _ms("created_at"),
    )
    op.create_index("ix_blocks_kind_value", "blocks", ["kind", "value"])
    op.create_table(
        "hard_locks",
        _text("fact_id", primary_key=True),
        _text("subject"),
        _text("application_id"),
        _text("person_id", nullable=True),
        sa.Column("failures", Integer, nullable=False),
        _ms("locked_at"),
        _ms("lifted_at", nullable=True),
        _text("lifted_by", nullable=True),
    )
    op.create_index("ix_hard_locks_application_id_subject", "hard_locks", ["application_id", "subject"])


def _verifications() -> None:
    op.create_table(
        "people",
        _text("person_id", primary_key=True),
        _text("number_index", unique=True),
        _text("to_sealed", nullable=True),
        _text("country", nullable=True),
        _text("block", nullable=True),
    )
    sealed = sa.text("to_sealed IS NOT NULL")
    op.create_index("ix_people_number_kept", "people", ["person_id"], sqlite_where=sealed, postgresql_where=sealed)
    op.create_table(
        "verifications",
        _text("id", primary_key=True),
        sa.Column("n", Integer, nullable=False),
        *(_text(name, nullable=True) for name in ("application_id", "person_id")),
        sa.Column("number_kept", Boolean, nullable=False),
        sa.Column("test", Boolean),
        *(_text(name, nullable=True) for name in ("purpose", "channel", "locale")),
        _text("status"),
        _text("reason", nullable=True),
        *(sa.Column(name, Integer) for name in ("sends", "used", "max_attempts")),
        sa.Column("metadata", JSON),
        _ms("created_at"),
        *(_ms(name, nullable=True) for name in ("expires_at", "ended_at")),
    )
    op.create_index(
        "ix_verifications_application_id_created_at_id", "verifications", ["application_id", "created_at", "id"]
    )
    op.create_index("ix_verifications_person_id_created_at", "verifications", ["person_id", "created_at"])
    _index_number_kept("verifications", "created_at")
    op.create_table(
        "verification_history",
        _text("fact_id", primary_key=True),
        _text("verification_id"),
        sa.Column("n", Integer, nullable=False),
        _text("event"),
        _ms("at"),
        sa.Column("data", JSON, nullable=False),
    )
    op.create_index("ix_verification_history_verification_id_n", "verification_history", ["verification_id", "n"])


def _messages() -> None:
    op.create_table(
        "messages",
        _text("id", primary_key=True),
        sa.Column("n", Integer, nullable=False),
        *(_text(name, nullable=True) for name in ("verification_id", "application_id", "person_id")),
        sa.Column("number_kept", Boolean, nullable=False),
        *(_text(name, nullable=True) for name in ("channel", "encoding")),
        sa.Column("segments", Integer),
        sa.Column("price_micros", BigInteger),
        *(_text(name, nullable=True) for name in ("template", "locale")),
        _text("status"),
        *(_text(name, nullable=True) for name in ("reason", "provider", "provider_message_id")),
        _ms("queued_at"),
        *(_ms(name, nullable=True) for name in ("accepted_at", "sent_at", "ended_at")),
    )
    op.create_index("ix_messages_verification_id", "messages", ["verification_id"])
    op.create_index("ix_messages_application_id_queued_at_id", "messages", ["application_id", "queued_at", "id"])
    op.create_index("ix_messages_person_id", "messages", ["person_id"])
    _index_number_kept("messages", "queued_at")
    op.create_table(
        "attempts",
        _text("message_id", primary_key=True),
        sa.Column("n", Integer, primary_key=True, autoincrement=False),
        _text("provider"),
        _text("verdict"),
        *(_text(name, nullable=True) for name in ("reason", "provider_message_id", "raw")),
        sa.Column("took_ms", Integer),
        _ms("at"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _ms("at"),
        *(_text(name) for name in ("actor", "act")),
        *(_text(name, nullable=True) for name in ("application_id", "target")),
        *(sa.Column(name, JSON) for name in ("before", "after")),
        _text("kid"),
        _text("prev_hash", unique=True),
        _text("hash"),
    )


def _text(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Text, nullable=nullable, **options)


def _ms(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BigInteger, nullable=nullable)


def _application(**options: Any) -> sa.Column[Any]:
    options.setdefault("nullable", False)
    return sa.Column("application_id", Text, sa.ForeignKey("applications.id"), **options)


def _index_number_kept(table: str, since: str) -> None:
    kept = sa.text("number_kept")
    columns = ["application_id", since]
    op.create_index(f"ix_{table}_number_kept", table, columns, sqlite_where=kept, postgresql_where=kept)
