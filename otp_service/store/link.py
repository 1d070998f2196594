"""The way to Redis: one script call is one trip, with deadlines, and repeated at most once after a lost reply."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from hiredis import pack_command
from redis.cluster import RedisCluster
from redis.connection import AbstractConnection, ConnectionPool
from redis.exceptions import (
    AskError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from otp_service.domain.errors import Refusal
from otp_service.store.scripts import Script

# Connecting may take 250 ms and an answer 500: whatever is sent later could end after the second that is promised.
AGAIN_BEFORE_S = 0.2
WAIT_MS = 100

Arg = str | bytes | int
_LOST = (RedisConnectionError, RedisTimeoutError, RedisClusterException)


class Link(Protocol):
    """A way to call scripts and commands; every failure to reach Redis is Refusal `unavailable`.

    `call` and `command` are repeated once after a lost reply, so both must be harmless to repeat; `once` is sent once.
    `everywhere` asks each master of a Cluster that can be reached.
    """

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any: ...
    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any: ...
    def command(self, *args: Arg) -> Any: ...
    def everywhere(self, *args: Arg) -> list[Any]: ...


def unavailable(why: str) -> Refusal:
    """The 503 that every trouble with Redis becomes."""
    detail = f"{why}; what became of this request is not known: repeat it with the same Idempotency-Key"
    return Refusal("unavailable", detail, retry_after_s=1)


def _once(attempt: Callable[[], Any]) -> Any:
    try:
        return attempt()
    except (RedisError, RedisClusterException) as error:
        raise unavailable("Redis can't be reached") from error


def _twice(attempt: Callable[[], Any]) -> Any:
    began = time.monotonic()
    try:
        return attempt()
    except _LOST as error:
        _still_early(began, error)
    except RedisError as error:
        raise unavailable("Redis refused the command") from error
    return _once(attempt)


def _still_early(began: float, error: Exception) -> None:
    if time.monotonic() - began > AGAIN_BEFORE_S:
        raise unavailable("Redis did not answer in time") from error


def _by_name(send: Callable[..., Any], script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
    began = time.monotonic()
    try:
        return send("EVALSHA", script.sha, len(keys), *keys, *args)
    except NoScriptError as error:
        _still_early(began, error)
    return send("EVAL", script.source, len(keys), *keys, *args)


def _enough(confirmed: int, wanted: int) -> None:
    if confirmed < wanted:
        raise unavailable("too few replicas confirmed the write")


def _packed(*command: Arg) -> bytes:
    """A command as it goes over the wire; redis-py would first look at every argument in Python."""
    packed: bytes = pack_command(command)  # type: ignore[arg-type]
    return packed


class Direct:
    """Plain Redis over a connection per thread: redis-py's pool and retry layers cost more than the trip itself."""

    def __init__(self, pool: ConnectionPool, min_replicas: int = 0) -> None:
        self._pool = pool
        self._min_replicas = min_replicas
        self._here = threading.local()

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any:
        wait = self._min_replicas if durable else 0
        return _twice(lambda: _by_name(partial(self._send, wait), script, keys, args))

    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        return _once(lambda: _by_name(partial(self._send, 0), script, keys, args))

    def command(self, *args: Arg) -> Any:
        return _twice(lambda: self._send(0, *args))

    def everywhere(self, *args: Arg) -> list[Any]:
        return [self.command(*args)]

    def _send(self, wait: int, *command: Arg) -> Any:
        connection = self._connection()
        packed = _packed(*command)
        if wait:
            packed += _packed("WAIT", wait, WAIT_MS)
        connection.send_packed_command([packed], check_health=False)
        try:
            answer = connection.read_response()
        except ReadOnlyError:
            # This was the master; by its name another one is reached now.
            connection.disconnect()
            raise
        except ResponseError:
            if wait:
                connection.read_response()  # the answer to WAIT, lest the next caller reads it
            raise
        if wait:
            _enough(connection.read_response(), wait)
        return answer

    def _connection(self) -> AbstractConnection:
        connection: AbstractConnection | None = getattr(self._here, "connection", None)
        if connection is None:
            connection = self._here.connection = self._pool.connection_class(**self._pool.connection_kwargs)
        return connection


class Through:
    """Any other Redis (Cluster, Sentinel, in-process) through its own client, whose retries are off.

    The client is made when it is first needed: a Cluster's looks for its nodes, which may be away just then.
    """

    def __init__(self, make: Callable[[], Any], min_replicas: int = 0) -> None:
        self._make = make
        self._made: Any = None
        self._min_replicas = min_replicas

    @property
    def _client(self) -> Any:
        # Without a lock: behind one, threads would wait for each other's deadlines. Whoever comes second is dropped.
        if self._made is None:
            self._made = self._make()
        return self._made

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any:
        waits = durable and self._min_replicas
        send = partial(self._send_and_wait, keys[0]) if waits else self._send
        return _twice(lambda: _by_name(send, script, keys, args))

    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        return _once(lambda: _by_name(self._send, script, keys, args))

    def command(self, *args: Arg) -> Any:
        return _twice(lambda: self._send(*args))

    def everywhere(self, *args: Arg) -> list[Any]:
        nodes = _once(lambda: self._client.get_primaries() if isinstance(self._client, RedisCluster) else [])
        if not nodes:
            return [self.command(*args)]
        answers = []
        for node in nodes:
            with suppress(RedisError, RedisClusterException):
                answers.append(self._client.execute_command(*args, target_nodes=node))
        if not answers:
            raise unavailable("Redis can't be reached")
        return answers

    def _send(self, *command: Arg) -> Any:
        return self._client.execute_command(*command)

    def _send_and_wait(self, key: str, *command: Arg) -> Any:
        # WAIT counts from the last write of its own connection. Only the client of a single node sends both over one.
        try:
            with self._node(key).pipeline(transaction=False) as pipeline:
                pipeline.execute_command(*command)
                pipeline.execute_command("WAIT", self._min_replicas, WAIT_MS)
                answer, confirmed = pipeline.execute()
        except (AskError, RedisConnectionError, RedisTimeoutError) as error:
            self._look_around()
            raise RedisConnectionError("the slot's node is another one now, or down") from error
        _enough(confirmed, self._min_replicas)
        return answer

    def _node(self, key: str) -> Any:
        if isinstance(self._client, RedisCluster):
            return self._client.get_redis_connection(self._client.get_node_from_key(key))
        return self._client

    def _look_around(self) -> None:
        if isinstance(self._client, RedisCluster):
            self._client.nodes_manager.initialize()
