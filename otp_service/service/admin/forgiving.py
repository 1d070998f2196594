"""Forgiving a scope of the brake: whatever speaks against it starts from nothing, sooner than time would have it."""

from collections.abc import Callable, Mapping
from typing import Any

from otp_service.domain.addresses import client_network
from otp_service.domain.errors import invalid_field
from otp_service.domain.fraud.scopes import BLOCK_DIGITS, operator_prefix
from otp_service.ledger import audit
from otp_service.ledger.changes import Change
from otp_service.service.admin import fraud
from otp_service.service.admin.fields import MOST_REASON, words
from otp_service.service.admin.fraud import Meant, Standing, State
from otp_service.service.admin.opening import changing, owner
from otp_service.service.admin.subjects import caller_of, destination_of
from otp_service.service.core import Core
from otp_service.service.limits import index
from otp_service.service.people import known_as
from otp_service.store import fraud_states

# Each scope -> what it is found by.
FOUND_BY: Mapping[str, str] = {
    "number": "to",
    "block": "to",
    "prefix": "to",
    "country": "country",
    "application": "application",
    "network": "ip",
}
_WANTED = {"to": "give a number in it", "country": "give it, or a number there", "ip": "give an address in it"}


def forgive(
    core: Core,
    actor: str,
    application: str,
    scope: str,
    *,
    to: str | None = None,
    ip: str | None = None,
    country: str | None = None,
    reason: str = "",
) -> Standing:
    """Forgives this scope of such a send, and answers what is held now; what changes nothing is not audited.

    Refusal invalid_field for a scope that there is not, and where what it is found by is missing.
    """
    words("reason", reason, least=0, most=MOST_REASON)
    with changing(core, actor) as change:  # one after the other: of two who forgive the same, one does
        asked = fraud.meant(owner(change.connection, application), to=to, ip=ip, country=country)
        _require(scope, asked)
        held = next((each for each in fraud.states(core, asked).states if each.scope == scope), None)
        if held is not None and not held.is_clear:
            _record(core, change, asked, held, reason)
            # Last: without Redis nothing of this is written.
            of, place = asked.application.id, _place(core, asked, scope)
            fraud_states.forgive(core.link, of, fraud.scopes(core, asked), scope, place)
    return fraud.read(core, application, to=to, ip=ip, country=country)


def _require(scope: str, asked: Meant) -> None:
    given = {"to": asked.e164, "country": asked.country, "ip": asked.ip, "application": asked.application.id}
    if scope not in FOUND_BY:
        raise invalid_field("scope", f"must be one of {', '.join(FOUND_BY)}")
    field = FOUND_BY[scope]
    if not given[field]:
        raise invalid_field(field, f"say which {scope}: {_WANTED[field]}", "missing")


def _record(core: Core, change: Change, asked: Meant, held: State, reason: str) -> None:
    after = {"scope": held.scope, "owed_micros": 0} | ({"reason": reason} if reason else {})
    of, target = asked.application.id, _TARGETS[held.scope](core, change, asked)
    audit.record(change, "fraud.forgive", application_id=of, target=target, before=_before(held), after=after)


def _before(held: State) -> dict[str, Any]:
    """What is forgiven; of a block and a prefix also what else spoke against them."""
    more = {
        "run": held.run,
        "score": held.score,
        "quarantined_until_ms": held.quarantined_until_ms,
        "watched_until_ms": held.watched_until_ms,
    }
    return {"owed_micros": held.owed_micros} | {name: value for name, value in more.items() if value}


def _place(core: Core, asked: Meant, scope: str) -> str:
    """A prefix as it stands among the quarantines, for two countries may share it."""
    if scope != "prefix":
        return ""
    prefix = operator_prefix(asked.e164)
    countries = {each.prefix: each.country for each in fraud_states.quarantined(core.link, asked.application.id)}
    return f"{prefix} {countries.get(prefix, asked.country)}"


def _number(core: Core, change: Change, asked: Meant) -> str:
    destination = destination_of(core, caller_of(asked.application, test=False), asked.e164)
    return known_as(core, change.connection, destination)


def _network(core: Core, change: Change, asked: Meant) -> str:
    return index(core, caller_of(asked.application, test=False), "network", client_network(asked.ip))


# As what the audit names it: a number by a random id and a network by an index, as with limits.
_TARGETS: Mapping[str, Callable[[Core, Change, Meant], str | None]] = {
    "number": _number,
    "block": lambda core, change, asked: asked.e164[:-BLOCK_DIGITS],
    "prefix": lambda core, change, asked: operator_prefix(asked.e164),
    "country": lambda core, change, asked: asked.country,
    "application": lambda core, change, asked: None,
    "network": _network,
}
