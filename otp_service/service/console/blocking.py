"""Whom a block or an allow would have met lately, before it is made."""

from ipaddress import ip_network

from otp_service.domain.addresses import client_network
from otp_service.ledger.affected import Affected, affected
from otp_service.ledger.blocks import Kind
from otp_service.service.admin.named import kept
from otp_service.service.admin.opening import looking, owner
from otp_service.service.console.searching import indices
from otp_service.service.core import Core, now_ms

DAY_MS = 86_400_000


def would_have_met(core: Core, kind: Kind, value: str, application: str | None = None) -> Affected | None:
    """The codes of the last 24 hours that this would have met; None for a network that the ledger does not count."""
    with looking(core) as connection:
        of = owner(connection, application) if application else None
        meant = kept(core, kind, value, of).value
        values = _indices(core, kind, value, meant)
        if values is None:
            return None
        return affected(connection, kind, values, now_ms() - DAY_MS, of.id if of else None)


def _indices(core: Core, kind: Kind, value: str, meant: str) -> list[str] | None:
    """By what the ledger's codes are found that a value names."""
    if kind == "network":
        network = ip_network(meant)
        counted = client_network(str(network.network_address)) == str(network)
        return indices(core, kind, meant) if counted else None
    return indices(core, kind, value) if kind in ("ip", "user") else [meant]
