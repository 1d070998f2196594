"""`providers certify` and `providers matrix`: what was proven with a real message, and when."""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from otp_service import wiring
from otp_service.courier.certifying import Tried, transcript, tried
from otp_service.courier.vendor import VendorClient
from otp_service.domain.errors import invalid_field
from otp_service.domain.ids import PLACE_BYTES, RANDOM_BYTES, own_message_id
from otp_service.domain.messages import Message
from otp_service.domain.phone import mask, parse_number
from otp_service.domain.text.size import measure
from otp_service.domain.times import rfc3339
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import receipts
from otp_service.providers import Provider
from otp_service.providers.matrix import NO_VENDORS, markdown
from otp_service.service.core import Core, now_ms
from otp_service.settings import read_settings
from otp_service.store.connect import connect_courier
from otp_service.store.receipts import Sent, remember_ids
from otp_service.wiring.courier import receipts_url

FINAL = frozenset({"delivered", "undelivered", "failed", "expired"})
LOOK_S = 0.5
PROVEN = Path("docs/providers/proven")


@click.command()
@click.argument("name")
@click.option("--to", required=True, help="Your own number, in E.164: it gets one real message, and you pay for it.")
@click.option("--timeout", type=click.IntRange(1, 3600), default=120, show_default=True, help="Seconds to wait.")
@click.option("--out", type=click.Path(path_type=Path), default=PROVEN, show_default=True, help="Where it is saved.")
def certify(name: str, to: str, timeout: int, out: Path) -> None:
    """Sends one real message by NAME, waits for its receipt and saves a redacted transcript.

    The receipt arrives at the running service: start `serve` and `worker` (or `dev`) with the same settings first.
    """
    core = wiring.build(read_settings()).core
    provider = _vendor(core, name)
    message = _message(core, provider, to, timeout)
    if (why := provider.unfit(message)) is not None:
        raise invalid_field("to", f"{name} {why}")
    click.echo(f"Sending one message to {mask(message.to)} by {name} ...", err=True)
    done = asyncio.run(_sent(core, provider, message))
    _say_outcome(provider, done)
    heard = list(_heard(core, provider, message, timeout)) if _is_awaited(provider, message, done) else []
    told = transcript(provider, message, done, heard, rfc3339(now_ms()), version("otp-service"))
    click.echo(f"Saved as {_saved(out, told)}: proven {told['proven']}.")
    if told["proven"] == "nothing":
        raise SystemExit(1)


@click.command()
@click.option("--proven", type=click.Path(path_type=Path), default=PROVEN, show_default=True, help="The transcripts.")
def matrix(proven: Path) -> None:
    """Prints what each kind of vendor can do, and when it was last proven live, as a table of Markdown."""
    click.echo(markdown(last_proven(proven)), nl=False)


def last_proven(folder: Path) -> dict[str, str]:
    """By kind, the day and extent of the newest transcript that proves anything."""
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*.json")):
        told = json.loads(file.read_text())
        if told["proven"] != "nothing":
            found[told["kind"]] = max(found.get(told["kind"], ""), f"{told['at'][:10]} ({told['proven']})")
    return found


def _vendor(core: Core, name: str) -> Provider:
    known = [each for each, provider in core.providers.items() if provider.kind not in NO_VENDORS]
    if name not in known:
        there = f"there are {', '.join(known)}" if known else "otp-service.toml configures none"
        raise invalid_field("name", f"no vendor of this name can be certified; {there}")
    return core.providers[name]


def _message(core: Core, provider: Provider, to: str, timeout: int) -> Message:
    number = parse_number(to, None)
    id_ = own_message_id(secrets.token_bytes(PLACE_BYTES), secrets.token_bytes(RANDOM_BYTES))
    text = f"otp-service works with this provider. Reference {secrets.token_hex(3)}"
    size = measure(text)
    return Message(
        id=id_,
        to=number.e164,
        text=text,
        country=number.country,
        encoding=size.encoding,
        segments=size.segments,
        valid_for_s=max(60, timeout),
        receipts_url=receipts_url(core)(provider.name, id_, "") if provider.sends_receipts else None,
        is_code=False,
        message_class="transactional",
    )


async def _sent(core: Core, provider: Provider, message: Message) -> Tried:
    async with VendorClient(1, {}) as client:
        done = await tried(provider, message, client)
    ids = [done.outcome.provider_message_id, *done.outcome.parts]
    if provider.fixed_receipts:
        redis = connect_courier(read_settings().redis_url)
        try:
            await remember_ids(redis, provider.name, [id_ for id_ in ids if id_], Sent(message.id, ""))
        finally:
            await redis.aclose()
    return done


def _say_outcome(provider: Provider, done: Tried) -> None:
    outcome = done.outcome
    click.echo(f"{outcome.verdict}: {outcome.reason or 'taken'}{f' ({outcome.raw})' if outcome.raw else ''}")
    if hint := provider.hint(outcome.raw):
        click.echo(f"  {hint}")


def _is_awaited(provider: Provider, message: Message, done: Tried) -> bool:
    if not provider.sends_receipts or done.outcome.verdict.value not in ("accepted", "ambiguous"):
        return False
    if message.receipts_url is None and not provider.fixed_receipts:
        click.echo("OTP_PUBLIC_URL is not set, so no receipt can arrive.", err=True)
        return False
    return True


def _heard(core: Core, provider: Provider, message: Message, timeout: int) -> Iterator[dict[str, Any]]:
    """The receipts as they arrive, until one is final or the time is over."""
    began, seen = time.monotonic(), list[str]()
    with click.progressbar(length=timeout, label="Waiting for its receipt", file=sys.stderr) as bar:
        while (waited := time.monotonic() - began) < timeout:
            for row in _receipts(core, message.id):
                if row.fact_id not in seen:
                    seen.append(row.fact_id)
                    yield _shown(provider, row, waited)
                if row.status in FINAL:
                    return
            bar.update(min(int(waited), timeout) - bar.pos)
            time.sleep(LOOK_S)


def _receipts(core: Core, message: str) -> list[Any]:
    with reading(core.engine) as connection:
        found = select(receipts).where(receipts.c.message_id == message).order_by(receipts.c.at)
        return list(connection.execute(found))


def _shown(provider: Provider, row: Any, waited_s: float) -> dict[str, Any]:
    click.echo(f"\n{row.status}{f': {row.reason}' if row.reason else ''} after {waited_s:.0f} s", err=True)
    told = {"status": row.status, "reason": row.reason, "raw": row.raw, "detail": provider.hint(row.raw)}
    return {**told, "after_s": round(waited_s)}


def _saved(folder: Path, told: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    stamp = told["at"][:19].replace(":", "").replace("-", "")
    path = folder / f"{told['kind']}-{stamp}.json"
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return path
