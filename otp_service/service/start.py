"""Start: open a verification, or send the live one again, and leave its message to the courier."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import to_json

from otp_service.domain import codes, ids
from otp_service.domain.addresses import counted_network
from otp_service.domain.errors import invalid_field
from otp_service.domain.keys import NONCE_BYTES, b64, mac
from otp_service.domain.limits import parse_limits
from otp_service.domain.messages import Encoding
from otp_service.domain.policy import Policy
from otp_service.domain.prices import price_micros
from otp_service.domain.requests import StartRequest
from otp_service.domain.templates import Template, check_variable, choose, message_text, render
from otp_service.domain.text import measure
from otp_service.service.callers import Caller
from otp_service.service.core import Core, random_bytes
from otp_service.service.destination import Destination, admit
from otp_service.store import verifications as store
from otp_service.store.limits import Rule, money, rules
from otp_service.store.operation import Operation

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Sending:
    """The text that would be sent: its template, encoding, segments and price."""

    template: Template
    encoding: Encoding
    segments: int
    price_micros: int


def start(
    core: Core, caller: Caller, request: StartRequest, operation: Operation, request_id: str, only: str = ""
) -> tuple[store.Started, str]:
    """What was opened or sent again, and the number in E.164; Refusal for whatever a rule forbids."""
    policy = caller.application.policy
    _refuse_unfit(policy, request)
    destination = admit(core, caller, request.to, request.purpose)
    sending = prepare(core, caller, request, destination.number.country)
    opening = _opening(core, caller, request, operation, request_id, destination, sending, only)
    started = store.start(core.link, core.cells, opening, clustered=core.clustered)
    if not started.replayed:
        core.observe.started(request.purpose, destination.number.country, started.new)
    return started, destination.number.e164


def _refuse_unfit(policy: Policy, request: StartRequest) -> None:
    if request.channel not in policy.channels or policy.min_assurance != "sms":
        raise invalid_field("channel", "this application's policy does not allow this channel")
    if request.code is not None:
        if not policy.allow_custom_code:
            raise invalid_field("code", "this application does not allow supplied codes: set policy.allow_custom_code")
        if len(request.code) != policy.code_length or policy.code_alphabet not in codes.alphabets_of(request.code):
            raise invalid_field("code", f"must be {policy.code_length} symbols of the alphabet {policy.code_alphabet}")
    for name, value in request.variables.items():
        check_variable(name, value)
    for name, value in request.binding.items():
        check_variable(name, value, "binding")


def prepare(core: Core, caller: Caller, request: StartRequest, country: str) -> Sending:
    """Measures the text with a sample code; strict about what the template wants."""
    policy = caller.application.policy
    own = core.snapshot().templates.get(caller.application.id, {})
    template = choose(own, request.template or default_template(request.binding), request.locale)
    values = tuple(sorted({**request.variables, **request.binding}.items()))
    sample = request.code or codes.ALPHABETS[policy.code_alphabet][-1] * policy.code_length
    encoding, segments = _measured(
        template, values, sample, caller.application.name, policy.ttl_s, policy.webotp_host, policy.android_app_hash
    )
    price = 0 if caller.test else segments * price_micros(country, policy.price_micros)
    return Sending(template, encoding, segments, price)


def default_template(binding: Mapping[str, str]) -> str:
    """A bound transaction is named in the text, so that people see what they approve (PSD2 RTS, article 5)."""
    return "transaction" if {"amount", "payee"} <= binding.keys() else "default"


@lru_cache(maxsize=8192)
def _measured(
    template: Template,
    values: tuple[tuple[str, str], ...],
    code: str,
    app: str,
    ttl_s: int,
    host: str | None,
    app_hash: str | None,
) -> tuple[Encoding, int]:
    slots = {**dict(values), "code": code, "app": app, "minutes": str(minutes(ttl_s))}
    found = measure(message_text(render(template, slots), code, host, app_hash))
    return found.encoding, found.segments


def minutes(ttl_s: int) -> int:
    """The lifetime as people are told it."""
    return max(1, ttl_s // 60)


def _opening(
    core: Core,
    caller: Caller,
    request: StartRequest,
    operation: Operation,
    request_id: str,
    destination: Destination,
    sending: Sending,
    only: str,
) -> store.Opening:
    policy, ring, at = caller.application.policy, core.ring, destination.at
    id_ = ids.verification_id(core.index_key, caller.realm, at, random_bytes(ids.RANDOM_BYTES))
    message = ids.message_id(random_bytes(16))
    code = request.code or codes.code_of(ring, ring.current, id_, policy.code_alphabet, policy.code_length)
    person = {
        "number_index": destination.index,
        "to_sealed": ring.seal(destination.number.e164.encode(), destination.index, random_bytes(NONCE_BYTES)),
        "country": destination.number.country,
        "block": destination.number.prefix,
    }
    envelope = to_json(_envelope(caller, request, destination, sending))
    device = request.client.device_id
    return store.Opening(
        at=at,
        operation=operation,
        id=id_,
        kid=ring.current,
        kids=ring.kids,
        digest=codes.digest(ring.key("check", ring.current), at, request.user, request.binding, code),
        bound=codes.bound(core.index_key, at, request.user, request.binding, request.code),
        purpose=request.purpose,
        channel=request.channel,
        shape=f"{policy.code_alphabet}:{policy.code_length}",
        number_index=destination.index,
        ttl_ms=policy.ttl_s * 1000,
        max_attempts=policy.max_attempts,
        max_sends=policy.max_sends,
        resend_after_ms=policy.resend_after_s * 1000,
        device=device_digest(core, at, device),
        hard_lock_after=policy.hard_lock_after,
        message=message,
        envelope=ring.seal(envelope, message, random_bytes(NONCE_BYTES)),
        request=request_id,
        price_micros=sending.price_micros,
        detail=to_json(_detail(caller, request, person, policy, request_id)).decode(),
        message_detail=to_json(_message_detail(caller, request, person, sending)).decode(),
        rules=limits_of(core, caller, destination, request.client.ip, sending.price_micros),
        only=only,
    )


def device_digest(core: Core, at: ids.Address, device: str | None) -> str:
    """A device as the failure counts name it."""
    return b64(mac(core.index_key, "device", at.subject, device)[:9]) if device else ""


def _envelope(caller: Caller, request: StartRequest, destination: Destination, sending: Sending) -> dict[str, Any]:
    policy = caller.application.policy
    return {
        "to": destination.number.e164,
        "country": destination.number.country,
        "application": caller.application.id,
        "realm": caller.realm,
        "app_name": caller.application.name,
        "template": sending.template.name,
        "version": sending.template.version,
        "locale": request.locale,
        "variables": request.variables,
        "binding": request.binding,
        "code": request.code,
        "minutes": minutes(policy.ttl_s),
        "sender": policy.sender,
        "webotp_host": policy.webotp_host,
        "android_app_hash": policy.android_app_hash,
        "test": caller.test,
        "ip": request.client.ip,
        "device": request.client.device_id,
        "user": request.user,
        "named": request.template,
        "metadata": request.metadata,
    }


def _detail(
    caller: Caller, request: StartRequest, person: dict[str, str], policy: Policy, request_id: str
) -> dict[str, Any]:
    return {
        "application": caller.application.id,
        "test": caller.test,
        "purpose": request.purpose,
        "channel": request.channel,
        "locale": request.locale,
        "person": person,
        "metadata": request.metadata,
        "request": request_id,
        "max_attempts": policy.max_attempts,
    }


def _message_detail(caller: Caller, request: StartRequest, person: dict[str, str], sending: Sending) -> dict[str, Any]:
    return {
        "application": caller.application.id,
        "person": person,
        "channel": request.channel,
        "encoding": sending.encoding,
        "segments": sending.segments,
        "price_micros": sending.price_micros,
        "template": sending.template.name,
        "locale": sending.template.locale,
    }


def limits_of(core: Core, caller: Caller, destination: Destination, ip: str | None, price: int) -> list[Rule]:
    """Every limit that this send consumes, in the order in which they refuse."""
    policy = caller.application.policy
    found = number_limits(core, caller, destination)
    if ip is not None and policy.limits.ip:
        found += ip_limits(core, caller, ip)
    if policy.limits.application:
        found += rules("application", caller.realm, parse_limits(policy.limits.application))
    return found + spend_limits(caller, destination.number.country, price)


def number_limits(core: Core, caller: Caller, destination: Destination) -> list[Rule]:
    """The limits of a number and of its range."""
    policy = caller.application.policy
    found = rules("to", b64(destination.at.subject), parse_limits(policy.limits.to), destination.at, core.cells)
    if policy.limits.prefix:
        value = b64(mac(core.index_key, "prefix", caller.realm, destination.number.prefix)[:9])
        found += rules("prefix", value, parse_limits(policy.limits.prefix))
    return found


def ip_limits(core: Core, caller: Caller, ip: str) -> list[Rule]:
    """The limits of a client's network."""
    value = b64(mac(core.index_key, "ip", caller.realm, counted_network(ip))[:9])
    return rules("ip", value, parse_limits(caller.application.policy.limits.ip))


def spend_limits(caller: Caller, country: str, price: int) -> list[Rule]:
    """Money is a limit too, whose cost is the price."""
    policy, found = caller.application.policy, []
    if caller.test:
        return []
    if policy.spend_per_day_micros is not None:
        found.append(money("spend", caller.realm, policy.spend_per_day_micros, DAY_MS, price))
    if policy.spend_per_country_per_day_micros is not None:
        found.append(
            money("country", f"{caller.realm}:{country}", policy.spend_per_country_per_day_micros, DAY_MS, price)
        )
    return found
