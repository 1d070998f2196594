"""Uncovering a number: who looks is audited, in the transaction that reads it."""

from sqlalchemy import Connection, Table, select

from otp_service.domain.errors import Refusal
from otp_service.ledger import audit
from otp_service.ledger.schema import allows, blocks, people
from otp_service.service.admin.opening import changing
from otp_service.service.core import Core
from otp_service.service.sealed import number_in_ledger

# Where sealed numbers are kept, by the prefix of the name they are asked by: table, its name, what seals are bound to.
PLACES: dict[str, tuple[Table, str, str]] = {
    "": (people, "person_id", "number_index"),
    "block": (blocks, "id", "value"),
    "allow": (allows, "id", "value"),
}


def shown(core: Core, actor: str, name: str) -> str:
    """The number of a person, or of `block:<id>` or `allow:<id>`; Refusal not_found once it is erased."""
    kind, _, id = name.rpartition(":")
    with changing(core, actor) as change:
        number = _read(core, change.connection, kind, id)
        if number is None:
            raise Refusal("not_found", "this number is kept no more")
        audit.record(change, "number.shown", target=name)
    return number


def _read(core: Core, connection: Connection, kind: str, id: str) -> str | None:
    if kind not in PLACES:
        return None
    table, key, bound_to = PLACES[kind]
    found = select(table.c.to_sealed, table.c[bound_to]).where(table.c[key] == id)
    row = connection.execute(found).one_or_none()
    return None if row is None else number_in_ledger(core, *row)
