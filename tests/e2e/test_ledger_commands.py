"""`migrate`, `backup`, `restore`, `rekey` and `worker dead`, as they are typed at an installation."""

import base64
import contextlib
import re
import stat
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import text

from otp_service import wiring
from otp_service.ledger.engine import make_engine
from otp_service.ledger.revision import head
from otp_service.settings import Settings
from otp_service.wiring import Parts
from tests.e2e.loaded import Loaded
from tests.e2e.operating import Operator, operating
from tests.ledger.postgres import postgres
from tests.servers import wait_until
from tests.world import MASTER_KEYS, NUMBER, Api, World

SECOND_KEY = f"k2:{base64.b64encode(b'2' * 32).decode()}"
BLOCKS = "/v1/admin/blocks"
DATABASES = ("sqlite", "postgresql")
_numbers = count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server, as a URL that lacks the database's name."""
    with postgres() as url:
        yield url


def fresh(server: str) -> str:
    """The URL of an empty database in the server."""
    name = f"ledger_{next(_numbers)}"
    engine = make_engine(server.format(name="postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name=name)


@pytest.fixture(params=DATABASES)
def operator(request: pytest.FixtureRequest, commands: Loaded) -> Iterator[Operator]:
    """An installation whose ledger has no tables yet."""
    on_postgres = request.param == "postgresql"
    with operating(commands, fresh(request.getfixturevalue("server")) if on_postgres else "") as made:
        yield made


@pytest.fixture
def elsewhere(operator: Operator, request: pytest.FixtureRequest) -> str:
    """The URL of another empty database of the same kind."""
    if operator.made.environment["OTP_DATABASE_URL"].startswith("postgresql"):
        return fresh(request.getfixturevalue("server"))
    return f"sqlite:///{operator.made.folder}/other.db"


def test_migrate_can_be_typed_twice(operator: Operator) -> None:
    """The first `migrate` makes the tables, the second finds everything done; both say at which revision."""
    first, second = operator.reads("migrate"), operator.reads("migrate")

    revision = re.fullmatch(r"The ledger is at (\d{4})\.\n", first)
    assert revision
    assert second == f"The ledger was at {revision[1]} already.\n"
    assert operator.gets("apps", "list") == []


def test_a_backup_fills_a_fresh_database(operator: Operator, elsewhere: str) -> None:
    """What `backup` wrote `restore` reads into a fresh, migrated database, and only its owner can read the file."""
    operator.reads("migrate")
    operator.reads("apps", "create", "Shop", "--countries", "CH")
    operator.reads("keys", "create", "--application", "Shop")
    before = [operator.gets(*each) for each in (("apps", "show", "Shop"), ("keys", "list"))]

    written = operator.reads("backup", "ledger.gz")
    operator.reads("migrate", OTP_DATABASE_URL=elsewhere)
    restored = operator.reads("restore", "ledger.gz", OTP_DATABASE_URL=elsewhere)

    after = [operator.gets(*each, OTP_DATABASE_URL=elsewhere) for each in (("apps", "show", "Shop"), ("keys", "list"))]
    rows = re.match(r"(\d+) rows are in ledger.gz\.\n", written)
    assert rows
    assert after == before
    assert restored.startswith(f"{rows[1]} rows are back")
    assert stat.S_IMODE((operator.made.folder / "ledger.gz").stat().st_mode) == 0o600


def test_a_restore_never_overwrites_unasked(operator: Operator) -> None:
    """Over a ledger that holds something `restore` is refused with the option that forces it; with it, it goes back."""
    operator.reads("migrate")
    operator.reads("apps", "create", "Before", "--countries", "CH")
    operator.reads("backup", "ledger.gz")
    operator.reads("apps", "create", "After", "--countries", "CH")

    refused = operator.is_told("restore", "ledger.gz")
    unchanged = {each["name"] for each in operator.gets("apps", "list")}
    operator.reads("restore", "ledger.gz", "--replace")

    assert "--replace" in refused
    assert unchanged == {"Before", "After"}
    assert [each["name"] for each in operator.gets("apps", "list")] == ["Before"]


@pytest.mark.parametrize("operator", ["sqlite"], indirect=True)
def test_a_backup_that_will_not_do_is_told_in_a_line(operator: Operator) -> None:
    """A damaged backup, and a place where none can be written, are told in a line."""
    operator.reads("migrate")
    (operator.made.folder / "damaged.gz").write_text("no backup")

    assert operator.is_told("restore", "damaged.gz") == "Error: damaged.gz is damaged or cut off\n"
    assert "Error: nowhere/ledger.gz can't be written" in operator.is_told("backup", "nowhere/ledger.gz")


@contextlib.contextmanager
def service(operator: Operator, keys: str) -> Iterator[Parts]:
    """The service of this installation in this process, under a ring of its own."""
    environment = operator.made.environment
    settings = Settings(
        _env_file=None,
        redis_url=environment["OTP_REDIS_URL"],
        database_url=environment["OTP_DATABASE_URL"],
        master_keys=keys,
        log_level="error",
    )
    parts = wiring.build(settings)
    yield parts
    parts.core.engine.dispose()


def test_rekey_lets_an_old_key_go(operator: Operator) -> None:
    """A ring that lacks a key in use is refused and told which; after `rekey` it serves, and what was sealed opens."""
    operator.reads("migrate")
    with service(operator, MASTER_KEYS) as parts:
        admin = World(parts).admin
        admin.post(BLOCKS, {"kind": "number", "value": NUMBER, "reason": "a test"})

    early = operator.is_told("apps", "list", OTP_MASTER_KEYS=SECOND_KEY)
    done = operator.reads("rekey", OTP_MASTER_KEYS=f"{SECOND_KEY},{MASTER_KEYS}")
    with service(operator, SECOND_KEY) as parts:
        later = Api(parts.web().test_client(), admin.key)
        blocked = later.get(BLOCKS).get_json()["items"]
        refused = later.start(NUMBER).get_json()

    assert early.startswith("otp-service: OTP_MASTER_KEYS: the ledger still holds values of the key k1")
    assert re.match(r"[1-9]\d* values are sealed again under k2\.\n", done)
    assert [block["value"] for block in blocked] == ["+4179•••4567"]
    assert refused["code"] == "destination_blocked"


@pytest.mark.parametrize("operator", ["sqlite"], indirect=True)
def test_dead_letters_are_listed_and_queued_again(operator: Operator) -> None:
    """What no courier can read is listed by `worker dead` with its reason, and `--replay` queues it again."""
    operator.reads("migrate")
    with operator.made.redis.client() as client:
        client.xadd("{c0}:out:normal", {"v": "99", "m": "msg_of-a-later-release", "to": NUMBER})
    courier = operator.made.work()
    operator.made.ready()
    wait_until(lambda: operator.gets("worker", "dead") != [], 60)

    (letter,) = operator.gets("worker", "dead")
    table = operator.reads("worker", "dead")
    courier.terminate()
    again = operator.reads("worker", "dead", "--replay", letter["id"])

    assert letter.keys() == {"id", "reason", "message", "died_at"}
    assert (letter["reason"], letter["message"]) == ("unknown_format", "msg_of-a-later-release")
    assert letter["id"] in table
    assert NUMBER not in table
    assert again == "1 entry is queued again.\n"
    assert operator.reads("worker", "dead") == "There are none yet.\n"


def test_commands_answer_programs_too(operator: Operator, elsewhere: str) -> None:
    """With --json the ledger's commands answer one JSON object each."""
    path = str(operator.made.folder / "ledger.ndjson.gz")
    there = {"OTP_DATABASE_URL": elsewhere}

    assert operator.gets("migrate") == {"revision": head(), "before": None}
    assert operator.gets("rekey") == {"kid": "k1", "values": 0}
    assert operator.gets("backup", path)["path"] == path
    assert operator.gets("migrate", **there)["revision"] == head()
    assert operator.gets("restore", path, **there)["rows"]["meta"] >= 1
