"""A backup can be put back, all of it, on either kind of database."""

import gzip
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from otp_service.domain.policy import Policy
from otp_service.ledger import applications, blocks, chain, keys, locks, meta, migrate, templates
from otp_service.ledger.backup import backup
from otp_service.ledger.engine import make_engine, reading
from otp_service.ledger.events import head
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.restore import BadBackup, NotEmpty, restore, verify
from otp_service.ledger.schema import (
    METADATA,
    admin_passkeys,
    admin_sessions,
    admins,
    allows,
    audit_heads,
    events,
    hard_locks,
    opt_outs,
    receipts,
    sender_suspensions,
    trusted_devices,
    webhook_deliveries,
    webhook_secrets,
    webhooks,
)
from otp_service.ledger.snapshot import load_snapshot
from tests.ledger.databases import DATABASES, MakeUrl
from tests.ledger.people_with_factors import EVERYTHING
from tests.ledger.telling import AUDIT_KEY, DAY, NOW, changing, contents, locked, rows, story

LATER = NOW + DAY
OWN = [table for table in METADATA.sorted_tables if table is not meta.meta]
COME_BACK = [table for table in OWN if table is not trusted_devices]  # one may have been revoked since

GATEWAY = (
    (receipts, {"fact_id": "msg_1:r:x", "message_id": "msg_1", "provider": "p", "status": "sent", "at": NOW}),
    (
        events,
        {"seq": 2**20, "id": "evt_1", "application_id": "app_1", "type": "message.sent", "subject": "msg_1"}
        | {"at": NOW, "data": {}},
    ),
    (webhooks, {"id": "whk_1", "url": "https://x.example", "types": [], "enabled": True, "created_at": NOW}),
    (
        webhook_secrets,
        {"id": "whs_1", "webhook_id": "whk_1", "kind": "hmac", "secret_sealed": "k1.s", "created_at": NOW},
    ),
    (
        webhook_deliveries,
        {"webhook_id": "whk_1", "event_id": "evt_1", "seq": 1, "subject": "msg_1", "status": "pending", "tries": 0}
        | dict.fromkeys(("due_at", "leased_until", "changed_at"), NOW),
    ),
    (
        opt_outs,
        {
            "application_id": "app_1",
            "test": False,
            "number_index": "i",
            "scope": "all",
            "source": "api",
            "created_at": NOW,
        },
    ),
    (
        sender_suspensions,
        {"id": "sus_1", "provider": "p", "sender": "Shop", "reason": "unregistered_sender", "suspended_at": NOW},
    ),
    (allows, {"id": "alw_1", "kind": "prefix", "value": "4179", "reason": "event", "created_at": NOW}),
    (
        admins,
        {"id": "adm_1", "name": "ana", "role": "admin", "totp_step": 2**40, "failures": 0, "locked_until": 0}
        | {"created_at": NOW},
    ),
    (
        admin_passkeys,
        {"id": "pk", "admin_id": "adm_1", "name": "key", "public_key": "k", "sign_count": 0, "created_at": NOW},
    ),
    (
        admin_sessions,
        {"token_hash": "h", "admin_id": "adm_1"}
        | dict.fromkeys(("created_at", "seen_at", "ends_at", "proved_at"), NOW),
    ),
    (audit_heads, {"seq": 1, "hash": "h", "at": NOW, "kid": "k1", "signature": "s"}),
)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A ledger with something in every table."""
    meta.ensure_index_key(engine, lambda: "k1.index")
    with changing(engine) as change:
        app = applications.create(change, "Bücher", Policy(spend_per_day_micros=None), id="app_1")
        keys.create(change, "key_1", app.id, "ci", "hash", ["verifications:start"])
        templates.add(change, app.id, "default", "ar", "رمز {code}")
        blocks.add(change, "number", "index", "fraud", to_sealed="k1.block")
    facts = [fact for number in range(3) for fact in story(number, app.id)]
    apply_facts(engine, [*facts, locked("ver_1:9", app.id, "subject", "person-1")])
    with engine.begin() as connection:
        for table, row in (*GATEWAY, *EVERYTHING):
            connection.execute(insert(table), row)
    return engine


@pytest.fixture(params=DATABASES)
def target(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty, migrated ledger on either kind of database, whichever the backup is of."""
    make: MakeUrl = request.getfixturevalue({"sqlite": "new_sqlite", "postgresql": "new_postgres"}[request.param])
    made = make_engine(make(True))
    yield made
    made.dispose()


def _lines(path: Path) -> list[bytes]:
    with gzip.open(path) as file:
        return file.readlines()


def _write(path: Path, lines: list[bytes]) -> None:
    with gzip.open(path, "wb") as file:
        file.writelines(lines)


def test_a_backup_comes_back_on_either_database(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """What one kind of database backs up the same or the other kind restores, row by row."""
    counts = backup(filled, tmp_path / "b.gz", NOW)
    assert all(counts.values())
    assert restore(target, tmp_path / "b.gz", LATER) == counts
    assert contents(target, *COME_BACK) == contents(filled, *COME_BACK)
    assert load_snapshot(target).applications == load_snapshot(filled).applications


def test_a_restored_ledger_goes_on(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """After a restore the index key is the backup's, the audit's chain holds and goes on, and the version is new."""
    backup(filled, tmp_path / "b.gz", NOW)
    restore(target, tmp_path / "b.gz", LATER)
    assert meta.ensure_index_key(target, lambda: "other") == "k1.index"
    with changing(target) as change:
        applications.create(change, "after", Policy())
    with reading(target) as connection:
        assert chain.verify(connection, chain.Keys(lambda _: AUDIT_KEY.key)).bad is None
    assert load_snapshot(target).version > load_snapshot(filled).version


def test_a_restore_is_dated(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """A restore leaves its time, up to which one-time steps count as used; before one there is no such time."""
    backup(filled, tmp_path / "b.gz", NOW)
    assert {"name": "restored_at", "value": str(LATER)} not in rows(target, meta.meta)
    restore(target, tmp_path / "b.gz", LATER)
    assert {"name": "restored_at", "value": str(LATER)} in rows(target, meta.meta)


def test_a_restore_lets_the_numbers_of_events_jump_ahead(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """What happens after a restore has a higher number than any that was given out since the backup."""
    backup(filled, tmp_path / "b.gz", NOW)
    restore(target, tmp_path / "b.gz", LATER)
    with reading(target) as connection:
        assert head(connection) >= 2**32


def test_a_backup_is_its_owners_alone(filled: Engine, tmp_path: Path) -> None:
    """The file has mode 0600, replaces an older one, and no half of one stays beside it."""
    path = tmp_path / "b.gz"
    path.write_text("older")
    path.chmod(0o644)
    backup(filled, path, NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["b.gz"]
    assert verify(path)["verifications"] == 3


def test_a_backup_that_fails_leaves_the_older_one(filled: Engine, tmp_path: Path) -> None:
    """A backup that fails in the middle leaves the file that was there, and nothing else."""
    path = tmp_path / "b.gz"
    path.write_text("older")

    def fail(table: str, done: int) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        backup(filled, path, NOW, fail)
    assert path.read_text() == "older"
    assert [file.name for file in tmp_path.iterdir()] == ["b.gz"]


def test_a_backup_is_of_one_moment(filled: Engine, tmp_path: Path) -> None:
    """What is written while a backup runs is not in it, in no table."""
    before = contents(filled, *OWN)

    def write_more(table: str, done: int) -> None:
        if table == "api_keys":
            apply_facts(filled, story(9, "app_1"))

    counts = backup(filled, tmp_path / "b.gz", NOW, write_more)
    assert {table.name: counts[table.name] for table in OWN} == {name: len(found) for name, found in before.items()}


def test_progress_is_told(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """Backup and restore tell how far they are, table by table."""
    out: list[tuple[str, int]] = []
    back: list[tuple[str, int]] = []
    counts = backup(filled, tmp_path / "b.gz", NOW, lambda *step: out.append(step))
    restore(target, tmp_path / "b.gz", LATER, progress=lambda *step: back.append(step))
    assert dict(out) == counts
    assert dict(back) == counts


def test_what_is_there_is_not_overwritten_unasked(filled: Engine, tmp_path: Path) -> None:
    """A ledger that holds something is restored over only if that is said, and then holds the backup alone."""
    backup(filled, tmp_path / "b.gz", NOW)
    before = contents(filled, *COME_BACK)
    with changing(filled) as change:
        applications.create(change, "newer", Policy())
    with pytest.raises(NotEmpty, match="applications"):
        restore(filled, tmp_path / "b.gz", LATER)
    version = load_snapshot(filled).version
    restore(filled, tmp_path / "b.gz", LATER, replace=True)
    assert contents(filled, *COME_BACK) == before
    assert load_snapshot(filled).version > version


def test_hard_locks_survive_a_restore(filled: Engine, tmp_path: Path) -> None:
    """Locks set since the backup stay, and one lifted since stays lifted."""
    backup(filled, tmp_path / "b.gz", NOW)
    apply_facts(filled, [locked("ver_2:9", "app_1", "newer", "person-2")])
    with changing(filled) as change:
        locks.lift(change, "app_1", "subject")
    restore(filled, tmp_path / "b.gz", LATER, replace=True)
    assert load_snapshot(filled).hard_locks == {("app_1", "newer")}
    assert [found["fact_id"] for found in rows(filled, hard_locks)] == ["ver_1:9", "ver_2:9"]


def test_a_damaged_backup_is_refused_untouched(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """A backup with a changed, missing or added line, cut off, or none at all, is refused before anything changes."""
    path = tmp_path / "b.gz"
    backup(filled, path, NOW)
    whole, lines = path.read_bytes(), _lines(path)
    changed = [line.replace(b'"approved"', b'"canceled"') for line in lines]
    for damaged in (changed, lines[:-1], lines[:3] + lines[4:], [*lines[:3], *lines[2:]], [], [b"{"]):
        _write(path, damaged)
        with pytest.raises(BadBackup):
            restore(target, path, LATER)
    for garbage in (whole[:-20], whole[: len(whole) // 2], b"", b"not gzip"):
        path.write_bytes(garbage)
        with pytest.raises(BadBackup):
            restore(target, path, LATER)
    assert all(found == [] for found in contents(target, *OWN).values())


def test_a_backup_of_another_revision_is_refused(filled: Engine, target: Engine, tmp_path: Path) -> None:
    """A backup made by a release with other tables is refused, naming both revisions."""
    path = tmp_path / "b.gz"
    backup(filled, path, NOW)
    head, *body, trailer = _lines(path)
    lines = [head.replace(f'"{migrate.head()}"'.encode(), b'"0000"'), *body]
    trailer_of_it = json.loads(trailer) | {"sha256": hashlib.sha256(b"".join(lines)).hexdigest()}
    _write(path, [*lines, json.dumps(trailer_of_it).encode()])
    with pytest.raises(BadBackup, match=f"revision 0000, this release restores {migrate.head()}"):
        restore(target, path, LATER)


def test_a_restore_that_fails_changes_nothing(filled: Engine, tmp_path: Path) -> None:
    """A restore that fails in the middle leaves the ledger as it was."""
    backup(filled, tmp_path / "b.gz", NOW)
    before = contents(filled, *METADATA.sorted_tables)

    def fail(table: str, done: int) -> None:
        if table == "verifications":
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        restore(filled, tmp_path / "b.gz", LATER, replace=True, progress=fail)
    assert contents(filled, *METADATA.sorted_tables) == before


def test_a_database_without_tables_is_not_restored_into(filled: Engine, empty_engine: Engine, tmp_path: Path) -> None:
    """Restoring into a database that was not migrated says to migrate it first."""
    backup(filled, tmp_path / "b.gz", NOW)
    with pytest.raises(migrate.NotMigrated, match="otp-service migrate"):
        restore(empty_engine, tmp_path / "b.gz", LATER)


def test_a_backup_holds_no_clear_secret(filled: Engine, tmp_path: Path) -> None:
    """Every value of a person in the file is a seal or a keyed index."""
    backup(filled, tmp_path / "b.gz", NOW)
    told = [json.loads(line) for line in _lines(tmp_path / "b.gz")[1:-1]]
    sealed = [row for table, row in told if table == "people"]
    assert len(sealed) == 3
    assert all(row["to_sealed"].startswith("k1.") and row["number_index"].startswith("index-") for row in sealed)
