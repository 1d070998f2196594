"""What the brake and its people need: allows, admins and their sessions, heads of the audit, whence codes are asked."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Integer, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add columns and tables; the release before this one works on with them."""
    _verifications()
    _allows()
    _admins()
    _audit_heads()


def _verifications() -> None:
    for name in ("ip_index", "network_index", "device_index", "user_index"):
        op.add_column("verifications", _text(name, nullable=True))
    for name in ("ip_index", "user_index"):
        op.create_index(f"ix_verifications_{name}_created_at", "verifications", [name, "created_at"])


def _allows() -> None:
    op.create_table(
        "allows",
        _text("id", primary_key=True),
        sa.Column("application_id", Text, sa.ForeignKey("applications.id")),
        *(_text(name) for name in ("kind", "value")),
        _text("to_sealed", nullable=True),
        _text("reason"),
        _ms("expires_at", nullable=True),
        _ms("created_at"),
    )
    op.create_index("ix_allows_kind_value", "allows", ["kind", "value"])


def _admins() -> None:
    op.create_table(
        "admins",
        _text("id", primary_key=True),
        _text("name", unique=True),
        _text("role"),
        *(_text(name, nullable=True) for name in ("password_hash", "totp_sealed")),
        _ms("totp_step"),
        *(_text(name, nullable=True, unique=True) for name in ("oidc_subject", "ticket_hash")),
        _ms("ticket_ends_at", nullable=True),
        sa.Column("failures", Integer, nullable=False),
        _ms("locked_until"),
        _ms("disabled_at", nullable=True),
        _ms("created_at"),
    )
    op.create_table(
        "admin_passkeys",
        _text("id", primary_key=True),
        sa.Column("admin_id", Text, sa.ForeignKey("admins.id"), nullable=False),
        *(_text(name) for name in ("name", "public_key")),
        *(_ms(name) for name in ("sign_count", "created_at")),
        _ms("used_at", nullable=True),
    )
    op.create_index("ix_admin_passkeys_admin_id", "admin_passkeys", ["admin_id"])
    op.create_table(
        "admin_sessions",
        _text("token_hash", primary_key=True),
        sa.Column("admin_id", Text, sa.ForeignKey("admins.id"), nullable=False),
        *(_ms(name) for name in ("created_at", "seen_at", "ends_at", "proved_at")),
        *(_text(name, nullable=True) for name in ("address", "agent")),
    )
    op.create_index("ix_admin_sessions_admin_id", "admin_sessions", ["admin_id"])


def _audit_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _text("hash"),
        _ms("at"),
        *(_text(name) for name in ("kid", "signature")),
    )


def _text(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Text, nullable=nullable, **options)


def _ms(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BigInteger, nullable=nullable)
