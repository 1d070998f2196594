"""The snapshot holds the truths that requests need."""

import json

import pytest
from sqlalchemy import Engine, event, text, update

from otp_service.domain.policy import Policy
from otp_service.domain.templates.template import Template
from otp_service.ledger import applications, blocks, keys, locks, meta, templates
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import Blocked
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import applications as applications_table
from otp_service.ledger.snapshot import load_snapshot
from tests.ledger.telling import DAY, NOW, changing, locked


def _store_policy(engine: Engine, id: str, policy: object) -> None:
    with engine.begin() as connection:
        connection.execute(update(applications_table).where(applications_table.c.id == id).values(policy=policy))
        meta.bump_version(connection)


def test_a_new_ledger_has_an_empty_snapshot(engine: Engine) -> None:
    """A ledger that was just migrated gives a snapshot with nothing in it."""
    snapshot = load_snapshot(engine)
    assert (snapshot.version, snapshot.index_key_sealed) == (1, None)
    assert [*snapshot.applications, *snapshot.keys, *snapshot.templates, *snapshot.hard_locks] == []
    assert snapshot.problems == ()


def test_a_snapshot_holds_every_truth(engine: Engine, app: Application) -> None:
    """The snapshot has the index key, applications, live keys, templates in force, blocks and hard locks."""
    meta.ensure_index_key(engine, lambda: "k1.sealed")
    with changing(engine) as change:
        key = keys.create(change, "key_1", app.id, "ci", "hash", ["verifications:start"])
        keys.create(change, "key_2", app.id, "old", "hash", ["verifications:start"])
        keys.revoke(change, "key_2")
        templates.add(change, app.id, "default", "en", "one {code}")
        templates.add(change, app.id, "default", "en", "two {code}")
        blocks.add(change, "prefix", "4179", "fraud")
    apply_facts(engine, [locked("ver_1:9", app.id, "lifted"), locked("ver_2:9", app.id, "subject")])
    with changing(engine) as change:
        locks.lift(change, app.id, "lifted")
    snapshot = load_snapshot(engine)
    assert snapshot.index_key_sealed == "k1.sealed"
    assert snapshot.applications == {app.id: app}
    assert snapshot.keys == {"key_1": key}
    assert snapshot.templates == {app.id: {("default", "en"): Template("default", "en", 2, "two {code}")}}
    assert snapshot.blocked.hits(app.id, "index", "+41791234567", NOW)
    assert snapshot.hard_locks == {(app.id, "subject")}


def test_an_unchanged_ledger_costs_one_look(engine: Engine, app: Application) -> None:
    """While nothing changes, a refresh reads the version and gives the known snapshot back."""
    known = load_snapshot(engine)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    assert load_snapshot(engine, known) is known
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_a_change_makes_a_new_snapshot(engine: Engine, app: Application) -> None:
    """After a change a refresh gives a new snapshot; the known one stays as it was."""
    known = load_snapshot(engine)
    with changing(engine) as change:
        applications.set_policy(change, app.id, Policy(ttl_s=60))
    fresh = load_snapshot(engine, known)
    assert fresh.version > known.version
    assert (known.applications[app.id].policy.ttl_s, fresh.applications[app.id].policy.ttl_s) == (600, 60)


@pytest.mark.parametrize(
    ("policy", "field"), [({"ttl_s": 601}, "ttl_s"), ({"limits": {"to": "5 per blink"}}, "limits.to"), ([], "policy")]
)
def test_a_broken_policy_stops_only_its_application(
    engine: Engine, app: Application, policy: object, field: str
) -> None:
    """An application whose stored policy can't be read is out, with its keys, and named; the others are served."""
    with changing(engine) as change:
        other = applications.create(change, "other", Policy())
        keys.create(change, "key_1", app.id, "ci", "hash", ["verifications:start"])
    _store_policy(engine, app.id, policy)
    snapshot = load_snapshot(engine)
    assert snapshot.applications == {other.id: other}
    assert snapshot.keys == {}
    assert snapshot.problems == (f"application shop is out of service: its policy can't be read ({field})",)


def test_fields_of_a_newer_release_are_passed_over(engine: Engine, app: Application) -> None:
    """Policy fields that this release doesn't know leave the application in service, and are named."""
    _store_policy(engine, app.id, {"ttl_s": 300, "beyond": 1, "limits": {"to": "1 per hour", "moon": ""}})
    snapshot = load_snapshot(engine)
    policy = snapshot.applications[app.id].policy
    assert (policy.ttl_s, policy.limits.to) == (300, "1 per hour")
    assert sorted(snapshot.problems) == [
        "application shop: this release does not know policy.beyond",
        "application shop: this release does not know policy.limits.moon",
    ]


def test_a_broken_policy_can_be_replaced(engine: Engine, app: Application) -> None:
    """An admin can put a good policy in the place of one that can't be read."""
    _store_policy(engine, app.id, {"ttl_s": "soon"})
    with changing(engine) as change:
        applications.set_policy(change, app.id, Policy(ttl_s=60))
    assert load_snapshot(engine).applications[app.id].policy.ttl_s == 60


def test_a_stored_policy_follows_new_defaults(engine: Engine, app: Application) -> None:
    """Only fields that somebody set are stored, so that the rest follow the release's defaults."""
    with changing(engine) as change:
        applications.set_policy(change, app.id, Policy(ttl_s=600))
    with engine.connect() as connection:
        stored = connection.scalar(text("SELECT policy FROM applications"))
    assert (json.loads(stored) if isinstance(stored, str) else stored) == {"ttl_s": 600}


def test_a_snapshot_prints_no_hashes(engine: Engine, app: Application) -> None:
    """The printed snapshot holds neither keys' hashes nor blocked numbers' indexes."""
    with changing(engine) as change:
        keys.create(change, "key_1", app.id, "ci", "SECRET", ["verifications:start"])
        blocks.add(change, "number", "SECRET", "fraud")
    assert "SECRET" not in repr(load_snapshot(engine))


@pytest.mark.parametrize(
    ("owner", "kind", "value", "expires_at", "hit"),
    [
        ("app_1", "number", "index", None, True),
        (None, "number", "index", None, True),
        ("app_2", "number", "index", None, False),
        (None, "number", "other", None, False),
        ("app_1", "prefix", "4179", None, True),
        (None, "prefix", "41791234567", None, True),
        (None, "prefix", "4", None, True),
        ("app_2", "prefix", "4179", None, False),
        (None, "prefix", "179", None, False),
        (None, "prefix", "417912345678", None, False),
        (None, "number", "index", NOW + 1, True),
        (None, "number", "index", NOW, False),
        (None, "prefix", "4179", NOW, False),
    ],
)
def test_a_block_hits_its_own(
    owner: str | None, kind: blocks.Kind, value: str, expires_at: int | None, hit: bool
) -> None:
    """A block hits its number or prefix, of its application or of all, until it expires."""
    block = blocks.Block("blk_1", owner, kind, value, None, "fraud", expires_at, NOW - DAY)
    assert blocks.arranged([block]).hits("app_1", "index", "+41791234567", NOW) is hit


def test_of_two_blocks_the_longer_counts() -> None:
    """A number that is blocked twice stays blocked until the later end."""
    both = [blocks.Block(f"blk_{end}", None, "number", "index", None, "fraud", end, NOW) for end in (NOW + 9, NOW + 5)]
    assert blocks.arranged(both).hits("app_1", "index", "+41791234567", NOW + 7)
    assert not Blocked().hits("app_1", "index", "+41791234567", NOW)
