"""`[[routes]]`: an ordered rule of routing each."""

import re
from collections.abc import Collection, Mapping
from datetime import time
from typing import Any, get_args
from zoneinfo import ZoneInfo

from otp_service.domain.config_file import checks
from otp_service.domain.config_file.checks import Check, mistakes_in
from otp_service.domain.config_file.money import Rates, read_amount
from otp_service.domain.config_file.sections import Mistake
from otp_service.domain.messages import MessageClass
from otp_service.domain.routes.rules import Ask, Hours, Rule

HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
MOST_MICROS = 10**9


def _hours(value: object) -> str | None:
    found = HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None or value[:5] == value[6:]:  # type: ignore[index]  # it is a text, since it matched
        return 'must be two times of the day such as "08:00-20:00"'
    return None


def _timezone(value: object) -> str | None:
    return None if _zone(value) else 'must be the name of a time zone such as "Europe/Zurich"'


def _asks(value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(one, str | dict) for one in value):
        return 'must be a list of names, or of tables such as { name = "a", priority = 10 }'
    for number, one in enumerate(value, 1):
        for field, what in mistakes_in(_ask_table(one), ASK, required=("name",)):
            return f"{field} of number {number}: {what}"
    names = [_ask_table(one)["name"] for one in value]
    return "names a provider twice" if len(set(names)) < len(names) else None


ASK: Mapping[str, Check] = {
    "name": checks.name,
    "priority": checks.priority,
    "weight": checks.weight,
    "max_price_micros": checks.whole(0, MOST_MICROS, ": what the whole message may cost"),
}
CHECKS: Mapping[str, Check] = {
    "name": checks.name,
    "applications": checks.listed(r"\S(.{0,62}\S)?", "names or ids of applications"),
    "classes": checks.some_of(*get_args(MessageClass)),
    "countries": checks.countries,
    "prefixes": checks.listed(r"\+[1-9][0-9]{0,14}", "beginnings of numbers such as +4179"),
    "purposes": checks.listed(r"[a-z0-9_.-]{1,32}", "purposes such as login"),
    "channels": checks.some_of("sms"),
    "hours": _hours,
    "timezone": _timezone,
    "providers": _asks,
    "reason": checks.text,
    "receipt_timeout_s": checks.whole(5, 600),
    "max_price": lambda value: None,  # asked of the rates
}


def read_rule(
    table: Mapping[str, Any], number: int, known: Collection[str], rates: Rates
) -> tuple[Rule, list[Mistake]]:
    """One rule and its mistakes; `known` are the names of the providers."""
    mistakes = [*mistakes_in(table, CHECKS), *_of_several(table)]
    ceiling = read_amount(table["max_price"], rates) if "max_price" in table else None
    if isinstance(ceiling, str):
        mistakes.append(("max_price", ceiling))
    if not any(where == "providers" for where, _ in mistakes):
        mistakes += _strangers(table.get("providers", []), known)
    if mistakes or isinstance(ceiling, str):
        return Rule(f"route {number}"), mistakes
    return _typed(table, number, ceiling), []


def _of_several(table: Mapping[str, Any]) -> list[Mistake]:
    """What is wrong only because of another field."""
    found = []
    if ("hours" in table) != ("timezone" in table):
        found.append(("hours", "hours and timezone go together"))
    if table.get("providers") == [] and "reason" not in table:
        found.append(("reason", "say why these messages are not sent"))
    if table.get("providers") and "reason" in table:
        found.append(("reason", "belongs to a rule that forbids, one with providers = []"))
    return found


def _strangers(asks: list[Any], known: Collection[str]) -> list[Mistake]:
    names = [_ask_table(one)["name"] for one in asks]
    return [("providers", f"there is no provider {name!r}") for name in names if name not in known]


def _typed(table: Mapping[str, Any], number: int, ceiling: int | None) -> Rule:
    return Rule(
        name=table.get("name", f"route-{number}"),
        asks=tuple(Ask(**_ask_table(one)) for one in table["providers"]) if "providers" in table else None,
        reason=table.get("reason", ""),
        **{key: _set(table, key) for key in ("applications", "classes", "countries", "purposes", "channels")},
        prefixes=tuple(table["prefixes"]) if "prefixes" in table else None,
        hours=_typed_hours(table),
        receipt_timeout_s=table.get("receipt_timeout_s"),
        max_price_micros=ceiling,
    )


def _typed_hours(table: Mapping[str, Any]) -> Hours | None:
    zone = _zone(table.get("timezone"))
    if "hours" not in table or zone is None:
        return None
    begin, end = (time.fromisoformat(each) for each in table["hours"].split("-"))
    return Hours(begin, end, zone)


def _ask_table(one: Any) -> dict[str, Any]:
    return {"name": one} if isinstance(one, str) else one


def _set(table: Mapping[str, Any], key: str) -> frozenset[str] | None:
    return frozenset(table[key]) if key in table else None


def _zone(value: object) -> ZoneInfo | None:
    try:
        return ZoneInfo(value) if isinstance(value, str) and value else None
    except (ValueError, OSError, LookupError):
        return None
