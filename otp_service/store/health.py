"""What can be asked of Redis about itself."""

import time
from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.store.keys import CELLS
from otp_service.store.link import Link


@dataclass(frozen=True, slots=True)
class RedisHealth:
    """What Redis says of itself; empty strings where it does not tell."""

    version: str
    eviction: str
    persistence: str  # aof, rdb, none
    clock_ahead_s: float  # of this host


def ping(link: Link) -> None:
    """Refusal unavailable unless Redis answers."""
    link.command("PING")


def _clock_ahead_s(link: Link) -> float:
    """How far Redis' clock lies outside the time in which it was asked: a slow answer is no wrong clock."""
    before = time.time()
    seconds, micros = link.command("TIME")
    after = time.time()
    told = int(seconds) + int(micros) / 1e6
    return max(0.0, told - after) + min(0.0, told - before)


def examine(link: Link) -> RedisHealth:
    """INFO, where there is one, and the clock; of several nodes the worst that one of them says."""
    ahead = _clock_ahead_s(link)
    try:
        told = [_pairs(answer) for answer in link.everywhere("INFO")]
    except Refusal:
        told = [{}]
    evictions = {node.get("maxmemory_policy", "") for node in told}
    return RedisHealth(
        version=told[0].get("redis_version", ""),
        eviction=max(evictions - {"noeviction"} or evictions),
        persistence=max((_persistence(node) for node in told), key=_WORSE.index),
        clock_ahead_s=ahead,
    )


_WORSE = ("", "aof", "rdb", "none")


def _persistence(told: dict[str, str]) -> str:
    if told.get("aof_enabled") == "1":
        return "aof"
    # The time and status of the last save look fine on a server that never saves.
    return "rdb" if int(told.get("rdb_saves", "0")) else "none" if told else ""


def fix_cells(link: Link, cells: int) -> None:
    """The number of cells is fixed at first start; ValueError if this process has another."""
    link.command("SET", CELLS, cells, "NX")
    stored = int(link.command("GET", CELLS))
    if stored != cells:
        raise ValueError(
            f"this Redis was first started with OTP_REDIS_CELLS={stored}, not {cells}: "
            "set it back, or use an empty Redis"
        )


def _pairs(answer: object) -> dict[str, str]:
    if isinstance(answer, dict):
        return {str(name): str(value) for name, value in answer.items()}
    lines = str(answer).splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
