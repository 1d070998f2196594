"""`factors`: second factors in and out of files, for many users at once, and those of one user."""

from typing import Any

import click

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.factor_files import enrol_users, export_file, import_file
from otp_service.commands.output import as_json, say, show
from otp_service.domain.errors import Refusal
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.service.admin import users
from otp_service.service.admin.users import Seen
from otp_service.service.core import Core

COLUMNS = ("id", "type", "status", "label", "algorithm", "digits", "period_s", "created_at", "used_at")
_application = click.option("--application", required=True, help="Whose user it is: its id or name.")


@click.group()
def factors() -> None:
    """Second factors: in and out of files, and those of a user."""


for command in (import_file, export_file, enrol_users):
    factors.add_command(command)


@factors.command("list")
@click.argument("user")
@_application
@as_json
def list_factors(user: str, application: str, as_json: bool) -> None:
    """Lists the factors of USER, oldest first."""
    core = opened()
    show([_told(each) for each in users.read(core, _id(core, application, user)).factors], as_json, COLUMNS)


@factors.command("show")
@click.argument("user")
@click.argument("factor")
@_application
@as_json
def show_factor(user: str, factor: str, application: str, as_json: bool) -> None:
    """Shows a FACTOR of USER by its id; never its secret."""
    core = opened()
    found = [each for each in users.read(core, _id(core, application, user)).factors if each.factor.id == factor]
    if not found:
        raise Refusal("not_found", "this user has no such factor")
    show(_told(found[0]), as_json)


@factors.command("remove")
@click.argument("user")
@click.argument("factor")
@_application
@click.option("--reason", default="", help="Why, for the audit.")
@click.confirmation_option(prompt="This can't be undone. Remove this factor?")
@as_json
def remove_factor(user: str, factor: str, application: str, reason: str, as_json: bool) -> None:
    """Removes a FACTOR of USER by its id; the devices that they trusted are trusted no more."""
    core = opened()
    left = users.remove(core, ACTOR, _id(core, application, user), factor, reason).factors
    say({"removed": factor, "left": len(left)}, as_json, f"{factor} is removed; {len(left)} are left.")


def _id(core: Core, application: str, user: str) -> str:
    found = users.found(core, application, user)
    if found is None:
        raise Refusal("not_found", "there is no such user with factors")
    return found


def _told(found: Seen) -> dict[str, Any]:
    factor = found.factor
    return {
        "id": factor.id,
        "type": factor.type,
        "status": factor.status,
        "label": found.label,
        "issuer": found.issuer,
        "algorithm": factor.algorithm,
        "digits": factor.digits,
        "period_s": factor.period_s,
        "codes_left": found.codes_left,
        "created_at": rfc3339(factor.created_at),
        "confirmed_at": rfc3339_or_none(factor.confirmed_at),
        "used_at": rfc3339_or_none(factor.used_at),
    }
