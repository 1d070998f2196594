"""A proxy of the tests' own in front of Redis: it can lose a reply, hold it up, swallow everything, or change sides."""

import contextlib
import select
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

Address = str | tuple[str, int]  # path of a unix socket, or host and port


@dataclass
class Proxy:
    """Carries every connection to `upstream`, as it is when the connection is made, until it is told otherwise."""

    upstream: Address
    address: Address = ""
    black_hole: bool = False  # takes everything and answers nothing
    delay_s: float = 0.0  # of each reply
    requests: list[bytes] = field(default_factory=list)  # what was sent, as it came
    lose: list[bytes] = field(default_factory=list)  # several proxies may share one
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"unix://{self.address}"

    def lose_reply_to(self, request: bytes) -> None:
        """The next request that contains these bytes arrives, but its reply is lost with the connection."""
        self.lose.append(request)

    def sent(self, part: bytes) -> int:
        """How often these bytes were sent."""
        return sum(request.count(part) for request in self.requests)

    @property
    def lost_all(self) -> bool:
        """True once every reply that was to be lost is lost."""
        return not self.lose

    def serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the listener is closed in the end
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, _connection(self.upstream) as server:
            losing = False
            while True:
                for side in select.select([client, server], [], [])[0]:
                    data = side.recv(1 << 16)
                    if not data:
                        return
                    if side is client:
                        losing = self._takes(data) or losing
                        if not self.black_hole:
                            server.sendall(data)
                    elif losing:
                        return
                    else:
                        time.sleep(self.delay_s)
                        client.sendall(data)

    def _takes(self, data: bytes) -> bool:
        with self._lock:
            self.requests.append(data)
            for request in self.lose:
                if request in data:
                    self.lose.remove(request)
                    return True
        return False


def _connection(to: Address) -> socket.socket:
    if isinstance(to, tuple):
        return socket.create_connection(to)
    made = socket.socket(socket.AF_UNIX)
    made.connect(to)
    return made


@contextlib.contextmanager
def proxy(upstream: Address, lose: list[bytes] | None = None) -> Iterator[Proxy]:
    """A proxy on a socket of the same family as its upstream's, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="otp-p-") as folder, contextlib.ExitStack() as stack:
        tcp = isinstance(upstream, tuple)
        listener = stack.enter_context(socket.socket(socket.AF_INET if tcp else socket.AF_UNIX))
        listener.bind(("127.0.0.1", 0) if tcp else str(Path(folder) / "p"))
        listener.listen(128)
        made = Proxy(upstream, listener.getsockname(), lose=[] if lose is None else lose)
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        try:
            yield made
        finally:
            # Closing alone does not wake a thread that waits in accept().
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
