"""One message, followed to its end: parse, one call to the service, render."""

from typing import Any

from flask import Blueprint, Response

from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.tracking import AttemptRow, ReceiptRow
from otp_service.service.core import Core
from otp_service.service.tracking import SCOPES, Tracked, hint, track
from otp_service.web.context import caller, core
from otp_service.web.rendering import answer

blueprint = Blueprint("tracking", __name__)
CURRENCY = "USD"


@blueprint.get("/v1/messages/<id>")
def get_message(id: str) -> Response:
    return answer(resource(core(), track(core(), caller(*SCOPES), id)))


def resource(core: Core, message: Tracked) -> dict[str, Any]:
    """A message as callers read it."""
    return {
        "id": message.id,
        "status": message.status,
        "reason": message.reason,
        "class": message.message_class,
        "verification_id": message.verification,
        "to": message.to,
        "channel": message.channel,
        "country": message.country,
        "provider": message.provider,
        "encoding": message.encoding,
        "segments": message.segments,
        "template": message.template,
        "locale": message.locale,
        "reference": message.reference,
        "outcome": message.outcome,
        "metadata": dict(message.metadata),
        "price_micros": message.price_micros,
        "cost_micros": message.cost_micros,
        "currency": CURRENCY,
        "queued_at": rfc3339(message.queued_ms),
        "send_at": rfc3339_or_none(message.send_ms),
        "expires_at": rfc3339_or_none(message.deadline_ms),
        "accepted_at": rfc3339_or_none(message.accepted_ms),
        "sent_at": rfc3339_or_none(message.sent_ms),
        "ended_at": rfc3339_or_none(message.ended_ms),
        "attempts": [_attempt(core, attempt) for attempt in message.attempts],
        "receipts": [_receipt(core, receipt) for receipt in message.receipts],
    }


def _attempt(core: Core, attempt: AttemptRow) -> dict[str, Any]:
    return {
        "n": attempt.n,
        "provider": attempt.provider,
        "sender": attempt.sender,
        "verdict": attempt.verdict,
        "reason": attempt.reason,
        "raw": attempt.raw,
        "detail": hint(core, attempt.provider, attempt.raw),
        "provider_message_id": attempt.provider_message_id,
        "took_ms": attempt.took_ms,
        "cost_micros": attempt.cost_micros,
        "at": rfc3339(attempt.at),
    }


def _receipt(core: Core, receipt: ReceiptRow) -> dict[str, Any]:
    return {
        "provider": receipt.provider,
        "part": receipt.part,
        "status": receipt.status,
        "reason": receipt.reason,
        "raw": receipt.raw,
        "detail": hint(core, receipt.provider, receipt.raw),
        "provider_message_id": receipt.provider_message_id,
        "at": rfc3339(receipt.at),
    }
