"""`webhooks`: where events go."""

from typing import Any

import click

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.output import as_json, say, show
from otp_service.commands.times import time_ms
from otp_service.domain.times import rfc3339
from otp_service.domain.webhooks import OVERLAP_S
from otp_service.ledger.webhooks import Webhook
from otp_service.service.admin import webhooks as admin

EVERY = 100_000


@click.group()
def webhooks() -> None:
    """Where events go, signed by the Standard Webhooks rules."""


@webhooks.command("list")
@click.option("--application", help="Its id or name; all if none is given.")
@as_json
def list_webhooks(application: str | None, as_json: bool) -> None:
    """Lists the webhooks."""
    found = [_webhook(each) for each in admin.page(opened(), EVERY, application=application).items]
    show(found, as_json, ("id", "application", "url", "types", "enabled", "disabled_reason"))


@webhooks.command("add")
@click.argument("url")
@click.option("--application", help="Its id or name; without it events of all, and the operator's own.")
@click.option("--types", default="", help="By commas, for instance message.*,verification.approved; none is all.")
@click.option("--ed25519", is_flag=True, help="Sign with Ed25519 besides.")
@as_json
def add_webhook(url: str, application: str | None, types: str, ed25519: bool, as_json: bool) -> None:
    """Sends events to URL from now on, and prints the secret, this once."""
    wanted = [part.strip() for part in types.split(",") if part.strip()]
    show(_keyed(admin.create(opened(), ACTOR, url, wanted, application=application, ed25519=ed25519)), as_json)


@webhooks.command("rotate")
@click.argument("id")
@click.option("--overlap-s", default=OVERLAP_S, show_default=True, help="For how long the old secret still signs.")
@as_json
def rotate_webhook(id: str, overlap_s: int, as_json: bool) -> None:
    """Takes a new secret, and prints it, this once."""
    show(_keyed(admin.rotate(opened(), ACTOR, id, overlap_s)), as_json)


@webhooks.command("test")
@click.argument("id")
@as_json
def test_webhook(id: str, as_json: bool) -> None:
    """Sends a test event to this webhook alone."""
    event = admin.test(opened(), ACTOR, id)
    say({"event": event}, as_json, f"{event} is on its way; `otp-service webhooks show {id}` tells what came of it.")


@webhooks.command("show")
@click.argument("id")
@as_json
def show_webhook(id: str, as_json: bool) -> None:
    """Shows a webhook and its last deliveries."""
    found = admin.get(opened(), id)
    told = [
        {"event": each.event_id, "type": each.type, "status": each.status, "tries": each.tries, "answer": each.answer}
        for each in found.deliveries
    ]
    if as_json:
        show({**_webhook(found.webhook), "public_keys": list(found.public_keys), "deliveries": told}, as_json)
    else:
        show({**_webhook(found.webhook), "public_keys": list(found.public_keys)}, as_json)
        show(told, as_json)


@webhooks.command("replay")
@click.argument("id")
@click.option("--event", help="One event, whatever became of it.")
@click.option("--from", "from_", help="What happened from then on and was not delivered: 2026-11-20T00:00:00Z.")
@click.option("--to-time", help="And before then; until now if not given.")
@as_json
def replay_webhook(id: str, event: str | None, from_: str | None, to_time: str | None, as_json: bool) -> None:
    """Sends events again."""
    if (event is None) == (from_ is None):
        raise click.UsageError("say either --event or --from")
    span = {"from_ms": time_ms("from", from_), "to_ms": time_ms("to_time", to_time)}
    count = admin.replay(opened(), ACTOR, id, event=event, **span)
    say({"deliveries": count}, as_json, f"{count} events go out again.")


@webhooks.command("disable")
@click.argument("id")
@as_json
def disable_webhook(id: str, as_json: bool) -> None:
    """Sends nothing there any more; what waited has failed, and can be replayed."""
    admin.update(opened(), ACTOR, id, {"enabled": False})
    say({"id": id, "enabled": False}, as_json, f"{id} is disabled.")


@webhooks.command("enable")
@click.argument("id")
@as_json
def enable_webhook(id: str, as_json: bool) -> None:
    """Sends events there again, from now on."""
    admin.update(opened(), ACTOR, id, {"enabled": True})
    say({"id": id, "enabled": True}, as_json, f"{id} is enabled; `webhooks replay` brings what it missed.")


@webhooks.command("remove")
@click.argument("id")
@as_json
def remove_webhook(id: str, as_json: bool) -> None:
    """Deletes a webhook with its secrets and deliveries."""
    admin.remove(opened(), ACTOR, id)
    say({"id": id}, as_json, f"{id} is deleted.")


def _webhook(found: Webhook) -> dict[str, Any]:
    return {
        "id": found.id,
        "application": found.application_id,
        "url": found.url,
        "types": list(found.types),
        "enabled": found.enabled,
        "disabled_reason": found.disabled_reason,
        "created_at": rfc3339(found.created_at),
    }


def _keyed(made: admin.Keyed) -> dict[str, Any]:
    return {**_webhook(made.shown.webhook), "secret": made.secret, "public_keys": list(made.shown.public_keys)}
