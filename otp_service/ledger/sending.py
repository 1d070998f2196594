"""Where messages went lately, by country."""

from sqlalchemy import Connection, func, select

from otp_service.ledger.schema import messages


def countries_used(connection: Connection, since_ms: int) -> dict[str, int]:
    """How many messages went to each country since then, the most first; test keys aside."""
    count = func.count().label("count")
    found = (
        select(messages.c.country, count)
        .where(messages.c.queued_at >= since_ms, messages.c.country.is_not(None), messages.c.test.is_not(True))
        .group_by(messages.c.country)
        .order_by(count.desc(), messages.c.country)
    )
    return {row.country: int(row[1]) for row in connection.execute(found)}
