"""The scripts alone: how long Redis takes for them, what they leave behind, and their client beside `limits`."""

import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from unittest import mock

import redis
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from bench import bodies
from bench.servers import SERVED, program, socket_of
from bench.stand import MASTER_KEYS, Stand
from otp_service import wiring
from otp_service.domain import codes
from otp_service.domain.keys import b64
from otp_service.domain.requests import StartRequest
from otp_service.service import start as story
from otp_service.service.callers import authenticate
from otp_service.settings import Settings
from otp_service.store import guesses
from otp_service.store import verifications as store
from otp_service.store.keys import subject_keys
from otp_service.store.operation import Operation
from otp_service.store.scripts import SCRIPTS

RANDOM = "__rand_int__"  # redis-benchmark puts 12 digits in its place
FIRST = 9_000_000  # numbers that nobody else uses
LIMITS = ("5/10minutes", "20/day", "20/hour", "10000000/day")  # number, number, client, application


class Sized(Protocol):
    """How much is measured."""

    @property
    def calls(self) -> int:
        """Calls in process."""

    @property
    def records(self) -> int:
        """Verifications in Redis."""


class Caught(Exception):
    """What was on its way to the store."""


class Recorder:
    """A link that tells what it was to send."""

    def call(self, script: Any, keys: Sequence[str], args: Sequence[Any], *, durable: bool = False) -> Any:
        """Never returns."""
        raise Caught(["EVALSHA", script.sha, str(len(keys)), *keys, *map(str, args)])


def caught(call: Callable[..., Any], *args: Any) -> Any:
    """What a call would have handed on."""
    try:
        call(*args)
    except Caught as value:
        return value.args[0]
    raise AssertionError("nothing was caught")


class Scripts:
    """The service's parts on a Redis of their own."""

    def __init__(self, stand: Stand, client: "redis.Redis") -> None:
        self._redis = client
        settings = Settings(
            _env_file=None,
            redis_url=f"unix://{socket_of(client)}",
            database_url=f"sqlite:///{stand.folder}/otp.db",
            master_keys=MASTER_KEYS,
            log_level="error",
        )
        self._core = wiring.build(settings).core
        self._caller = authenticate(self._core, f"Bearer {stand.key}", "127.0.0.1", "verifications:start")
        self._limiter = MovingWindowRateLimiter(RedisStorage(f"redis+unix://{socket_of(client)}"))
        self._limits = [parse(text) for text in LIMITS]
        self._next = FIRST
        for script in ("start", "check"):
            client.script_load(SCRIPTS[script].source)

    def measure(self, size: Sized) -> dict[str, float]:
        """One round: the scripts by redis-benchmark, and both clients."""
        start, check = self._commands()
        found = {"script_kb": self._fill(start, size.records) / 1000}
        for name, command in (("start", start), ("check", check)):
            per_s, us = self._benchmark(command, size.records, max(100, size.records // 5))
            found |= {f"script_{name}_per_s": per_s, f"script_{name}_us": us}
        ours, theirs = self._clients(size.calls)
        return {**found, "store_us": ours, "limits_us": theirs, "store_over_limits": ours / theirs}

    def _opening(self) -> store.Opening:
        """What a start hands to the store."""
        n, self._next = self._next, self._next + 1
        request = StartRequest.model_validate(bodies.start_body(n))
        with mock.patch.object(store, "start", lambda _link, _cells, opening, **_: _catch(opening)):
            operation = Operation(b64(n.to_bytes(12, "big")))
            opening: store.Opening = caught(
                story.start, self._core, self._caller, request, operation, "benchmark0000000"
            )
        return opening

    def _commands(self) -> tuple[list[str], list[str]]:
        """Start and check as redis-benchmark takes them: every subject, client, operation and id another."""
        opening = self._opening()
        guess = guesses.Guess(
            at=opening.at,
            operation=opening.operation,
            id="",
            code_length=6,
            alphabets=codes.alphabets_of("123456"),
            digests=[(opening.kid, opening.digest)],
            device="",
            hard_lock_after=opening.hard_lock_after,
            lock_detail="{}",
        )
        client = next(rule.key for rule in opening.rules if rule.name == "ip").split(":")[2].partition("}")[0]
        words = [b64(opening.at.subject), client, opening.operation.id, opening.id, opening.message]
        words += [
            key.rpartition(":")[2] for key in opening.brake.keys if key[key.index("}") + 1 :][:2] in (":n", ":b", ":w")
        ]

        def varied(command: list[str]) -> list[str]:
            return [_replaced(part, words) for part in command]

        start = caught(store.start, Recorder(), 1, opening)
        return varied(start), varied(caught(guesses.check, Recorder(), 1, guess))

    def _fill(self, start: list[str], count: int) -> float:
        """Starts so many verifications and answers the bytes that each keeps once its message and facts are gone."""
        self._redis.flushall()
        before = self._memory()
        for first in range(0, count, 1000):
            pipe = self._redis.pipeline(transaction=False)
            for n in range(first, min(first + 1000, count)):
                pipe.execute_command(*(part.replace(RANDOM, f"{n:012d}") for part in start))
            pipe.execute()
        at = self._opening().at
        keys = subject_keys(at, 1)
        self._redis.xtrim(keys.outbox, 0, approximate=False)
        self._redis.xtrim(keys.facts, 0, approximate=False)
        return (self._memory() - before) / count

    def _memory(self) -> float:
        told = self._redis.info("memory")
        return float(told["used_memory"] - told["mem_aof_buffer"] - told["mem_clients_normal"])

    def _benchmark(self, command: list[str], known: int, count: int) -> tuple[float, float]:
        """Calls a second by redis-benchmark, and the microseconds that Redis counted for each."""
        self._redis.config_resetstat()
        where = ("-s", socket_of(self._redis), "-c", "4", "-n", str(count), "-r", str(known), "--csv")
        tool = ("taskset", "-c", str(SERVED), program("redis-benchmark", "valkey-benchmark"))
        told = subprocess.run((*tool, *where, *command), capture_output=True, text=True, check=True).stdout
        # The first column is the command, with quotes of its own.
        header, *_, figures = told[told.index('"test"') :].splitlines()
        per_s = figures.rsplit(",", header.count(","))[1].strip('"')
        stats = self._redis.info("commandstats")["cmdstat_evalsha"]
        if stats["failed_calls"]:
            raise RuntimeError(f"a script failed: {self._redis.info('errorstats')}")
        return float(per_s), float(stats["usec_per_call"])

    def _clients(self, count: int) -> tuple[float, float]:
        """CPU microseconds of this process for limits, record and enqueue, and for four hits of `limits`."""
        ours = theirs = 0.0
        for turn in range(count // 10):
            openings = [self._opening() for _ in range(10)]
            began = time.process_time()
            for opening in openings:
                store.start(self._core.link, 1, opening)
            between = time.process_time()
            for n in range(turn * 10, turn * 10 + 10):
                for limit, key in zip(self._limits, (f"to{n}", f"to{n}", f"ip{n}", "app"), strict=True):
                    self._limiter.hit(limit, key)
            ours, theirs = ours + between - began, theirs + time.process_time() - between
        return ours / count * 1e6, theirs / count * 1e6


def _catch(value: Any) -> Any:
    raise Caught(value)


def _replaced(part: str, words: Sequence[str]) -> str:
    """The same length, the end of each word random."""
    for word in words:
        part = part.replace(word, word[: -len(RANDOM)] + RANDOM)
    return part
