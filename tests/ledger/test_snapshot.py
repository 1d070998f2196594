"""The snapshot holds the truths that requests need."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, text, update

from otp_service.domain.policy import Policy
from otp_service.domain.templates.template import Template
from otp_service.ledger import applications, blocks, keys, locks, meta, templates
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import ALLOWS, Listed, Target
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import applications as applications_table
from otp_service.ledger.snapshot import load_snapshot
from tests.ledger.telling import NOW, changing, locked


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
    assert snapshot.blocked.hits(Target(app.id, "index", "+41791234567", "CH"), NOW) == {"prefix"}
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


TARGET = Target("app_1", "index", "+41791234567", "CH", "203.0.113.7", "user")
SIX = replace(TARGET, ip="2001:db8:1:2:3::4")


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
        (None, "country", "CH", None, True),
        (None, "country", "DE", None, False),
        ("app_1", "user", "user", None, True),
        ("app_1", "user", "index", None, False),
        (None, "ip", "203.0.113.7", None, True),
        (None, "ip", "203.0.113.8", None, False),
        (None, "network", "203.0.113.0/24", None, True),
        (None, "network", "203.0.113.7/32", None, True),
        (None, "network", "0.0.0.0/0", None, True),
        (None, "network", "203.0.112.0/24", None, False),
        (None, "network", "::/0", None, False),
    ],
)
def test_a_block_hits_its_own(
    owner: str | None, kind: blocks.Kind, value: str, expires_at: int | None, hit: bool
) -> None:
    """A block hits what it names, of its application or of all, until it expires."""
    listed = Listed(blocks.arranged([(owner, kind, value, expires_at)]))
    assert listed.hits(TARGET, NOW) == ({kind} if hit else set())


@pytest.mark.parametrize(
    ("kind", "value", "hit"),
    [
        ("ip", "2001:db8:1:2::/64", True),
        ("ip", "2001:db8:1:3::/64", False),
        ("network", "2001:db8:1::/48", True),
        ("network", "2001:db8:2::/48", False),
        ("network", "203.0.113.0/24", False),
    ],
)
def test_an_address_of_version_6_is_its_network(kind: blocks.Kind, value: str, hit: bool) -> None:
    """An address of IP version 6 counts as its /64, as limits count it, and lies in the networks around it."""
    assert bool(Listed(blocks.arranged([(None, kind, value, None)])).hits(SIX, NOW)) is hit


def test_an_address_is_found_however_it_is_written() -> None:
    """An IPv4 address in IPv6's clothes is still that address."""
    rows = [(None, "ip", "203.0.113.7", None), (None, "network", "203.0.113.0/24", None)]
    mapped = replace(TARGET, ip="::ffff:203.0.113.7")
    assert Listed(blocks.arranged(rows)).hits(mapped, NOW) == {"ip", "network"}


@pytest.mark.parametrize("kind", ["ip", "network", "user"])
def test_whoever_did_not_say_where_from_is_hit_by_no_such_block(kind: blocks.Kind) -> None:
    """A request without an address or a user is in no network and is no user."""
    rows = [(None, "ip", "203.0.113.7", None), (None, "network", "0.0.0.0/0", None), (None, "user", "user", None)]
    unsaid = replace(TARGET, ip=None, user_index=None)
    assert not Listed(blocks.arranged(rows)).hits(unsaid, NOW)


def test_of_two_blocks_the_longer_counts() -> None:
    """A number that is blocked twice stays blocked until the later end."""
    both = Listed(blocks.arranged([(None, "number", "index", end) for end in (NOW + 9, NOW + 5)]))
    assert both.hits(TARGET, NOW + 7)
    assert not Listed().hits(TARGET, NOW)


def test_lists_that_did_not_change_are_not_read_again(engine: Engine, app: Application) -> None:
    """After a change of something else the blocks and allows are those that were known: they may be a million."""
    with changing(engine) as change:
        blocks.add(change, "prefix", "4179", "fraud")
    known = load_snapshot(engine)
    with changing(engine) as change:
        applications.set_policy(change, app.id, Policy(ttl_s=60))
    fresh = load_snapshot(engine, known)
    assert fresh.version > known.version
    assert (fresh.blocked, fresh.allowed) == (known.blocked, known.allowed)
    assert fresh.blocked is known.blocked
    with changing(engine) as change:
        blocks.remove(change, blocks.listed(change.connection)[0].id)
        blocks.add(change, "country", "CH", "event", book=ALLOWS)
    last = load_snapshot(engine, fresh)
    assert (last.blocked.hits(TARGET, NOW), last.allowed.hits(TARGET, NOW)) == (set(), {"country"})
