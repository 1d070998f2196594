"""Commands of otp-service without the second that each takes to load: a process that has loaded them forks for each."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from otp_service.__main__ import COMMANDS, main

ROOT = Path(__file__).parents[2]


@dataclass
class Loaded:
    """The process that forks; it is asked and answers in lines of JSON."""

    popen: "subprocess.Popen[str]"

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> "subprocess.CompletedProcess[str]":
        """Runs one command to its end, in a process, an environment and a folder of its own."""
        assert self.popen.stdin
        assert self.popen.stdout
        question = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
        print(json.dumps(question), file=self.popen.stdin, flush=True)
        status, out, err = json.loads(self.popen.stdout.readline())
        return subprocess.CompletedProcess(arguments, status, out, err)


@contextlib.contextmanager
def loaded() -> Iterator[Loaded]:
    """A process that has loaded every command, for as long as the block runs."""
    command = (sys.executable, "-m", "tests.e2e.loaded")
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as popen:
        yield Loaded(popen)


def _serve() -> None:
    for place in COMMANDS.values():
        import_module(f"otp_service.commands.{place.partition(':')[0]}")
    for line in sys.stdin:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _become(json.loads(line), out.fileno(), err.fileno())
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(json.dumps([status, *(_content(file) for file in (out, err))]), flush=True)


def _become(question: dict[str, Any], out: int, err: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(question["folder"])
    os.environ.clear()
    os.environ.update(question["environment"])
    sys.argv = ["otp-service", *question["arguments"]]
    status: Any = 1
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _content(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode())


if __name__ == "__main__":
    _serve()
