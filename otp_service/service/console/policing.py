"""A policy that is about to change: what differs, who may do it, and whether it takes another proof of who they are."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from otp_service.domain.errors import FieldError, Refusal
from otp_service.domain.policy import Policy
from otp_service.domain.prices import price_micros
from otp_service.ledger.applications import Application
from otp_service.service.admin import applications, policies
from otp_service.service.admin.policy_fields import Field, every
from otp_service.service.core import Core

# What the role fraud may change; anything else takes an admin.
OF_FRAUD = ("limits.", "thresholds.", "message_limits", "fraud", "challenge", "countries", "blocked_line_types")
CEILINGS = ("spend_per_day_micros", "spend_per_country_per_day_micros")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that changes, as people read it."""

    field: Field
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """A policy as it would be."""

    application: Application
    policy: Policy
    patch: Mapping[str, Any]
    differences: tuple[Difference, ...]
    most_before_micros: int | None
    most_after_micros: int | None

    @property
    def needs_admin(self) -> bool:
        """Whether it changes more than limits and fraud."""
        return any(not each.field.name.startswith(OF_FRAUD) for each in self.differences)

    @property
    def loosens_spend(self) -> bool:
        """Whether more could be spent: a ceiling rises or goes, or counts a text at less than before."""
        old, new = self.application.policy, self.policy
        rises = any(_more(getattr(new, name), getattr(old, name)) for name in CEILINGS)
        return rises or (any(getattr(old, name) is not None for name in CEILINGS) and _cheaper(new, old))


def change(core: Core, application: str, typed: Mapping[str, str], seen: str = "") -> Change:
    """What was typed over a policy as it was seen, as a change of the one in force.

    Refusal invalid_field by the inputs' names; also for a field that somebody else has changed since it was seen.
    """
    found = applications.get(core, application)
    base = _read(seen) or found.policy
    own = touched(typed, base)
    _refuse_overtaken(own, base, found.policy)
    patch = _patch(found.policy, own)
    policy = policies.merged(found.policy, patch, production=core.production)
    pairs = ((each, each.written(each.value(found.policy)), each.written(each.value(policy))) for each in every())
    differences = tuple(Difference(*each) for each in pairs if each[1] != each[2])
    return Change(
        found,
        policy,
        patch,
        differences,
        applications.most_an_hour_costs(core, found),
        applications.most_an_hour_costs(core, Application(found.id, found.name, policy, found.created_at)),
    )


def seen_of(policy: Policy) -> str:
    """A policy as the form that shows it carries it along: what was typed is told from what stood there by it."""
    return json.dumps(policies.overrides(policy), separators=(",", ":"))


def retyped(typed: Mapping[str, str]) -> dict[str, str]:
    """The fields of a form that somebody has typed into; all of them where it does not say what stood there."""
    base = _read(typed.get("seen", ""))
    return dict(typed) if base is None else touched(typed, base)


def touched(typed: Mapping[str, str], base: Policy) -> dict[str, str]:
    """The fields that were typed over with something else than stood there."""
    found = ((each, typed.get(each.input)) for each in every())
    return {
        each.input: text for each, text in found if text is not None and not _same(text, each.written(each.value(base)))
    }


def save(core: Core, actor: str, change: Change, *, role: str, proven: bool) -> None:
    """Puts it in force; Refusal forbidden for who may not, or has not just proven who they are.

    Who may was judged by the policy as it was: Refusal conflict if another one came into force meanwhile.
    """
    if change.needs_admin and role != "admin":
        raise Refusal("forbidden", "these fields take the role admin; fraud may change limits, countries and the brake")
    if change.loosens_spend and not proven:
        raise Refusal("forbidden", "to let more money be spent, prove once more who you are")
    applications.set_policy(core, actor, change.application.id, change.patch, over=change.application.policy)


def _read(seen: str) -> Policy | None:
    try:
        return policies.judged(dict(json.loads(seen)))
    except (Refusal, ValueError, TypeError):  # a form of another release, or of nobody's
        return None


def _refuse_overtaken(own: Mapping[str, str], base: Policy, now: Policy) -> None:
    """Two admins at once: the second must see what the first has made of a field before they put theirs there."""
    errors: list[FieldError] = []
    for field in every():
        was, written = (field.written(field.value(each)) for each in (base, now))
        if field.input in own and was != written and not _same(own[field.input], written):
            told = f"somebody else has made this {written or 'empty'} meanwhile: review again to put yours in its place"
            errors.append({"field": field.input, "code": "overtaken", "detail": told})
    if errors:
        raise Refusal("invalid_field", "somebody else has changed the same meanwhile", errors=errors)


def _patch(policy: Policy, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed and differs, as RFC 7396 merges it."""
    patch: dict[str, Any] = {}
    for field in every():
        text = typed.get(field.input)
        if text is None or _same(text, field.written(field.value(policy))):
            continue
        outer, _, inner = field.name.partition(".")
        if inner:
            patch.setdefault(outer, {})[inner] = field.read(text)
        elif field.kind == "prices":  # merged inside: a line that is gone takes its price away
            patch[outer] = {**dict.fromkeys(field.value(policy)), **field.read(text)}
        else:
            patch[outer] = field.read(text)
    return patch


def _same(text: str, written: str) -> bool:
    return text.replace("\r\n", "\n").strip() == written


def _cheaper(new: Policy, old: Policy) -> bool:
    """Whether any country's texts would be counted at a lower price."""
    told = {*new.price_micros, *old.price_micros}
    return any(price_micros(each, new.price_micros) < price_micros(each, old.price_micros) for each in told)


def _more(new: int | None, old: int | None) -> bool:
    return old is not None and (new is None or new > old)
