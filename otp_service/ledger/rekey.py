"""Sealing again, under the newest key, whatever an older one sealed; after it the older key may leave the ring."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, Engine, and_, select, update

from otp_service.ledger.kids import SEALED, Sealed, beyond

BATCH = 500

# What was sealed and the name it is bound to -> the same under the newest key.
Reseal = Callable[[str, str], str]


def rekey(engine: Engine, newest: str, reseal: Reseal, progress: Callable[[int], None] = lambda done: None) -> int:
    """Seals again everything that isn't under the kid `newest`, in batches; how much that was."""
    done = 0
    for place in SEALED:
        for count in _in_batches(engine, place, newest, reseal):
            done += count
            progress(done)
    return done


def _in_batches(engine: Engine, place: Sealed, newest: str, reseal: Reseal) -> Iterator[int]:
    while True:
        with engine.begin() as connection:
            count = _batch(connection, place, newest, reseal)
        if not count:
            return
        yield count


def _batch(connection: Connection, place: Sealed, newest: str, reseal: Reseal) -> int:
    found = select(place.column, place.bound_to).where(beyond(place, [newest])).limit(BATCH)
    rows = connection.execute(found).all()
    for sealed, bound_to in rows:
        # Only if nobody has changed it meanwhile: retention may just have forgotten a number.
        same = and_(place.column == sealed, place.bound_to == bound_to)
        again = update(place.column.table).where(same).values({place.column.name: reseal(sealed, bound_to)})
        connection.execute(again)
    return len(rows)
