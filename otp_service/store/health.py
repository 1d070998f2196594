"""What can be asked of Redis about itself."""

import time
from dataclasses import dataclass
from typing import Any

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


def examine(link: Link) -> RedisHealth:
    """INFO, where there is one, and the clock."""
    seconds, micros = _first(link.command("TIME"))
    ahead = int(seconds) + int(micros) / 1e6 - time.time()
    try:
        told = _pairs(link.command("INFO"))
    except Refusal:
        told = {}
    aof = told.get("aof_enabled") == "1"
    rdb = told.get("rdb_last_bgsave_status") == "ok" and told.get("rdb_last_save_time", "0") != "0"
    return RedisHealth(
        version=told.get("redis_version", ""),
        eviction=told.get("maxmemory_policy", ""),
        persistence="aof" if aof else "rdb" if rdb else "none" if told else "",
        clock_ahead_s=ahead,
    )


def fix_cells(link: Link, cells: int) -> None:
    """The number of cells is fixed at first start; ValueError if this process has another."""
    link.command("SET", CELLS, cells, "NX")
    stored = int(link.command("GET", CELLS))
    if stored != cells:
        raise ValueError(
            f"this Redis was first started with OTP_REDIS_CELLS={stored}, not {cells}: set it back, or use an empty Redis"
        )


def _first(answer: Any) -> tuple[str, str]:
    """A cluster's client may answer by node."""
    if isinstance(answer, dict):
        answer = next(iter(answer.values()))

    return answer[0], answer[1]


def _pairs(answer: object) -> dict[str, str]:
    if isinstance(answer, dict):
        inner = next(iter(answer.values()), None)
        return {str(name): str(value) for name, value in (inner if isinstance(inner, dict) else answer).items()}
    lines = str(answer).splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)
