"""Somebody who types commands of otp-service at an installation."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.e2e.loaded import Loaded
from tests.e2e.production import Production, installation


@dataclass(frozen=True)
class Operator:
    """Types commands in the environment of an installation; `settings` are in force for one command."""

    made: Production
    commands: Loaded

    def types(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        return self.commands.run(arguments, {**self.made.environment, **settings}, self.made.folder)

    def reads(self, *arguments: str, **settings: str) -> str:
        """What a command that goes well says."""
        told = self.types(*arguments, **settings)
        assert told.returncode == 0, told.stderr[-2000:]
        return told.stdout

    def gets(self, *arguments: str, **settings: str) -> Any:
        """What a command answers to programs."""
        return json.loads(self.reads(*arguments, "--json", **settings))

    def is_told(self, *arguments: str, **settings: str) -> str:
        """What a command that is refused says, on standard error and without a traceback."""
        told = self.types(*arguments, **settings)
        assert told.returncode in (1, 2), told
        assert told.stdout == ""
        assert "Traceback" not in told.stderr
        return told.stderr


@contextlib.contextmanager
def operating(commands: Loaded, database_url: str = "") -> Iterator[Operator]:
    """An installation with nothing on it yet, and its operator."""
    with installation(database_url, appendfsync="everysec") as made:
        yield Operator(made, commands)
