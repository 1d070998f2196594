"""Factors that need no message: users and what is counted against them, factors, recovery codes, trusted devices."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Integer, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add tables; the release before this one works on without them."""
    _users()
    _factors()
    _devices()
    _history()


def _users() -> None:
    op.create_table(
        "factor_users",
        _text("user_index", primary_key=True),
        _refers("application_id", "applications.id"),
        sa.Column("test", Boolean, nullable=False),
        _text("user_sealed"),
        sa.Column("failures", Integer, nullable=False),
        _ms("locked_until"),
        _ms("disabled_at", nullable=True),
        _ms("created_at"),
    )
    _index("factor_users", "application_id", "created_at", "user_index")
    _index("factor_users", "application_id", "locked_until", "user_index")


def _factors() -> None:
    op.create_table(
        "factors",
        _text("id", primary_key=True),
        _refers("user_index", "factor_users.user_index"),
        _refers("application_id", "applications.id"),
        *(_text(name) for name in ("type", "status")),
        _text("algorithm", nullable=True),
        *(sa.Column(name, Integer) for name in ("digits", "period_s")),
        _text("sealed"),
        _ms("counter"),
        sa.Column("drift", Integer, nullable=False),
        _ms("created_at"),
        *(_ms(name, nullable=True) for name in ("expires_at", "confirmed_at", "used_at")),
    )
    _index("factors", "user_index")
    _index("factors", "expires_at")
    op.create_table(
        "recovery_codes",
        _refers("factor_id", "factors.id", primary_key=True),
        _text("code_hash", primary_key=True),
        _ms("used_at", nullable=True),
    )


def _devices() -> None:
    op.create_table(
        "trusted_devices",
        _text("id", primary_key=True),
        _refers("user_index", "factor_users.user_index"),
        _text("device_index"),
        _text("label_sealed", nullable=True),
        *(_ms(name) for name in ("created_at", "expires_at")),
        *(_ms(name, nullable=True) for name in ("seen_at", "revoked_at")),
    )
    _index("trusted_devices", "user_index")
    _index("trusted_devices", "expires_at")
    op.create_table("spent_proofs", _text("id", primary_key=True), _ms("expires_at"))
    _index("spent_proofs", "expires_at")


def _history() -> None:
    op.create_table(
        "factor_history",
        _text("id", primary_key=True),
        *(_text(name) for name in ("application_id", "user_index")),
        _text("factor_id", nullable=True),
        _text("event"),
        _ms("at"),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
    )
    _index("factor_history", "user_index", "at")
    _index("factor_history", "application_id", "at")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _refers(name: str, to: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Text, sa.ForeignKey(to), nullable=False, **options)


def _text(name: str, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Text, nullable=nullable, **options)


def _ms(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BigInteger, nullable=nullable)
