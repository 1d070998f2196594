"""Many script calls in flight at once, for replays: answers come back in the order of the calls."""

from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from hiredis import pack_command
from redis.connection import ConnectionPool

from otp_service.store.connect import MEMORY, connect
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import Script

SEND_AT = 16  # calls: enough to spare trips, few enough that the server always has work
ANSWER_S = 60.0


class Batches(Protocol):
    """A way to call scripts without waiting for each; `answer` gives the oldest answer that was not taken yet."""

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> None: ...
    def answer(self) -> Any: ...
    def close(self) -> None: ...


class Piped:
    """A server's connection of its own, which has several calls in flight; for a server that is the replay's alone."""

    def __init__(self, url: str, scripts: Sequence[Script]) -> None:
        pool = ConnectionPool.from_url(url, decode_responses=True, protocol=2, socket_timeout=ANSWER_S)
        self._connection = pool.make_connection()
        self._connection.connect()
        self._waiting: list[bytes] = []
        for script in scripts:
            self._connection.send_command("SCRIPT", "LOAD", script.source)
            self._connection.read_response()

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> None:
        """Sends a call, maybe together with later ones."""
        self._waiting.append(pack_command(("EVALSHA", script.sha, len(keys), *keys, *args)))  # type: ignore[arg-type]
        if len(self._waiting) >= SEND_AT:
            self._send()

    def answer(self) -> Any:
        """Waits for the oldest answer."""
        if self._waiting:
            self._send()
        return self._connection.read_response()

    def close(self) -> None:
        """Ends the connection."""
        self._connection.disconnect()

    def _send(self) -> None:
        self._connection.send_packed_command([b"".join(self._waiting)], check_health=False)
        self._waiting.clear()


class OneByOne:
    """Any Redis there is, one call after the other."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._answers: deque[Any] = deque()

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> None:
        """Calls at once."""
        self._answers.append(self._link.call(script, keys, args))

    def answer(self) -> Any:
        """The oldest answer."""
        return self._answers.popleft()

    def close(self) -> None:
        """Leaves the link to its owner."""


def batches(url: str, scripts: Sequence[Script]) -> Batches:
    """Calls of these scripts in flight at the server of this URL, or one by one in this process."""
    return OneByOne(connect(url)) if url == MEMORY else Piped(url, scripts)
