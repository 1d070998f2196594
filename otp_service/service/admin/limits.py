"""Limits, for admins: what counts now, for whom and until when, and starting the count again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from otp_service.domain.addresses import client_network, counted_network
from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.limits import parse_limits
from otp_service.domain.phone import mask
from otp_service.ledger import audit
from otp_service.ledger.applications import Application
from otp_service.ledger.changes import Change
from otp_service.service.admin.fields import under
from otp_service.service.admin.opening import changing, looking, owner
from otp_service.service.admin.subjects import caller_of, destination_of
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import Destination
from otp_service.service.limits import Whence, client_limits, index, number_limits, spend_limits
from otp_service.service.people import known_as
from otp_service.store.limits import Count, Rule, peek, reset, rules

SCOPES = {"country": "spend_country"}  # where the store's word is not the one that people read
MESSAGES = "messages"
LEAST_MICROS = 1
TOGETHER = {"to": ("to", "prefix"), "ip": ("ip", "network"), "device": ("device",), "user": ("user",)}  # start again


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose limits: a number, a client's address (and its network), a device, a user; as far as they are given."""

    to: str | None = None
    ip: str | None = None
    device: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class LimitState:
    """One limit now; the spend scopes count millionths of a US dollar, the others sends."""

    scope: str
    amount: int
    period_s: int
    used: int
    left: int
    retry_after_s: int
    free_ms: int | None = None  # when something is left again


@dataclass(frozen=True, slots=True)
class Counted:
    """The limits of an application, of a number (masked) and of a client, as far as they were asked for."""

    application_id: str
    to: str | None
    ip: str | None
    device: str | None
    user: str | None
    limits: Sequence[LimitState]


@dataclass(frozen=True, slots=True)
class _Asked:
    caller: Caller
    subject: Subject
    destination: Destination | None
    whence: Whence


def read(
    core: Core,
    application: str,
    *,
    to: str | None = None,
    ip: str | None = None,
    device: str | None = None,
    user: str | None = None,
    test: bool = False,
) -> Counted:
    """Every limit that a start or a message would meet, those of the number and the client if they are given."""
    with looking(core) as connection:
        found = owner(connection, application)
    return _counted(core, _asked(core, found, Subject(to, ip, device, user), test))


def start_again(
    core: Core,
    actor: str,
    application: str,
    *,
    to: str | None = None,
    ip: str | None = None,
    device: str | None = None,
    user: str | None = None,
    test: bool = False,
    reason: str = "",
) -> Counted:
    """Forgets what the limits of the number (and its prefix) or of the client counted; spend stays counted."""
    subject = Subject(to, ip, device, user)
    if subject == Subject():
        raise invalid_field("to", "say whose limits start again: to, ip, device_id or user", "missing")
    with changing(core, actor) as change:
        asked = _asked(core, owner(change.connection, application), subject, test)
        own = _own(core, asked)
        before = _used(peek(core.link, own))
        for kind, target in _targets(core, change, asked):
            said = {"kind": kind, "test": test} | ({"reason": reason} if reason else {})
            audit.record(
                *(change, "limits.reset"),
                application_id=asked.caller.application.id,
                target=target,
                before={scope: before[scope] for scope in TOGETHER[kind] if scope in before},
                after=said,
            )
        reset(core.link, own)  # last: without Redis nothing of this is written
    return _counted(core, asked)


def _asked(core: Core, application: Application, subject: Subject, test: bool) -> _Asked:
    caller = caller_of(application, test=test)
    destination = destination_of(core, caller, subject.to) if subject.to is not None else None
    told = {
        "ip": _network(subject.ip),
        "network": client_network(subject.ip) if _network(subject.ip) and subject.ip else None,
        "device": subject.device,
        "user": subject.user,
    }
    whence = {kind: index(core, caller, kind, value) for kind, value in told.items() if value is not None}
    return _Asked(caller, subject, destination, whence)


def _network(ip: str | None) -> str | None:
    """As which an address counts."""
    try:
        return None if ip is None else counted_network(ip)
    except Refusal as refusal:
        raise under("ip", refusal) from None


def _own(core: Core, asked: _Asked) -> list[Rule]:
    """What counts for the number and the client alone."""
    found = number_limits(core, asked.caller, asked.destination) if asked.destination else []
    return found + client_limits(asked.caller, asked.whence)


def _counted(core: Core, asked: _Asked) -> Counted:
    caller, policy, subject = asked.caller, asked.caller.application.policy, asked.subject
    shared = rules("application", caller.realm, parse_limits(policy.limits.application))
    own_texts = rules("application", f"{caller.realm}/messages", parse_limits(policy.message_limits))
    spend = spend_limits(caller, asked.destination.number.country if asked.destination else "", LEAST_MICROS)
    if asked.destination is None:
        spend = [rule for rule in spend if rule.name != "country"]
    texts = [rule._replace(name=MESSAGES) for rule in own_texts]
    counts = peek(core.link, [*_own(core, asked), *shared, *spend, *texts])
    to = mask(asked.destination.number.e164) if asked.destination else None
    states = [state_of(count) for count in counts]
    return Counted(caller.application.id, to, _network(subject.ip), subject.device, subject.user, states)


def state_of(count: Count) -> LimitState:
    """A count as people read it."""
    rule = count.rule
    wait_s = -(-count.wait_ms // 1000)
    scope = SCOPES.get(rule.name, rule.name)
    free_ms = now_ms() + count.wait_ms if count.wait_ms else None
    return LimitState(scope, rule.amount, rule.period_ms // 1000, rule.amount - count.left, count.left, wait_s, free_ms)


def _used(counts: Sequence[Count]) -> dict[str, int]:
    """What is used of the first limit of each scope."""
    return {count.rule.name: count.rule.amount - count.left for count in reversed(counts)}


def _targets(core: Core, change: Change, asked: _Asked) -> Iterator[tuple[str, str]]:
    """Whose limits start again, as the audit names them: a person by a random id, the rest by keyed indexes."""
    if asked.destination:
        yield "to", known_as(core, change.connection, asked.destination)
    yield from ((kind, index) for kind, index in asked.whence.items() if kind != "network")
