"""`templates`: what a text will cost and what phones will make of it, before it is deployed."""

import sys
from typing import Any, TextIO

import click

from otp_service.commands.output import as_json, show
from otp_service.domain.bodies import Kind
from otp_service.domain.lint import Finding, Price, lint
from otp_service.domain.prices import price_micros
from otp_service.domain.templates import Template, canonical_locale


@click.group()
def templates() -> None:
    """Templates, before they are saved."""


@templates.command("lint")
@click.argument("file", type=click.File("r", encoding="utf-8"))
@click.option(
    "--kind",
    type=click.Choice(["verification", "message"]),
    default="verification",
    show_default=True,
    help="What it is for: a message has no {code} and may link.",
)
@click.option("--name", default="default", show_default=True, help="The template's name; `transaction` has more rules.")
@click.option("--locale", default="en", show_default=True, help="The language that it is written in.")
@click.option("--app", "app_name", default="Example Shop", show_default=True, help="What stands for {app}.")
@click.option("--code-length", type=click.IntRange(5, 10), default=6, show_default=True, help="As in the policy.")
@click.option("--webotp-host", help="As in the policy: adds the line that browsers read.")
@click.option("--android-app-hash", help="As in the policy: adds what Android looks for.")
@click.option("--country", help="Tells the cost there by the built-in price table, such as CH.")
@click.option("--plain/--as-written", "smart_encoding", default=True, help="Makes typography plain, or leaves it.")
@as_json
def lint_file(
    file: TextIO, kind: Kind, name: str, locale: str, smart_encoding: bool, as_json: bool, **policy: Any
) -> None:
    """Says what there is to know about the text in FILE (- reads it from the terminal or a pipe).

    It needs no settings and no running service. Ends with 1 if the text can't be used.
    """
    template = Template(name, canonical_locale(locale), 0, file.read().rstrip("\n"), kind, smart_encoding)
    country = policy.pop("country")
    found = lint(template, price=_price(country), **policy)
    show([_shown(each) for each in found], as_json, ["severity", "code", "detail"])
    if any(each.severity == "error" for each in found):
        sys.exit(1)


def _price(country: str | None) -> Price | None:
    return Price(country.upper(), price_micros(country.upper(), {})) if country else None


def _shown(found: Finding) -> dict[str, Any]:
    return {
        "severity": found.severity,
        "code": found.code,
        "detail": found.detail,
        "position": found.position,
    }
