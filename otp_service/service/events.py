"""Events as callers read them: their own application's, of live or of test keys, from where they left off."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.events import FILTERS
from otp_service.domain.keys import b64, unb64
from otp_service.ledger import events
from otp_service.ledger.engine import reading
from otp_service.ledger.events import Told
from otp_service.service.callers import Caller
from otp_service.service.core import Core

BATCH = 100
_SEQ = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Batch:
    """Events, the place behind them, and whether more are there already."""

    events: Sequence[Told]
    place: int
    has_more: bool


def after(core: Core, caller: Caller, place: int | None, types: Sequence[str] = ()) -> Batch:
    """What follows this place, of these types; None is the place of now. Refusal unavailable while SQL is down."""
    try:
        with reading(core.engine) as connection:
            if place is None:
                return Batch((), events.head(connection), has_more=False)
            found = events.after(connection, caller.application.id, place, types, BATCH)
    except SQLAlchemyError as error:
        raise Refusal("unavailable", "the ledger can't be read now", retry_after_s=5) from error
    theirs = [event for event in found if bool(event.data.get("test")) == caller.test]
    return Batch(theirs, found[-1].seq if found else place, has_more=len(found) == BATCH)


def is_welcome(core: Core, caller: Caller) -> bool:
    """Whether the caller's key is still in force."""
    return caller.key_id in core.snapshot().keys


def write_place(place: int) -> str:
    """A place as callers keep it."""
    return b64(str(place).encode())


def read_place(field: str, text: str) -> int:
    """The reverse; Refusal invalid_field for what no stream gave out."""
    try:
        found = _SEQ.fullmatch(unb64(text))
    except ValueError:
        found = None
    if found is None:
        raise invalid_field(field, "is not one that this stream gave out")
    return int(found[0])


def read_types(text: str) -> list[str]:
    """The types in a list by commas; Refusal invalid_field for one that is unknown."""
    types = text.split(",") if text else []
    if not set(types) <= set(FILTERS):
        raise invalid_field("types", f"there is one that is unknown; known are {', '.join(FILTERS)}")
    return types
