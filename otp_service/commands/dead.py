"""`worker dead`: entries that no courier could work."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import click
from redis.exceptions import RedisClusterException, RedisError

from otp_service.commands.output import as_json, show
from otp_service.domain.times import rfc3339
from otp_service.settings import BadSettings, Settings, read_settings
from otp_service.store.connect import connect_courier
from otp_service.store.outbox import AsyncRedis, dead_letters, replay_dead


@click.command()
@click.option("--replay", multiple=True, metavar="ID", help="Queue this entry again (or `all`); may be repeated.")
@as_json
def dead(replay: tuple[str, ...], as_json: bool) -> None:
    """Shows the dead letters, or queues some of them again."""
    settings = read_settings()
    if not replay:
        show(asyncio.run(_look(settings)), as_json, ("id", "reason", "message", "died_at"))
        return
    count = asyncio.run(_replay(settings, replay))
    if as_json:
        show({"replayed": count}, as_json)
    else:
        click.echo(f"{count} {'entry is' if count == 1 else 'entries are'} queued again.")


async def _look(settings: Settings) -> list[dict[str, Any]]:
    async with _connected(settings) as client:
        found = await dead_letters(client, settings.redis_cells)
    return [
        {"id": letter.id, "reason": letter.reason, "message": letter.message, "died_at": rfc3339(letter.at_ms)}
        for letter in found
    ]


async def _replay(settings: Settings, ids: Sequence[str]) -> int:
    async with _connected(settings) as client:
        if "all" in ids:
            ids = [letter.id for letter in await dead_letters(client, settings.redis_cells)]
        return await replay_dead(client, settings.redis_cells, ids)


@asynccontextmanager
async def _connected(settings: Settings) -> AsyncIterator[AsyncRedis]:
    client = connect_courier(settings.redis_url)
    try:
        yield client
    except (RedisError, RedisClusterException, OSError) as error:
        raise BadSettings(f"OTP_REDIS_URL: Redis can't be asked ({type(error).__name__})") from None
    finally:
        await client.aclose()
