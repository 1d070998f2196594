"""Rates that providers and senders admit: tokens that all couriers share, taken from Redis in small blocks."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from otp_service.domain.routes.decide import Choice
from otp_service.store.breakers import take_tokens
from otp_service.store.outbox import AsyncRedis

AHEAD_MS = 1_000  # how far ahead a token may be: a message waits for it with the courier, not in Redis
MESSAGES_AHEAD_MS = 500  # of all but codes: what is further ahead is left to codes, however many messages wait
BLOCK_S = 0.1  # a block holds the tokens of so long, so that a busy rate is ten trips a second
MOST_IN_BLOCK = 100


@dataclass(slots=True)
class Bucket:
    """One rate as this courier holds it; times in ms of this process' clock."""

    name: str
    per_s: float
    tokens: deque[float] = field(default_factory=deque)
    full_until_ms: float = 0.0  # the rate's next free moment, if that is known to be too far ahead
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pacing:
    """The rates of one courier."""

    def __init__(self, redis: AsyncRedis) -> None:
        self._redis = redis
        self._buckets: dict[str, Bucket] = {}

    async def take(self, choice: Choice, ahead_ms: int = AHEAD_MS) -> float:
        """Takes a token of provider and sender: the ms until they count; beyond `ahead_ms` none is taken."""
        rates = [(choice.provider, choice.max_per_s), (f"{choice.provider}|{choice.sender}", choice.sender_max_per_s)]
        taken: list[tuple[Bucket, float]] = []
        for name, per_s in rates:
            if per_s is None:
                continue
            bucket = self._bucket(name, per_s)
            at_ms, is_taken = await self._token(bucket, ahead_ms)
            if not is_taken:
                for other, token in taken:
                    other.tokens.appendleft(token)
                return max(ahead_ms + 1, at_ms - _now_ms())
            taken.append((bucket, at_ms))
        return max((at_ms - _now_ms() for _, at_ms in taken), default=0.0)

    def _bucket(self, name: str, per_s: float) -> Bucket:
        bucket = self._buckets.get(name)
        if bucket is None or bucket.per_s != per_s:
            bucket = self._buckets[name] = Bucket(name, per_s)
        return bucket

    async def _token(self, bucket: Bucket, ahead_ms: int) -> tuple[float, bool]:
        """When the next token counts, and whether it was taken, since that isn't too far ahead."""
        async with bucket.turn:
            now_ms = _now_ms()
            while bucket.tokens and bucket.tokens[0] < now_ms - AHEAD_MS:
                bucket.tokens.popleft()  # not saved up: a pause is no reason for a burst
            if not bucket.tokens and bucket.full_until_ms - now_ms <= ahead_ms:
                await self._fill(bucket, ahead_ms)
            if not bucket.tokens:
                return bucket.full_until_ms, False
            if bucket.tokens[0] - now_ms > ahead_ms:
                return bucket.tokens[0], False
            return bucket.tokens.popleft(), True

    async def _fill(self, bucket: Bucket, ahead_ms: int) -> None:
        count = max(1, min(MOST_IN_BLOCK, int(bucket.per_s * BLOCK_S)))
        taken, wait_ms = await take_tokens(self._redis, bucket.name, bucket.per_s, count, ahead_ms)
        first_ms = _now_ms() + wait_ms
        if taken:
            bucket.tokens.extend(first_ms + 1000 * number / bucket.per_s for number in range(count))
        else:
            bucket.full_until_ms = first_ms


def _now_ms() -> float:
    return time.monotonic() * 1000
