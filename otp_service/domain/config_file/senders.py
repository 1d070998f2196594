"""`[[senders]]`, the inventory, and `[sender_rules.XX]`, what is known better than the built-in table."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, get_args

import phonenumbers

from otp_service.domain.config_file import checks
from otp_service.domain.config_file.checks import Check, day_ms, mistakes_in
from otp_service.domain.config_file.sections import Mistake
from otp_service.domain.routes.sender_rules import COUNTRIES, UNKNOWN, Allowed, CountryRule
from otp_service.domain.routes.senders import Sender, SenderKind, SenderState, kind_of, looks_wrong

NAMES = checks.listed(r"[a-z0-9][a-z0-9_-]{0,31}", "names of providers")
CHECKS: Mapping[str, Check] = {
    "sender": checks.text,
    "kind": checks.one_of(*get_args(SenderKind)),
    "provider": checks.name,
    "providers": NAMES,
    "countries": checks.countries,
    "state": checks.one_of(*get_args(SenderState)),
    "registered_at": checks.day,
    "expires_at": checks.day,
    "registration": checks.name,
    "max_per_s": checks.per_s,
    "applications": checks.listed(r"\S(.{0,62}\S)?", "names or ids of applications"),
}
ALLOWED = checks.one_of(*get_args(Allowed))
RULE_CHECKS: Mapping[str, Check] = {
    "alphanumeric": ALLOWED,
    "long_code": ALLOWED,
    "short_code": ALLOWED,
    "registry": checks.text,
    "lead_days": checks.whole(0, 366),
    "notes": checks.text,
}


def read_sender(table: Mapping[str, Any], known: Collection[str]) -> tuple[Sender, list[Mistake]]:
    """One sender and its mistakes; `known` are the names of the providers."""
    mistakes = mistakes_in(table, CHECKS, required=("sender",))
    told = {where for where, _ in mistakes}
    if not told & {"provider", "providers"}:
        mistakes += _of_providers(table, known)
    if not told & {"sender", "kind"} and (wrong := looks_wrong(table["sender"], _kind(table))):
        mistakes.append(("sender", wrong))
    if mistakes:
        return Sender("", "pool", frozenset()), mistakes
    return _typed(table), []


def _of_providers(table: Mapping[str, Any], known: Collection[str]) -> list[Mistake]:
    if ("provider" in table) == ("providers" in table):
        return [("provider", "say whose it is: either provider or providers")]
    return [("provider", f"there is no provider {name!r}") for name in _providers(table) if name not in known]


def _typed(table: Mapping[str, Any]) -> Sender:
    return Sender(
        sender=table["sender"],
        kind=_kind(table),
        providers=frozenset(_providers(table)),
        countries=_set(table, "countries"),
        state=table.get("state", "approved"),
        registered_ms=day_ms(table["registered_at"]) if "registered_at" in table else None,
        expires_ms=day_ms(table["expires_at"]) if "expires_at" in table else None,
        registration=table.get("registration"),
        max_per_s=table.get("max_per_s"),
        applications=_set(table, "applications"),
    )


def _kind(table: Mapping[str, Any]) -> SenderKind:
    kind: SenderKind = table.get("kind") or kind_of(table["sender"])
    return kind


def _providers(table: Mapping[str, Any]) -> list[str]:
    names: list[str] = table["providers"] if "providers" in table else [table["provider"]]
    return names


def _set(table: Mapping[str, Any], key: str) -> frozenset[str] | None:
    return frozenset(table[key]) if key in table else None


def read_sender_rules(table: Mapping[str, Any], source: str) -> tuple[dict[str, CountryRule], list[Mistake]]:
    """The rules by country with what the configuration says over the built-in table."""
    rules, mistakes = dict(COUNTRIES), []
    for country, row in table.items():
        if country not in phonenumbers.SUPPORTED_REGIONS or not isinstance(row, dict):
            mistakes.append(("sender_rules", "begin each with a line such as [sender_rules.CH], an ISO 3166 code"))
            continue
        wrong = mistakes_in(row, RULE_CHECKS)
        mistakes += [(f"{country}.{where}", what) for where, what in wrong]
        if not wrong:
            rules[country] = replace(COUNTRIES.get(country, UNKNOWN), **row, source=source, dated="")
    return rules, mistakes
