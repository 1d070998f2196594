"""`otp-service dev`: everything in one process for a developer, from its first words to a kill -9."""

import _thread
import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from otp_service import wiring
from otp_service.client import Verification
from otp_service.commands.develop import _interrupt, until_told
from otp_service.demo import play
from otp_service.settings import Settings
from tests.e2e.production import installation
from tests.e2e.terminal import Dev, Typed, code_of, dev, shell, surroundings, typed
from tests.servers import RedisServer, redis_server, wait_until
from tests.world import NUMBER

DEV_PATHS = ("/dev/phone", "/dev/messages", "/dev/phone/state", "/dev/static/phone.js")


def get(url: str, **asked: Any) -> httpx.Response:
    """The answer to a GET, however busy the machine is."""
    return httpx.get(url, timeout=60, **asked)


@dataclass(frozen=True)
class Welcome:
    """A service that was started on a port that somebody else had, and the data directory it was given."""

    running: Typed
    busy_port: int
    data_dir: Path

    def named(self, what: str) -> str:
        """What stands behind a word of the banner."""
        found = re.search(rf"^ +{what} +(\S+)$", self.running.said, re.MULTILINE)
        assert found, self.running.said
        return found[1]

    def curl(self, path: str) -> str:
        """The line to copy for this path."""
        return next(line for line in self.running.said.splitlines() if line.startswith("curl") and f"{path} " in line)


@pytest.fixture(scope="module")
def welcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Welcome]:
    data_dir = tmp_path_factory.mktemp("dev") / "data"
    with socket.socket() as other, redis_server() as redis:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = f"otp-service dev --port {port} --data-dir {data_dir}"
        # Who pastes a line into a shell does it once: its Redis may be as late as a busy machine makes it.
        with typed(line, surroundings(OTP_REDIS_URL=redis.url), data_dir.parent) as running:
            running.wait_for("Ctrl-C stops it.")
            yield Welcome(running, port, data_dir)


def test_the_banner_says_where_everything_is(welcome: Welcome) -> None:
    """The banner names the service, the phone, the reference and both keys, and all of them answer."""
    url = welcome.named("service")

    answers = [get(welcome.named(page)).status_code for page in ("phone", "reference")]
    admin = {"Authorization": f"Bearer {welcome.named('admin key')}"}
    allowed = get(f"{url}/v1/admin/applications", headers=admin)

    assert answers == [200, 200]
    assert [each["name"] for each in allowed.json()["items"]] == ["dev"]
    assert welcome.running.complained == ""


def test_the_two_lines_of_the_banner_play_a_login(welcome: Welcome) -> None:
    """Pasted into a shell, the banner's first line sends a code, and its second, with the code in it, is valid."""
    started = json.loads(shell(welcome.curl("/v1/verifications"), surroundings()).stdout)
    shown = get(f"{welcome.named('service')}/dev/messages", params={"to": NUMBER, "wait": 30}).json()["messages"]
    code = re.search(r"\d{6}", shown[-1]["text"])
    assert code
    checked = shell(welcome.curl("/v1/verifications/check").replace("CODE", code[0]), surroundings())

    assert (started["status"], started["to"]) == ("pending", NUMBER)
    assert json.loads(checked.stdout)["valid"] is True


def test_a_busy_port_is_replaced_and_told(welcome: Welcome) -> None:
    """On a busy port it takes another one, and says so."""
    taken = welcome.named("service").rpartition(":")[2]

    assert taken != str(welcome.busy_port)
    assert f"Port {welcome.busy_port} is busy: taking {taken}." in welcome.running.said


def test_only_its_owner_can_look_into_the_data_directory(welcome: Welcome) -> None:
    """The data directory is its owner's alone, and so is the key that opens everything in it."""
    assert stat.S_IMODE(welcome.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((welcome.data_dir / "master.key").stat().st_mode) == 0o600


def test_a_second_one_in_the_same_data_directory_is_refused(welcome: Welcome) -> None:
    """A second service in the same data directory is refused with what to do, and the first goes on."""
    told = shell(f"otp-service dev --json --port 0 --data-dir {welcome.data_dir}", surroundings())

    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith(f"Error: {welcome.data_dir} is in use by another `otp-service dev`")
    assert "name another --data-dir" in told.stderr
    assert "Traceback" not in told.stderr
    assert get(f"{welcome.named('service')}/readyz").status_code == 200


@dataclass(frozen=True)
class Restart:
    """A service that was stopped with a code on its way to a person, and the one that was started after it."""

    first: Dev
    status: int
    said: str
    pending: Verification
    code: str
    second: Dev


@pytest.fixture(scope="module")
def restart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restart]:
    data_dir = tmp_path_factory.mktemp("restart") / "data"
    with dev(data_dir) as first:
        with first.client() as client:
            pending = client.start(NUMBER)
            code = code_of(client, pending)
        status = first.stop(signal.SIGTERM)
        said = first.said + first.complained
        with dev(data_dir) as second:
            yield Restart(first, status, said, pending, code, second)


def test_json_is_one_line_that_programs_can_read(restart: Restart) -> None:
    """With --json it prints one line when it is ready, with the URLs and the keys, and nothing else."""
    assert restart.said == json.dumps(restart.first.ready) + "\n"
    assert restart.first.ready.keys() == {"url", "api_key", "admin_key", "phone_url", "console_url"}


def test_sigterm_ends_it_well(restart: Restart) -> None:
    """SIGTERM ends it within seconds, with exit status 0 and without a word."""
    assert restart.status == 0


def test_a_restart_forgets_no_pending_verification(restart: Restart) -> None:
    """A code that was sent before a restart with the same data directory is still right after it."""
    with restart.second.client() as client:
        assert client.check(id=restart.pending.id, code=restart.code).valid


@pytest.mark.parametrize("kind", ["api_key", "admin_key"])
def test_the_keys_of_an_earlier_start_are_refused(restart: Restart, kind: str) -> None:
    """Every start makes new keys and ends those of the start before."""
    path = "/v1/admin/applications" if kind == "admin_key" else f"/v1/verifications/{restart.pending.id}"

    def answers() -> list[int]:
        return [restart.second.get(path, run.ready[kind]).status_code for run in (restart.first, restart.second)]

    wait_until(lambda: answers() == [401, 200], 60, 0.5)  # 503 on a busy machine


def children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # it has just ended
            found += map(int, (thread / "children").read_text().split())
    return found


def test_a_kill_takes_the_store_along(tmp_path: Path) -> None:
    """A service that is killed leaves no redis-server behind."""
    with dev(tmp_path / "data") as service:
        (store,) = children(service.popen.pid)

        service.stop(signal.SIGKILL)

        wait_until(lambda: not Path(f"/proc/{store}").exists(), 60)


def test_a_redis_that_is_named_is_used(tmp_path: Path, redis: RedisServer) -> None:
    """With OTP_REDIS_URL set it starts no store of its own; OTP_ENV does not make it one of production."""
    with dev(tmp_path / "data", OTP_REDIS_URL=redis.url, OTP_ENV="production") as service:
        with service.client() as client, redis.client() as store:
            code_of(client, client.start(NUMBER))
            assert store.exists("{c0}:facts")
        assert children(service.popen.pid) == []
    assert not (tmp_path / "data/redis").exists()


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A data directory that cannot be made is told in one line, with what to do."""
    (tmp_path / "file").touch()

    told = shell(f"otp-service dev --data-dir {tmp_path}/file/data", surroundings())

    assert told.returncode == 1
    assert told.stderr == f"Error: {tmp_path}/file/data can't be made: Not a directory; name another --data-dir\n"


@pytest.fixture
def without_redis(tmp_path: Path) -> dict[str, str]:
    """A shell's environment in which no Redis can be found."""
    (tmp_path / "bin").mkdir()
    found = shutil.which("sh")
    assert found
    (tmp_path / "bin/sh").symlink_to(found)
    return surroundings() | {"PATH": str(tmp_path / "bin")}


def test_without_redis_everything_works_in_memory(tmp_path: Path, without_redis: dict[str, str]) -> None:
    """Without a redis-server it says that state lives in memory, and a whole login still goes right."""
    line = f"{sys.executable} -m otp_service dev --port 0 --data-dir {tmp_path}/data"
    with typed(line, without_redis, tmp_path) as running:
        running.wait_for("Ctrl-C stops it.")
        url, key = (re.search(rf"{name} +(\S+)", running.said) for name in ("service", "API key"))
        assert url
        assert key

        console = Console(file=io.StringIO())
        went_right = play(url[1], key[1], console)

        assert "the store lives in this process, in memory only" in running.said
        assert went_right
        assert children(running.popen.pid) == []
        assert running.stop(signal.SIGINT) == 0
        assert running.complained == ""


def test_production_has_no_simulated_phone(migrated: Path) -> None:
    """The processes of production answer 404 to everything under /dev."""
    with installation() as made:
        shutil.copy(migrated, made.folder / "otp.db")
        server = made.serve(workers=1)
        made.ready()
        answers = [get(server.url + path).status_code for path in DEV_PATHS]

    assert answers == [404] * len(DEV_PATHS)


def test_serve_in_development_has_no_simulated_phone(settings: Settings) -> None:
    """OTP_ENV=development alone opens no simulated phone: only `dev` and `demo` have it."""
    parts = wiring.build(settings)
    caller = parts.web().test_client()

    assert [caller.get(path).status_code for path in DEV_PATHS] == [404] * len(DEV_PATHS)
    parts.core.engine.dispose()


def test_a_signal_that_wakes_nobody_is_heard() -> None:
    """A signal that comes a moment before the service waits, and so interrupts no wait, ends it all the same."""
    main, heard = threading.get_ident(), threading.Event()

    def waits() -> bool:
        return sys._current_frames()[main].f_code is until_told.__code__

    def tell() -> None:
        wait_until(waits, 60)
        _thread.interrupt_main(signal.SIGTERM)  # has the handler called, and interrupts nothing
        if not heard.wait(60):
            os.kill(os.getpid(), signal.SIGINT)  # which is no end that the test takes

    before = signal.signal(signal.SIGTERM, _interrupt)
    teller = threading.Thread(target=tell)
    teller.start()
    try:
        with pytest.raises(SystemExit):
            until_told()
    finally:
        heard.set()
        signal.signal(signal.SIGTERM, before)
        teller.join()
