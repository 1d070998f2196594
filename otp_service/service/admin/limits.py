"""Limits, for admins: what counts now, and starting the count again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from otp_service.domain.addresses import counted_network
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.keys import b64, mac
from otp_service.domain.limits import parse_limits
from otp_service.domain.phone import mask
from otp_service.ledger import audit
from otp_service.ledger.applications import Application
from otp_service.service.admin.fields import under
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.admin.subjects import caller_of, destination_of
from otp_service.service.callers import Caller
from otp_service.service.core import Core
from otp_service.service.destination import Destination
from otp_service.service.limits import ip_limits, number_limits, spend_limits
from otp_service.store.limits import Count, Rule, peek, reset, rules

SCOPES = {"country": "spend_country"}  # where the store's word is not the one that people read
LEAST_MICROS = 1


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit now; the spend scopes count millionths of a US dollar, the others sends."""

    scope: str
    amount: int
    period_s: int
    used: int
    left: int
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The limits of an application, of a number (masked) and of a client's network, as far as they were asked for."""

    application_id: str
    to: str | None
    ip: str | None
    limits: Sequence[LimitState]


@dataclass(frozen=True, slots=True)
class _Asked:
    caller: Caller
    destination: Destination | None
    ip: str | None
    network: str | None  # as which the address counts


def read(core: Core, application: str, *, to: str | None = None, ip: str | None = None, test: bool = False) -> Counted:
    """Every limit that a start would meet, those of the number and the client address if they are given."""
    with looking(core) as connection:
        found = owner(connection, application)
    return _counted(core, _asked(core, found, to, ip, test))


def start_again(
    core: Core, actor: str, application: str, *, to: str | None = None, ip: str | None = None, test: bool = False
) -> Counted:
    """Forgets what the limits of the number (and its prefix) or of the client address counted; spend stays counted."""
    if to is None and ip is None:
        raise invalid_field("to", "say whose limits start again: to or ip", "missing")
    with changing(core, actor) as change:
        asked = _asked(core, owner(change.connection, application), to, ip, test)
        for kind, target in _targets(core, asked):
            said = {"kind": kind, "test": test}
            audit.record(change, "limits.reset", application_id=asked.caller.application.id, target=target, after=said)
        reset(core.link, _own(core, asked))  # last: without Redis nothing of this is written
    return _counted(core, asked)


def _asked(core: Core, application: Application, to: str | None, ip: str | None, test: bool) -> _Asked:
    caller = caller_of(application, test=test)
    return _Asked(caller, destination_of(core, caller, to) if to is not None else None, ip, _network(ip))


def _network(ip: str | None) -> str | None:
    try:
        return None if ip is None else counted_network(ip)
    except Refusal as refusal:
        raise under("ip", refusal) from None


def _own(core: Core, asked: _Asked) -> list[Rule]:
    """What counts for the number and the client address alone."""
    found = number_limits(core, asked.caller, asked.destination) if asked.destination else []
    return found + (ip_limits(core, asked.caller, asked.ip) if asked.ip else [])


def _counted(core: Core, asked: _Asked) -> Counted:
    caller, policy = asked.caller, asked.caller.application.policy
    shared = rules("application", caller.realm, parse_limits(policy.limits.application))
    spend = spend_limits(caller, asked.destination.number.country if asked.destination else "", LEAST_MICROS)
    if asked.destination is None:
        spend = [rule for rule in spend if rule.name != "country"]
    counts = peek(core.link, [*_own(core, asked), *shared, *spend])
    to = mask(asked.destination.number.e164) if asked.destination else None
    return Counted(caller.application.id, to, asked.network, [state_of(count) for count in counts])


def state_of(count: Count) -> LimitState:
    """A count as people read it."""
    rule = count.rule
    wait_s = -(-count.wait_ms // 1000)
    scope = SCOPES.get(rule.name, rule.name)
    return LimitState(scope, rule.amount, rule.period_ms // 1000, rule.amount - count.left, count.left, wait_s)


def _targets(core: Core, asked: _Asked) -> Iterator[tuple[str, str]]:
    """Whose limits start again, as the audit names them: by keyed indexes, so that it leads to nobody by itself."""
    if asked.destination:
        yield "to", asked.destination.index
    if asked.ip:
        yield "ip", b64(mac(core.index_key, "ip", asked.caller.realm, asked.network)[:9])
