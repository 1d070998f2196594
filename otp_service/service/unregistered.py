"""Senders that a vendor's report calls unregistered are taken out, lest the next message meets the same end.

Only a report that proves whose it is takes one out: a URL that leaked must not stop all messages of a country.
"""

from collections.abc import Iterable

from otp_service.domain.facts import Fact
from otp_service.ledger.engine import reading
from otp_service.ledger.tracking import handed_over
from otp_service.service.core import Core
from otp_service.service.receipts import is_proven
from otp_service.service.senders import take_out

UNREGISTERED = "unregistered_sender"


def heed(core: Core, facts: Iterable[Fact]) -> int:
    """Takes out the senders of the messages of which these facts report it; how many that is news of.

    Asked of the ledger once it has these facts: only the attempt says which sender a provider was given.
    """
    told = {
        (fact.data["message"], fact.data["provider"]): fact.data.get("raw")
        for fact in facts
        if fact.type == "receipt" and fact.data.get("reason") == UNREGISTERED
    }
    proven = {provider for provider in {provider for _, provider in told} if is_proven(core, provider)}
    return sum(_taken_out(core, *which, raw) for which, raw in told.items() if which[1] in proven)


def _taken_out(core: Core, message: str, provider: str, raw: str | None) -> bool:
    with reading(core.engine) as connection:
        sent = handed_over(connection, message, provider)
    return sent is not None and take_out(core, provider, sent.sender, sent.country, UNREGISTERED, raw, sent_ms=sent.at)
