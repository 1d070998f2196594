"""Start: open a verification, or send the live one again, and leave its message to the courier."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from otp_service.domain import codes, envelopes, ids
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.keys import NONCE_BYTES, b64, mac
from otp_service.domain.policy import DAY_S, Policy
from otp_service.domain.requests import StartRequest
from otp_service.domain.templates.template import check_variable, dlt_of
from otp_service.service import challenges
from otp_service.service.callers import Caller
from otp_service.service.challenges import Brought
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.destination import Destination, admit, locate
from otp_service.service.fraud import brake_of
from otp_service.service.limits import Whence, is_exempt, limits_of, whence_of
from otp_service.service.refusals import asking_of, noted
from otp_service.service.wording import Sending, minutes, prepare
from otp_service.store import verifications as store
from otp_service.store.fraud import Brake
from otp_service.store.operation import Operation

DECISIONS = {"challenge_required": "challenge", "refused_as_fraud": "deny"}  # of the brake, by the code of its refusal
SHORTEST_KEPT_S = 600  # repeats of what was asked must be known for that long


@dataclass(frozen=True, slots=True)
class Asked:
    """One start that was admitted: who asks for what, where it goes and what it will say."""

    core: Core
    caller: Caller
    request: StartRequest
    request_id: str
    destination: Destination
    sending: Sending
    whence: Whence
    brought: Brought

    @property
    def policy(self) -> Policy:
        return self.caller.application.policy


def start(
    core: Core, caller: Caller, request: StartRequest, operation: Operation, request_id: str, only: str = ""
) -> tuple[store.Started, str]:
    """What was opened or sent again, and the number in E.164; Refusal for whatever a rule forbids."""
    try:
        asked = _asked(core, caller, request, request_id, resent=bool(only))
    except Refusal as refusal:
        # What was promised to this Idempotency-Key before the rules changed is still its answer.
        known = store.remembered(core.link, operation)
        if known is None:
            raise noted(core, caller, lambda: asking_of(core, caller, request), request_id, refusal) from None
        return known, locate(core, caller, request.to, request.purpose)[0].e164
    opening = _opening(asked, operation, only)
    started = _started(asked, opening)
    if not started.replayed:
        core.observe.started(request.purpose, asked.destination.number.country, started.new)
    return started, asked.destination.number.e164


def _asked(core: Core, caller: Caller, request: StartRequest, request_id: str, *, resent: bool) -> Asked:
    refuse_unfit(caller.application.policy, request, resent)
    destination = admit(core, caller, request)
    sending = prepare(core, caller, request, destination.number.country, destination.number.e164)
    brought = challenges.brought(core, caller, destination, request)
    whence = whence_of(core, caller, request)
    return Asked(core, caller, request, request_id, destination, sending, whence, brought)


def _started(asked: Asked, opening: store.Opening) -> store.Started:
    core = asked.core
    try:
        started = store.start(core.link, core.cells, opening, clustered=core.clustered)
    except Refusal as refusal:
        if refusal.code in DECISIONS:
            core.observe.braked(DECISIONS[refusal.code], opening.mode)
        if refusal.code != "challenge_required":
            raise
        place = (core, asked.caller, asked.destination, asked.request)
        raise challenges.told(refusal, asked.brought, *place) from None
    if started.decision and not started.replayed:
        core.observe.braked(started.decision, opening.mode)
    return started


def refuse_unfit(policy: Policy, request: StartRequest, resent: bool) -> None:
    """Refuses a body that this policy has no use for."""
    if request.channel not in policy.channels or policy.min_assurance != "sms":
        raise invalid_field("channel", "this application's policy does not allow this channel")
    if request.code is not None and not resent:  # a code that was taken once is good for a resend
        if not policy.allow_custom_code:
            raise invalid_field("code", "this application does not allow supplied codes: set policy.allow_custom_code")
        if len(request.code) != policy.code_length or policy.code_alphabet not in codes.alphabets_of(request.code):
            raise invalid_field("code", f"must be {policy.code_length} symbols of the alphabet {policy.code_alphabet}")
    for name, value in request.variables.items():
        check_variable(name, value)
    for name, value in request.binding.items():
        check_variable(name, value, "binding")


def _opening(asked: Asked, operation: Operation, only: str) -> store.Opening:
    core, request, policy, at = asked.core, asked.request, asked.policy, asked.destination.at
    ring, kid = core.ring, core.ring.current
    id_ = ids.verification_id(core.index_key, asked.caller.realm, at, random_bytes(ids.RANDOM_BYTES))
    message = ids.message_id(random_bytes(16))
    code = request.code or codes.code_of(ring, kid, id_, policy.code_alphabet, policy.code_length)
    price, exempt = asked.sending.price_micros, is_exempt(core, asked.caller, asked.destination, request)
    detail, more_detail, message_detail = _details(asked)
    return store.Opening(
        at=at,
        operation=operation,
        id=id_,
        kid=kid,
        kids=ring.kids,
        digest=codes.digest(ring.key("check", kid), at, request.user, request.binding, code),
        bound=codes.bound(core.index_key, at, request.user, request.binding, request.code),
        purpose=request.purpose,
        channel=request.channel,
        shape=f"{policy.code_alphabet}:{policy.code_length}",
        number_index=asked.destination.index,
        ttl_ms=policy.ttl_s * 1000,
        max_attempts=policy.max_attempts,
        max_sends=policy.max_sends,
        resend_after_ms=policy.resend_after_s * 1000,
        device=device_digest(core, at, request.client.device_id),
        hard_lock_after=policy.hard_lock_after,
        lock_detail=lock_detail(asked.caller, at),
        record_kept_ms=record_kept_ms(policy),
        message=message,
        envelope=ring.seal(envelopes.written(_envelope(asked)), message, random_bytes(NONCE_BYTES)),
        request=asked.request_id,
        price_micros=price,
        detail=detail,
        more_detail=more_detail,
        message_detail=message_detail,
        rules=limits_of(core, asked.caller, asked.destination, asked.whence, price, exempt=exempt),
        only=only,
        application=asked.caller.application.id,
        brake=None if exempt else _brake(asked, price),
        mode=policy.fraud,
        solution=asked.brought.solved.id if asked.brought.solved else "",
        solution_ms=max(1, asked.brought.solved.ends_ms - now_ms()) if asked.brought.solved else 0,
    )


def _brake(asked: Asked, price: int) -> Brake | None:
    solved = asked.brought.solved is not None
    return brake_of(asked.core, asked.caller, asked.destination, asked.request, price, solved=solved)


def _details(asked: Asked) -> Iterator[str]:
    """What the facts tell, as JSON: of the start and of its refusal, of the start alone, of the message."""
    person = _person(asked)
    told = (_detail(asked, person), _more_detail(asked), _message_detail(asked, person))
    return (to_json(each).decode() for each in told)


def _person(asked: Asked) -> dict[str, str]:
    number, index = asked.destination.number, asked.destination.index
    sealed = asked.core.ring.seal(number.e164.encode(), index, random_bytes(NONCE_BYTES))
    return {"number_index": index, "to_sealed": sealed, "country": number.country, "block": number.prefix}


def record_kept_ms(policy: Policy) -> int:
    """How long after its expiry the store still tells of a verification, and so keeps its sealed number."""
    return max(SHORTEST_KEPT_S, min(DAY_S, policy.retain_number_s)) * 1000


def lock_detail(caller: Caller, at: ids.Address) -> str:
    """What a hard lock's fact says of whom it locks."""
    return f'{{"application":"{caller.application.id}","subject":"{b64(at.subject)}"}}'


def device_digest(core: Core, at: ids.Address, device: str | None) -> str:
    """A device as the failure counts name it."""
    return b64(mac(core.index_key, "device", at.subject, device)[:9]) if device else ""


def _envelope(asked: Asked) -> dict[str, Any]:
    """What the courier needs to write the message, and a resend to repeat the start."""
    caller, request, policy = asked.caller, asked.request, asked.policy
    return {
        "to": asked.destination.number.e164,
        "country": asked.destination.number.country,
        "application": caller.application.id,
        "realm": caller.realm,
        "app_name": caller.application.name,
        "template": asked.sending.template.name,
        "version": asked.sending.template.version,
        "locale": request.locale,
        "variables": request.variables,
        "binding": request.binding,
        "code": request.code,
        "minutes": minutes(policy.ttl_s),
        "sender": policy.sender,
        "purpose": request.purpose,
        "dlt": dlt_of(asked.sending.template, asked.destination.number.country),
        "webotp_host": policy.webotp_host,
        "android_app_hash": policy.android_app_hash,
        "test": caller.test,
        "ip": request.client.ip,
        "device": request.client.device_id,
        "user": request.user,
        "named": request.template,
        "metadata": request.metadata,
    }


def _detail(asked: Asked, person: dict[str, str]) -> dict[str, Any]:
    """Who asks for what: in the fact, or in the log of refusals."""
    return {
        "application": asked.caller.application.id,
        "test": asked.caller.test,
        "purpose": asked.request.purpose,
        "person": person,
        "client": asked.whence,
        "request": asked.request_id,
    }


def _more_detail(asked: Asked) -> dict[str, Any]:
    return {
        "channel": asked.request.channel,
        "locale": asked.request.locale,
        "metadata": asked.request.metadata,
        "max_attempts": asked.policy.max_attempts,
    }


def _message_detail(asked: Asked, person: dict[str, str]) -> dict[str, Any]:
    sending = asked.sending
    return {
        "application": asked.caller.application.id,
        "person": person,
        "channel": asked.request.channel,
        "country": asked.destination.number.country,
        "encoding": sending.encoding,
        "segments": sending.segments,
        "price_micros": sending.price_micros,
        "template": sending.template.name,
        "locale": sending.template.locale,
    }
