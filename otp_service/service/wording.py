"""The text of a start before there is a code: its template, length and price."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from otp_service.domain import codes
from otp_service.domain.messages import Encoding
from otp_service.domain.policy import Policy
from otp_service.domain.requests import StartRequest
from otp_service.domain.templates.template import Template, choose, message_text, render
from otp_service.domain.text.size import measure
from otp_service.service.callers import Caller
from otp_service.service.core import Core


@dataclass(frozen=True, slots=True)
class Sending:
    """The text that would be sent: its template, encoding, segments and price."""

    template: Template
    encoding: Encoding
    segments: int
    price_micros: int


def prepare(core: Core, caller: Caller, request: StartRequest, country: str, to: str = "") -> Sending:
    """Measures the text with a sample code; strict about what the template wants."""
    policy = caller.application.policy
    own = core.snapshot().templates.get(caller.application.id, {})
    template = choose(own, request.template or default_template(request.binding), request.locale)
    values = tuple(sorted({**request.variables, **request.binding}.items()))
    encoding, segments = _measured(template, values, caller.application.name, policy)
    price = 0 if caller.test else segments * core.routing().charge_micros(country, to, policy.price_micros)
    return Sending(template, encoding, segments, price)


def sample_text(caller: Caller, request: StartRequest, template: Template, code: str) -> str:
    """The whole text with something else in the place of its code."""
    policy = caller.application.policy
    ours = {"code": code, "app": caller.application.name, "minutes": str(minutes(policy.ttl_s))}
    body = render(template, {**request.variables, **request.binding, **ours})
    return message_text(body, code, policy.webotp_host, policy.android_app_hash)


def default_template(binding: Mapping[str, str]) -> str:
    """A bound transaction is named in the text, so that people see what they approve (PSD2 RTS, article 5)."""
    return "transaction" if {"amount", "payee"} <= binding.keys() else "default"


def _measured(
    template: Template, values: tuple[tuple[str, str], ...], app: str, policy: Policy
) -> tuple[Encoding, int]:
    # Every code of a policy is as long as any other; a supplied one has no business in a cache.
    sample = codes.ALPHABETS[policy.code_alphabet][-1] * policy.code_length
    return _measured_text(template, values, sample, app, policy.ttl_s, policy.webotp_host, policy.android_app_hash)


@lru_cache(maxsize=8192)
def _measured_text(
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
    """The lifetime as people are told it, in minutes begun, as the courier counts them too."""
    return -(-ttl_s // 60)
