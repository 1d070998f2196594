"""Senders that are taken out and put back."""

from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.errors import Refusal
from otp_service.domain.routes.plan import Plan, plan_for
from otp_service.domain.routes.senders import Sender, is_suspended
from otp_service.domain.templates.template import choose
from otp_service.ledger import suspensions
from otp_service.ledger.applications import Application
from otp_service.ledger.changes import change
from otp_service.ledger.suspensions import Suspension
from otp_service.service.admin.opening import changing, looking
from otp_service.service.core import Core, now_ms

log = structlog.get_logger("otp_service.senders")
ACTOR = "service"
EXPIRES_SOON_MS = 30 * 86_400_000


def take_out(
    core: Core,
    provider: str,
    sender: str | None,
    country: str | None,
    reason: str,
    raw: str | None,
    *,
    sent_ms: int | None = None,
) -> bool:
    """Shows a sender to nobody any more, until an admin puts it back; True if that is new.

    `sent_ms` is when the message was sent that tells of it: what was sent before an admin put the sender back says
    nothing of it now. While the ledger is down nothing is taken out; the next message will tell again.
    """
    if is_suspended(core.snapshot().suspended, provider, sender or "", country or ""):
        return False
    now = now_ms()
    try:
        with change(core.engine, core.audit_key, ACTOR, now) as opened:
            made = suspensions.suspend(
                opened, provider, sender or "", country, reason, raw, sent_ms=now if sent_ms is None else sent_ms
            )
    except SQLAlchemyError as error:
        log.warning("sender_not_taken_out", provider=provider, country=country, error=type(error).__name__)
        return False
    if made is not None:
        log.error("sender_taken_out", provider=provider, sender=sender, country=country, reason=reason, raw=raw)
        core.observe.alarmed("sender_taken_out")
    return made is not None


def restore(core: Core, actor: str, provider: str, sender: str, country: str | None = None) -> list[Suspension]:
    """Puts a sender back; Refusal not_found if it is not out."""
    with changing(core, actor) as opened:
        lifted = suspensions.lift(opened, provider, sender, country)
        if not lifted:
            raise Refusal("not_found", "this sender of this provider is not taken out there")
    return lifted


def taken_out(core: Core) -> list[Suspension]:
    """The senders that are out, oldest first."""
    with looking(core) as connection:
        return suspensions.in_force(connection)


@dataclass(frozen=True, slots=True)
class Stock:
    """One sender of one provider as it stands; `amiss` says why it is not shown."""

    provider: str
    sender: Sender
    out_in: tuple[str, ...]  # countries in which it is taken out; `*`: everywhere
    amiss: str | None
    expires_soon: bool


def inventory(core: Core) -> list[Stock]:
    """Every sender of the configuration, by provider in the order of the file."""
    routing, now = core.routing(), now_ms()
    return [
        _stock(provider, sender, routing.suspended.get((provider, sender.sender), frozenset()), now)
        for provider, senders in routing.senders.items()
        for sender in senders
    ]


def _stock(provider: str, sender: Sender, out: frozenset[str | None], now: int) -> Stock:
    soon = sender.expires_ms is not None and now < sender.expires_ms < now + EXPIRES_SOON_MS
    return Stock(provider, sender, tuple(sorted(each or "*" for each in out)), sender.stands(now), soon)


@dataclass(frozen=True, slots=True)
class Planned:
    """What to do for a country, and which senders there are for it already, as `provider: sender`."""

    plan: Plan
    have: tuple[str, ...]


def planned(core: Core, country: str) -> Planned:
    """What to register before messages go to this country."""
    routing = core.routing()
    have = tuple(
        f"{stock.provider}: {stock.sender.sender} ({stock.amiss or stock.sender.state})"
        for stock in inventory(core)
        if stock.sender.countries is None or country in stock.sender.countries
    )
    return Planned(plan_for(country, routing.country_rule(country)), have)


def samples(core: Core, application: str | None, locale: str) -> list[str]:
    """The texts that registries want to see: an application's own templates, and the built-in one in a language."""
    found = _named(core, application)
    own = core.snapshot().templates.get(found.id, {}) if found else {}
    built_in = choose({}, "default", locale)
    return [_sample(template.body, found.name if found else "Example") for template in (*own.values(), built_in)]


def _named(core: Core, application: str | None) -> Application | None:
    if application is None:
        return None
    for found in core.snapshot().applications.values():
        if application in (found.id, found.name):
            return found
    raise Refusal("not_found", "there is no such application")


def _sample(body: str, app: str) -> str:
    """A body with a code of zeros; what only a caller knows keeps its slot, as registries show variables."""
    for slot, value in (("{code}", "000000"), ("{minutes}", "10"), ("{app}", app)):
        body = body.replace(slot, value)
    return body
