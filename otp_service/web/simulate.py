"""What would happen to a request: the body of another endpoint, under that endpoint's scope."""

import json
from typing import Any

from flask import Blueprint, Response

from otp_service.domain.errors import Refusal
from otp_service.domain.requests import MessageRequest, StartRequest
from otp_service.domain.routes.decide import Choice, Decision, Lost
from otp_service.domain.times import rfc3339_or_none
from otp_service.service.admin.limits import SCOPES
from otp_service.service.simulate import Simulated, simulate_message, simulate_start
from otp_service.store.limits import Count
from otp_service.web.context import caller, core
from otp_service.web.parsing import as_json, raw_body
from otp_service.web.rendering import answer

blueprint = Blueprint("simulate", __name__)
START, SEND = "verifications:start", "messages"
# Fields by which a body is a message's; a body with none of them is a start's.
OF_MESSAGES = {field.alias or name for name, field in MessageRequest.model_fields.items()} - set(
    StartRequest.model_fields
)


@blueprint.post("/v1/simulate")
def post_simulate() -> Response:
    caller(START, SEND)  # before the body is read
    body = raw_body()
    if _is_message(body):
        return answer(_simulated(simulate_message(core(), caller(SEND), as_json(MessageRequest, body))))
    return answer(_simulated(simulate_start(core(), caller(START), as_json(StartRequest, body))))


def _is_message(body: bytes) -> bool:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not OF_MESSAGES.isdisjoint(found)


def _simulated(found: Simulated) -> dict[str, Any]:
    accepted = not found.refusals
    return {
        "accepted": accepted,
        "sent": accepted and bool(found.decision.choices),
        "to": found.number.e164,
        "country": found.number.country,
        "line_type": found.number.line_type,
        "refusals": [_refusal(refusal) for refusal in found.refusals],
        "limits": [_limit(count) for count in found.counts],
        "text": found.message.text,
        "encoding": found.message.encoding,
        "segments": found.message.segments,
        "price_micros": found.price_micros,
        "fraud": found.fraud,
        "route": route(found.decision),
    }


def route(decision: Decision) -> dict[str, Any]:
    """A decision: who is asked, best first, and who is not, and why."""
    return {
        "rule": decision.rule.name,
        "reason": decision.reason,
        "choices": [_choice(choice) for choice in decision.choices],
        "lost": [_lost(lost) for lost in decision.lost],
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {
        "provider": choice.provider,
        "sender": choice.sender,
        "price_micros": choice.price_micros,
        "receipt_timeout_s": choice.receipt_timeout_s,
        "probe": choice.probe,
    }


def _lost(lost: Lost) -> dict[str, Any]:
    return {
        "provider": lost.provider,
        "sender": lost.sender,
        "code": lost.code,
        "detail": lost.detail,
        "until": rfc3339_or_none(lost.until_ms),
    }


def _refusal(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "detail": refusal.detail, "retry_after_s": refusal.retry_after_s}


def _limit(count: Count) -> dict[str, Any]:
    rule = count.rule
    return {
        "scope": SCOPES.get(rule.name, rule.name),
        "amount": rule.amount,
        "period_s": rule.period_ms // 1000,
        "cost": rule.cost,
        "left": count.left,
        "retry_after_s": -(-count.wait_ms // 1000),
    }
