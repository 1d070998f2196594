"""Who may do what in the console, and what admins did."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from otp_service.ledger.schema.base import METADATA, Json

admins = Table(  # who may sign in to the console
    "admins",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),  # viewer | fraud | admin
    Column("password_hash", Text),  # argon2id; null: none was set yet
    Column("totp_sealed", Text),  # bound to id; null: none was confirmed yet
    Column("totp_step", BigInteger, nullable=False),  # of the last accepted code: none is accepted twice
    Column("oidc_subject", Text, unique=True),  # "<issuer>|<sub>"
    Column("ticket_hash", Text, unique=True),  # of a link that signs in once, by which an account is set up
    Column("ticket_ends_at", BigInteger),
    Column("failures", Integer, nullable=False),  # in a row
    Column("locked_until", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
)

admin_passkeys = Table(
    "admin_passkeys",
    METADATA,
    Column("id", Text, primary_key=True),  # the credential's, base64url
    Column("admin_id", Text, ForeignKey("admins.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("public_key", Text, nullable=False),  # base64url of COSE
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Index(None, "admin_id"),
)

admin_sessions = Table(
    "admin_sessions",
    METADATA,
    Column("token_hash", Text, primary_key=True),
    Column("admin_id", Text, ForeignKey("admins.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("proved_at", BigInteger, nullable=False),  # when who they are was last proven: dangerous acts ask again
    Column("address", Text),
    Column("agent", Text),
    Index(None, "admin_id"),
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

# Heads of the audit chain as they went out: a copy of one kept elsewhere shows what was cut off after it.
audit_heads = Table(
    "audit_heads",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kid", Text, nullable=False),  # of the ed25519 key that signed it
    Column("signature", Text, nullable=False),
)
