"""The audit's chain shows every change made to it afterwards."""

import pytest
from sqlalchemy import Connection, Engine, bindparam, delete, insert, update

from otp_service.domain.keys import UnknownKid
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, audit
from otp_service.ledger.chain import Keys, Verdict, verify
from otp_service.ledger.changes import AuditKey, change
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import audit as table
from tests.ledger import telling
from tests.ledger.telling import AUDIT_KEY, NOW, changing


@pytest.fixture
def chain(engine: Engine) -> Engine:
    """A ledger with five audit entries."""
    for number in range(5):
        with changing(engine, at_ms=NOW + number) as opened:
            applications.create(opened, f"shop {number}", Policy(ttl_s=300 + number))
    return engine


def _first_bad(engine: Engine) -> int | None:
    with reading(engine) as connection:
        bad = chain_of(connection, {AUDIT_KEY.kid: AUDIT_KEY.key}).bad
    return bad.seq if bad else None


def chain_of(connection: Connection, keys: dict[str, bytes]) -> Verdict:
    """The verdict on the whole audit."""

    def key_of(kid: str) -> bytes:
        if kid not in keys:
            raise UnknownKid(kid)
        return keys[kid]

    return verify(connection, Keys(key_of))


def test_an_honest_chain_verifies(chain: Engine) -> None:
    """Entries as they were written are all good, and so is an empty audit."""
    assert _first_bad(chain) is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW),
        ("actor", "cli:mallory"),
        ("act", "application.delete"),
        ("application_id", None),
        ("target", "app_x"),
        ("before", {}),
        ("after", {"name": "shop 2", "policy": {"ttl_s": 303}}),
        ("kid", "k2"),
        ("prev_hash", "x"),
        ("hash", "x"),
    ],
)
def test_a_changed_entry_shows(chain: Engine, column: str, value: object) -> None:
    """Whatever is changed in an entry, verification names that entry."""
    with chain.begin() as connection:
        connection.execute(update(table).where(table.c.seq == 3).values({column: value}))
    assert _first_bad(chain) == 3


def test_a_missing_entry_shows(chain: Engine) -> None:
    """An entry that was deleted is named, at the end of the chain too."""
    with chain.begin() as connection:
        connection.execute(delete(table).where(table.c.seq == 5))
    assert _first_bad(chain) == 5
    with chain.begin() as connection:
        connection.execute(delete(table).where(table.c.seq == 2))
    assert _first_bad(chain) == 2


def test_swapped_entries_show(chain: Engine) -> None:
    """Two entries that changed places are named by the first of them."""
    with chain.begin() as connection:
        for old, new in ((2, 20), (3, 2), (20, 3)):
            connection.execute(update(table).where(table.c.seq == old).values(seq=new))
    assert _first_bad(chain) == 2


def test_an_entry_made_up_without_the_key_shows(chain: Engine) -> None:
    """An entry appended by someone without the key is named."""
    last = telling.rows(chain, table)[-1]
    with chain.begin() as connection:
        forged = last | {"seq": 6, "prev_hash": last["hash"], "hash": bindparam("hash")}
        connection.execute(insert(table).values(forged), {"hash": "0" * 43})
    assert _first_bad(chain) == 6


def test_entries_of_older_keys_verify(chain: Engine) -> None:
    """After a rotation each entry is verified with the key it was made with."""
    newer = AuditKey("k2", b"b" * 32)
    with change(chain, newer, "cli", NOW + 9) as opened:
        applications.create(opened, "shop 9", Policy())
    keys = {each.kid: each.key for each in (AUDIT_KEY, newer)}
    with reading(chain) as connection:
        assert chain_of(connection, keys).bad is None


def test_a_chain_of_another_key_is_told(chain: Engine) -> None:
    """With another key the first entry is bad, and the sentence says that the key may be the reason."""
    with reading(chain) as connection:
        bad = chain_of(connection, {AUDIT_KEY.kid: b"x" * 32}).bad
    assert bad
    assert bad.seq == 1
    assert "the key is another" in bad.what


def test_a_key_that_nobody_knows_is_a_finding(chain: Engine) -> None:
    """An entry that names an unknown key is bad, and not the end of the search for a reason."""
    with reading(chain) as connection:
        bad = chain_of(connection, {}).bad
    assert bad
    assert (bad.seq, "names a key" in bad.what) == (1, True)


def test_entries_are_read_in_pages(chain: Engine) -> None:
    """Entries come newest first, a page at a time."""
    with reading(chain) as connection:
        first = audit.entries(connection, limit=2)
        second = audit.entries(connection, before_seq=first[-1].seq, limit=2)
    assert [entry.seq for entry in (*first, *second)] == [5, 4, 3, 2]
