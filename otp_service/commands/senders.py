"""`senders`: what is shown where, what was taken out, and what to register before one sends to a country."""

from typing import Any

import click
import phonenumbers

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.output import as_json, say, show
from otp_service.domain.errors import invalid_field
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.suspensions import Suspension
from otp_service.service import senders as stories
from otp_service.service.senders import Planned, Stock

OWN = "-"  # stands for the sender that a vendor picks itself
COLUMNS = ("provider", "sender", "kind", "countries", "state", "expires_at", "out_in", "amiss")


@click.group()
def senders() -> None:
    """Senders, and where they may be shown."""


@senders.command("list")
@as_json
def list_senders(as_json: bool) -> None:
    """Lists the senders of the configuration, and those that were taken out."""
    core = opened()
    stock, out = stories.inventory(core), stories.taken_out(core)
    if as_json:
        show({"senders": [_stock(each) for each in stock], "taken_out": [_suspension(each) for each in out]}, True)
        return
    show([_stock(each) for each in stock], False, COLUMNS)
    if out:
        click.echo("\nTaken out, since a vendor called them unregistered:")
        show([_suspension(each) for each in out], False)


@senders.command()
@click.argument("provider")
@click.argument("sender")
@click.option("--country", help="In this country only; everywhere if none is given.")
@as_json
def restore(provider: str, sender: str, country: str | None, as_json: bool) -> None:
    """Puts SENDER of PROVIDER back after its registration was mended; `-` is the one that the vendor picks itself."""
    lifted = stories.restore(opened(), ACTOR, provider, "" if sender == OWN else sender, country)
    where = ", ".join(each.country or "every country" for each in lifted)
    told = f"{sender} of {provider} is shown again in {where}; every process knows within 5 s."
    say({"restored": [_suspension(each) for each in lifted]}, as_json, told)


@senders.command()
@click.option("--countries", required=True, help="Where you want to send: US,SG,IN,DE.")
@click.option("--application", help="Its id or name; its own templates are the samples.")
@click.option("--locale", default="en", show_default=True, help="The language of the built-in samples.")
@as_json
def plan(countries: str, application: str | None, locale: str, as_json: bool) -> None:
    """Prints what to register for these countries, where, how long it takes and with which texts."""
    wanted = [country.strip().upper() for country in countries.split(",") if country.strip()]
    for country in wanted:
        if country not in phonenumbers.SUPPORTED_REGIONS:
            raise invalid_field("countries", "use ISO 3166 codes such as US,SG,IN,DE")
    core = opened()
    plans = [stories.planned(core, country) for country in wanted]
    texts = stories.samples(core, application, locale)
    if as_json:
        show({"countries": [_planned(each) for each in plans], "texts": texts}, True)
    else:
        _tell(plans, texts)


def _tell(plans: list[Planned], texts: list[str]) -> None:
    for each in plans:
        rule = each.plan.rule
        click.echo(f"{each.plan.country}: {each.plan.todo}.")
        lead = f"takes about {rule.lead_days} days" if rule.lead_days else ""
        known = f"known as of {rule.dated} ({rule.source})" if rule.source else "nothing is known here of this country"
        for line in (rule.notes, lead, f"you have {', '.join(each.have)}" if each.have else "", known):
            if line:
                click.echo(f"    {line}")
    click.echo("\nTexts to register as samples:")
    for text in texts:
        click.echo(f"    {text!r}")


def _stock(stock: Stock) -> dict[str, Any]:
    sender = stock.sender
    return {
        "provider": stock.provider,
        "sender": sender.sender,
        "kind": sender.kind,
        "countries": None if sender.countries is None else sorted(sender.countries),
        "state": sender.state,
        "registration": sender.registration,
        "registered_at": rfc3339_or_none(sender.registered_ms),
        "expires_at": rfc3339_or_none(sender.expires_ms),
        "out_in": list(stock.out_in),
        "amiss": stock.amiss or ("it expires within 30 days" if stock.expires_soon else None),
    }


def _suspension(each: Suspension) -> dict[str, Any]:
    return {
        "provider": each.provider,
        "sender": each.sender or OWN,
        "country": each.country,
        "reason": each.reason,
        "raw": each.raw,
        "suspended_at": rfc3339(each.suspended_at),
    }


def _planned(each: Planned) -> dict[str, Any]:
    plan, rule = each.plan, each.plan.rule
    return {
        "country": plan.country,
        "kind": plan.kind,
        "allowed": plan.allowed,
        "todo": plan.todo,
        "registry": rule.registry or None,
        "lead_days": rule.lead_days,
        "notes": rule.notes or None,
        "source": rule.source or None,
        "dated": rule.dated or None,
        "have": list(each.have),
    }
