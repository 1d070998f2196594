"""What admins change: with its audit entry, in one transaction, one after the other."""

import threading

import pytest
from sqlalchemy import Engine

from otp_service.domain.errors import Refusal
from otp_service.domain.policy import LimitsPolicy, Policy
from otp_service.ledger import applications, audit, blocks, keys, locks, meta, templates
from otp_service.ledger.applications import Application
from otp_service.ledger.chain import Keys, verify
from otp_service.ledger.engine import reading
from otp_service.ledger.facts import apply_facts
from otp_service.ledger.schema import hard_locks
from tests.ledger import telling
from tests.ledger.telling import DAY, NOW, changing, locked, rows


def _version(engine: Engine) -> int:
    with reading(engine) as connection:
        return meta.version(connection)


def _newest(engine: Engine) -> audit.Entry:
    with reading(engine) as connection:
        return audit.entries(connection, limit=1)[0]


def test_a_change_is_audited_and_makes_a_new_version(engine: Engine) -> None:
    """One change writes what it does, one audit entry and a new version."""
    version = _version(engine)
    with changing(engine, "key:key_1", NOW) as change:
        app = applications.create(change, "shop", Policy(ttl_s=300))
    entry = _newest(engine)
    assert (entry.seq, entry.at, entry.actor, entry.act) == (1, NOW, "key:key_1", "application.create")
    assert (entry.application_id, entry.target) == (app.id, app.id)
    assert (entry.before, entry.after) == (None, {"name": "shop", "policy": {"ttl_s": 300}})
    assert _version(engine) == version + 1


def test_a_change_that_fails_never_happened(engine: Engine) -> None:
    """If anything in a change fails, neither it nor its audit entry nor a new version is kept."""
    version = _version(engine)

    def fail_half_way() -> None:
        with changing(engine) as change:
            for name in ("shop", "shop"):
                applications.create(change, name, Policy())

    with pytest.raises(Refusal):
        fail_half_way()
    with reading(engine) as connection:
        assert applications.find(connection, "shop") is None
        assert audit.entries(connection) == []
    assert _version(engine) == version


def test_a_change_of_nothing_makes_no_new_version(engine: Engine) -> None:
    """A change in which nothing changed leaves version and audit alone."""
    version = _version(engine)
    with changing(engine):
        pass
    assert _version(engine) == version


def test_changes_at_once_happen_one_after_the_other(engine: Engine) -> None:
    """Changes made by many at the same time form one unbroken chain."""

    def make(number: int) -> None:
        with changing(engine, f"cli:{number}") as change:
            applications.create(change, f"shop {number}", Policy())

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading(engine) as connection:
        assert [entry.seq for entry in audit.entries(connection)] == list(range(8, 0, -1))
        assert verify(connection, Keys(lambda _: telling.AUDIT_KEY.key)).bad is None


def test_a_name_is_taken_once(engine: Engine, app: Application) -> None:
    """A second application of the same name is refused as a conflict."""
    with pytest.raises(Refusal) as refused, changing(engine) as change:
        applications.create(change, app.name, Policy())
    assert refused.value.code == "conflict"


def test_an_application_is_found_as_it_was_made(engine: Engine, app: Application) -> None:
    """An application reads the same by id and by name, and unknown ones are not there."""
    with reading(engine) as connection:
        assert applications.read(connection, app.id) == app
        assert applications.find(connection, "shop") == app
        assert applications.read(connection, "app_none") is None


def test_a_policy_is_replaced_whole(engine: Engine, app: Application) -> None:
    """A new policy is in force as a whole, and the audit shows what was set before and after."""
    policy = Policy(spend_per_day_micros=None, countries=["CH"], limits=LimitsPolicy(to="3 per hour"))
    with changing(engine) as change:
        applications.set_policy(change, app.id, policy)
    with reading(engine) as connection:
        found = applications.read(connection, app.id)
    assert found is not None
    assert found.policy == policy
    stored = {"spend_per_day_micros": None, "countries": ["CH"], "limits": {"to": "3 per hour"}}
    assert (_newest(engine).before, _newest(engine).after) == ({"policy": {}}, {"policy": stored})


def test_what_belongs_to_no_application_is_refused(engine: Engine) -> None:
    """Policies, keys, templates and blocks of an unknown application are refused as not found."""
    makers = [
        lambda change: applications.set_policy(change, "app_none", Policy()),
        lambda change: keys.create(change, "key_1", "app_none", "ci", "hash", ["verifications:start"]),
        lambda change: templates.add(change, "app_none", "default", "en", "{code}"),
        lambda change: blocks.add(change, "prefix", "4179", "fraud", application_id="app_none"),
        lambda change: blocks.remove(change, "blk_none"),
        lambda change: keys.revoke(change, "key_none"),
    ]
    codes = []
    for make in makers:
        with pytest.raises(Refusal) as refused, changing(engine) as change:
            make(change)
        codes.append(refused.value.code)
    assert codes == ["not_found"] * len(makers)


def test_a_key_is_kept_without_its_secret(engine: Engine, app: Application) -> None:
    """A key is read back as it was made, and its hash is in no audit entry and in no printout."""
    with changing(engine) as change:
        made = keys.create(
            change, "key_1", app.id, "ci", "the hash", ["b", "a"], test=True, ips=["10.0.0.0/8"], expires_at=NOW + DAY
        )
    with reading(engine) as connection:
        assert keys.listed(connection, app.id) == [made]
        assert keys.listed(connection, "app_other") == []
    assert _newest(engine).after == {
        "name": "ci",
        "scopes": ["a", "b"],
        "test": True,
        "ips": ["10.0.0.0/8"],
        "expires_at": NOW + DAY,
    }
    assert "the hash" not in repr(made)


def test_a_key_is_revoked_once(engine: Engine, app: Application) -> None:
    """Revoking dates the end of a key; revoking it again changes nothing and is not audited."""
    with changing(engine) as change:
        keys.create(change, "key_1", app.id, "ci", "hash", ["admin"])
    with changing(engine, at_ms=NOW + 5) as change:
        keys.revoke(change, "key_1")
    version = _version(engine)
    with changing(engine, at_ms=NOW + 9) as change:
        keys.revoke(change, "key_1")
    with reading(engine) as connection:
        assert [key.revoked_at for key in keys.listed(connection)] == [NOW + 5]
    assert _version(engine) == version


def test_the_newest_template_is_in_force(engine: Engine, app: Application) -> None:
    """A template that is saved again becomes the next version; older ones stay readable."""
    with changing(engine) as change:
        first = templates.add(change, app.id, "default", "en", "one {code}")
        second = templates.add(change, app.id, "default", "en", "two {code}")
        german = templates.add(change, app.id, "default", "de", "eins {code}")
    with reading(engine) as connection:
        assert templates.in_force(connection, app.id) == [german, second]
        assert templates.read(connection, app.id, "default", "en", 1) == first
        assert templates.read(connection, app.id, "default", "en", 3) is None
    assert [first.version, second.version, german.version] == [1, 2, 1]


def test_blocks_are_audited_without_the_number(engine: Engine, app: Application) -> None:
    """A blocked number appears in the audit by neither number, seal nor index; a prefix is told."""
    with changing(engine) as change:
        number = blocks.add(change, "number", "INDEX", "fraud", application_id=app.id, to_sealed="k1.SEALED")
        prefix = blocks.add(change, "prefix", "4179", "toll fraud", expires_at=NOW + DAY)
    with changing(engine) as change:
        blocks.remove(change, number.id)
    with reading(engine) as connection:
        assert blocks.listed(connection) == [prefix]
        said = audit.entries(connection, limit=3)
    assert [entry.act for entry in said] == ["block.remove", "block.add", "block.add"]
    assert said[1].after == {"kind": "prefix", "prefix": "4179", "reason": "toll fraud", "expires_at": NOW + DAY}
    assert not any(word in repr(said) for word in ("INDEX", "SEALED"))


def test_a_lock_is_lifted_by_name(engine: Engine, app: Application) -> None:
    """Lifting a lock says who did it and when; only that number of that application is free again."""
    apply_facts(engine, [locked("ver_1:9", app.id, "SUBJECT"), locked("ver_2:9", app.id, "OTHER", "ben")])
    with changing(engine, "cli:ada", NOW + 7) as change:
        assert locks.lift(change, app.id, "SUBJECT")
        assert not locks.lift(change, "app_other", "OTHER")
    with reading(engine) as connection:
        assert [lock.subject for lock in locks.in_force(connection, app.id)] == ["OTHER"]
    lifted = telling.row(engine, hard_locks, "ver_1:9")
    assert (lifted["lifted_at"], lifted["lifted_by"]) == (NOW + 7, "cli:ada")
    assert _newest(engine).act == "lock.lift"
    assert "SUBJECT" not in repr(_newest(engine))


def test_the_index_key_is_made_once(engine: Engine) -> None:
    """Of many who bring an index key at the same time all get the first one's, and a version tells of it."""
    version = _version(engine)
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: got.append(meta.ensure_index_key(engine, lambda: f"sealed-{n}")))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 6
    assert len({*got, meta.ensure_index_key(engine, lambda: "late")}) == 1
    assert _version(engine) == version + 1
    assert {"name": "index_key", "value": got[0]} in rows(engine, meta.meta)
