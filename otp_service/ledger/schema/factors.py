"""Factors that need no message: whose they are, what proves them, and what became of each try."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from otp_service.ledger.schema.base import METADATA, Json

# A user of one application, known by a keyed index of the name that the application gave: `user_index` in verifications
# begins like it. Wrong codes are counted here, over all factors of the user.
factor_users = Table(
    "factor_users",
    METADATA,
    Column("user_index", Text, primary_key=True),
    Column("application_id", Text, ForeignKey("applications.id"), nullable=False),
    Column("test", Boolean, nullable=False),  # what test keys do stays among themselves
    Column("user_sealed", Text, nullable=False),  # bound to user_index
    Column("failures", Integer, nullable=False),  # in a row
    Column("locked_until", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),  # until an admin lifts it
    Column("created_at", BigInteger, nullable=False),
    Index(None, "application_id", "created_at", "user_index"),
    Index(None, "application_id", "locked_until", "user_index"),  # whom wrong codes hold up: of most it never changes
)

factors = Table(
    "factors",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_index", Text, ForeignKey("factor_users.user_index"), nullable=False),
    Column("application_id", Text, ForeignKey("applications.id"), nullable=False),
    Column("type", Text, nullable=False),  # a name in service/factors/types
    Column("status", Text, nullable=False),  # unconfirmed | active
    Column("algorithm", Text),  # SHA1 | SHA256 | SHA512
    Column("digits", Integer),
    Column("period_s", Integer),
    Column("sealed", Text, nullable=False),  # secret, label and issuer, bound to application, user and factor
    Column("counter", BigInteger, nullable=False),  # the newest step that was accepted; of HOTP the next counter
    Column("drift", Integer, nullable=False),  # how many steps the device's clock is ahead; behind is negative
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),  # when an unconfirmed one is forgotten
    Column("confirmed_at", BigInteger),
    Column("used_at", BigInteger),
    Index(None, "user_index"),
    Index(None, "expires_at"),
)

recovery_codes = Table(
    "recovery_codes",
    METADATA,
    Column("factor_id", Text, ForeignKey("factors.id"), primary_key=True),
    Column("code_hash", Text, primary_key=True),  # keyed
    Column("used_at", BigInteger),
)

trusted_devices = Table(
    "trusted_devices",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_index", Text, ForeignKey("factor_users.user_index"), nullable=False),
    Column("device_index", Text, nullable=False),  # keyed
    Column("label_sealed", Text),  # bound to id
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index(None, "user_index"),
    Index(None, "expires_at"),
)

spent_proofs = Table(  # proofs that were shown to step up: each counts once
    "spent_proofs",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "expires_at"),
)

factor_history = Table(
    "factor_history",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("application_id", Text, nullable=False),
    Column("user_index", Text, nullable=False),
    Column("factor_id", Text),
    Column("event", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("data", Json, nullable=False),
    Index(None, "user_index", "at"),
    Index(None, "application_id", "at"),
)
