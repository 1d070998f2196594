"""Previews: what a template would say, how it would travel and what that would cost, without sending it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from otp_service.domain.codes import ALPHABETS
from otp_service.domain.errors import Refusal
from otp_service.domain.policy import Policy
from otp_service.domain.templates.bodies import Kind, parse_body
from otp_service.domain.templates.lint import Finding
from otp_service.domain.templates.template import (
    BUILT_IN,
    Template,
    canonical_locale,
    check_variable,
    choose,
    message_text,
    render,
    render_message,
)
from otp_service.domain.text.segments import segments
from otp_service.domain.text.size import Measure, measure
from otp_service.ledger import templates
from otp_service.ledger.applications import Application
from otp_service.service.admin.opening import looking, owner
from otp_service.service.admin.templates import Draft, linted, named, price_of, template_of
from otp_service.service.core import Core
from otp_service.service.wording import minutes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown: a body that may never be saved, or a template by its name."""

    application: str
    name: str = "default"
    locale: str = "en"
    body: str | None = None
    kind: Kind = "verification"
    smart_encoding: bool = True
    version: int | None = None  # None: the one that would be sent
    variables: Mapping[str, str] = field(default_factory=dict)
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A text with a code that is none, and what there is to know about it."""

    template: Template
    text: str
    size: Measure
    parts: Sequence[str]
    country: str | None
    price_micros: int | None
    findings: Sequence[Finding]


def preview(core: Core, wanted: Wanted) -> Preview:
    """The text that a person would read; Refusal invalid_field for a body, a name or variables that can't be used."""
    with looking(core) as connection:
        application = owner(connection, wanted.application)
        template = _template(connection, application.id, wanted)
    text = _text(template, application, wanted.variables)
    size, price = measure(text), price_of(application.policy, wanted.country)
    return Preview(
        template,
        text,
        size,
        segments(text),
        price.country if price else None,
        price.segment_micros * size.segments if price else None,
        linted(template, application, wanted.country),
    )


def _template(connection: Connection, application_id: str, wanted: Wanted) -> Template:
    if wanted.body is not None:
        parse_body(wanted.body, wanted.kind)
        return template_of(Draft(wanted.name, wanted.locale, wanted.body, wanted.kind, wanted.smart_encoding))
    name, locale = named(wanted.name), canonical_locale(wanted.locale)
    if wanted.version is None:
        own = {(each.name, each.locale): each for each in templates.in_force(connection, application_id)}
        return choose(own, name, locale, wanted.kind)
    found = templates.read(connection, application_id, name, locale, wanted.version) or _built_in(name, locale, wanted)
    if found is None or not found.body:
        raise Refusal("not_found", "there is no such version of this template")
    return found


def _built_in(name: str, locale: str, wanted: Wanted) -> Template | None:
    return BUILT_IN.get((name, locale)) if wanted.version == 0 else None


def _text(template: Template, application: Application, variables: Mapping[str, str]) -> str:
    if template.kind == "message":
        return render_message(template, variables, application.name)
    for name, value in variables.items():
        check_variable(name, value)
    policy = application.policy
    code = sample_code(policy)
    slots = {**variables, "code": code, "app": application.name, "minutes": str(minutes(policy.ttl_s))}
    return message_text(render(template, slots), code, policy.webotp_host, policy.android_app_hash)


def sample_code(policy: Policy) -> str:
    """What looks like a code of this policy and is plainly none: 123456."""
    return (ALPHABETS[policy.code_alphabet] * 2)[1 : policy.code_length + 1]
