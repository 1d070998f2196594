"""People, as the law sees them: what is known of somebody is told to them, and forgotten when they ask for it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from otp_service.domain.errors import Refusal
from otp_service.domain.fraud.scopes import scopes_of
from otp_service.domain.ids import Address, address
from otp_service.domain.keys import NONCE_BYTES, b64
from otp_service.domain.limits import parse_limits
from otp_service.domain.phone import Number
from otp_service.domain.policy import Policy
from otp_service.ledger import applications, audit, dossier
from otp_service.ledger import people as ledger
from otp_service.ledger.dossier import Item
from otp_service.ledger.people import Erased, Whom
from otp_service.service.admin.fields import number
from otp_service.service.admin.opening import RETRY_S, changing, looking
from otp_service.service.core import Core, random_bytes
from otp_service.service.destination import Destination, number_index
from otp_service.store import people as store
from otp_service.store.fraud import keys_of
from otp_service.store.limits import rules

ANY_PURPOSE = "login"  # a subject is the same for all
_MESSAGE = re.compile(r"msg_[A-Za-z0-9_-]{22,27}")
ON_THEIR_WAY = "facts about this person are on their way to the ledger: repeat this when couriers have brought them"
UNDER_WAY = "a courier was bringing a message of this person to a provider just then: repeat this in a minute"
UNSEEN = "Redis can't be reached now to see what is on its way to the ledger: repeat this"
HALF_WAY = "Redis went away before it had forgotten all of this person, and the ledger waits for it: repeat this"
LEDGER_LEFT = "Redis has forgotten this person, the ledger can't be reached now: repeat this"

Policies = dict[str, Policy | None]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was forgotten, and what is left to do, in sentences; repeating it then does the rest."""

    erased: Erased
    left: Sequence[str]


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that is known of a number, oldest first."""

    to: str
    country: str | None
    items: Sequence[Item]


def known_as(core: Core, connection: Connection, destination: Destination) -> str:
    """The random id by which the audit names this number: after an erasure it leads nowhere, as an index would."""
    meant, index = destination.number, destination.index
    sealed = core.ring.seal(meant.e164.encode(), index, random_bytes(NONCE_BYTES))
    row = {"number_index": index, "to_sealed": sealed, "country": meant.country, "block": meant.prefix}
    return ledger.introduce(connection, row)


def erase(core: Core, actor: str, to: str) -> Erasure:
    """Forgets the person of this number, in Redis and in the ledger; audited by a random id alone.

    Redis goes first, since what the ledger knows leads to what is there. Whatever fails, repeating it goes on.
    """
    meant = number("number", to, None)
    with looking(core) as connection:
        policies = dict(applications.policies(connection))
        whom = _whom(core, policies, meant.e164)
        known = ledger.traces(connection, whom)
    is_quiet = _forget_in_redis(core, _traces(core, policies, meant, whom), known)
    erased = _erase_in_ledger(core, actor, whom)
    left = _left_on_the_way(core, whom)
    return Erasure(erased, left if is_quiet else [*left, UNDER_WAY])


def _forget_in_redis(core: Core, found: store.Traces, known: ledger.Traces) -> bool:
    try:
        waiting = store.pending(core.link, core.cells, found.index, found.needles)
        return store.forget(core.link, core.cells, _all(found, known, waiting), scan=not core.clustered)
    except Refusal as error:
        raise Refusal("unavailable", HALF_WAY, retry_after_s=RETRY_S) from error


def _all(found: store.Traces, known: ledger.Traces, waiting: Sequence[str]) -> store.Traces:
    """What was found with what the ledger knows, and what it will know once couriers have brought it."""
    under_way = {message for text in waiting for message in _MESSAGE.findall(text)}
    return replace(
        found,
        verifications=known.verifications,
        messages=sorted({*known.messages, *under_way}),
        vendor_ids=known.vendor_ids,
    )


def _erase_in_ledger(core: Core, actor: str, whom: Whom) -> Erased:
    try:
        with changing(core, actor) as change:
            return ledger.erase(change, whom)
    except (Refusal, SQLAlchemyError) as error:
        raise Refusal("unavailable", LEDGER_LEFT, retry_after_s=RETRY_S) from error


def _left_on_the_way(core: Core, whom: Whom) -> list[str]:
    try:
        waiting = store.pending(core.link, core.cells, whom.index, whom.subjects)
    except Refusal:
        return [UNSEEN]
    return [f"{len(waiting)} {ON_THEIR_WAY}"] if waiting else []


def read(core: Core, actor: str, to: str) -> Dossier:
    """Everything that is known of this number, in the order of time; who looks is audited, or nothing is told.

    To find it all may take long, so it is done before the audit's lock is taken: other admins must not wait for it.
    """
    meant = number("number", to, None)
    with looking(core) as connection:
        whom = _whom(core, dict(applications.policies(connection)), meant.e164)
        found = ledger.traces(connection, whom)
        kept = dossier.about(connection, whom.index)
        items = dossier.known(connection, whom, found)
    with changing(core, actor) as change:
        audit.record(change, "person.read", target=found.person_id, after={"items": len(items)})
    every = sorted([*items, *_refusals(core, whom)], key=lambda item: item.at)
    return Dossier(meant.e164, kept.get("country"), every)


def _refusals(core: Core, whom: Whom) -> Iterator[Item]:
    """What was refused to this number within the last day, as Redis keeps it."""
    for fields in store.refusals(core.link, core.cells, whom.index):
        told = {name: fields[name] for name in ("code", "rule") if name in fields}
        yield Item(int(fields["at"]), "refusal", told | {"evidence": json.loads(fields.get("e") or "[]")})


def _whom(core: Core, policies: Policies, e164: str) -> Whom:
    subjects = tuple(b64(at.subject) for _, _, at in _realms(core, policies, e164))
    return Whom(number_index(core, e164), subjects)


def _realms(core: Core, policies: Policies, e164: str) -> Iterator[tuple[str, Policy | None, Address]]:
    for id, policy in policies.items():
        for realm in (id, f"{id}/test"):
            yield realm, policy, address(core.index_key, realm, e164, ANY_PURPOSE)


def _traces(core: Core, policies: Policies, meant: Number, whom: Whom) -> store.Traces:
    realms = list(_realms(core, policies, meant.e164))
    return store.Traces(
        whom.index,
        [at.subject for _, _, at in realms],
        frozenset({whom.index, *whom.subjects}),
        keys=[key for each in realms for key in _counters(core, meant, *each)],
    )


def _counters(core: Core, meant: Number, realm: str, policy: Policy | None, at: Address) -> Iterator[str]:
    """Where this number alone is counted."""
    if policy is not None:
        yield from (rule.key for rule in rules("to", "", parse_limits(policy.limits.to), at, core.cells))
    yield keys_of(realm, scopes_of(core.index_key, realm, meant.e164, meant.country, None))[0]


def as_json(found: Erasure) -> dict[str, Any]:
    """What was forgotten and what is left, as callers read it."""
    erased = {name: getattr(found.erased, name) for name in Erased.__slots__}
    return {"complete": not found.left, "erased": erased, "left": list(found.left)}
