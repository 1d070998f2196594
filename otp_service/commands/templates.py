"""`templates`: what a text will say, cost and be to phones, before it is deployed."""

import sys
from collections.abc import Callable
from typing import Any, TextIO

import click

from otp_service.commands.output import as_json, show
from otp_service.domain.prices import price_micros
from otp_service.domain.templates.bodies import Kind, parse_body
from otp_service.domain.templates.lint import Finding, Price, lint
from otp_service.domain.templates.template import (
    Template,
    canonical_locale,
    check_variable,
    message_text,
    render,
    render_message,
)
from otp_service.domain.text.segments import segments
from otp_service.domain.text.size import measure

SAMPLE_CODE = "1234567890"

_OPTIONS = (
    click.argument("file", type=click.File("r", encoding="utf-8")),
    click.option(
        "--kind",
        type=click.Choice(["verification", "message"]),
        default="verification",
        show_default=True,
        help="What it is for: a message has no {code} and may link.",
    ),
    click.option("--app", "app_name", default="Example Shop", show_default=True, help="What stands for {app}."),
    click.option("--code-length", type=click.IntRange(5, 10), default=6, show_default=True, help="As in the policy."),
    click.option("--webotp-host", help="As in the policy: adds the line that browsers read."),
    click.option("--android-app-hash", help="As in the policy: adds what Android looks for."),
    click.option("--country", help="Tells the cost there by the built-in price table, such as CH."),
    click.option("--plain/--as-written", "smart_encoding", default=True, help="Makes typography plain, or leaves it."),
    as_json,
)


def _of_a_text(command: Callable[..., None]) -> Callable[..., None]:
    """The file and the options that every command on a text has."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group()
def templates() -> None:
    """Templates, before they are saved."""


@templates.command("lint")
@_of_a_text
@click.option("--name", default="default", show_default=True, help="The template's name; `transaction` has more rules.")
@click.option("--locale", default="en", show_default=True, help="The language that it is written in.")
def lint_file(
    file: TextIO, kind: Kind, name: str, locale: str, smart_encoding: bool, as_json: bool, **policy: Any
) -> None:
    """Says what there is to know about the text in FILE (- reads it from a pipe).

    It needs no settings and no running service. Ends with 1 if the text can't be used.
    """
    template = Template(name, canonical_locale(locale), 0, _body(file), kind, smart_encoding)
    country = policy.pop("country")
    found = lint(template, price=Price(country.upper(), _price(country)) if country else None, **policy)
    show([_shown(each) for each in found], as_json, ["severity", "code", "detail"])
    if any(each.severity == "error" for each in found):
        sys.exit(1)


@templates.command("preview")
@_of_a_text
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="A value for a slot; repeat it for more.")
def preview_file(
    file: TextIO,
    kind: Kind,
    app_name: str,
    smart_encoding: bool,
    country: str | None,
    variables: tuple[str, ...],
    as_json: bool,
    **policy: Any,
) -> None:
    """Shows what a person would read, and the segments in which it travels."""
    template = Template("preview", "en", 0, _body(file), kind, smart_encoding)
    parse_body(template.body, kind)
    text = _text(template, dict(_pair(each) for each in variables), app_name, **policy)
    size, parts = measure(text), segments(text)
    told = {
        "text": text,
        "encoding": size.encoding,
        "units": size.units,
        "segments": list(parts) if as_json else len(parts),
        "price_micros": _price(country) * size.segments if country else None,
    }
    show(told, as_json)


def _text(
    template: Template,
    values: dict[str, str],
    app_name: str,
    code_length: int,
    webotp_host: str | None,
    android_app_hash: str | None,
) -> str:
    if template.kind == "message":
        return render_message(template, values, app_name)
    for name, value in values.items():
        check_variable(name, value)
    code = SAMPLE_CODE[:code_length]
    body = render(template, {**values, "code": code, "app": app_name, "minutes": "10"})
    return message_text(body, code, webotp_host, android_app_hash)


def _pair(assignment: str) -> tuple[str, str]:
    name, found, value = assignment.partition("=")
    if not found:
        raise click.BadParameter("write it as NAME=VALUE", param_hint="--set")
    return name, value


def _body(file: TextIO) -> str:
    return file.read().rstrip("\n")


def _price(country: str) -> int:
    return price_micros(country.upper(), {})


def _shown(found: Finding) -> dict[str, Any]:
    return {
        "severity": found.severity,
        "code": found.code,
        "detail": found.detail,
        "position": found.position,
    }
