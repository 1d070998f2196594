"""The courier's side of Redis: the outbox streams, delayed retries, dead letters and facts of a cell.

The client must not decode replies (one undecodable entry would then stop a whole batch), must not retry by itself, and
its socket timeout must be longer than BLOCK_MS. It may be one of Redis or of Redis Cluster: all keys of a call share
the cell's hash tag.
"""

import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from redis.exceptions import NoScriptError, ResponseError

from otp_service.store.keys import PRIORITIES, cell_tag
from otp_service.store.scripts import SCRIPTS, Script, load

GROUP = "couriers"
LEDGER_GROUP = "ledger"
BLOCK_MS = 500
CONSUMER_FORGOTTEN_MS = 3_600_000
ENTRY_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")

Flat = list[bytes]  # field, value, field, value ...


class AsyncRedis(Protocol):
    """What the courier asks of redis.asyncio.Redis or RedisCluster."""

    def execute_command(self, *args: Any, **options: Any) -> Awaitable[Any]:
        """The reply to one command."""


async def run_script(redis: AsyncRedis, script: Script, keys: Sequence[str], args: Sequence[str | int | bytes]) -> Any:
    """The answer of a script; its source goes along where Redis doesn't know it."""
    try:
        return await redis.execute_command("EVALSHA", script.sha, len(keys), *keys, *args)
    except NoScriptError:
        return await redis.execute_command("EVAL", script.source, len(keys), *keys, *args)


_NEXT, _WANTED, _IDLE = load("claim_next"), load("claim_wanted"), load("claim_idle")
_SETTLE, _SETTLE_FACTS, _DUE = SCRIPTS["settle"], load("settle_facts"), load("due")
_REPLAY = load("claim_replay")


@dataclass(frozen=True, slots=True)
class Keys:
    """The names of one cell's keys; they share its hash tag."""

    outbox: tuple[str, str, str]
    due: str
    dead: str
    facts: str
    held: str
    conversions: str

    @classmethod
    def of(cls, cell: int) -> "Keys":
        """The keys of this cell."""
        tag = cell_tag(cell)
        high, normal, bulk = (f"{tag}:out:{priority}" for priority in PRIORITIES)
        rest = (f"{tag}:{name}" for name in ("due", "dead", "facts", "held", "conv"))
        return cls((high, normal, bulk), *rest)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A stream entry that this consumer holds; `stream` counts from 1, the most urgent."""

    stream: int
    id: bytes
    fields: Flat
    deliveries: int = 1

    @property
    def is_urgent(self) -> bool:
        """True for a code: they alone use the most urgent stream."""
        return self.stream == 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the records say: now on the store's clock, and pending, expired or canceled for each that was asked."""

    now_ms: int
    states: list[str]


class Outbox:
    """One cell as one courier sees it."""

    def __init__(self, redis: AsyncRedis, cell: int, consumer: str) -> None:
        self.cell = cell
        self.keys = Keys.of(cell)
        self._redis = redis
        self._consumer = consumer

    async def prepare(self) -> None:
        """Makes the consumer groups where they are missing: at the first start, or after Redis lost its data."""
        for stream, group in [*((stream, GROUP) for stream in self.keys.outbox), (self.keys.facts, LEDGER_GROUP)]:
            await self._make_group(stream, group)

    async def _make_group(self, stream: str, group: str) -> None:
        try:
            await self._redis.execute_command("XGROUP CREATE", stream, group, "0", "MKSTREAM")
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def next(self, count: int, but_codes: int | None = None) -> list[Claimed]:
        """Up to `count` new entries, `but_codes` of them not high, high before normal before bulk; empty at once."""
        most = count if but_codes is None else but_codes
        reply = await run_script(self._redis, _NEXT, self.keys.outbox, (GROUP, self._consumer, count, most))
        return [Claimed(stream, entry, fields) for stream, entry, fields in reply]

    async def wait(self, count: int) -> list[Claimed]:
        """The entries that come first within BLOCK_MS, up to `count` of each priority."""
        options = ("GROUP", GROUP, self._consumer, "COUNT", count, "BLOCK", BLOCK_MS)
        reply = await self._redis.execute_command("XREADGROUP", *options, "STREAMS", *self.keys.outbox, ">", ">", ">")
        by_stream = _read_reply(reply)
        return [
            Claimed(number, entry, fields)
            for number, stream in enumerate(self.keys.outbox, 1)
            for entry, fields in by_stream.get(stream, [])
        ]

    async def wanted(self, records: Sequence[str], ids: Sequence[str]) -> Wanted:
        """Whether each verification, or message of its own, still waits to be sent, in one trip."""
        now, *states = await run_script(self._redis, _WANTED, records, ids)
        return Wanted(now, [state.decode() for state in states])

    async def renew(self, stream: int, entries: Sequence[bytes]) -> None:
        """Says that these entries are being worked on, so that nobody takes them over."""
        key = self.keys.outbox[stream - 1]
        await self._redis.execute_command(
            "XCLAIM", key, GROUP, self._consumer, 0, *entries, "JUSTID", parse_justid=True
        )

    async def abandoned(self, idle_ms: int, count: int) -> list[Claimed]:
        """Up to `count` entries that nobody renewed for `idle_ms`; they are this courier's now."""
        found: list[Claimed] = []
        for stream, key in enumerate(self.keys.outbox, 1):
            room = count - len(found)
            if room <= 0:
                break
            arguments = (GROUP, self._consumer, idle_ms, room, CONSUMER_FORGOTTEN_MS)
            reply = await run_script(self._redis, _IDLE, (key,), arguments)
            found += [Claimed(stream, entry, fields, deliveries) for entry, deliveries, fields in reply]
        return found

    async def settle(self, more_keys: Sequence[str], args: Sequence[str | int | bytes]) -> int:
        """Ends a batch of entries, arguments as settle.lua has them; harmless to repeat."""
        own = self.keys
        keys = (*own.outbox, own.due, own.dead, own.facts, own.held, own.conversions, *more_keys)
        ended: int = await run_script(self._redis, _SETTLE, keys, (GROUP, *args))
        return ended

    async def move_due(self, count: int) -> int:
        """Puts delayed messages whose time has come back into their streams; how many there were."""
        keys = (*self.keys.outbox, self.keys.due, self.keys.dead, self.keys.held)
        moved: int = await run_script(self._redis, _DUE, keys, (count,))
        return moved

    async def backlog(self) -> dict[str, int]:
        """How much waits: by priority, delayed, dead, and facts that the ledger doesn't have yet."""
        counts = {}
        for name, key in zip(
            (*PRIORITIES, "dead", "facts"), (*self.keys.outbox, self.keys.dead, self.keys.facts), strict=True
        ):
            counts[name] = await self._redis.execute_command("XLEN", key)
        counts["due"] = await self._redis.execute_command("ZCARD", self.keys.due)
        return counts

    async def facts(self, after: str, count: int) -> list[tuple[bytes, Flat]]:
        """Facts: new ones for `>`, or this consumer's own unfinished ones for `0`; waits BLOCK_MS for new ones."""
        options = ("GROUP", LEDGER_GROUP, self._consumer, "COUNT", count, "BLOCK", BLOCK_MS)
        reply = await self._redis.execute_command("XREADGROUP", *options, "STREAMS", self.keys.facts, after)
        return _read_reply(reply).get(self.keys.facts, [])

    async def abandoned_facts(self, idle_ms: int, count: int) -> list[tuple[bytes, Flat]]:
        """Facts that another drain took and never finished."""
        arguments = (LEDGER_GROUP, self._consumer, idle_ms, count, CONSUMER_FORGOTTEN_MS)
        return [
            (entry, fields) for entry, _, fields in await run_script(self._redis, _IDLE, (self.keys.facts,), arguments)
        ]

    async def settle_facts(self, entries: Sequence[bytes], malformed: Mapping[bytes, str]) -> None:
        """Removes facts that the ledger has, and sets the malformed ones among them aside."""
        reasons = [part for pair in malformed.items() for part in pair]
        await run_script(
            self._redis,
            _SETTLE_FACTS,
            (self.keys.facts, self.keys.dead),
            (LEDGER_GROUP, len(malformed), *reasons, *entries),
        )


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry that nothing could be made of; `id` names its cell too, `message` its message or fact if readable."""

    id: str
    reason: str
    stream: str
    message: str
    at_ms: int


async def dead_letters(redis: AsyncRedis, cells: int) -> list[DeadLetter]:
    """All dead letters, oldest first in each cell."""
    found = []
    for cell in range(cells):
        for entry, fields in await redis.execute_command("XRANGE", Keys.of(cell).dead, "-", "+"):
            found.append(_dead_letter(cell, entry.decode(), fields))
    return found


def _dead_letter(cell: int, entry: str, fields: Mapping[bytes, bytes]) -> DeadLetter:
    def text(name: bytes) -> str:
        return fields.get(name, b"").decode(errors="replace")

    message = text(b"m") or text(b"f")
    return DeadLetter(f"{cell}:{entry}", text(b"x:reason"), text(b"x:stream"), message, int(entry.partition("-")[0]))


async def replay_dead(redis: AsyncRedis, cells: int, ids: Sequence[str]) -> int:
    """Puts these dead letters back where they came from, as if they were new; how many could go back."""
    replayed = 0
    for name in ids:
        cell, _, entry = name.partition(":")
        if cell.isascii() and cell.isdigit() and int(cell) < cells and ENTRY_ID.fullmatch(entry):
            keys = Keys.of(int(cell))
            replayed += await run_script(redis, _REPLAY, (keys.dead, *keys.outbox, keys.facts), (entry,))
    return replayed


def _read_reply(reply: Any) -> dict[str, list[tuple[bytes, Flat]]]:
    """XREADGROUP's reply, whichever of its shapes the client and the protocol give it."""
    if not reply:
        return {}
    pairs = reply.items() if isinstance(reply, dict) else reply
    return {stream.decode(): _entries(entries) for stream, entries in pairs}


def _entries(entries: Any) -> list[tuple[bytes, Flat]]:
    if entries and isinstance(entries[0], list):
        (entries,) = entries
    return [(entry, [part for pair in (fields or {}).items() for part in pair]) for entry, fields in entries]
