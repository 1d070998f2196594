"""Policies as admins write them: merged by RFC 7396, judged as a whole, refused by the field's name."""

from collections.abc import Collection, Mapping
from typing import Any, get_args

import phonenumbers
from pydantic import ValidationError

from otp_service.domain.errors import FieldError, Refusal, invalid_field
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.policy import DEVELOPMENT, LimitsPolicy, Policy
from otp_service.domain.shapes import complaint

Fields = Mapping[str, Any]

# RFC 7396 has null mean "take it away". Where null is a value of the field ("no ceiling") it can't mean that too.
NULL_IS_A_VALUE = frozenset(
    name for name, field in Policy.model_fields.items() if type(None) in get_args(field.annotation)
)
# Fields that are merged inside, with the names that they may hold.
NESTED: Mapping[str, Collection[str]] = {
    "limits": LimitsPolicy.model_fields.keys(),
    "thresholds": Thresholds.model_fields.keys(),
    "price_micros": phonenumbers.SUPPORTED_REGIONS,
}
_SAY_THEM = 'say which countries may be sent to: a list such as ["CH"], or "*" for all'


def first_policy(given: Policy | Fields | None, *, production: bool) -> Policy:
    """A new application's policy; in production the countries must be said."""
    fields = given.model_dump(mode="json", exclude_unset=True) if isinstance(given, Policy) else dict(given or {})
    if production and "countries" not in fields:
        raise invalid_field("policy.countries", _SAY_THEM, "missing")
    return judged({**defaults(production), **fields})


def merged(stored: Policy, patch: Fields, *, production: bool) -> Policy:
    """The stored policy with a patch over it: null resets a field; NESTED ones are merged inside."""
    if production and patch.get("countries", "*") is None:
        raise invalid_field("policy.countries", _SAY_THEM, "missing")
    fields, reset = stored.model_dump(mode="json", exclude_unset=True), defaults(production)
    for name, value in patch.items():
        if name in NESTED and isinstance(value, Mapping):
            fields[name] = _inside({**fields.get(name, {}), **value}, NESTED[name])
        elif value is None and name in Policy.model_fields and name not in NULL_IS_A_VALUE:
            fields.pop(name, None)
            fields |= {name: reset[name]} if name in reset else {}
        else:
            fields[name] = value
    return judged(fields)


def defaults(production: bool) -> dict[str, Any]:
    """What differs from the policy's own defaults: in development nothing real is spent."""
    return {} if production else DEVELOPMENT.model_dump(mode="json", exclude_unset=True)


def overrides(policy: Policy) -> dict[str, Any]:
    """The fields that were set; the others follow the defaults."""
    return policy.model_dump(mode="json", exclude_unset=True)


def judged(fields: Fields) -> Policy:
    """The policy of these fields; Refusal invalid_field `policy.<name>` for each that makes no sense."""
    try:
        return Policy.model_validate(dict(fields))
    except ValidationError as error:
        raise _refusal(error) from None


def _inside(fields: Fields, known: Collection[str]) -> dict[str, Any]:
    """The fields without those that null takes away; an unknown name stays, to be refused."""
    return {name: value for name, value in fields.items() if value is not None or name not in known}


def _refusal(error: ValidationError) -> Refusal:
    found: dict[str, FieldError] = {}
    for each in error.errors(include_url=False, include_input=False):
        told = complaint(each)
        field = _field(each["loc"], told)
        found.setdefault(field, {"field": field, "code": each["type"], "detail": told})
    return Refusal("invalid_field", f"not valid: {', '.join(found)}", errors=list(found.values()))


def _field(loc: tuple[int | str, ...], told: str) -> str:
    """The field's name; a rule that spans fields begins with the one to change."""
    first = str(loc[0]) if loc else told.split(" ", 1)[0]
    if first not in Policy.model_fields:
        return f"policy.{first}" if first.isidentifier() and first.isascii() and len(first) <= 40 else "policy"
    inner = str(loc[1]) if first in ("limits", "thresholds") and len(loc) > 1 else ""
    return f"policy.{first}.{inner}" if inner in NESTED.get(first, ()) else f"policy.{first}"
