"""`admins`: who may sign in to the console."""

import click

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.output import as_json, say, show
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.admins import Account
from otp_service.service.console import accounts
from otp_service.service.console.accounts import ROLES, Invited
from otp_service.service.core import Core

ROLE = click.Choice(ROLES)


@click.group()
def admins() -> None:
    """Who may sign in to the console."""


@admins.command("create")
@click.argument("name")
@click.option("--role", type=ROLE, default="viewer", show_default=True, help="Each may do what those before it may.")
@as_json
def create(name: str, role: str, as_json: bool) -> None:
    """Creates an account and prints the link, good once and for a day, by which its owner sets it up."""
    core = opened()
    _invited(core, accounts.invite(core, ACTOR, name, role), as_json)


@admins.command("list")
@as_json
def list_(as_json: bool) -> None:
    """Lists the accounts."""
    core = opened()
    found = [_account(core, each) for each in accounts.listed(core)]
    show(found, as_json, ("name", "role", "set_up", "disabled_at", "created_at"))


@admins.command("role")
@click.argument("name")
@click.argument("role", type=ROLE)
@as_json
def role(name: str, role: str, as_json: bool) -> None:
    """Gives an account another role; it has to sign in again."""
    core = opened()
    changed = accounts.set_role(core, ACTOR, name, role)
    say(_account(core, changed), as_json, f"{changed.name} is now {role}.")


@admins.command("disable")
@click.argument("name")
@as_json
def disable(name: str, as_json: bool) -> None:
    """Shuts an account and ends its sessions at once."""
    core = opened()
    changed = accounts.disable(core, ACTOR, name)
    say(_account(core, changed), as_json, f"{changed.name} can't sign in any more.")


@admins.command("enable")
@click.argument("name")
@as_json
def enable(name: str, as_json: bool) -> None:
    """Opens a shut account again."""
    core = opened()
    changed = accounts.enable(core, ACTOR, name)
    say(_account(core, changed), as_json, f"{changed.name} may sign in again.")


@admins.command("reset")
@click.argument("name")
@as_json
def reset(name: str, as_json: bool) -> None:
    """Takes back the password, app and passkeys of an account, ends its sessions, and prints a new link."""
    core = opened()
    _invited(core, accounts.reset(core, ACTOR, name), as_json)


def _invited(core: Core, made: Invited, as_json: bool) -> None:
    link = made.link(core.public_url)
    words = ("Its owner opens this link, once, within a day:", link)
    say(_account(core, made.account) | {"link": link}, as_json, *words)


def _account(core: Core, account: Account) -> dict[str, object]:
    ways = accounts.ways(core, account.id)
    return {
        "id": account.id,
        "name": account.name,
        "role": account.role,
        "set_up": ways.password or ways.passkeys > 0 or ways.sso,
        "disabled_at": rfc3339_or_none(account.disabled_at),
        "created_at": rfc3339(account.created_at),
    }
