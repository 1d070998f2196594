"""Opt-outs, for the applications whose messages somebody wants no more."""

from dataclasses import dataclass

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import NONCE_BYTES
from otp_service.domain.messages import Message, MessageClass
from otp_service.domain.phone import parse_number
from otp_service.ledger import opt_outs, pages
from otp_service.ledger.blocks import Target
from otp_service.ledger.opt_outs import OptOut, Scope
from otp_service.service.admin.fields import under
from otp_service.service.admin.opening import looking, writing
from otp_service.service.callers import Caller
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.destination import number_index, standing
from otp_service.service.sealed import number_in_ledger

# Whose messages a scope refuses. A code is never among them: somebody has just asked for it.
BOUND: dict[str, frozenset[MessageClass]] = {
    "promotional": frozenset({"promotional"}),
    "all": frozenset({"promotional", "alert", "transactional"}),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An opt-out as its application reads it; `to` is None once the number can't be opened any more."""

    to: str | None
    scope: str
    source: str
    created_ms: int


def refuse_opted_out(core: Core, caller: Caller, index: str, message_class: MessageClass) -> None:
    """Refusal opted_out if the person of this number wants no messages of this class from the application."""
    scope = core.snapshot().opted_out.get((caller.application.id, caller.test, index))
    if scope is not None and message_class in BOUND[scope]:
        raise Refusal("opted_out", "this person has opted out of these messages; GET /v1/opt-outs/{number} tells which")


def unwelcome(core: Core, message: Message) -> str | None:
    """Why a message that waited is not sent any more: its person has opted out since, or an admin has blocked them."""
    index, snapshot = number_index(core, message.to), core.snapshot()
    target = Target(message.application, index, message.to, message.country)
    if standing(core, target)[0]:
        return "blocked"
    scope = snapshot.opted_out.get((message.application, message.test, index))
    return "opted_out" if scope is not None and message.message_class in BOUND[scope] else None


def put(core: Core, caller: Caller, number: str, scope: Scope) -> Shown:
    """Keeps that this person wants no more messages of this scope."""
    e164, index = _located(core, caller, number)
    sealed = core.ring.seal(e164.encode(), index, random_bytes(NONCE_BYTES))
    wanted = OptOut(caller.application.id, caller.test, index, sealed, scope, "api", now_ms())
    with writing(core) as connection:
        return _shown(core, opt_outs.put(connection, wanted))


def get(core: Core, caller: Caller, number: str) -> Shown:
    """The opt-out of this number; Refusal not_found if there is none."""
    _, index = _located(core, caller, number)
    with looking(core) as connection:
        return _found(core, opt_outs.get(connection, caller.application.id, caller.test, index))


def remove(core: Core, caller: Caller, number: str) -> Shown:
    """Lifts the opt-out of this number, and answers it; Refusal not_found if there is none."""
    _, index = _located(core, caller, number)
    with writing(core) as connection:
        return _found(core, opt_outs.remove(connection, caller.application.id, caller.test, index))


def listed(core: Core, caller: Caller, limit: int, cursor: str | None) -> tuple[list[Shown], str | None]:
    """A page of the application's opt-outs, newest first, and the cursor of the next."""
    with looking(core) as connection:
        page = pages.opt_outs_page(connection, caller.application.id, caller.test, limit, cursor)
    return [_shown(core, each) for each in page.items], page.next_cursor


def _located(core: Core, caller: Caller, text: str) -> tuple[str, str]:
    try:
        e164 = parse_number(text, caller.application.policy.default_region).e164
    except Refusal as refusal:
        raise under("number", refusal) from None
    return e164, number_index(core, e164)


def _found(core: Core, found: OptOut | None) -> Shown:
    if found is None:
        raise Refusal("not_found", "this person has not opted out")
    return _shown(core, found)


def _shown(core: Core, found: OptOut) -> Shown:
    to = number_in_ledger(core, found.to_sealed, found.number_index)
    return Shown(to, found.scope, found.source, found.created_at)
