"""`refusals`: why somebody got no code or message."""

from typing import Any

import click

from otp_service.commands.admin import ACTOR, opened
from otp_service.commands.listing import limited, read
from otp_service.commands.output import as_json, say, show
from otp_service.commands.times import time_ms
from otp_service.domain.times import rfc3339, rfc3339_or_none
from otp_service.ledger.blocks import KINDS, Kind
from otp_service.service.admin import exempting
from otp_service.service.admin import refusals as refusals_admin
from otp_service.service.admin.named import shown
from otp_service.service.admin.refusals import Told


@click.group()
def refusals() -> None:
    """Refusals: why somebody got no code or message."""


@refusals.command("list")
@click.option("--to", help="Only those of this number.")
@click.option("--code", help="Only those with this code, for instance refused_as_fraud.")
@click.option("--application", help="Only those of this application, by id or name.")
@limited
@as_json
def list_refusals(limit: int, every: bool, as_json: bool, **wanted: str | None) -> None:
    """Lists the last day's refusals, newest first."""
    core = opened()
    found = read(lambda most, cursor: refusals_admin.page(core, most, cursor, **wanted), limit, every=every)
    show([_told(each) for each in found], as_json, ("reference", "at", "asked_for", "code", "to", "mode"))


@refusals.command("show")
@click.argument("reference")
@as_json
def show_refusal(reference: str, as_json: bool) -> None:
    """Shows which rule refused somebody, on what evidence, and when that passes."""
    core = opened()
    found = refusals_admin.get(core, reference)
    held = [{"id": each.id, "kind": each.kind, "value": shown(core, each)} for each in found.blocks]
    show({**_told(found.told), "blocks": held}, as_json)


@refusals.command("exempt")
@click.argument("reference")
@click.option("--kind", type=click.Choice(KINDS), default="number", show_default=True, help="What to let pass.")
@click.option("--value", help="Which address, or which user.")
@click.option("--reason", help="Why; without it, the reference.")
@click.option("--expires-at", help="RFC 3339, for instance 2027-01-01T00:00:00Z.")
@as_json
def exempt(
    reference: str, kind: Kind, value: str | None, reason: str | None, expires_at: str | None, as_json: bool
) -> None:
    """Lets pass from now on what was refused."""
    core = opened()
    made = exempting.exempt(
        *(core, ACTOR, reference, kind),
        value=value,
        reason=reason,
        expires_ms=time_ms("expires_at", expires_at),
    )
    told = {"id": made.id, "kind": made.kind, "value": shown(core, made), "reason": made.reason}
    say(told, as_json, f"{made.id} lets pass the {kind} that was refused; every process knows it within 5 s.")


def _told(told: Told) -> dict[str, Any]:
    found = told.refused
    return {
        "reference": told.reference,
        "at": rfc3339(found.at_ms),
        "code": found.code,
        "mode": found.mode,
        "asked_for": found.asked_for,
        "application": found.detail.get("application"),
        "to": told.to,
        "request_id": found.request,
        "reasons": list(told.reasons),
        "lifts_at": rfc3339_or_none(told.lifts_ms),
        "exemptions": list(told.exemptions),
    }
