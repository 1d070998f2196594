"""Which databases the ledger takes, and how it writes and reads in them."""

import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from otp_service.ledger import engine as engine_module
from otp_service.ledger.engine import NETWORK, make_engine, reading
from otp_service.ledger.schema import meta, templates
from tests.ledger.databases import MakeUrl
from tests.ledger.telling import NOW, rows


def _meta(name: str) -> dict[str, str]:
    return {"name": name, "value": "x"}


def test_a_read_sees_one_state_however_long_it_takes(engine: Engine) -> None:
    """A read transaction keeps seeing the state it began with while others write."""
    with reading(engine) as view:
        before = view.execute(select(meta)).all()
        with engine.begin() as writer:
            writer.execute(insert(meta).values(_meta("new")))
        after = view.execute(select(meta)).all()
    assert after == before
    assert len(rows(engine, meta)) == len(before) + 1


def test_a_failed_write_leaves_nothing(engine: Engine) -> None:
    """A transaction that fails half-way leaves no trace."""

    def fail_half_way() -> None:
        with engine.begin() as connection:
            for name in ("half", "version"):  # there is a version already
                connection.execute(insert(meta).values(_meta(name)))

    with pytest.raises(IntegrityError):
        fail_half_way()
    assert "half" not in [row["name"] for row in rows(engine, meta)]


def test_rows_of_nobody_are_refused(engine: Engine) -> None:
    """A template of an application that doesn't exist is refused by the database itself."""
    row = {"application_id": "app_none", "name": "a", "locale": "en", "version": 1, "body": "b", "created_at": NOW}
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert(templates).values(row))


def test_writers_wait_for_each_other(engine: Engine) -> None:
    """Eight threads that each read a counter, add one and write it lose no update and get no error."""

    def add_one() -> None:
        with engine.begin() as connection:
            version = select(meta.c.value).where(meta.c.name == "version").with_for_update()
            seen = int(connection.scalars(version).one())
            connection.execute(meta.update().where(meta.c.name == "version").values(value=str(seen + 1)))

    threads = [threading.Thread(target=lambda: [add_one() for _ in range(5)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"name": "version", "value": "41"} in rows(engine, meta)


def test_a_sqlite_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    """The database file and its WAL have mode 0600, also where the file was open to others before."""
    path = tmp_path / "ledger.db"
    path.touch(0o644)
    engine = make_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE one (value INTEGER)"))
        modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        names = {file.name for file in tmp_path.iterdir()}
    engine.dispose()
    assert "ledger.db-wal" in names
    assert modes == {0o600}


@pytest.mark.parametrize(
    "url",
    ["mysql://root:hunter2@db/otp", "sqlite://", "sqlite:///:memory:", "hunter2", "postgresql://u:hunter2@h:port/x"],
)
def test_other_databases_are_refused_without_repeating_the_url(url: str) -> None:
    """A URL that the ledger can't use is refused in words that don't repeat it, as it may hold a password."""
    with pytest.raises(ValueError, match="sqlite") as refused:
        make_engine(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_uses_the_one_driver(scheme: str) -> None:
    """Whatever a platform calls PostgreSQL, psycopg 3 speaks to it."""
    assert make_engine(f"{scheme}://user@host/name").url.drivername == "postgresql+psycopg"


def test_nobody_waits_for_a_lock_for_good(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants a row that somebody else holds is told so after a while, on either kind of database."""
    monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_MS", 100)
    brief = make_engine(engine.url.render_as_string(hide_password=False))
    row = meta.update().where(meta.c.name == "version").values(value="9")
    with engine.begin() as holder:
        holder.execute(row)
        with pytest.raises(OperationalError), brief.begin() as waiter:
            waiter.execute(row)
    with brief.begin() as waiter:
        waiter.execute(row)
    brief.dispose()


def test_a_network_that_swallows_everything_ends_a_connection(new_postgres: MakeUrl) -> None:
    """Connections to PostgreSQL are given up after seconds without a word from the network."""
    made = make_engine(new_postgres(True))
    with made.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
        assert {name: told[name] for name in NETWORK} == {name: str(value) for name, value in NETWORK.items()}
    made.dispose()
