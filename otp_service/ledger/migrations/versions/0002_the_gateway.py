"""What the gateway keeps: receipts, costs, events and their webhooks, opt-outs, and senders that were taken out."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import JSON, BigInteger, Boolean, Integer, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add columns and tables; the release before this one works on with them."""
    _templates()
    _messages()
    _receipts()
    _events()
    _webhooks()
    _opt_outs()
    _sender_suspensions()


def _templates() -> None:
    op.add_column("templates", sa.Column("kind", Text, nullable=False, server_default="verification"))
    op.add_column("templates", sa.Column("smart_encoding", Boolean, nullable=False, server_default=sa.true()))
    op.add_column("templates", sa.Column("vendor_ids", JSON))


def _messages() -> None:
    for name in ("class", "reference", "country", "sender", "outcome"):
        op.add_column("messages", _text(name, nullable=True))
    for name in ("cost_micros", "send_at", "deadline_at", "moved_at"):
        op.add_column("messages", _ms(name, nullable=True))
    op.add_column("messages", sa.Column("metadata", JSON))
    op.add_column("messages", sa.Column("test", Boolean))
    op.create_index("ix_messages_application_id_reference", "messages", ["application_id", "reference"])
    op.create_index("ix_messages_queued_at", "messages", ["queued_at"])
    # Reports ask messages alone where they went; people are forgotten.
    op.execute(
        "UPDATE messages SET country = (SELECT people.country FROM people WHERE people.person_id = messages.person_id)"
    )
    for name in ("sender", "country"):
        op.add_column("attempts", _text(name, nullable=True))
    op.add_column("attempts", _ms("cost_micros", nullable=True))


def _receipts() -> None:
    op.create_table(
        "receipts",
        _text("fact_id", primary_key=True),
        *(_text(name) for name in ("message_id", "provider")),
        *(_text(name, nullable=True) for name in ("provider_message_id", "part")),
        _text("status"),
        *(_text(name, nullable=True) for name in ("reason", "raw")),
        _ms("at"),
    )
    op.create_index("ix_receipts_message_id_at", "receipts", ["message_id", "at"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _text("id", unique=True),
        *(_text(name) for name in ("application_id", "type", "subject")),
        _ms("at"),
        sa.Column("data", JSON, nullable=False),
    )
    op.create_index("ix_events_application_id_seq", "events", ["application_id", "seq"])
    op.execute("INSERT INTO meta (name, value) VALUES ('event_seq', '0'), ('event_fanout', '0')")
    pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_verifications_pending", "verifications", ["expires_at"], sqlite_where=pending, postgresql_where=pending
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        _text("id", primary_key=True),
        sa.Column("application_id", Text, sa.ForeignKey("applications.id")),
        _text("url"),
        sa.Column("types", JSON, nullable=False),
        sa.Column("enabled", Boolean, nullable=False),
        _text("disabled_reason", nullable=True),
        *(_ms(name, nullable=True) for name in ("disabled_at", "failing_since")),
        _ms("created_at"),
    )
    op.create_table(
        "webhook_secrets",
        _text("id", primary_key=True),
        sa.Column("webhook_id", Text, sa.ForeignKey("webhooks.id"), nullable=False),
        *(_text(name) for name in ("kind", "secret_sealed")),
        _ms("created_at"),
        _ms("ends_at", nullable=True),
    )
    op.create_index("ix_webhook_secrets_webhook_id", "webhook_secrets", ["webhook_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("webhook_id", Text, sa.ForeignKey("webhooks.id"), primary_key=True),
        _text("event_id", primary_key=True),
        _ms("seq"),
        *(_text(name) for name in ("subject", "status")),
        sa.Column("tries", Integer, nullable=False),
        *(_ms(name) for name in ("due_at", "leased_until")),
        _text("answer", nullable=True),
        _ms("changed_at"),
    )
    for columns in (["status", "due_at"], ["webhook_id", "seq"], ["webhook_id", "subject"], ["event_id"]):
        op.create_index(f"ix_webhook_deliveries_{'_'.join(columns)}", "webhook_deliveries", columns)


def _opt_outs() -> None:
    op.create_table(
        "opt_outs",
        sa.Column("application_id", Text, sa.ForeignKey("applications.id"), primary_key=True),
        sa.Column("test", Boolean, primary_key=True),
        _text("number_index", primary_key=True),
        _text("to_sealed", nullable=True),
        *(_text(name) for name in ("scope", "source")),
        _ms("created_at"),
    )


def _sender_suspensions() -> None:
    op.create_table(
        "sender_suspensions",
        _text("id", primary_key=True),
        *(_text(name) for name in ("provider", "sender")),
        _text("country", nullable=True),
        _text("reason"),
        _text("raw", nullable=True),
        _ms("suspended_at"),
        _ms("lifted_at", nullable=True),
        _text("lifted_by", nullable=True),
    )
    op.create_index("ix_sender_suspensions_provider_sender", "sender_suspensions", ["provider", "sender"])


def _text(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Text, nullable=nullable, **options)


def _ms(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BigInteger, nullable=nullable)
