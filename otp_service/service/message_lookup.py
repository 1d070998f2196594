"""Messages of their own, after they were sent or scheduled: found, moved, canceled, and what came of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain import ids
from otp_service.domain.errors import Refusal
from otp_service.domain.phone import parse_number
from otp_service.ledger import messages as ledger
from otp_service.ledger.engine import reading
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms
from otp_service.service.destination import number_index
from otp_service.service.messages import place_of, refuse_unfit_time
from otp_service.service.tracking import Tracked, from_row, track
from otp_service.store import messages as store
from otp_service.store.keys import subject_keys


def move(core: Core, caller: Caller, id_: str, send_at_ms: int) -> Tracked:
    """Sends a scheduled message at another time; how long it is valid moves along."""
    refuse_unfit_time(send_at_ms)
    record = _record(core, caller, id_)
    if record is not None and store.move(core.link, core.cells, id_, record["rf"], send_at_ms):
        return track(core, caller, id_)
    return _ended(core, caller, id_)


def cancel(core: Core, caller: Caller, id_: str, request_id: str) -> Tracked:
    """Cancels a message that no provider has yet; one that was canceled stays so."""
    detail = f'{{"request":"{request_id}"}}'
    if _record(core, caller, id_) is not None and store.cancel(core.link, core.cells, id_, detail):
        return track(core, caller, id_)
    return _ended(core, caller, id_, "canceled")


def _record(core: Core, caller: Caller, id_: str) -> Mapping[str, str] | None:
    record = store.read(core.link, core.cells, id_)[1]
    return record if record.get("re") == caller.realm else None


def _ended(core: Core, caller: Caller, id_: str, wanted: str = "") -> Tracked:
    """The message as the ledger remembers it, if it ended as is wanted; Refusal not_found or not_pending."""
    found = track(core, caller, id_)
    if found.verification is not None:
        raise Refusal("not_pending", "this is a verification's message: cancel the verification")
    if found.status != wanted:
        raise Refusal("not_pending", "it is on its way already, or has ended; its status tells which")
    return found


def by_reference(core: Core, caller: Caller, reference: str) -> str:
    """The id of the message that this reference names now; Refusal not_found if there is none."""
    place, digest = place_of(core, caller, reference)
    found = store.named(core.link, core.cells, place, digest)
    if found is None:
        raise Refusal("not_found", "there is no message with this reference, or it ended long ago")
    return found


def listed(core: Core, caller: Caller, query: Mapping[str, Any]) -> tuple[list[Tracked], str | None]:
    """A page of the application's messages, newest first, and the cursor of the next."""
    to = query.get("to")
    index = number_index(core, parse_number(to, caller.application.policy.default_region).e164) if to else None
    try:
        with reading(core.engine) as connection:
            page = ledger.page(
                connection,
                caller.application.id,
                now_ms(),
                test=caller.test,
                number_index=index,
                limit=query.get("limit", 50),
                reference=query.get("reference"),
                status=query.get("status"),
                from_ms=query.get("from_ms"),
                to_ms=query.get("to_ms"),
                cursor=query.get("cursor"),
            )
    except SQLAlchemyError as error:
        raise Refusal("unavailable", "the ledger can't be read now", retry_after_s=5) from error
    found = [from_row(core, row) for row in page.items]
    return _with_named(core, caller, query, found), page.next_cursor


def _with_named(core: Core, caller: Caller, query: Mapping[str, Any], found: list[Tracked]) -> list[Tracked]:
    """With the message that the reference names now as the store knows it: a caller may look before the ledger does."""
    if query.keys() - {"limit"} != {"reference"}:
        return found
    try:
        named = track(core, caller, by_reference(core, caller, query["reference"]))
    except Refusal as refusal:
        if refusal.code != "not_found":
            raise
        return found
    named = replace(named, attempts=(), receipts=())
    return [named, *(each for each in found if each.id != named.id)]


def tell_outcome(core: Core, caller: Caller, id_: str, outcome: str) -> None:
    """Keeps what came of a message, or of a code that its caller checks itself."""
    found = track(core, caller, id_)
    if found.verification is None:
        store.tell_outcome(core.link, store.cell_of(id_, core.cells), id_, outcome)
    else:
        keys = subject_keys(ids.address_of(found.verification), core.cells)
        store.tell_outcome(core.link, keys.cell, id_, outcome, keys.record)
