"""What the ledger remembers of a verification, once the store no longer does; and lists of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.errors import Refusal
from otp_service.domain.phone import parse_number
from otp_service.ledger import reading
from otp_service.ledger.engine import reading as open_reading
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import number_index
from otp_service.service.sealed import number_in_ledger


@dataclass(frozen=True, slots=True)
class MessageState:
    """What became of one message; times in milliseconds."""

    id: str
    at_ms: int
    status: str = "queued"
    provider: str | None = None
    reason: str | None = None
    changed_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A verification as callers read it, from the store or from the ledger; times in milliseconds."""

    id: str
    status: str
    to: str | None
    purpose: str
    channel: str
    created_ms: int
    expires_ms: int
    sends: int
    attempts_left: int
    message: str | None = None
    resend_after_ms: int | None = None
    approved_ms: int | None = None
    ended_ms: int | None = None
    reason: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    messages: tuple[MessageState, ...] = ()


def past(core: Core, caller: Caller, id_: str) -> Past | None:
    """The verification of this id in the ledger; Refusal unavailable while SQL is down."""
    try:
        with open_reading(core.engine) as connection:
            row = reading.verification(connection, caller.application.id, id_)
    except SQLAlchemyError as error:
        raise Refusal("unavailable", "the ledger can't be read now", retry_after_s=5) from error
    return _past(core, row) if row else None


def listed(core: Core, caller: Caller, query: Mapping[str, Any]) -> tuple[list[Past], str | None]:
    """A page of the application's verifications, newest first, and the cursor of the next."""
    to = query.get("to")
    index = number_index(core, parse_number(to, caller.application.policy.default_region).e164) if to else None
    try:
        with open_reading(core.engine) as connection:
            page = reading.page(
                connection,
                caller.application.id,
                now_ms(),
                number_index=index,
                status=query.get("status"),
                from_ms=query.get("from_ms"),
                to_ms=query.get("to_ms"),
                limit=query.get("limit", 50),
                cursor=query.get("cursor"),
                test=caller.test,
            )
    except SQLAlchemyError as error:
        raise Refusal("unavailable", "the ledger can't be read now", retry_after_s=5) from error
    return [_past(core, row) for row in page.items], page.next_cursor


def _past(core: Core, row: reading.VerificationRow) -> Past:
    person = row.person
    over = row.status != "pending"
    return Past(
        id=row.id,
        status=row.status,
        to=number_in_ledger(core, person.to_sealed, person.number_index) if person else None,
        purpose=row.purpose,
        channel=row.channel,
        created_ms=row.created_at,
        expires_ms=row.expires_at,
        sends=row.sends,
        attempts_left=0 if over else row.max_attempts - row.used,
        message=row.messages[-1].id if row.messages else None,
        approved_ms=row.ended_at if row.status == "approved" else None,
        ended_ms=row.ended_at or (row.expires_at if row.status == "expired" else None),
        reason=reason_of(row.status),
        metadata=row.metadata or {},
        messages=tuple(_state(message) for message in row.messages),
    )


def reason_of(status: str) -> str | None:
    """Why a verification ended, for whoever asks later."""
    return {"failed": "max_attempts", "expired": "expired", "canceled": "canceled"}.get(status)


def _state(message: reading.MessageRow) -> MessageState:
    changed = message.ended_at or message.sent_at or message.accepted_at
    return MessageState(message.id, message.queued_at, message.status, message.provider, message.reason, changed)
