"""Messages of their own: a text for a person, now or later."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic_core import to_json

from otp_service.domain import envelopes, ids
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.keys import NONCE_BYTES, b64, mac
from otp_service.domain.messages import Dlt, Encoding
from otp_service.domain.phone import Number, parse_number
from otp_service.domain.requests import MessageRequest
from otp_service.domain.templates.bodies import ORIGIN_BOUND
from otp_service.domain.templates.template import Template, choose, dlt_of, render_message
from otp_service.domain.text.size import measure
from otp_service.domain.text.typography import LOOK_ALIKES, to_gsm
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.destination import number_index, permit
from otp_service.service.limits import message_limits_of
from otp_service.service.opt_outs import refuse_opted_out
from otp_service.service.refusals import Asking, noted
from otp_service.store import messages as store
from otp_service.store.keys import cell_of_place
from otp_service.store.operation import Operation

DAY_MS = 86_400_000
MOST_AHEAD_MS = 30 * DAY_MS
REFERENCE_BYTES = 18


@dataclass(frozen=True, slots=True)
class Wording:
    """The final text of a message, its template if it has one, and what it takes on the air."""

    text: str
    encoding: Encoding
    segments: int
    price_micros: int
    template: Template | None = None
    dlt: Dlt | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One message that was admitted: who asks for what, where it goes and what it says."""

    core: Core
    caller: Caller
    request: MessageRequest
    request_id: str
    number: Number
    index: str
    wording: Wording

    @property
    def sender(self) -> str | None:
        """Under which name it goes out, if somebody said so."""
        return self.request.sender or self.caller.application.policy.sender


def send(
    core: Core, caller: Caller, request: MessageRequest, operation: Operation, request_id: str
) -> tuple[store.Queued, str]:
    """What was queued or scheduled, and the number in E.164; Refusal for whatever a rule forbids."""
    try:
        asked = admit(core, caller, request, request_id)
    except Refusal as refusal:
        # What was promised to this Idempotency-Key before the rules changed is still its answer.
        known = store.remembered(core.link, operation)
        if known is None:
            raise noted(core, caller, lambda: _asking(core, caller, request), request_id, refusal) from None
        return known, parse_number(request.to, caller.application.policy.default_region).e164
    sending = _sending(asked, operation)
    return store.send(core.link, core.cells, sending, clustered=core.clustered), asked.number.e164


def _asking(core: Core, caller: Caller, request: MessageRequest) -> Asking:
    number = parse_number(request.to, caller.application.policy.default_region)
    place, _ = place_of(core, caller, request.reference, number_index(core, number.e164))
    return Asking(number, cell_of_place(place, core.cells), asked_for="message")


def admit(core: Core, caller: Caller, request: MessageRequest, request_id: str) -> Asked:
    """The message as it would be sent; Refusal if it can't be, whatever the limits say. It changes nothing."""
    if request.message_class != "transactional":
        raise invalid_field("class", "only transactional messages can be sent so far", "not_yet")
    refuse_unfit_time(request.send_at_ms)
    number = parse_number(request.to, caller.application.policy.default_region)
    wording = word(core, caller, request, number)
    index = permit(core, caller, number)
    refuse_opted_out(core, caller, index, request.message_class)
    return Asked(core, caller, request, request_id, number, index, wording)


def refuse_unfit_time(send_at_ms: int | None) -> None:
    """Refusal of a time to send at that has passed, or is too far away."""
    now = now_ms()
    if send_at_ms is not None and not now < send_at_ms <= now + MOST_AHEAD_MS:
        raise invalid_field("send_at", "must lie in the future, and at most 30 days ahead")


def word(core: Core, caller: Caller, request: MessageRequest, number: Number) -> Wording:
    """The text of a message, filled in and measured; strict about what its template wants."""
    template = _template(core, caller, request)
    text = _text(request, template, caller.application.name)
    size = measure(text)
    segment = core.routing().charge_micros(number.country, number.e164, caller.application.policy.price_micros)
    price = 0 if caller.test else size.segments * segment
    dlt = dlt_of(template, number.country) if template else None
    return Wording(text, size.encoding, size.segments, price, template, dlt)


def _template(core: Core, caller: Caller, request: MessageRequest) -> Template | None:
    if request.template is None:
        return None
    own = core.snapshot().templates.get(caller.application.id, {})
    found = choose(own, request.template, request.locale, kind="message")
    return found if request.smart_encoding is None else replace(found, smart_encoding=request.smart_encoding)


def _text(request: MessageRequest, template: Template | None, app: str) -> str:
    if template is not None:
        return render_message(template, request.variables, app)
    text = request.text or ""
    # As it stands and made plain, here or by a vendor: a narrow space becomes one that browsers count.
    if ORIGIN_BOUND.search(text) or ORIGIN_BOUND.search(text.translate(LOOK_ALIKES)):
        raise invalid_field("text", "must not look like '@host #code'; codes are sent as verifications", "origin_bound")
    return to_gsm(text) if request.smart_encoding else text


def _sending(asked: Asked, operation: Operation) -> store.Sending:
    core, caller, request, wording = asked.core, asked.caller, asked.request, asked.wording
    place, reference = place_of(core, caller, request.reference, asked.index)
    id_ = ids.own_message_id(place, random_bytes(ids.RANDOM_BYTES))
    return store.Sending(
        id=id_,
        operation=operation,
        application=caller.application.id,
        realm=caller.realm,
        message_class=request.message_class,
        priority=request.priority,
        reference=reference,
        send_at_ms=request.send_at_ms,
        valid_ms=request.valid_for_s * 1000,
        envelope=core.ring.seal(envelopes.written(_envelope(asked)), id_, random_bytes(NONCE_BYTES)),
        request=asked.request_id,
        price_micros=wording.price_micros,
        encoding=wording.encoding,
        segments=wording.segments,
        detail=to_json(_detail(asked)).decode(),
        more_detail=to_json(_more_detail(asked)).decode(),
        rules=message_limits_of(caller, asked.number.country, wording.price_micros),
    )


def place_of(core: Core, caller: Caller, reference: str | None, index: str = "") -> tuple[bytes, str]:
    """Where a message lives, and its reference's digest: beside its reference, so that one script knows both."""
    if reference is None:
        return mac(core.index_key, "place", caller.realm, index)[: ids.PLACE_BYTES], ""
    digest = mac(core.index_key, "reference", caller.realm, reference)
    return digest[: ids.PLACE_BYTES], b64(digest[:REFERENCE_BYTES])


def _envelope(asked: Asked) -> dict[str, Any]:
    """What the courier needs to send it, and what whoever reads the message is told before the ledger knows it."""
    return {
        "to": asked.number.e164,
        "realm": asked.caller.realm,
        "text": asked.wording.text,
        "dlt": asdict(asked.wording.dlt) if asked.wording.dlt else None,
        **_told(asked),
    }


def _told(asked: Asked) -> dict[str, Any]:
    request, wording = asked.request, asked.wording
    return {
        "application": asked.caller.application.id,
        "test": asked.caller.test,
        "class": request.message_class,
        "country": asked.number.country,
        "sender": asked.sender,
        "encoding": wording.encoding,
        "segments": wording.segments,
        "price_micros": wording.price_micros,
        "template": wording.template.name if wording.template else None,
        "locale": wording.template.locale if wording.template else None,
        "reference": request.reference,
        "metadata": request.metadata,
    }


def _detail(asked: Asked) -> dict[str, Any]:
    """Who asks for what: in the fact, or in the log of refusals."""
    sealed = asked.core.ring.seal(asked.number.e164.encode(), asked.index, random_bytes(NONCE_BYTES))
    number = asked.number
    person = {"number_index": asked.index, "to_sealed": sealed, "country": number.country, "block": number.prefix}
    who = {"application": asked.caller.application.id, "test": asked.caller.test, "person": person}
    return {**who, "request": asked.request_id}


def _more_detail(asked: Asked) -> dict[str, Any]:
    told = {name: value for name, value in _told(asked).items() if name not in ("application", "test")}
    return {**told, "channel": "sms"}
