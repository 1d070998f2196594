"""With OTP_REDIS_MIN_REPLICAS a start or a check is answered only once replicas have it."""

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis as redis_py

from otp_service import wiring
from otp_service.settings import Settings
from otp_service.store import connect as connect_module
from otp_service.store import link as link_module
from tests.proxy import Proxy, proxy
from tests.servers import RedisServer, free_port, program, redis_server, wait_until
from tests.store.desk import Desk, fresh
from tests.store.test_deadlines import answered
from tests.world import NUMBER, OTHER_NUMBER, World

KEY = {"Idempotency-Key": "once-and-for-all"}
AT_ONCE = ("--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0")
OUTBOX = "{c0}:out:high"
CONFIRMS_WITHIN_MS = 30_000  # a replica that is well, on a busy machine


@dataclass
class Pair:
    """A master and its replica, with the way that the service takes to the master."""

    master: RedisServer
    port: int
    replica: RedisServer
    replica_port: int
    line: Proxy
    monkeypatch: pytest.MonkeyPatch

    def queued(self) -> tuple[int, int]:
        """How many messages wait, as the master and as the replica know it."""
        with self.master.client() as master, self.replica.client() as replica:
            return master.xlen(OUTBOX), replica.xlen(OUTBOX)

    def hang_replica(self) -> None:
        """The replica stands still, and is given as long as in production."""
        self.replica.process.send_signal(signal.SIGSTOP)
        state = Path(f"/proc/{self.replica.process.pid}/stat")
        wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", 60)
        self.monkeypatch.undo()

    def resume_replica(self) -> None:
        """The replica goes on, and is given as long as it needs."""
        self.replica.process.send_signal(signal.SIGCONT)
        self.monkeypatch.setattr(link_module, "WAIT_MS", CONFIRMS_WITHIN_MS)

    def fail_over(self) -> None:
        """The replica becomes master, the old master its replica, and the name leads to the new one."""
        with self.master.client() as master, self.replica.client() as replica:
            replica.execute_command("REPLICAOF", "NO", "ONE")
            master.execute_command("REPLICAOF", "127.0.0.1", self.replica_port)
        self.line.upstream = self.replica.socket


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A master whose replica is in step with it."""
    port, replica_port = free_port(), free_port()
    following = ("--port", str(replica_port), "--replicaof", "127.0.0.1", str(port))
    with redis_server("--port", str(port), *AT_ONCE) as master, redis_server(*following) as replica:
        with master.client() as client:
            wait_until(lambda: client.set("in step", 1) and client.execute_command("WAIT", 1, 50) == 1, 60)
        with proxy(master.socket) as line, pytest.MonkeyPatch.context() as patch:
            made = Pair(master, port, replica, replica_port, line, patch)
            made.resume_replica()
            yield made
            made.resume_replica()


@pytest.fixture
def settings(settings: Settings, pair: Pair, patience: str) -> Settings:
    """The usual ones, wanting one replica's confirmation."""
    return settings.model_copy(update={"redis_url": f"{pair.line.url}?{patience}", "redis_min_replicas": 1})


def test_an_accepted_start_is_on_a_replica(world: World, pair: Pair) -> None:
    """When the caller hears 201, the message is queued on the replica too."""
    assert world.api.start().status_code == 201
    assert pair.queued() == (1, 1)


def test_a_start_without_confirmation_is_503_and_its_repeat_sends_nothing_more(world: World, pair: Pair) -> None:
    """The caller is told to repeat with the same Idempotency-Key, and the repeat hears of the one message."""
    pair.hang_replica()
    for refused in [world.api.start(headers=KEY) for _ in range(3)]:
        assert (refused.status_code, refused.json["code"]) == (503, "unavailable")
        assert "too few replicas" in refused.json["detail"]
        assert "repeat it with the same Idempotency-Key" in refused.json["detail"]
        assert refused.headers["Retry-After"] == "1"

    pair.resume_replica()
    answer = world.api.start(headers=KEY)
    assert (answer.status_code, answer.json["sends"]) == (201, 1)
    assert pair.queued() == (1, 1)


def test_an_approval_without_confirmation_is_503_and_its_repeat_is_approved(world: World, pair: Pair) -> None:
    """The operation that approved hears so when it repeats; nobody else does."""
    id_ = world.api.start().json["id"]
    right = world.code(id_)
    pair.hang_replica()
    assert world.api.check(right, KEY).status_code == 503
    pair.resume_replica()
    assert world.api.check(right, KEY).json["valid"]
    assert world.api.check(right).json["reason"] == "already_used"


@pytest.mark.parametrize("patience", [""], ids=["with the deadlines of production"])
def test_nobody_hears_the_late_answer_to_another_request(world: World, pair: Pair) -> None:
    """An answer that comes after its deadline is thrown away with its connection."""
    answered(lambda: world.api.start("+41791234599"))
    pair.line.delay_s = 0.7
    assert world.api.start(NUMBER, KEY).status_code == 503
    pair.line.delay_s = 0.0
    other = answered(lambda: world.api.start(OTHER_NUMBER, {"Idempotency-Key": "another"}))
    assert (other.status_code, other.json["sends"]) == (201, 1)
    assert other.json["id"] != answered(lambda: world.api.start(NUMBER, KEY)).json["id"]


def test_scripts_that_redis_forgot_are_sent_again_with_wait(world: World, pair: Pair) -> None:
    """After SCRIPT FLUSH the answers of WAIT and of the script are not taken for each other."""
    id_ = world.api.start().json["id"]
    with pair.master.client() as client:
        client.script_flush()
    assert world.api.start().json["id"] == id_
    assert world.api.check(world.code(id_)).json["valid"]


@pytest.fixture
def sentinel(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the pair's master, by the name that a Sentinel knows it by; it has no options."""
    for name in ("socket_timeout", "socket_connect_timeout"):
        monkeypatch.setitem(connect_module.OPTIONS, name, 60)
    port, configuration = free_port(), tmp_path / "sentinel.conf"
    configuration.write_text(f"port {port}\ndir {tmp_path}\nsentinel monitor shop 127.0.0.1 {pair.port} 1\n")
    command = (program("redis-server", "valkey-server"), str(configuration), "--sentinel")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process, redis_py.Redis(port=port) as client:
        try:
            wait_until(lambda: answers(client), 60)
            yield f"redis+sentinel://127.0.0.1:{port}/shop"
        finally:
            process.kill()


def answers(client: redis_py.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis_py.ConnectionError:
        return False


def test_a_start_through_a_sentinel_is_confirmed_too(settings: Settings, pair: Pair, sentinel: str) -> None:
    """A master that is found by its name answers for its replicas as well."""
    parts = wiring.build(settings.model_copy(update={"redis_url": sentinel}))
    world = World(parts)
    assert world.api.start(OTHER_NUMBER).status_code == 201
    assert pair.queued() == (1, 1)
    pair.hang_replica()
    assert "too few replicas" in world.api.start(headers=KEY).json["detail"]
    pair.resume_replica()
    assert world.api.start(headers=KEY).status_code == 201
    assert pair.queued() == (2, 2)
    parts.core.engine.dispose()


def test_a_repeat_writes_too(desk: Desk, redis: RedisServer) -> None:
    """WAIT confirms the last write of its connection: a repeat, which may come over another one, writes as well."""
    start, wrong, right = fresh(), fresh(), fresh()
    keyed_start, keyed_check = fresh("of-a-start"), fresh("of-a-check")
    id_ = desk.start(operation=start).id
    repeats = [
        lambda: desk.start(operation=start),
        lambda: desk.start(operation=keyed_start),
        lambda: desk.check(desk.wrong(id_), operation=wrong),
        lambda: desk.check(desk.code(id_), operation=right),
        lambda: desk.check(desk.code(id_), operation=keyed_check),
    ]
    for repeat in repeats:
        first, before, again = repeat(), writes(redis), repeat()
        assert (first.id, writes(redis) - before) == (again.id, 1)


def writes(redis: RedisServer) -> int:
    """How many writes Redis counts."""
    with redis.client() as client:
        return client.info("persistence")["rdb_changes_since_last_save"]


def test_after_a_failover_the_new_master_is_found(world: World, pair: Pair) -> None:
    """A connection to what has become a replica is given up, and the same thread's requests go through again."""
    world.api.start(OTHER_NUMBER)
    pair.fail_over()
    wait_until(lambda: world.api.start(NUMBER, KEY).status_code == 201, 60)
    assert pair.queued() == (2, 2)
