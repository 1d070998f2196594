"""Senders as the console shows them: the inventory, what is taken out, and what is missing where messages go."""

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from otp_service.domain.errors import invalid_field
from otp_service.domain.routes.plan import Plan
from otp_service.ledger.sending import countries_used
from otp_service.ledger.suspensions import Suspension
from otp_service.service import senders
from otp_service.service.admin.opening import looking
from otp_service.service.core import Core, now_ms
from otp_service.service.senders import Stock

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class InCountry:
    """A country that messages go to, the senders that stand there, and what is still to do."""

    country: str
    messages: int  # of the last 24 hours
    standing: tuple[str, ...]
    waiting: tuple[str, ...]  # senders that are meant for it but do not stand
    plan: Plan

    @property
    def state(self) -> str:
        """ready: a sender stands or none is needed; missing: messages are dropped or replaced; unknown: ask."""
        if self.standing or self.plan.allowed == "yes":
            return "ready"
        return "missing" if self.plan.allowed in ("registered", "no") else "unknown"


@dataclass(frozen=True, slots=True)
class Senders:
    """All that there is to see of senders."""

    stock: Sequence[Stock]
    out: Sequence[Suspension]
    countries: Sequence[InCountry]


def shown(core: Core) -> Senders:
    """The inventory, what is out, and every country in use, the one with the most to do first."""
    with looking(core) as connection:
        used = countries_used(connection, now_ms() - DAY_MS)
    stock = senders.inventory(core)
    allowed = {
        country: 0 for each in core.snapshot().applications.values() for country in _named(each.policy.countries)
    }
    found = [in_country(core, country, count, stock) for country, count in {**allowed, **used}.items()]
    order = {"missing": 0, "unknown": 1, "ready": 2}
    ranked = sorted(found, key=lambda each: (order[each.state], -each.messages, each.country))
    return Senders(stock, senders.taken_out(core), ranked)


def in_country(core: Core, country: str, count: int = 0, stock: Sequence[Stock] | None = None) -> InCountry:
    """What there is and what is to do in one country; Refusal invalid_field `country` for one that is none."""
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise invalid_field("country", "use an ISO 3166 code such as CH")
    meant = [each for each in (stock or senders.inventory(core)) if _is_for(each, country)]
    stands = {each: each.amiss is None and not {country, "*"} & set(each.out_in) for each in meant}
    return InCountry(
        country,
        count,
        tuple(f"{each.sender.sender} ({each.provider})" for each in meant if stands[each]),
        tuple(f"{each.sender.sender} ({each.provider})" for each in meant if not stands[each]),
        senders.planned(core, country).plan,
    )


def _is_for(stock: Stock, country: str) -> bool:
    return stock.sender.countries is None or country in stock.sender.countries


def _named(countries: list[str] | str) -> list[str]:
    return [] if isinstance(countries, str) else countries
