"""`users`: who has which factors, and what helps whom wrong codes have locked out."""

from dataclasses import asdict
from typing import Any

import click

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.listing import limited, read
from otp_service.commands.output import as_json, say, show
from otp_service.domain.errors import Refusal
from otp_service.service.admin import users as service
from otp_service.service.core import Core
from otp_service.web.admin.users import listed, standing

of_application = click.option("--application", required=True, help="Whose user, by id or name.")
of_test_keys = click.option("--test", is_flag=True, help="Among the users of test keys.")
because = click.option("--reason", default="", help="Why, for the audit.")


@click.group()
def users() -> None:
    """Users with factors. USER is the name that the application gave; it is shown masked."""


@users.command("list")
@of_application
@of_test_keys
@click.option("--disabled", is_flag=True, help="Only those whom wrong codes have disabled.")
@limited
@as_json
def list_users(application: str, test: bool, disabled: bool, limit: int, every: bool, as_json: bool) -> None:
    """Lists users with factors, newest first."""
    core = opened()
    found = read(
        lambda most, cursor: service.page(core, application, most, cursor, test=test, disabled=disabled),
        limit,
        every=every,
    )
    rows = [listed(each, in_full=False) for each in found]
    show(rows, as_json, ("id", "user", "types", "failures", "locked_until", "disabled_at"))


@users.command("show")
@of_application
@of_test_keys
@click.argument("user")
@as_json
def show_user(application: str, test: bool, user: str, as_json: bool) -> None:
    """Shows USER's factors, what is counted against them, and what happened."""
    core = opened()
    found = standing(service.read(core, _id(core, application, user, test)))
    history = found.pop("history")
    if as_json:
        show({**found, "history": history}, True)
        return
    factors: list[dict[str, Any]] = found.pop("factors")
    show({name: value for name, value in found.items() if name != "devices"}, False)
    show(factors, False, ("id", "type", "status", "created_at", "used_at", "codes_left"))
    show(history, False, ("at", "event", "factor"))


@users.command()
@of_application
@of_test_keys
@because
@click.argument("user")
@as_json
def lift(application: str, test: bool, user: str, reason: str, as_json: bool) -> None:
    """Forgives USER the wrong codes, and lets them try again."""
    core = opened()
    found = service.lift(core, ACTOR, _id(core, application, user, test), reason)
    say(standing(found), as_json, "No wrong codes are counted against them any more.")


@users.command()
@of_application
@of_test_keys
@click.argument("user")
@click.confirmation_option(prompt="This can't be undone. Forget this user's factors?")
@as_json
def erase(application: str, test: bool, user: str, as_json: bool) -> None:
    """Forgets USER: factors, devices, history, and the name."""
    core = opened()
    found = service.erase(core, ACTOR, _id(core, application, user, test))
    say({"erased": asdict(found)}, as_json, f"Forgotten: {found.factors} factors, {found.devices} devices.")


def _id(core: Core, application: str, user: str, test: bool) -> str:
    found = service.found(core, application, user, test=test)
    if found is None:
        raise Refusal("not_found", "there is no such user with factors")
    return found
