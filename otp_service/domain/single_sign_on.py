"""Single sign-on to the console: the provider of identities, and which of its claims gives which role."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ROLES = ("viewer", "fraud", "admin")
FORM = "write each as claim=value:role, for instance groups=otp-admins:admin"


@dataclass(frozen=True, slots=True)
class RoleRule:
    """Whoever has this value in this claim has this role."""

    claim: str
    value: str
    role: str


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """An OpenID Connect provider and what this service is there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    rules: tuple[RoleRule, ...] = ()


def parse_rules(texts: Sequence[str]) -> tuple[RoleRule, ...]:
    """The rules of `claim=value:role`; ValueError names the one that can't be read."""
    rules = []
    for text in texts:
        claim, equals, rest = text.partition("=")
        value, colon, role = rest.rpartition(":")
        if not (equals and colon and claim and value) or role not in ROLES:
            raise ValueError(f"{text[:50]!r} can't be read: {FORM}")
        rules.append(RoleRule(claim.strip(), value.strip(), role))
    return tuple(rules)


def role_of(rules: Sequence[RoleRule], claims: Mapping[str, Any]) -> str | None:
    """The highest role that the claims give, if any."""
    given = [rule.role for rule in rules if rule.value in _values(claims.get(rule.claim))]
    return max(given, key=ROLES.index, default=None)


def _values(claim: Any) -> list[str]:
    found = claim if isinstance(claim, list) else [claim]
    return [each for each in found if isinstance(each, str)]
