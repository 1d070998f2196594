"""`worker dead`: entries that no courier could work."""

import asyncio
from typing import Any

import click

from otp_service.commands.output import as_json, show
from otp_service.domain.times import rfc3339
from otp_service.settings import read_settings
from otp_service.store.connect import connect_courier
from otp_service.store.outbox import dead_letters, replay_dead


@click.command()
@click.option("--replay", multiple=True, metavar="ID", help="Queue this entry again (or `all`); may be repeated.")
@as_json
def dead(replay: tuple[str, ...], as_json: bool) -> None:
    """Shows the dead letters, or queues some of them again."""
    if replay:
        click.echo(f"{asyncio.run(_replay(replay))} entries are queued again.")
    else:
        show(asyncio.run(_look()), as_json, ("id", "reason", "message", "died_at"))


async def _look() -> list[dict[str, Any]]:
    settings = read_settings()
    client = connect_courier(settings.redis_url)
    try:
        found = await dead_letters(client, settings.redis_cells)
    finally:
        await client.aclose()
    return [
        {"id": letter.id, "reason": letter.reason, "message": letter.message, "died_at": rfc3339(letter.at_ms)}
        for letter in found
    ]


async def _replay(ids: tuple[str, ...]) -> int:
    settings = read_settings()
    client = connect_courier(settings.redis_url)
    try:
        wanted = (
            [letter.id for letter in await dead_letters(client, settings.redis_cells)] if "all" in ids else list(ids)
        )
        return await replay_dead(client, settings.redis_cells, wanted)
    finally:
        await client.aclose()
