"""Many rows in one statement: the same on either database as one by one."""

from typing import Any

from sqlalchemy import Engine, event, select

from otp_service.ledger.many import AT_ONCE, find_many, insert_many, update_many
from otp_service.ledger.schema import blocks

AWKWARD = ["", "0", 'it\'s "said"', "[1, null]", "null", "ü🙂\\n$[0]", "line\nline", "x" * 5000]


def row(number: int, reason: str = "why", expires_at: int | None = None) -> dict[str, Any]:
    return {
        "id": f"blk_{number}",
        "application_id": None,
        "kind": "country",
        "value": f"{number}",
        "to_sealed": None,
        "reason": reason,
        "expires_at": expires_at,
        "created_at": 2**53 + number,
    }


def kept(engine: Engine) -> list[dict[str, Any]]:
    """All rows as they stand."""
    with engine.connect() as connection:
        return [dict(each) for each in connection.execute(select(blocks).order_by(blocks.c.created_at)).mappings()]


def test_what_goes_in_is_what_was_given(engine: Engine) -> None:
    """Texts keep every sign, numbers stay whole, and nothing stays nothing."""
    rows = [row(number, reason, number or None) for number, reason in enumerate(AWKWARD)]
    with engine.begin() as connection:
        insert_many(connection, blocks, rows)
    assert kept(engine) == rows


def test_each_row_changes_as_it_says(engine: Engine) -> None:
    """A change finds its row by the id, leaves the rest of it as it is, and makes no row."""
    rows = [row(number) for number in range(len(AWKWARD) + 1)]
    said = [{"id": f"blk_{n}", "reason": reason, "expires_at": n or None} for n, reason in enumerate(AWKWARD)]
    with engine.begin() as connection:
        insert_many(connection, blocks, rows)
        update_many(connection, blocks, [*said, {"id": "blk_none", "reason": "x", "expires_at": 1}])
    assert kept(engine) == [*({**before, **now} for before, now in zip(rows, said, strict=False)), rows[-1]]


def test_a_long_list_is_a_few_statements(engine: Engine) -> None:
    """However many rows there are, the database is asked a few times."""
    asked: list[str] = []
    rows = [row(number) for number in range(AT_ONCE + 1)]
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2].split()[0]))
    with engine.begin() as connection:
        insert_many(connection, blocks, rows)
        update_many(connection, blocks, [{"id": each["id"], "reason": "new"} for each in rows])
        insert_many(connection, blocks, [])
    updates = 2 if engine.dialect.name == "sqlite" else 1  # PostgreSQL is given all of them at once, by their ids
    assert [word for word in asked if word in ("INSERT", "UPDATE")] == ["INSERT"] * 2 + ["UPDATE"] * updates
    assert {each["reason"] for each in kept(engine)} == {"new"}


def test_what_is_looked_for_is_found(engine: Engine) -> None:
    """A row is found by all that is said of it together, and one that says else is not."""
    rows = [row(number, reason) for number, reason in enumerate(AWKWARD)]
    with engine.begin() as connection:
        insert_many(connection, blocks, rows)
        wanted = [{"value": each["value"], "reason": each["reason"]} for each in rows[1:]]
        found = find_many(connection, blocks, [*wanted, {"value": "0", "reason": "other"}])
        assert sorted(each["created_at"] for each in found) == [each["created_at"] for each in rows[1:]]
