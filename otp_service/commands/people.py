"""`people`: what is known of somebody, and forgetting it."""

import click

from otp_service import wiring
from otp_service.commands.output import as_json, in_json, say
from otp_service.service import people as service
from otp_service.settings import read_settings
from otp_service.web.admin.people import dossier

ACTOR = "cli"


@click.group(short_help="What is known of somebody, and forgetting it.")
def people() -> None:
    """What is known of somebody, and forgetting it. Numbers are written as +41791234567."""


@people.command()
@click.argument("number")
def export(number: str) -> None:
    """Prints everything that is known of NUMBER as JSON, in the order of time; it is audited."""
    found = service.read(wiring.build(read_settings()).core, ACTOR, number)
    click.echo(in_json(dossier(found), indent=2))


@people.command()
@click.argument("number")
@click.confirmation_option(prompt="This can't be undone. Forget this person?")
@as_json
@click.pass_context
def erase(context: click.Context, number: str, as_json: bool) -> None:
    """Forgets the person of NUMBER; ends with 1 and says what is left where it must be repeated."""
    found = service.erase(wiring.build(read_settings()).core, ACTOR, number)
    told = service.as_json(found)
    sentences = found.left or [f"Forgotten: {found.erased.verifications} codes, {found.erased.messages} messages."]
    say(told, as_json, *sentences)
    if found.left:
        context.exit(1)
