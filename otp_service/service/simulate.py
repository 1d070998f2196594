"""What would happen to a request: every rule is asked, nothing is sent and nothing is counted."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from otp_service.domain.errors import Refusal
from otp_service.domain.health import Health
from otp_service.domain.messages import Message, MessageClass
from otp_service.domain.phone import Number, parse_number
from otp_service.domain.policy import Policy
from otp_service.domain.requests import MessageRequest, StartRequest
from otp_service.domain.routes.decide import Decision, decide
from otp_service.domain.templates.template import dlt_of
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import Destination, admit, locate, number_index
from otp_service.service.fraud import judged
from otp_service.service.limits import is_exempt, limits_of, message_limits_of, whence_of
from otp_service.service.messages import admit as admit_message
from otp_service.service.messages import word
from otp_service.service.start import refuse_unfit
from otp_service.service.wording import prepare, sample_text
from otp_service.store import verifications as store
from otp_service.store.breakers import read_health
from otp_service.store.failure_locks import failure_lock
from otp_service.store.limits import Count, Rule, peek
from otp_service.store.refused import Refused

# The real id is drawn when a message is sent; with a fixed one the same question has the same answer.
ID = "msg_simulated"
SHOWN = "0"  # what stands for each symbol of a code
SAMPLE = "000000 is your code"
_BRAKED = {"challenge": "challenge_required", "deny": "refused_as_fraud"}


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would happen: `refusals` in the order in which they would be answered, `counts` of every limit."""

    number: Number
    refusals: Sequence[Refusal]
    counts: Sequence[Count]
    message: Message
    price_micros: int  # what the limits of money are charged
    decision: Decision
    fraud: str | None = None  # what the brake says, if it judges at all: allow, challenge or deny


def simulate_start(core: Core, caller: Caller, request: StartRequest) -> Simulated:
    """What would happen to this start; Refusal invalid_field for a body that no rule could make good."""
    policy = caller.application.policy
    refuse_unfit(policy, request, resent=False)
    number, at = locate(core, caller, request.to, request.purpose)
    destination = Destination(number, number_index(core, number.e164), at)
    sending = prepare(core, caller, request, number.country, number.e164)
    exempt, price = is_exempt(core, caller, destination, request), sending.price_micros
    limits = limits_of(core, caller, destination, whence_of(core, caller, request), price, exempt=exempt)
    before = [*_forbidden(core, caller, request), *_of_record(core, destination, policy)]
    message = replace(
        _message(caller, number, policy.sender),
        text=sample_text(caller, request, sending.template, SHOWN * policy.code_length),
        encoding=sending.encoding,
        segments=sending.segments,
        valid_for_s=policy.ttl_s,
        purpose=request.purpose,
        dlt=dlt_of(sending.template, number.country),
    )
    found = _simulated(core, number, before, limits, message, price)
    said = None if exempt else judged(core, caller, destination, request, price)
    code = _BRAKED.get(said or "") if policy.fraud == "enforce" else None
    return replace(found, fraud=said, refusals=[*found.refusals, *([_refused(code, 0)] if code else [])])


def simulate_message(core: Core, caller: Caller, request: MessageRequest) -> Simulated:
    """What would happen to this message; Refusal invalid_field for a body that no rule could make good."""
    number = parse_number(request.to, caller.application.policy.default_region)
    wording = word(core, caller, request, number)
    limits = message_limits_of(caller, number.country, wording.price_micros)
    message = replace(
        _message(caller, number, request.sender or caller.application.policy.sender),
        text=wording.text,
        encoding=wording.encoding,
        segments=wording.segments,
        valid_for_s=request.valid_for_s,
        is_code=False,
        message_class=request.message_class,
        dlt=wording.dlt,
    )
    return _simulated(core, number, _refused_message(core, caller, request), limits, message, wording.price_micros)


def _message(caller: Caller, number: Number, sender: str | None) -> Message:
    """The message but for its text."""
    return Message(ID, number.e164, "", number.country, sender, test=caller.test, application=caller.application.id)


def _simulated(
    core: Core, number: Number, before: Iterable[Refusal], limits: Sequence[Rule], message: Message, price: int
) -> Simulated:
    counts = peek(core.link, limits)
    decision = decide(core.routing(), message, read_health(core.link), now_ms())
    return Simulated(number, [*before, *_of_limits(counts)], counts, message, price, decision)


def _refused_message(core: Core, caller: Caller, request: MessageRequest) -> list[Refusal]:
    """What the policy, an admin or the person has against this message."""
    try:
        admit_message(core, caller, request, "")
    except Refusal as refusal:
        if refusal.code == "invalid_field":
            raise
        return [refusal]
    return []


def _forbidden(core: Core, caller: Caller, request: StartRequest) -> Iterator[Refusal]:
    """What the policy or an admin has against this number."""
    try:
        admit(core, caller, request)
    except Refusal as refusal:
        yield refusal


def _of_record(core: Core, destination: Destination, policy: Policy) -> Iterator[Refusal]:
    """What follows from wrong codes and from the sends before."""
    counted = failure_lock(core.link, core.cells, destination.at.subject)
    if counted.failures >= policy.hard_lock_after:
        yield Refusal("destination_disabled", "too many wrong codes in a row; an admin must lift the lock")
    if counted.wait_ms:
        yield _refused("destination_locked", counted.wait_ms)
    now, record = store.read(core.link, core.cells, destination.at)
    yield from too_many(record, now, policy)


def too_many(record: Mapping[str, str], now: int, policy: Policy) -> Iterator[Refusal]:
    """What the sends of a verification's record have against another one now, as lua/start.lua judges it."""
    since, ttl, pause = int(record.get("since") or 0), policy.ttl_s * 1000, policy.resend_after_s * 1000
    sent = [int(send[1]) for send in json.loads(record.get("sends") or "[]") if int(send[1]) > since]
    if sent and now - sent[0] < pause:
        yield _refused("resend_too_soon", sent[0] + pause - now)
    recent = [at for at in sent if now - at < ttl]
    if len(recent) >= policy.max_sends:
        yield _refused("max_sends", recent[policy.max_sends - 1] + ttl - now)


def _of_limits(counts: Iterable[Count]) -> Iterator[Refusal]:
    return (_refused(count.rule.code, count.wait_ms, count.rule.name) for count in counts if count.wait_ms)


def _refused(code: str, wait_ms: int, rule: str = "") -> Refusal:
    return Refused(["refused", code, str(wait_ms), rule])


def explain(
    core: Core,
    to: str,
    *,
    application: str | None = None,
    message_class: MessageClass = "code",
    purpose: str = "login",
    at_ms: int | None = None,
) -> tuple[Message, Decision]:
    """Who would carry a short message to this number, and why the others would not; now, or at another time."""
    policy, id_ = _application(core, application)
    number = parse_number(to, policy.default_region)
    message = Message(
        id=ID,
        to=number.e164,
        text=SAMPLE,
        country=number.country,
        sender=policy.sender,
        is_code=message_class == "code",
        message_class=message_class,
        application=id_,
        purpose=purpose,
    )
    return message, decide(core.routing(), message, _health(core), now_ms() if at_ms is None else at_ms)


def _application(core: Core, named: str | None) -> tuple[Policy, str]:
    if named is None:
        return Policy(), ""
    for id_, found in core.snapshot().applications.items():
        if named in (id_, found.name):
            return found.policy, id_
    raise Refusal("not_found", "there is no such application")


def _health(core: Core) -> Health:
    """The health of the routes; all are well while the store can't be asked."""
    try:
        return read_health(core.link)
    except Refusal:
        return {}
