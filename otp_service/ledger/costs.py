"""What messages cost: the sum of their attempts, kept beside each message so that reports need not look at attempts."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select, update

from otp_service.domain.facts import Fact
from otp_service.ledger.schema import attempts, messages


def add_up(connection: Connection, facts: Iterable[Fact]) -> None:
    """Bring the costs of the messages that these facts name up to date.

    Summed anew rather than added to, so that repeats do no harm; a message that comes after its attempts has them too.
    """
    ids = sorted({id for fact in facts if (id := _message(fact))})
    if ids:
        theirs = attempts.c.message_id == messages.c.id
        total = select(func.sum(attempts.c.cost_micros)).where(theirs).scalar_subquery()
        connection.execute(
            update(messages).where(messages.c.id.in_(_priced(connection, ids))).values(cost_micros=total)
        )


def _priced(connection: Connection, ids: list[str]) -> list[str]:
    """Those whose attempts cost something; looked up first, since a message without costs needs no second write."""
    found = select(attempts.c.message_id).where(attempts.c.message_id.in_(ids), attempts.c.cost_micros.is_not(None))
    return sorted(connection.scalars(found.distinct()))


def _message(fact: Fact) -> str | None:
    """The message whose sum a fact may change: any attempt's, and one that is told of for the first time."""
    if fact.type == "attempt":
        return str(fact.data["message"])
    return str(fact.data["id"]) if fact.type == "message" and fact.data.get("application") is not None else None
