"""The audit, for admins: what admins did, and whether it still says so."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import Connection

from otp_service.domain.heads import Head, public_key
from otp_service.domain.keys import UnknownKid
from otp_service.ledger import audit, chain, heads
from otp_service.ledger.audit import Entry, Wanted
from otp_service.ledger.chain import Keys, Verdict
from otp_service.ledger.paging import Page
from otp_service.service.admin.opening import looking, owner
from otp_service.service.core import Core

BATCH = 500


def page(core: Core, limit: int, cursor: str | None = None, wanted: Wanted | None = None) -> Page[Entry]:
    """Some of the audit, newest first: all of it, or what is looked for."""
    with looking(core) as connection:
        return audit.page(connection, wanted or Wanted(), limit, cursor)


def application_id(core: Core, application: str) -> str:
    """The id of the application of this id or name; Refusal not_found if there is none."""
    with looking(core) as connection:
        return owner(connection, application).id


def every(core: Core, wanted: Wanted) -> Iterator[Entry]:
    """All entries that are looked for, oldest first, however many they are; a Refusal comes before the first."""
    return _following(core, wanted, _some(core, wanted, 0))


def _following(core: Core, wanted: Wanted, found: Sequence[Entry]) -> Iterator[Entry]:
    yield from found
    while len(found) == BATCH:
        found = _some(core, wanted, found[-1].seq)
        yield from found


def _some(core: Core, wanted: Wanted, after: int) -> Sequence[Entry]:
    with looking(core) as connection:
        return audit.oldest_first(connection, wanted, after, BATCH)


def verify(core: Core, after: int = 0, most: int | None = None) -> Verdict:
    """What verifying finds behind entry `after`, in as many entries as `most` or in all that there are."""
    with looking(core) as connection:
        to = None if most is None or after + most >= chain.last_seq(connection) else after + most
        known = heads.between(connection, after, to)
        return chain.verify(connection, keys_of(core, connection), known, after=after, most=most)


def verify_all(core: Core, more: Iterable[Head], progress: Callable[[int, int], None]) -> Verdict:
    """What verifying the whole audit finds, by the heads of the ledger and by more that were kept elsewhere.

    `progress` is told how many entries were looked at, and of about how many.
    """
    with looking(core) as connection:
        total = chain.last_seq(connection)
        known = [*heads.between(connection, 0, None), *more]
        return chain.verify(
            connection, keys_of(core, connection), known, progress=lambda seq: progress(min(seq, total), total)
        )


def keys_of(core: Core, connection: Connection) -> Keys:
    """What the chain and its heads are verified with: heads by the ring, or once a key has left it by the chain."""
    published: dict[str, str] | None = None
    audit_key = core.audit_key  # drawn once: it costs as much as an entry

    def of_entries(kid: str) -> bytes:
        if kid != audit_key.kid:
            raise UnknownKid(kid)
        return audit_key.key

    def of_heads(kid: str) -> str | None:
        nonlocal published
        if kid in core.ring.kids:
            return public_key(core.ring, kid)
        if published is None:
            published = heads.published_keys(connection)
        return published.get(kid)

    return Keys(of_entries, of_heads)
