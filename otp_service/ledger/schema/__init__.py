"""The tables of the ledger: truths (what admins decide) and facts (what happened).

Every time is an integer of milliseconds since 1970, UTC: that is what the store's clock gives, SQLite has no type for
times, and both databases then compare, index and dump them alike. Everything but `people`, `blocks` and `hard_locks`
names a person only by `person_id`; those hold a keyed index or subject, and the number itself only sealed.

Facts come repeated and out of order, so the tables that hold them refer to each other without foreign keys, and
whatever a later fact brings may be null until then.
"""

from otp_service.ledger.schema.admins import admin_passkeys, admin_sessions, admins, audit, audit_heads
from otp_service.ledger.schema.applications import (
    allows,
    api_keys,
    applications,
    blocks,
    hard_locks,
    opt_outs,
    sender_suspensions,
    templates,
)
from otp_service.ledger.schema.base import METADATA, Json, meta
from otp_service.ledger.schema.events import events, webhook_deliveries, webhook_secrets, webhooks
from otp_service.ledger.schema.factors import (
    factor_history,
    factor_users,
    factors,
    recovery_codes,
    spent_proofs,
    trusted_devices,
)
from otp_service.ledger.schema.happenings import (
    attempts,
    messages,
    people,
    receipts,
    verification_history,
    verifications,
)

__all__ = [
    "METADATA",
    "Json",
    "admin_passkeys",
    "admin_sessions",
    "admins",
    "allows",
    "api_keys",
    "applications",
    "attempts",
    "audit",
    "audit_heads",
    "blocks",
    "events",
    "factor_history",
    "factor_users",
    "factors",
    "hard_locks",
    "messages",
    "meta",
    "opt_outs",
    "people",
    "receipts",
    "recovery_codes",
    "sender_suspensions",
    "spent_proofs",
    "templates",
    "trusted_devices",
    "verification_history",
    "verifications",
    "webhook_deliveries",
    "webhook_secrets",
    "webhooks",
]
