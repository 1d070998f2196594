"""Verifying the audit: whatever is done to it afterwards, the first entry that is bad is named, with a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.heads import Head, is_signed, public_key, sign
from otp_service.domain.keys import KeyRing
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, audit, heads
from otp_service.ledger.applications import Application
from otp_service.ledger.chain import BATCH, Bad, Keys, Verdict, verify
from otp_service.ledger.engine import reading
from otp_service.ledger.schema import audit as table
from tests.ledger.telling import AUDIT_KEY, NOW, SECOND, changing

RING = KeyRing({"k1": b"1" * 32})
OLDER_RING = KeyRing({"k0": b"0" * 32})
ENTRIES = 12
COLUMNS = [column.name for column in table.c]


@pytest.fixture
def chain(engine: Engine) -> Engine:
    """A ledger with a dozen audit entries and a head of the last."""
    for number in range(ENTRIES // 2):
        with changing(engine, at_ms=NOW + number) as opened:
            made = applications.create(opened, f"shop {number}", Policy(ttl_s=300 + number))
            applications.set_policy(opened, made.id, Policy(ttl_s=200 + number))
    with changing(engine, at_ms=NOW + SECOND) as opened:
        opened.connection.execute(table_of_heads(), head_of(opened.connection))
    return engine


def table_of_heads() -> Any:
    return text("INSERT INTO audit_heads VALUES (:seq, :hash, :at, :kid, :signature)")


def head_of(connection: Connection) -> dict[str, Any]:
    head = sign(RING, *audit.head(connection), NOW)
    return {name: getattr(head, name) for name in Head.__slots__}


def public_of(kid: str) -> str | None:
    return public_key(RING, kid) if kid in RING.kids else None


def judged(connection: Connection, known: Sequence[Head] | None = None, **more: Any) -> Verdict:
    """The verdict by the heads in the ledger, or by those that are given."""
    told = list(heads.between(connection, 0, None)) if known is None else known
    return verify(connection, Keys(lambda kid: AUDIT_KEY.key, public_of), told, **more)


def bad_after(engine: Engine, *statements: str, known: Sequence[Head] | None = None) -> Bad | None:
    """What is found after these statements, which nobody else will ever see."""
    with engine.connect() as connection, connection.begin() as transaction:
        for statement in statements:
            connection.execute(text(statement))
        found = judged(connection, known).bad
        transaction.rollback()
    return found


def test_an_honest_chain_is_good(chain: Engine) -> None:
    """A chain as it was written is good to its last entry, with every head."""
    with reading(chain) as connection:
        found = judged(connection)
    assert (found.seq, found.bad, found.at_end) == (ENTRIES, None, True)


TAMPERED = {
    "a deletion": (["DELETE FROM audit WHERE seq = 4"], 4, "Entry 4 is missing: entry 5 comes next."),
    "a wide deletion": (["DELETE FROM audit WHERE seq IN (4, 5, 6)"], 4, "Entries 4 to 6 are missing"),
    "the first gone": (["DELETE FROM audit WHERE seq = 1"], 1, "Entry 1 is missing"),
    "all gone": (["DELETE FROM audit"], 1, f"Entries 1 to {ENTRIES} are missing at the end"),
    "the end gone": (["DELETE FROM audit WHERE seq > 9"], 10, f"Entries 10 to {ENTRIES} are missing at the end"),
    "a swap": (
        [f"UPDATE audit SET seq = {to} WHERE seq = {seq}" for seq, to in ((5, 50), (8, 5), (50, 8))],
        5,
        "does not follow the one before it",
    ),
    "one put in before": (
        [
            "INSERT INTO audit SELECT 0, at, actor, act, application_id, target, before, after, kid, 'x', hash"
            " FROM audit WHERE seq = 3"
        ],
        0,
        "was put in",
    ),
    "a copy at the end": (
        [
            f"INSERT INTO audit SELECT {ENTRIES + 1}, at, actor, act, application_id, target, before, after, kid, 'x',"
            " hash FROM audit WHERE seq = 3"
        ],
        ENTRIES + 1,
        "does not follow the one before it",
    ),
    "another key": (["UPDATE audit SET hash = '.' || substr(hash, 2)"], 1, "not what was written"),
    "a forged head": (
        ["UPDATE audit_heads SET at = at + 1"],
        ENTRIES,
        f"A head of entry {ENTRIES} is not what was signed.",
    ),
    "a head of a stranger": (["UPDATE audit_heads SET kid = 'k9'"], ENTRIES, "names a key that never signed any"),
    "the note gone": (["DELETE FROM meta WHERE name = 'audit_head'"], 1, "was turned back, or changed, to entry 0"),
    "the note damaged": (["UPDATE meta SET value = 'x' WHERE name = 'audit_head'"], ENTRIES + 1, "can't be read"),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_was_done_to_it_is_named(chain: Engine, how: str) -> None:
    """A deletion, a swap, an insertion, a copy or a forged head is named by its entry and told in a sentence."""
    statements, seq, what = TAMPERED[how]
    bad = bad_after(chain, *statements)
    assert bad
    assert (bad.seq, what in bad.what) == (seq, True), bad.what


def test_a_truncation_with_the_note_turned_back_is_shown_by_a_head(chain: Engine) -> None:
    """Where the ledger's own note of the newest entry was turned back too, a head that went out tells what is gone."""
    with reading(chain) as connection:
        (head,) = heads.between(connection, 0, None)
    turned_back = (
        "DELETE FROM audit WHERE seq > 7",
        "UPDATE meta SET value = (SELECT '7:' || hash FROM audit WHERE seq = 7) WHERE name = 'audit_head'",
        "DELETE FROM audit_heads",
    )

    assert bad_after(chain, *turned_back) is None
    bad = bad_after(chain, *turned_back, known=[head])

    assert bad
    assert bad.seq == 8
    assert bad.what.startswith(f"Entries 8 to {ENTRIES} are missing at the end: a head signed at 2027-")


def test_a_chain_written_anew_is_shown_by_a_head(chain: Engine) -> None:
    """Even who holds the key can't write the past anew: the head of the entry had another hash."""
    with reading(chain) as connection:
        other = sign(RING, 6, "x" * 43, NOW)
        bad = judged(connection, [other]).bad
    assert bad
    assert (bad.seq, "is another than the one whose head was signed" in bad.what) == (6, True)


def test_it_is_verified_in_parts(chain: Engine) -> None:
    """Parts that follow each other find the same as all at once, and only the last looks for what was cut off."""
    with reading(chain) as connection:
        first = judged(connection, [], most=5)
        last = judged(connection, [], after=5, most=100)
    assert (first.seq, first.at_end, first.bad) == (5, False, None)
    assert (last.seq, last.at_end, last.bad) == (ENTRIES, True, None)
    with chain.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE seq = 8"))
        assert judged(connection, [], most=5).bad is None
        bad = judged(connection, [], after=5, most=2).bad
        assert bad is None
        bad = judged(connection, [], after=7, most=2).bad
        assert bad
        assert bad.seq == 8
        bad = judged(connection, [], after=8, most=2).bad
        assert bad
        assert bad.seq == 8


def test_progress_is_told(chain: Engine) -> None:
    """Whoever waits is told how far it is."""
    seen: list[int] = []
    with reading(chain) as connection:
        judged(connection, progress=seen.append)
    assert seen == [ENTRIES]


def test_a_long_chain_is_read_in_parts(chain: Engine) -> None:
    """However many entries there are, only so many are held at once."""
    asked: list[Any] = []
    event.listen(chain, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    with reading(chain) as connection:
        judged(connection, [])
    parts = [values for statement, values in asked if "audit.prev_hash" in statement]
    assert parts
    assert all(BATCH in (values if isinstance(values, tuple) else values.values()) for values in parts)


def flipped(value: Any, place: int, mask: int) -> Any:
    """The value with one byte of its spelling changed; None becomes something."""
    if value is None or value == "":
        return "{}"
    if isinstance(value, int):
        return value ^ (1 << place % 40)
    spelled = bytearray(value.encode())
    spelled[place % len(spelled)] ^= mask
    return spelled.decode("latin-1")


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.integers(1, ENTRIES), st.sampled_from(COLUMNS), st.integers(0, 500), st.integers(1, 127))
def test_any_single_change_of_any_row_is_found(chain: Engine, seq: int, column: str, place: int, mask: int) -> None:
    """Whatever byte of whatever column of whatever entry is changed, that entry or the gap it leaves is named."""
    is_json = column in ("before", "after")
    with chain.connect() as connection, connection.begin() as transaction:
        spelled = f"CAST({column} AS TEXT)" if is_json else column
        value = connection.scalar(text(f"SELECT {spelled} FROM audit WHERE seq = {seq}"))
        into = "CAST(:value AS JSON)" if is_json and connection.dialect.name == "postgresql" else ":value"
        try:
            put = text(f"UPDATE audit SET {column} = {into} WHERE seq = {seq}")
            connection.execute(put, {"value": flipped(value, place, mask)})
        except SQLAlchemyError:
            transaction.rollback()  # the database takes no such value, or has one of this number
            return
        bad = judged(connection).bad
        transaction.rollback()
    assert bad is not None
    assert bad.seq <= seq
    assert bad.seq == seq or column == "seq"


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "seq"])
def test_a_value_that_is_gone_or_of_another_kind_is_found(chain: Engine, column: str) -> None:
    """A value that was emptied, or put in where there was none, is found; also JSON's null for no value."""
    json, nothing = dict.fromkeys(("before", "after"), "'null'"), dict.fromkeys(("application_id", "target"), "NULL")
    value = {**json, **nothing, "at": "7", "prev_hash": "'x'"}.get(column, "''")
    bad = bad_after(chain, f"UPDATE audit SET {column} = {value} WHERE seq = 5")
    assert bad
    assert bad.seq == 5


def test_bytes_that_are_no_text_are_found(chain: Engine, database: str) -> None:
    """A byte that makes a text unreadable on disk is a finding at its entry, and not a crash."""
    broken = {"sqlite": "CAST(x'ff41' AS TEXT)", "postgresql": "chr(1)"}[database]
    bad = bad_after(chain, f"UPDATE audit SET actor = {broken} WHERE seq = 9")
    assert bad
    assert bad.seq == 9


def test_a_value_of_another_type_is_found(chain: Engine, database: str) -> None:
    """Where the database minds no types, a number in place of a text is found too."""
    put = {"sqlite": "x'00'", "postgresql": "'0'"}[database]
    bad = bad_after(chain, f"UPDATE audit SET hash = {put} WHERE seq = 9")
    assert bad
    assert bad.seq == 9


@pytest.fixture
def signed(engine: Engine, app: Application) -> Callable[[int, KeyRing], Head | None]:
    """Signs a head if one is due at this second."""
    return lambda second, ring: heads.sign_if_due(engine, ring, AUDIT_KEY, NOW + second * SECOND)


Signed = Callable[[int, KeyRing], Head | None]


def move(engine: Engine, times: int = 1) -> None:
    """So many more entries."""
    with changing(engine) as opened:
        for number in range(times):
            audit.record(opened, "test.act", after={"number": number})


def test_a_head_goes_out_once_a_minute_while_the_chain_moves(engine: Engine, signed: Signed) -> None:
    """The first head is due at once, the next ones a minute after the last if entries have come."""
    first = signed(0, RING)
    assert first
    assert signed(60, RING) is None
    move(engine)
    assert signed(59, RING) is None
    second = signed(60, RING)
    assert second
    assert second.seq == first.seq + 1


def test_a_thousand_entries_wait_for_no_minute(engine: Engine, signed: Signed) -> None:
    """A thousand entries after the last head the next one is due, whatever the time."""
    signed(0, RING)
    move(engine, 999)
    assert signed(1, RING) is None
    move(engine)
    assert signed(1, RING)


def test_an_empty_audit_has_no_head(engine: Engine) -> None:
    """Nothing is signed before there is an entry."""
    assert heads.sign_if_due(engine, RING, AUDIT_KEY, NOW) is None


def test_the_chain_tells_the_public_keys_of_its_heads(engine: Engine, signed: Signed) -> None:
    """Every key that signs is told by an entry first, once, so that heads outlive the ring's keys."""
    first = signed(0, OLDER_RING)
    move(engine)
    second = signed(60, RING)
    with reading(engine) as connection:
        keys = heads.published_keys(connection)
        found = verify(connection, Keys(lambda kid: AUDIT_KEY.key, keys.get), heads.between(connection, 0, None))
    assert first
    assert second
    assert keys == {"k0": public_key(OLDER_RING, "k0"), "k1": public_key(RING, "k1")}
    assert (found.bad, found.seq) == (None, second.seq)


def test_a_chain_that_was_turned_back_is_not_signed(engine: Engine, signed: Signed) -> None:
    """Where the chain is behind its last head nothing is signed, and whoever asked is told."""
    signed(0, RING)
    move(engine, 3)
    head = signed(60, RING)
    assert head
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE meta SET value = '{head.seq - 1}:x' WHERE name = 'audit_head'"))
    with pytest.raises(heads.TurnedBack, match=f"a head of entry {head.seq} went out"):
        signed(120, RING)


def test_a_changed_head_is_told_from_a_genuine_one(signed: Signed) -> None:
    """A head whose number, hash or time was changed has no valid signature."""
    head = signed(0, RING)
    assert head
    for other in (replace(head, seq=9), replace(head, hash="x"), replace(head, at=1), replace(head, signature="!")):
        with_key = public_key(RING, "k1")
        assert is_signed(head, with_key)
        assert not is_signed(other, with_key)
