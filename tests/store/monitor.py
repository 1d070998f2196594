"""What arrives at a Redis, and what its scripts do there, as MONITOR tells it."""

import contextlib
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import redis

from tests.servers import RedisServer

_LINE = re.compile(r"\+\d+\.\d+ \[\d+ ([^\]]+)\] (.*)")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ends = count()


@dataclass(frozen=True)
class Command:
    """One command, sent by a client or called by a script."""

    by_script: bool
    words: list[str]

    @property
    def name(self) -> str:
        return self.words[0].upper()

    @property
    def keys(self) -> list[str]:
        """The KEYS of an EVALSHA or EVAL."""
        return self.words[3 : 3 + int(self.words[2])]


@dataclass
class Monitor:
    """All that arrived since it was last asked."""

    client: "redis.Redis"
    lines: Iterator[str]

    def commands(self) -> list[Command]:
        """Every command so far that this was not told before, in order."""
        end = f"the end {next(_ends)}"
        self.client.echo(end)
        found = []
        for line in self.lines:
            command = _command(line)
            if command.words[-1] == end:
                return found
            found.append(command)
        raise AssertionError("Redis closed the connection of MONITOR")

    def on_the_wire(self) -> list[str]:
        """The names of the commands that clients sent, without those that scripts called."""
        return [command.name for command in self.commands() if not command.by_script]


@contextlib.contextmanager
def monitored(server: RedisServer) -> Iterator[Monitor]:
    """Listens for as long as the block runs."""
    with server.client() as client, socket.socket(socket.AF_UNIX) as line:
        client.ping()  # its connection is set up before anybody listens
        line.settimeout(60)
        line.connect(server.socket)
        line.sendall(b"MONITOR\r\n")
        with line.makefile("r", encoding="utf-8", newline="\r\n") as told:
            assert told.readline() == "+OK\r\n"
            yield Monitor(client, iter(told.readline, ""))


def _command(line: str) -> Command:
    found = _LINE.match(line)
    assert found, line
    words = [word.encode("latin-1").decode("unicode_escape") for word in _WORD.findall(found[2])]
    return Command(found[1] == "lua", words)
