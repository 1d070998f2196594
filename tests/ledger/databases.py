"""Databases of either kind for tests: SQLite files, and a PostgreSQL of each test process; copies of migrated ones."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from sqlalchemy import Engine, text

from otp_service.ledger import engine as engine_module
from otp_service.ledger import migrate
from otp_service.ledger.engine import make_engine
from tests.ledger.postgres import postgres

DATABASES = ("sqlite", "postgresql")
# Where many write at once on a busy machine, one may wait for its turn for longer than a request would.
PATIENCE = {"BUSY_TIMEOUT_MS": 60_000, "CONNECT_TIMEOUT_S": 60, "POOL_TIMEOUT_S": 60}

MakeUrl = Callable[[bool], str]  # whether its tables are there already


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server of this test process, as a URL that lacks the database's name."""
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def new_postgres(server: str) -> Iterator[MakeUrl]:
    """Makes databases in the server; the migrated ones are copies of one template."""
    numbers = count()
    root = make_engine(server.format(name="postgres")).execution_options(isolation_level="AUTOCOMMIT")
    _execute(root, "CREATE DATABASE migrated")
    _migrate(server.format(name="migrated"))

    def make(migrated: bool) -> str:
        name = f"test_{next(numbers)}"
        _execute(root, f"CREATE DATABASE {name} TEMPLATE {'migrated' if migrated else 'template0'}")
        return server.format(name=name)

    yield make
    root.dispose()


@pytest.fixture(scope="session")
def new_sqlite(tmp_path_factory: pytest.TempPathFactory) -> MakeUrl:
    """Makes SQLite files; the migrated ones are copies of one template."""
    home = tmp_path_factory.mktemp("sqlite")
    numbers = count()
    _migrate(f"sqlite:///{home}/migrated.db")

    def make(migrated: bool) -> str:
        path = home / f"test_{next(numbers)}.db"
        if migrated:
            shutil.copy(home / "migrated.db", path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """Which kind of database this run of the spec is on."""
    return str(request.param)


@pytest.fixture
def new_url(request: pytest.FixtureRequest, database: str, monkeypatch: pytest.MonkeyPatch) -> MakeUrl:
    """Makes databases of this run's kind, which are waited for with patience."""
    for name, value in PATIENCE.items():
        monkeypatch.setattr(engine_module, name, value)
    make: MakeUrl = request.getfixturevalue({"sqlite": "new_sqlite", "postgresql": "new_postgres"}[database])
    return make


def _migrate(url: str) -> None:
    engine = make_engine(url)
    migrate.to_head(engine)
    engine.dispose()  # SQLite folds its WAL into the file; PostgreSQL lets the database be copied


def _execute(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.execute(text(statement))
