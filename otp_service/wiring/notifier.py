"""Joins the notifier to the rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otp_service.courier.notifier import Notifier
from otp_service.courier.observe import Observe, Unobserved
from otp_service.courier.webhook_client import WebhookClient
from otp_service.wiring import Parts


@asynccontextmanager
async def notifying(parts: Parts, observe: Observe | None) -> AsyncIterator[Notifier]:
    """The notifier of one courier; its connections are closed at the end."""
    core = parts.core
    client = WebhookClient(core.webhook_reach)
    try:
        yield Notifier(core.engine, core.ring, core.audit_key, client, observe or Unobserved())
    finally:
        await client.aclose()
