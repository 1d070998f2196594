"""Blocks, for admins: numbers and prefixes that get no codes."""

import re

from otp_service.domain.errors import Refusal, invalid_field
from otp_service.domain.keys import NONCE_BYTES
from otp_service.domain.phone import mask
from otp_service.ledger import blocks, pages
from otp_service.ledger.applications import Application
from otp_service.ledger.blocks import Block, Kind
from otp_service.ledger.paging import Page
from otp_service.service.admin.fields import future, number, words
from otp_service.service.admin.opening import changing, looking, owner, stored
from otp_service.service.core import Core, now_ms, random_bytes
from otp_service.service.destination import number_index
from otp_service.service.sealed import number_in_ledger

MOST_REASON = 200
_PREFIX = re.compile(r"\+?([1-9][0-9]{0,14})", re.ASCII)


def create(
    core: Core,
    actor: str,
    kind: Kind,
    value: str,
    reason: str,
    *,
    application: str | None = None,
    expires_ms: int | None = None,
) -> Block:
    """Blocks a number, or a prefix with or without its plus; for one application or for all."""
    words("reason", reason, least=1, most=MOST_REASON)
    ends = future("expires_at", expires_ms)
    with changing(core, actor) as change:
        of = owner(change.connection, application) if application is not None else None
        id_ = of.id if of else None
        if kind == "prefix":
            return blocks.add(change, kind, _prefix(value), reason, application_id=id_, expires_at=ends)
        index, sealed = _sealed(core, value, of)
        return blocks.add(change, kind, index, reason, application_id=id_, to_sealed=sealed, expires_at=ends)


def delete(core: Core, actor: str, id: str) -> Block:
    """Lifts a block, and answers it; Refusal not_found if there is none of this id."""
    with changing(core, actor) as change:
        found = pages.block(change.connection, stored(id))
        blocks.remove(change, stored(id))
    if found is None:
        raise Refusal("not_found", "there is no such block")
    return found


def page(core: Core, limit: int, cursor: str | None = None, application: str | None = None) -> Page[Block]:
    """Some of the blocks in force, newest first; those of one application, or all."""
    with looking(core) as connection:
        of = owner(connection, application).id if application is not None else None
        return pages.blocks_page(connection, now_ms(), of, limit, cursor)


def shown(core: Core, block: Block) -> str:
    """What a block holds against, fit for people's eyes: the prefix, or the number masked."""
    if block.kind == "prefix":
        return f"+{block.value}"
    return mask(number_in_ledger(core, block.to_sealed, block.value) or "")


def _sealed(core: Core, value: str, of: Application | None) -> tuple[str, str]:
    """The number's index, and the number sealed and bound to it."""
    e164 = number("value", value, of.policy.default_region if of else None).e164
    index = number_index(core, e164)
    return index, core.ring.seal(e164.encode(), index, random_bytes(NONCE_BYTES))


def _prefix(value: str) -> str:
    found = _PREFIX.fullmatch(value)
    if found is None:
        raise invalid_field("value", "a prefix is the country code and maybe more digits, for instance +88213")
    return found[1]
