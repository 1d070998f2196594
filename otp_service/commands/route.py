"""`route explain`: who would carry a message to a number, and why the others would not."""

from typing import Any, get_args

import click

from otp_service.commands.admin import opened
from otp_service.commands.output import as_json, show
from otp_service.commands.times import time_ms
from otp_service.domain.messages import Message, MessageClass
from otp_service.domain.routes.decide import Decision, dollars
from otp_service.domain.times import rfc3339
from otp_service.service.simulate import explain as explained
from otp_service.web.simulate import route as shown


@click.group()
def route() -> None:
    """Rules of routing."""


@route.command()
@click.argument("to")
@click.option("--application", help="Its id or name; its sender and the rules for it count.")
@click.option(
    "--class",
    "message_class",
    type=click.Choice(get_args(MessageClass)),
    default="code",
    show_default=True,
    help="What kind of message it is.",
)
@click.option("--purpose", default="login", show_default=True, help="The purpose of a code.")
@click.option("--at", help="Another time than now, RFC 3339, for rules that hold at some hours.")
@as_json
def explain(
    to: str, application: str | None, message_class: MessageClass, purpose: str, at: str | None, as_json: bool
) -> None:
    """Shows who would carry a message to the number TO, and why each other provider would not."""
    message, decision = explained(
        opened(), to, application=application, message_class=message_class, purpose=purpose, at_ms=time_ms("at", at)
    )
    if as_json:
        show({"to": message.to, "country": message.country, **shown(decision)}, True)
    else:
        _tell(message, decision)


def _tell(message: Message, decision: Decision) -> None:
    click.echo(f"{message.to} is in {message.country}; the rule is {decision.rule.name}.")
    if decision.choices:
        click.echo("\nAsked, in this order:")
        show([_choice(place, choice) for place, choice in enumerate(shown(decision)["choices"], 1)], False)
    else:
        click.echo(f"Nobody can be asked: {decision.reason}.")
    if decision.lost:
        click.echo("\nNot asked:")
        for lost in decision.lost:
            until = f", until {rfc3339(lost.until_ms)}" if lost.until_ms else ""
            sender = f" as {lost.sender}" if lost.sender else ""
            click.echo(f"  {lost.provider}{sender}: {lost.code}: {lost.detail}{until}")


def _choice(place: int, choice: dict[str, Any]) -> dict[str, Any]:
    return {
        "": place,
        "provider": choice["provider"],
        "sender": choice["sender"] or "(the vendor's choice)",
        "price": dollars(choice["price_micros"]),
        "receipt_timeout_s": choice["receipt_timeout_s"],
        "probe": "yes" if choice["probe"] else "",
    }
