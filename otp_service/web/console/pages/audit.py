"""The audit: what admins did, what it changed, and whether it still says so."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from otp_service.domain.errors import invalid_field
from otp_service.domain.times import milliseconds, rfc3339
from otp_service.ledger.audit import Entry, Wanted
from otp_service.service.admin import audit
from otp_service.web.console.frame import application_filter, core, page, render

A_PAGE = 50
VERIFIED = 2_000  # entries looked at while a page is drawn: a tenth of a second

TIMES = ("_at", "expires_ms", "until_ms")
DEFAULT, NONE = "the default", "none"  # of a field of a policy that is not set, and that is set to nothing
A_TIME_MS = 1_000_000_000_000  # since 2001: no duration is as long


@dataclass(frozen=True, slots=True)
class Part:
    """One value that an act changed; None where there was or is none."""

    name: str
    before: str | None
    after: str | None


@page("/audit", title="Audit", nav="Audit", role="admin")
def show() -> Response:
    """Some of the audit, newest first, narrowed by who, what and when."""
    asked = {name: request.args.get(name, "").strip() for name in ("actor", "act", "target", "from", "to")}
    wanted = Wanted(
        actor=asked["actor"] or None,
        act=_act(asked["act"]),
        application_id=application_filter(),
        target=asked["target"] or None,
        from_ms=_day("from", asked["from"]),
        to_ms=_day("to", asked["to"], after=86_400_000),
    )
    found = audit.page(core(), A_PAGE, request.args.get("cursor"), wanted)
    rows = [(entry, parts(entry)) for entry in found.items]
    return render("audit.html", rows=rows, next_cursor=found.next_cursor, asked=asked, state=_state())


def parts(entry: Entry) -> list[Part]:
    """What an entry changed, value by value; what stayed the same is left out."""
    before, after = dict(_flat(entry.before)), dict(_flat(entry.after))
    names = list(dict.fromkeys([*before, *after]))
    changed = [name for name in names if before.get(name) != after.get(name)]
    unset = {name: DEFAULT for name in changed if _is_of_policy(name) and entry.before and entry.after}
    return [Part(name, *((each.get(name) or unset.get(name)) for each in (before, after))) for name in changed]


def _is_of_policy(name: str) -> bool:
    return name.startswith("policy.")


def _flat(value: Any, at: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [found for name, each in value.items() for found in _flat(each, f"{at}.{name}" if at else str(name))]
    if _is_of_policy(at) and value in (None, [], ""):
        return [(at, NONE)]  # set to none, which lifts a ceiling or a limit: not the default
    if value is None or value in ([], {}):
        return []  # nothing was there: said by its absence
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [(at, ", ".join(value))]
    if isinstance(value, int) and at.endswith(TIMES) and value > A_TIME_MS:
        return [(at, f"{rfc3339(value)[:19].replace('T', ' ')} UTC")]
    return [(at, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]


def _state() -> Any:
    """What verifying the newest entries finds."""
    newest = audit.page(core(), 1).items
    return audit.verify(core(), max(0, newest[0].seq - VERIFIED) if newest else 0)


def _act(text: str) -> str | None:
    """One act, or a family of them by its first word."""
    return None if not text else text if "." in text else f"{text}.*"


def _day(field: str, text: str, *, after: int = 0) -> int | None:
    try:
        return milliseconds(f"{text}T00:00:00Z") + after if text else None
    except ValueError:
        raise invalid_field(field, "is not a day") from None
