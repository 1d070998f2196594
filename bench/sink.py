"""A vendor's server that answers as fast as Python can, in a process of its own."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

OK = b'HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{"id": "v1"}'


class Sink(asyncio.Protocol):
    """The smallest HTTP server that can take a message; one request at a time per connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remembers where to answer."""
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answers as soon as a whole request is there."""
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            self._buffer = b""
            self._transport.write(OK)  # type: ignore[attr-defined]


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def serve_sink() -> None:
    """Prints its port, then answers for ever."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def sink() -> Iterator[str]:
    """The URL of a sink in a process of its own."""
    with subprocess.Popen((sys.executable, "-m", "bench.sink"), stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        process.terminate()


if __name__ == "__main__":
    asyncio.run(serve_sink())
