"""Joins the courier to the rest."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError

from otp_service.courier.asking import UNREGISTERED, TakeOut
from otp_service.courier.drain import LedgerDown
from otp_service.courier.gauges import watch
from otp_service.courier.heads import Heads
from otp_service.courier.observe import Observe, Unobserved
from otp_service.courier.sinks import Console, Swallow
from otp_service.courier.vendor import VendorClient
from otp_service.courier.worker import Courier
from otp_service.domain.facts import Fact
from otp_service.domain.templates.template import Wording
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.retention import retain
from otp_service.service.core import Core, now_ms
from otp_service.service.opt_outs import unwelcome
from otp_service.service.receipts import receipts_path
from otp_service.service.senders import take_out
from otp_service.service.unmatched import retry_unmatched
from otp_service.service.unregistered import heed
from otp_service.store.connect import connect_courier
from otp_service.wiring import Parts, web_part
from otp_service.wiring.notifier import notifying


async def run_courier(parts: Parts, stop: asyncio.Event, concurrency: int, observe: Observe | None = None) -> None:
    """One courier, until it is told to stop."""
    core = parts.core
    client = connect_courier(parts.settings.redis_url)
    mounts: dict[str, httpx.AsyncBaseTransport] = {
        "all://simulator.invalid": web_part("dev").PhoneTransport(parts.phone) if parts.phone else Swallow(),
        "all://console.invalid": Console(show_text=not core.production),
    }
    async with VendorClient(concurrency, mounts) as vendors:
        courier = Courier(
            client,
            core.cells,
            core.ring,
            own_templates(core),
            core.providers,
            core.routing,
            vendors,
            ledger_of(core),
            lambda: retain(core.engine, now_ms()),
            receipts_url(core),
            taking_out(core),
            f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}",
            concurrency,
            observe,
            retry_unmatched=lambda: retry_unmatched(core),
            unwelcome=lambda message: unwelcome(core, message),
        )
        try:
            async with notifying(parts, observe) as notifier, asyncio.TaskGroup() as both:
                both.create_task(courier.run(stop))
                both.create_task(notifier.run(stop))
                both.create_task(heads_of(parts, observe).run(stop))
                both.create_task(watch(core, observe or Unobserved(), stop))
        finally:
            await client.aclose()


def heads_of(parts: Parts, observe: Observe | None) -> Heads:
    """What signs heads of the audit."""
    core, file = parts.core, parts.settings.audit_heads_file
    return Heads(core.engine, core.ring, core.audit_key, file, observe or Unobserved(), core.observe.alarmed)


def own_templates(core: Core) -> Callable[[str], Wording]:
    """An application's own templates, from the snapshot in force."""

    def of(application: str) -> Wording:
        now = core.snapshot()
        return Wording(now.templates.get(application, {}), now.superseded.get(application, {}))

    return of


def ledger_of(core: Core) -> Callable[[Any], None]:
    """Where facts go; LedgerDown while SQL can't be reached."""

    def apply(facts: list[Fact]) -> None:
        try:
            apply_facts(core.engine, facts)
            heed(core, facts)
            for fact in facts:
                if fact.type == "alarm":
                    core.observe.alarmed(fact.data["kind"])
        except SQLAlchemyError as error:
            raise LedgerDown(type(error).__name__) from error

    return apply


def taking_out(core: Core) -> TakeOut:
    """What hears of senders that a vendor calls unregistered."""

    def tell(provider: str, sender: str | None, country: str, raw: str | None, sent_ms: int) -> None:
        take_out(core, provider, sender, country, UNREGISTERED, raw, sent_ms=sent_ms)

    return tell


def receipts_url(core: Core) -> Callable[[str, str, str], str | None]:
    """Where a provider reports one message; None without a public URL."""

    def url(provider: str, message: str, verification: str) -> str | None:
        return core.public_url + receipts_path(core, provider, message, verification) if core.public_url else None

    return url
