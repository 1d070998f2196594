"""Applications and what is theirs: keys, templates, and whom they send nothing or anything."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text, true

from otp_service.ledger.schema.base import METADATA, Json

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

blocks = Table(
    "blocks",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, ForeignKey("applications.id")),  # null: every application
    Column("kind", Text, nullable=False),  # number | prefix | country | ip | network | user
    Column("value", Text, nullable=False),  # of numbers and users their index; prefix: digits in E.164 without the plus
    Column("to_sealed", Text),  # bound to value
    Column("reason", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "kind", "value"),
)

allows = Table(  # what the fraud brake lets pass; `blocks` has the same columns
    "allows",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, ForeignKey("applications.id")),  # null: every application
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
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
