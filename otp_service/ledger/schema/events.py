"""What callers are told, and the webhooks that hear it."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from otp_service.ledger.schema.base import METADATA, Json

# What callers are told as it happens; seq grows in the order of commits, so a reader who knows one misses none.
events = Table(
    "events",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("application_id", Text, nullable=False),  # empty: the operator's own
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what it is about: events of one subject are told in order
    Column("at", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index(None, "application_id", "seq"),
)

webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, ForeignKey("applications.id")),  # null: every application's, and the operator's
    Column("url", Text, nullable=False),
    Column("types", Json, nullable=False),  # [] is every type
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("disabled_at", BigInteger),
    Column("failing_since", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

webhook_secrets = Table(
    "webhook_secrets",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id"), nullable=False),
    Column("kind", Text, nullable=False),  # hmac | ed25519
    Column("secret_sealed", Text, nullable=False),  # bound to id
    Column("created_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger),  # of one that was rotated out; null: in force
    Index(None, "webhook_id"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    METADATA,
    Column("webhook_id", Text, ForeignKey("webhooks.id"), primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),  # the event's, as the next
    Column("subject", Text, nullable=False),
    Column("status", Text, nullable=False),  # pending | delivered | failed
    Column("tries", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("answer", Text),  # the last status, or in a word why there was none
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "status", "due_at"),
    Index(None, "webhook_id", "seq"),
    Index(None, "webhook_id", "subject"),
    Index(None, "event_id"),
)
