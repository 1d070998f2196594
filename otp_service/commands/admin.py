"""`apps` and `keys`: applications, their policy, and the keys they call with."""

import json
from typing import Any

import click

from otp_service import wiring
from otp_service.commands.output import as_json, say, show
from otp_service.commands.times import time_ms
from otp_service.domain.apikeys import SCOPES
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.applications import Application
from otp_service.ledger.keys import ApiKey
from otp_service.service.admin import applications as applications_admin
from otp_service.service.admin import keys as keys_admin
from otp_service.service.core import Core
from otp_service.settings import read_settings

ACTOR = "cli"


def opened() -> Core:
    """The core as an admin's command needs it."""
    return wiring.build(read_settings()).core


@click.group()
def apps() -> None:
    """Applications and their policy."""


@apps.command("create")
@click.argument("name")
@click.option("--countries", help="Where codes may go: CH,DE or `all`; production wants it said.")
@as_json
def create_application(name: str, countries: str | None, as_json: bool) -> None:
    """Creates an application."""
    policy: dict[str, Any] = {} if countries is None else {"countries": _countries(countries)}
    core = opened()
    show(_shown(core, applications_admin.create(core, ACTOR, name, policy)), as_json)


@apps.command("list")
@as_json
def list_applications(as_json: bool) -> None:
    """Lists the applications."""
    found = applications_admin.listed(opened())
    show([{"id": each.id, "name": each.name, "created_at": rfc3339(each.created_at)} for each in found], as_json)


@apps.command("show")
@click.argument("name")
@as_json
def show_application(name: str, as_json: bool) -> None:
    """Shows an application, its policy and the most that an hour can cost under it."""
    core = opened()
    show(_shown(core, applications_admin.get(core, name)), as_json)


@apps.command("set")
@click.argument("name")
@click.argument("assignments", nargs=-1, required=True, metavar="policy.FIELD=VALUE...")
@as_json
def set_policy(name: str, assignments: tuple[str, ...], as_json: bool) -> None:
    """Changes a policy: policy.ttl_s=300 policy.limits.ip="10 per hour" policy.countries=CH,DE; null resets a field."""
    core = opened()
    patch: dict[str, Any] = {}
    for assignment in assignments:
        _merge(patch, *_assignment(assignment))
    show(_shown(core, applications_admin.set_policy(core, ACTOR, name, patch)), as_json)


@click.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@click.option("--application", required=True, help="Its id or name.")
@click.option("--name", default="", help="For people.")
@click.option(
    "--scopes", default="verifications:start,verifications:check", show_default=True, help=f"Of {', '.join(SCOPES)}."
)
@click.option("--test", is_flag=True, help="A test key: its messages reach only the simulator.")
@click.option("--ips", default="", help="Addresses or CIDR blocks it may be used from, by commas.")
@click.option("--expires-at", help="RFC 3339, for instance 2027-01-01T00:00:00Z.")
@as_json
def create_key(
    application: str, name: str, scopes: str, test: bool, ips: str, expires_at: str | None, as_json: bool
) -> None:
    """Creates a key and prints it, this once."""
    made = keys_admin.create(
        opened(),
        ACTOR,
        application,
        name,
        _by_commas(scopes),
        test=test,
        ips=_by_commas(ips),
        expires_ms=time_ms("expires_at", expires_at),
    )
    show({"id": made.id, "key": made.text}, as_json)


@keys.command("list")
@click.option("--application", help="Its id or name; all if none is given.")
@as_json
def list_keys(application: str | None, as_json: bool) -> None:
    """Lists the keys, never their secrets."""
    found = [_key(each) for each in keys_admin.listed(opened(), application)]
    show(found, as_json, ("id", "name", "scopes", "test", "expires_at", "revoked_at"))


@keys.command("revoke")
@click.argument("id")
@as_json
def revoke_key(id: str, as_json: bool) -> None:
    """Ends a key; every process refuses it within 5 s."""
    found = keys_admin.revoke(opened(), ACTOR, id)
    say(_key(found), as_json, f"{id} is revoked; every process refuses it within 5 s.")


def _shown(core: Core, application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "name": application.name,
        "created_at": rfc3339(application.created_at),
        "most_per_hour_micros": applications_admin.most_an_hour_costs(core, application),
        "policy": application.policy.model_dump(mode="json"),
    }


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "application": key.application_id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "test": key.test,
        "ips": list(key.ips),
        "expires_at": rfc3339_or_none(key.expires_at),
        "revoked_at": rfc3339_or_none(key.revoked_at),
    }


def _countries(text: str) -> str | list[str]:
    return "*" if text.strip() in ("all", "*") else _by_commas(text.upper())


def _by_commas(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _assignment(text: str) -> tuple[list[str], Any]:
    """`policy.limits.ip=10 per hour` as its path and value; a value is JSON where it reads as such, else text."""
    path, equals, value = text.partition("=")
    names = path.removeprefix("policy.").split(".")
    if not equals or not path.startswith("policy."):
        raise click.UsageError("write each change as policy.FIELD=VALUE, for instance policy.ttl_s=300")
    if names == ["countries"] and not value.startswith(("[", '"', "null")):
        return names, _countries(value)
    try:
        return names, json.loads(value)
    except ValueError:
        return names, value


def _merge(patch: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        patch = patch.setdefault(name, {})
    patch[names[-1]] = value
