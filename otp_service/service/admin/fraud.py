"""The brake, for admins: what its scopes owe now, which prefixes are in quarantine, and ending one before its time."""

from collections.abc import Sequence
from dataclasses import dataclass

from otp_service.domain.addresses import client_network, is_address
from otp_service.domain.errors import invalid_field
from otp_service.domain.fraud.scopes import Scopes, scope_digest, scopes_of
from otp_service.domain.fraud.thresholds import Thresholds
from otp_service.domain.phone import mask
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import Kind, Target
from otp_service.service.admin import quarantines
from otp_service.service.admin.fields import number
from otp_service.service.admin.named import COUNTRIES
from otp_service.service.admin.opening import looking, owner
from otp_service.service.admin.quarantines import Quarantine
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import number_index
from otp_service.store import fraud_states
from otp_service.store.fraud_states import Held, State

__all__ = ["Meant", "Quarantine", "Standing", "State", "held", "held_of", "lift", "may_owe", "meant", "read"]


@dataclass(frozen=True, slots=True)
class Meant:
    """A send as far as it is told: to which number (in E.164) and country, from which address; empty what is not."""

    application: Application
    e164: str
    country: str
    ip: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What the brake holds of a number (masked), a client's network and a country, for one application."""

    application: Application
    to: str | None
    network: str | None
    country: str | None
    as_of_ms: int
    states: Sequence[State]
    blocked: frozenset[Kind]
    allowed: frozenset[Kind]
    quarantines: Sequence[Quarantine]


def read(
    core: Core, application: str, *, to: str | None = None, ip: str | None = None, country: str | None = None
) -> Standing:
    """The state of the scopes that a send to this number, from this address or to this country would be charged to."""
    with looking(core) as connection:
        found = meant(owner(connection, application), to=to, ip=ip, country=country)
    of, now = found.application, now_ms()
    target = Target(of.id, number_index(core, found.e164), found.e164, found.country, ip)
    held_now, snapshot = states(core, found), core.snapshot()
    return Standing(
        of,
        mask(found.e164) if found.e164 else None,
        client_network(ip) if ip else None,
        found.country or None,
        *held_now,
        snapshot.blocked.hits(target, now),
        snapshot.allowed.hits(target, now),
        held(core, of.id),
    )


def meant(of: Application, *, to: str | None = None, ip: str | None = None, country: str | None = None) -> Meant:
    """The send that is meant; Refusal invalid_field for what is no number, address or country."""
    if ip is not None and not is_address(ip):
        raise invalid_field("ip", "this is not an IP address")
    if country is not None and country not in COUNTRIES:
        raise invalid_field("country", "a country is its ISO 3166 code, for instance CH")
    if to is None:
        return Meant(of, "", country or "", ip or "")
    found = number("to", to, of.policy.default_region)
    return Meant(of, found.e164, found.country, ip or "")


def states(core: Core, asked: Meant) -> Held:
    """What is held of the scopes of a send, as one of one segment would find them."""
    of = asked.application
    # Without a destination there is no price: at the least one nothing is forgiven faster than it may be.
    price = core.routing().charge_micros(asked.country, asked.e164, of.policy.price_micros) if asked.country else 0
    return fraud_states.read(core.link, of.id, scopes(core, asked), of.policy.thresholds, price)


def scopes(core: Core, asked: Meant) -> Scopes:
    """The scopes that are meant; what is not is named by nothing, and has no state."""
    of = asked.application
    if asked.e164:
        return scopes_of(core.index_key, of.id, asked.e164, asked.country, asked.ip or None)
    network = scope_digest(core.index_key, of.id, "network", client_network(asked.ip)) if asked.ip else ""
    return Scopes("", "", "", asked.country, network)


def held(core: Core, application: str | None = None) -> Sequence[Quarantine]:
    """The prefixes in quarantine, those that last longest first; of one application or of all."""
    found = quarantines.quarantines(core) if application is None else _own(core, application)
    return sorted(found, key=lambda each: each.until_ms, reverse=True)


def held_of(core: Core, application: str | None) -> Sequence[Quarantine]:
    """The same by an application's id or name."""
    if application is None:
        return held(core)
    with looking(core) as connection:
        of = owner(connection, application)
    return held(core, of.id)


def lift(core: Core, actor: str, application: str, prefix: str) -> Sequence[Quarantine]:
    """Ends a prefix' quarantine, and answers those that stay; Refusal not_found if it is in none."""
    with looking(core) as connection:
        of = owner(connection, application)
    quarantines.lift(core, actor, of.id, f"+{prefix.lstrip('+ ')}")
    return held(core, of.id)


def may_owe(thresholds: Thresholds, scope: str) -> tuple[float | None, float | None]:
    """How many sends a scope may owe before it is challenged and before it is refused; None where nothing says."""
    return getattr(thresholds, f"{scope}_weak", None), getattr(thresholds, f"{scope}_strong", None)


def _own(core: Core, application: str) -> Sequence[Quarantine]:
    found = fraud_states.quarantined(core.link, application)  # the others' take a trip to Redis each
    return [Quarantine(application, each.prefix, each.country, each.until_ms) for each in found]
