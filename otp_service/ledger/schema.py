"""The tables of the ledger: truths (what admins decide) and facts (what happened).

Every time is an integer of milliseconds since 1970, UTC: that is what the store's clock gives, SQLite has no type for
times, and both databases then compare, index and dump them alike. Everything but `people`, `blocks` and `hard_locks`
names a person only by `person_id`; those hold a keyed index or subject, and the number itself only sealed.

Facts come repeated and out of order, so the tables that hold them refer to each other without foreign keys, and
whatever a later fact brings may be null until then.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
Json = JSON(none_as_null=True)

# version: grows with every change of a truth; audit_head: "<seq>:<hash>"; index_key: sealed; restored_at: ms;
# event_seq: of the newest event; event_fanout: of the newest that webhooks were given.
meta = Table("meta", METADATA, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

applications = Table(
    "applications",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("policy", Json, nullable=False),  # only the fields that were set; the rest are the release's defaults
    Column("created_at", BigInteger, nullable=False),
)

api_keys = Table(
    "api_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, ForeignKey("applications.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("ips", Json, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

templates = Table(  # a version never changes; the newest of a name and locale is the one in force
    "templates",
    METADATA,
    Column("application_id", Text, ForeignKey("applications.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("locale", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, server_default="verification"),  # verification | message
    Column("smart_encoding", Boolean, nullable=False, server_default=true()),
    Column("vendor_ids", Json),  # {"dlt_entity_id", "dlt_template_id"}
)

people = Table(
    "people",
    METADATA,
    Column("person_id", Text, primary_key=True),
    Column("number_index", Text, nullable=False, unique=True),
    Column("to_sealed", Text),  # bound to number_index
    Column("country", Text),
    Column("block", Text),
    Index(
        "ix_people_number_kept",
        "person_id",
        sqlite_where=text("to_sealed IS NOT NULL"),
        postgresql_where=text("to_sealed IS NOT NULL"),
    ),
)

verifications = Table(
    "verifications",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("application_id", Text),
    Column("person_id", Text),
    Column("number_kept", Boolean, nullable=False),  # false: this row may no longer lead to a number
    Column("test", Boolean),
    Column("purpose", Text),
    Column("channel", Text),
    Column("locale", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("sends", Integer),
    Column("used", Integer),
    Column("max_attempts", Integer),
    Column("metadata", Json),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("ended_at", BigInteger),
    Index(None, "application_id", "created_at", "id"),
    Index(None, "person_id", "created_at"),
    Index(
        "ix_verifications_pending",
        "expires_at",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    Index(
        "ix_verifications_number_kept",
        "application_id",
        "created_at",
        sqlite_where=text("number_kept"),
        postgresql_where=text("number_kept"),
    ),
)

verification_history = Table(
    "verification_history",
    METADATA,
    Column("fact_id", Text, primary_key=True),
    Column("verification_id", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index(None, "verification_id", "n"),
)

messages = Table(
    "messages",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("n", Integer, nullable=False),  # the rank of its status
    Column("verification_id", Text),
    Column("application_id", Text),
    Column("person_id", Text),
    Column("number_kept", Boolean, nullable=False),
    Column("channel", Text),
    Column("encoding", Text),
    Column("segments", Integer),
    Column("price_micros", BigInteger),
    Column("template", Text),
    Column("locale", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("provider", Text),
    Column("provider_message_id", Text),
    Column("queued_at", BigInteger, nullable=False),  # until the queued fact came: when it was first heard of
    Column("accepted_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("class", Text),  # null: a code
    Column("reference", Text),
    Column("country", Text),
    Column("sender", Text),
    Column("cost_micros", BigInteger),  # what its attempts cost together, as far as known
    Column("send_at", BigInteger),
    Column("deadline_at", BigInteger),
    Column("moved_at", BigInteger),  # when send_at was last set to another time
    Column("outcome", Text),  # converted | not_converted, as the caller told
    Column("metadata", Json),
    Column("test", Boolean),
    Index(None, "verification_id"),
    Index(None, "application_id", "queued_at", "id"),
    Index(None, "application_id", "reference"),
    Index(None, "queued_at"),
    Index(None, "person_id"),
    Index(
        "ix_messages_number_kept",
        "application_id",
        "queued_at",
        sqlite_where=text("number_kept"),
        postgresql_where=text("number_kept"),
    ),
)

attempts = Table(
    "attempts",
    METADATA,
    Column("message_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("provider", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text),
    Column("provider_message_id", Text),
    Column("raw", Text),
    Column("took_ms", Integer),
    Column("at", BigInteger, nullable=False),
    Column("sender", Text),
    Column("country", Text),
    Column("cost_micros", BigInteger),
)

receipts = Table(
    "receipts",
    METADATA,
    Column("fact_id", Text, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("provider_message_id", Text),
    Column("part", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("raw", Text),
    Column("at", BigInteger, nullable=False),
    Index(None, "message_id", "at"),
)

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

opt_outs = Table(
    "opt_outs",
    METADATA,
    Column("application_id", Text, ForeignKey("applications.id"), primary_key=True),
    Column("test", Boolean, primary_key=True),  # what test keys do stays among themselves
    Column("number_index", Text, primary_key=True),
    Column("to_sealed", Text),  # bound to number_index
    Column("scope", Text, nullable=False),  # promotional | all
    Column("source", Text, nullable=False),  # admin | api | provider
    Column("created_at", BigInteger, nullable=False),
)

# One row per time a sender was taken out, so that a repeated receipt never revives what an admin has put back.
sender_suspensions = Table(
    "sender_suspensions",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("country", Text),  # null: everywhere
    Column("reason", Text, nullable=False),
    Column("raw", Text),
    Column("suspended_at", BigInteger, nullable=False),
    Column("lifted_at", BigInteger),
    Column("lifted_by", Text),
    Index(None, "provider", "sender"),
)

blocks = Table(
    "blocks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, ForeignKey("applications.id")),  # null: every application
    Column("kind", Text, nullable=False),  # number | prefix
    Column("value", Text, nullable=False),  # number: its index; prefix: digits in E.164 without the plus
    Column("to_sealed", Text),  # bound to value
    Column("reason", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "kind", "value"),
)

# One row per lock, not per subject: a repeated fact then never revives what an admin has lifted, and a new one locks
# again.
hard_locks = Table(
    "hard_locks",
    METADATA,
    Column("fact_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("application_id", Text, nullable=False),
    Column("person_id", Text),
    Column("failures", Integer, nullable=False),
    Column("locked_at", BigInteger, nullable=False),
    Column("lifted_at", BigInteger),
    Column("lifted_by", Text),
    Index(None, "application_id", "subject"),
)

audit = Table(
    "audit",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("application_id", Text),
    Column("target", Text),
    Column("before", Json),
    Column("after", Json),
    Column("kid", Text, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    UniqueConstraint("prev_hash"),  # the chain can't fork
)
