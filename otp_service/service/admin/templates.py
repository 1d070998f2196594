"""An application's own templates, for admins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.domain.errors import FieldError, Refusal, invalid_field
from otp_service.domain.messages import Dlt
from otp_service.domain.policy import Policy
from otp_service.domain.prices import price_micros
from otp_service.domain.templates.bodies import Kind
from otp_service.domain.templates.lint import Finding, Price, lint
from otp_service.domain.templates.template import Template, canonical_locale
from otp_service.ledger import pages, templates
from otp_service.ledger.applications import Application
from otp_service.ledger.pages import Saved
from otp_service.ledger.paging import Page
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.core import Core

_NAME = re.compile(r"[a-z0-9_.-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Judged:
    """A template that was saved, and what there is to know about it."""

    saved: Saved
    findings: Sequence[Finding]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that may become a template's next version."""

    name: str
    locale: str
    body: str
    kind: Kind = "verification"
    smart_encoding: bool = True
    dlt: Dlt | None = None


def save(
    core: Core, actor: str, application: str, draft: Draft, country: str | None = None, *, after: int | None = None
) -> Judged:
    """Puts a draft in force as the template's next version; Refusal invalid_field if it can't be used.

    The findings tell what it costs to send to this country, or to the application's own. Refusal conflict if it is to
    follow a version, and a later one is in force.
    """
    template = template_of(draft)
    with changing(core, actor) as change:
        found = owner(change.connection, application)
        findings = _findings(template, found, country)
        before = pages.saved(change.connection, found.id, template.name, template.locale)
        if before is not None and after is not None and before.version > after:
            raise Refusal("conflict", f"version {before.version} was saved meanwhile: look at it, and save yours again")
        if before is not None and before.kind != template.kind:
            why = "a template keeps its kind, as messages on their way need it; remove it first or take another name"
            raise invalid_field("kind", why, "kind")
        added = templates.add(
            change,
            found.id,
            template.name,
            template.locale,
            template.body,
            template.kind,
            smart_encoding=template.smart_encoding,
            dlt=template.dlt,
        )
        return Judged(saved_of(found.id, added, change.at_ms), findings)


def template_of(draft: Draft) -> Template:
    """A draft as a template without a version; Refusal invalid_field for a name or locale that can't be one."""
    return Template(
        named(draft.name), canonical_locale(draft.locale), 0, draft.body, draft.kind, draft.smart_encoding, draft.dlt
    )


def saved_of(application_id: str, template: Template, at_ms: int) -> Saved:
    """A template that was just saved, as the lists show it."""
    return Saved(
        application_id,
        template.name,
        template.locale,
        template.version,
        template.body,
        at_ms,
        template.kind,
        template.smart_encoding,
        templates.vendor_ids(template.dlt),
    )


def delete(core: Core, actor: str, application: str, name: str, locale: str) -> Saved:
    """Takes a template out of force, and answers it; Refusal not_found if there is none."""
    key = named(name), canonical_locale(locale)
    with changing(core, actor) as change:
        found = owner(change.connection, application)
        last = pages.saved(change.connection, found.id, *key)
        templates.remove(change, found.id, *key)
    if last is None:
        raise Refusal("not_found", "there is no such template")
    return last


def page(core: Core, application: str, limit: int, cursor: str | None = None) -> Page[Saved]:
    """Some of the application's templates in force, by name and locale."""
    with looking(core) as connection:
        return pages.templates_page(connection, owner(connection, application).id, limit, cursor)


def versions(
    core: Core, application: str, name: str, locale: str, limit: int, cursor: str | None = None
) -> Page[Saved]:
    """Some of the versions of a template, newest first; also of one that was removed."""
    key = named(name), canonical_locale(locale)
    with looking(core) as connection:
        return pages.versions_page(connection, owner(connection, application).id, *key, limit, cursor)


def linted(template: Template, application: Application, country: str | None) -> list[Finding]:
    """What there is to know about a template under an application's policy, priced for a country."""
    policy = application.policy
    price = price_of(policy, country)
    return lint(template, policy.code_length, application.name, policy.webotp_host, policy.android_app_hash, price)


def price_of(policy: Policy, country: str | None) -> Price | None:
    """What a segment costs to this country, else to the application's own, else to the dearest that it allows."""
    allowed = [] if isinstance(policy.countries, str) else policy.countries
    dearest = max(allowed, key=lambda each: price_micros(each, policy.price_micros), default=None)
    found = country or policy.default_region or dearest
    return Price(found, price_micros(found, policy.price_micros)) if found else None


def _findings(template: Template, application: Application, country: str | None) -> list[Finding]:
    found = linted(template, application, country)
    errors: list[FieldError] = [
        {"field": "body", "code": each.code, "detail": each.detail} for each in found if each.severity == "error"
    ]
    if errors:
        raise Refusal("invalid_field", f"body: {errors[0]['detail']}", errors=errors)
    return found


def named(name: str) -> str:
    """The same name, if a template can have it."""
    if not _NAME.fullmatch(name):
        raise invalid_field("name", "must be 1 to 32 lower-case letters, digits, dots, dashes or _")
    return name
