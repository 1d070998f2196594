"""`fraud`: what the brake holds, and forgiving a scope of it."""

from collections.abc import Callable
from typing import Any

import click

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.output import as_json, say, show
from otp_service.service.admin import forgiving
from otp_service.service.admin import fraud as service
from otp_service.web.admin.protection import standing

COLUMNS = ("scope", "owed_micros", "young_micros", "room_micros", "codes", "score", "quarantined_until")


def _meant(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which send is meant."""
    for option in (
        click.option("--country", help="Which country, for instance CH; with --to that of the number."),
        click.option("--ip", help="The client's address, for its network."),
        click.option("--to", help="The number, for its block, prefix and country too."),
        click.option("--application", required=True, help="Whose brake, by id or name."),
    ):
        command = option(command)
    return command


@click.group()
def fraud() -> None:
    """The brake: what is owed for codes that nobody typed."""


@fraud.command("show")
@_meant
@as_json
def show_fraud(application: str, to: str | None, ip: str | None, country: str | None, as_json: bool) -> None:
    """Shows what the scopes of a send owe now, and the prefixes in quarantine."""
    found = standing(service.read(opened(), application, to=to, ip=ip, country=country))
    if as_json:
        show(found, True)
        return
    show({name: found[name] for name in ("mode", "to", "network", "country", "as_of")}, False)
    if found["states"]:
        show(found["states"], False, COLUMNS)
    if found["quarantines"]:
        click.echo("\nIn quarantine:")
        show(found["quarantines"], False, ("prefix", "country", "until"))


@fraud.command()
@click.argument("scope", metavar="SCOPE", type=click.Choice(tuple(forgiving.FOUND_BY)))
@_meant
@click.option("--reason", default="", help="Why, for the audit.")
@as_json
def forgive(scope: str, reason: str, as_json: bool, **meant: Any) -> None:
    """Forgives SCOPE what it owes; codes that nobody types bring it back.

    SCOPE is the number, block or prefix of --to, the country, the network of --ip, or the application.
    """
    found = forgiving.forgive(opened(), ACTOR, scope=scope, reason=reason, **meant)
    say(standing(found), as_json, f"Nothing speaks against this {scope} any more.")
