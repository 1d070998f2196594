"""The way to Redis: one script call is one trip, with deadlines, and repeated at most once after a lost reply."""

import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from redis.cluster import RedisCluster
from redis.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisClusterException, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from otp_service.domain.errors import Refusal
from otp_service.store.scripts import Script

REPEAT_BEFORE_S = 0.4  # a repeat that starts later could end after the second within which a caller is answered
WAIT_MS = 100

Arg = str | bytes | int


class Link(Protocol):
    """A way to call scripts and commands; every failure to reach Redis is Refusal `unavailable`."""

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any: ...
    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any: ...
    def command(self, *args: Arg) -> Any: ...


def unavailable(why: str) -> Refusal:
    """The 503 that every trouble with Redis becomes."""
    return Refusal("unavailable", f"{why}; nothing was decided: repeat with the same Idempotency-Key", retry_after_s=1)


class Direct:
    """Plain Redis over a connection per thread: redis-py's pool and retry layers cost more than the trip itself."""

    def __init__(self, pool: ConnectionPool, min_replicas: int = 0) -> None:
        self._pool = pool
        self._min_replicas = min_replicas
        self._here = threading.local()

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any:
        wait = self._min_replicas if durable else 0
        began = time.monotonic()
        try:
            return self._evaluate(script, keys, args, wait)
        except (RedisConnectionError, RedisTimeoutError) as error:
            if time.monotonic() - began > REPEAT_BEFORE_S:
                raise unavailable("Redis did not answer in time") from error
        except RedisError as error:
            raise unavailable("Redis refused the command") from error
        try:
            return self._evaluate(script, keys, args, wait)
        except RedisError as error:
            raise unavailable("Redis can't be reached") from error

    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        try:
            return self._evaluate(script, keys, args, 0)
        except RedisError as error:
            raise unavailable("Redis can't be reached") from error

    def command(self, *args: Arg) -> Any:
        try:
            connection = self._connection()
            connection.send_command(*args)
            return connection.read_response()
        except RedisError as error:
            raise unavailable("Redis can't be reached") from error

    def _evaluate(self, script: Script, keys: Sequence[str], args: Sequence[Arg], wait: int) -> Any:
        try:
            return self._send(("EVALSHA", script.sha, len(keys), *keys, *args), wait)
        except NoScriptError:
            return self._send(("EVAL", script.source, len(keys), *keys, *args), wait)

    def _send(self, command: tuple[Arg, ...], wait: int) -> Any:
        connection = self._connection()
        if not wait:
            connection.send_packed_command(connection.pack_command(*command), check_health=False)
            return connection.read_response()
        connection.send_packed_command(connection.pack_commands([command, ("WAIT", wait, WAIT_MS)]), check_health=False)
        try:
            answer = connection.read_response(disconnect_on_error=False)
        except ResponseError:
            connection.read_response()  # the answer to WAIT, lest the next caller reads it
            raise
        if connection.read_response() < wait:
            raise unavailable("too few replicas confirmed the write")
        return answer

    def _connection(self) -> AbstractConnection:
        connection: AbstractConnection | None = getattr(self._here, "connection", None)
        if connection is None:
            connection = self._here.connection = self._pool.connection_class(**self._pool.connection_kwargs)
        return connection


class Through:
    """Any other Redis (Cluster, Sentinel, in-process) through its own client, whose retries are off."""

    def __init__(self, client: Any, min_replicas: int = 0) -> None:
        self._client = client
        self._min_replicas = min_replicas

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg], *, durable: bool = False) -> Any:
        began = time.monotonic()
        try:
            answer = self._evaluate(script, keys, args)
        except (RedisConnectionError, RedisTimeoutError, RedisClusterException) as error:
            if time.monotonic() - began > REPEAT_BEFORE_S:
                raise unavailable("Redis did not answer in time") from error
            answer = self.once(script, keys, args)
        except RedisError as error:
            raise unavailable("Redis refused the command") from error
        if durable and self._min_replicas:
            self._wait(keys[0])
        return answer

    def once(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        try:
            return self._evaluate(script, keys, args)
        except (RedisError, RedisClusterException) as error:
            raise unavailable("Redis can't be reached") from error

    def command(self, *args: Arg) -> Any:
        try:
            return self._client.execute_command(*args)
        except (RedisError, RedisClusterException) as error:
            raise unavailable("Redis can't be reached") from error

    def _evaluate(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> Any:
        try:
            return self._client.evalsha(script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return self._client.eval(script.source, len(keys), *keys, *args)

    def _wait(self, key: str) -> None:
        try:
            if isinstance(self._client, RedisCluster):
                node = self._client.get_node_from_key(key)
                confirmed = self._client.execute_command("WAIT", self._min_replicas, WAIT_MS, target_nodes=node)
            else:
                confirmed = self._client.execute_command("WAIT", self._min_replicas, WAIT_MS)
        except (RedisError, RedisClusterException) as error:
            raise unavailable("Redis can't be reached") from error
        if isinstance(confirmed, dict):
            confirmed = next(iter(confirmed.values()))
        if confirmed < self._min_replicas:
            raise unavailable("too few replicas confirmed the write")
