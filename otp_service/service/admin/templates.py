"""An application's own templates, for admins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.domain.errors import FieldError, Refusal, invalid_field
from otp_service.domain.lint import Finding, lint
from otp_service.domain.templates import Template, canonical_locale
from otp_service.ledger import pages, templates
from otp_service.ledger.applications import Application
from otp_service.ledger.pages import Page, Saved
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.core import Core

_NAME = re.compile(r"[a-z0-9_.-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Judged:
    """A template that was saved, and what there is to know about it."""

    saved: Saved
    findings: Sequence[Finding]


def save(core: Core, actor: str, application: str, name: str, locale: str, body: str) -> Judged:
    """Puts a body in force as the template's next version; Refusal invalid_field if it can't be used."""
    template = Template(_name(name), canonical_locale(locale), 0, body)
    with changing(core, actor) as change:
        found = owner(change.connection, application)
        findings = _findings(template, found)
        added = templates.add(change, found.id, template.name, template.locale, body)
        return Judged(Saved(found.id, added.name, added.locale, added.version, body, change.at_ms), findings)


def delete(core: Core, actor: str, application: str, name: str, locale: str) -> Saved:
    """Takes a template out of force, and answers it; Refusal not_found if there is none."""
    key = _name(name), canonical_locale(locale)
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


def _findings(template: Template, application: Application) -> list[Finding]:
    policy = application.policy
    found = lint(template, policy.code_length, application.name, policy.webotp_host, policy.android_app_hash)
    errors: list[FieldError] = [
        {"field": "body", "code": each.code, "detail": each.detail} for each in found if each.severity == "error"
    ]
    if errors:
        raise Refusal("invalid_field", f"body: {errors[0]['detail']}", errors=errors)
    return found


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid_field("name", "must be 1 to 32 lower-case letters, digits, dots, dashes or _")
    return name
