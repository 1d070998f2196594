"""What happened, as facts tell it: people, verifications, messages and what came of them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Table, Text, text

from otp_service.ledger.schema.base import METADATA, Json

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
    # Where it was asked from, as keyed indices that end with the number: null where nobody said.
    Column("ip_index", Text),
    Column("network_index", Text),
    Column("device_index", Text),
    Column("user_index", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("ended_at", BigInteger),
    Index(None, "application_id", "created_at", "id"),
    Index(None, "person_id", "created_at"),
    *(Index(None, name, "created_at") for name in ("ip_index", "user_index")),
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
