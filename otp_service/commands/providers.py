"""`providers`: who carries messages, how they do, and where they report."""

from typing import Any

import click

from otp_service.commands.admin import opened
from otp_service.commands.certify import certify, matrix
from otp_service.commands.output import as_json, show
from otp_service.domain.config_file.provider_file import ProviderEntry
from otp_service.domain.errors import Refusal
from otp_service.domain.health import Health, RouteHealth
from otp_service.service.core import Core, now_ms
from otp_service.service.receipts import connection_path
from otp_service.store.breakers import read_health


@click.group()
def providers() -> None:
    """Providers: who carries messages."""


providers.add_command(certify)
providers.add_command(matrix)


@providers.command("list")
@as_json
def list_providers(as_json: bool) -> None:
    """Lists the providers, in which countries they are ill, and the URL that their vendor must be told."""
    core = opened()
    health = _health(core)
    show([_shown(core, entry, health) for entry in core.provider_file.providers], as_json)


def _health(core: Core) -> Health | None:
    try:
        return read_health(core.link)
    except Refusal:
        return None


def _shown(core: Core, entry: ProviderEntry, health: Health | None) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "priority": entry.priority,
        "weight": entry.weight,
        "countries": None if entry.countries is None else sorted(entry.countries),
        "for": _for(entry),
        "health": "unknown" if health is None else _ill(entry.name, health) or "well",
        "receipts_url": _receipts_url(core, entry),
    }


def _for(entry: ProviderEntry) -> str:
    if not entry.enabled:
        return "nothing"
    return "tests" if entry.test_only else "everything"


def _ill(name: str, health: Health) -> str:
    return " ".join(
        f"{country}:{route.breaker if route.breaker != 'closed' else 'paused'}"
        for (provider, country), route in sorted(health.items())
        if provider == name and _is_ill(route)
    )


def _is_ill(route: RouteHealth) -> bool:
    return route.breaker != "closed" or route.paused_until_ms > now_ms()


def _receipts_url(core: Core, entry: ProviderEntry) -> str | None:
    """The address that an admin gives the vendor; None where each message names its own, or there are no receipts."""
    provider = core.providers[entry.name]
    if not (provider.sends_receipts and provider.fixed_receipts and core.public_url):
        return None
    return core.public_url + connection_path(core, entry.name)
