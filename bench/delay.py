"""A proxy that puts a Redis farther away: `python -m bench.delay SOCKET TARGET MS` adds MS milliseconds each way."""

import contextlib
import heapq
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import redis

from bench.servers import LOADING, running, socket_of

SPIN_S = 150e-6  # a sleep ends a little late: the last stretch is waited for awake


class Proxy:
    """Passes bytes between pairs of sockets, each piece a fixed time after it came."""

    def __init__(self, path: str, target: str, delay_s: float) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._target, self._delay_s = target, delay_s
        self._peers: dict[socket.socket, socket.socket] = {}
        self._waiting: list[tuple[float, int, socket.socket, bytes]] = []
        self._count = 0

    def serve(self) -> None:
        """Runs until the process ends."""
        while True:
            self._deliver()
            wait = max(0.0, self._waiting[0][0] - time.perf_counter() - SPIN_S) if self._waiting else None
            for ready in select.select([self._listener, *self._peers], (), (), wait)[0]:
                self._take(ready)

    def _take(self, ready: socket.socket) -> None:
        if ready is self._listener:
            near, far = self._listener.accept()[0], socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            self._peers |= {near: far, far: near}
            return
        data = ready.recv(65536)
        if data:
            self._count += 1
            heapq.heappush(self._waiting, (time.perf_counter() + self._delay_s, self._count, self._peers[ready], data))
        else:
            self._close(ready)

    def _deliver(self) -> None:
        while self._waiting and self._waiting[0][0] <= time.perf_counter():
            _, _, to, data = heapq.heappop(self._waiting)
            if to in self._peers:
                to.sendall(data)

    def _close(self, ended: socket.socket) -> None:
        for side in (ended, self._peers[ended]):
            self._peers.pop(side)
            side.close()


@contextlib.contextmanager
def far_redis(client: "redis.Redis", round_trip_ms: float, folder: str) -> Iterator[str]:
    """The socket at which the same Redis is farther away."""
    path = f"{folder}/far"
    command = (sys.executable, "-m", "bench.delay", path, socket_of(client), str(round_trip_ms / 2))
    with running(command, LOADING, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield path


def main(arguments: Sequence[str]) -> None:
    """Listens, and says so on stdout."""
    path, target, milliseconds = arguments
    proxy = Proxy(path, target, float(milliseconds) / 1000)
    print("{}", flush=True)
    proxy.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
