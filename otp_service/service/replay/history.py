"""Replays over one's own history: the codes that were sent, by pseudonyms that group as the numbers do."""

from collections.abc import Sequence

from otp_service.domain.keys import unb64
from otp_service.domain.policy import Policy
from otp_service.domain.prices import price_micros
from otp_service.domain.replay.scoring import Score
from otp_service.domain.replay.trace import LEGIT, Row
from otp_service.ledger.applications import Application
from otp_service.ledger.sends import Send, sends
from otp_service.service.admin.opening import looking, owner
from otp_service.service.core import Core, random_bytes
from otp_service.service.replay.judge import Bench
from otp_service.service.replay.run import Replay
from otp_service.store.batches import OneByOne
from otp_service.store.link import Arg, Link
from otp_service.store.scripts import Script

MOST_ROWS = 20_000  # some seconds on a live Redis, one call after the other
KEY_BYTES = 32


def history(core: Core, application: str, from_ms: int, to_ms: int, most: int = MOST_ROWS) -> list[Row]:
    """What an application (id or name) sent in [from_ms, to_ms), as a trace that begins at 0.

    Numbers keep their block, their last four digits are made up: runs of numbers are not seen again. What was refused
    then was never sent, and is not in it. Who typed a code in is taken to have been able to solve a challenge.
    """
    with looking(core) as connection:
        owned: Application = owner(connection, application)
        found = sends(connection, owned.id, from_ms, to_ms, most)
    typed = _last_sends(found)
    prices = owned.policy.price_micros
    return [_row(each, from_ms, typed.get(each.verification_id) is each, prices) for each in found]


def _last_sends(found: Sequence[Send]) -> dict[str, Send]:
    """Of each verification the send whose code was typed in: the last one before that."""
    return {each.verification_id: each for each in found if each.approved_ms and each.at_ms <= each.approved_ms}


def _row(send: Send, from_ms: int, typed: bool, prices: dict[str, int]) -> Row:
    price = send.price_micros if send.price_micros is not None else price_micros(send.country or "", prices)
    after = max(0, send.approved_ms - send.at_ms) if typed and send.approved_ms else None
    return Row(
        at_ms=send.at_ms - from_ms,
        to=f"{send.block}{_digits(send.number_index)}",
        ip=_address(send),
        device=send.device_index or "",
        user=send.user_index or "",
        price_micros=price,
        converts_after_ms=after,
        passes=send.approved_ms is not None,
        label=LEGIT,
    )


def _digits(number_index: str) -> str:
    return f"{int.from_bytes(unb64(number_index)[:4]) % 10_000:04d}"


def _address(send: Send) -> str:
    """A private address that lies in a network of its own if the true one did."""
    if not send.network_index:
        return ""
    network = unb64(send.network_index)[:5].hex()
    own = unb64(send.ip_index)[:2].hex() if send.ip_index else "0"
    return f"fd{network[:2]}:{network[2:6]}:{network[6:10]}:{own}::1"


def replay(link: Link, rows: Sequence[Row], policy: Policy, realm: str) -> Score:
    """What the policy would have made of these rows, on the live Redis in a realm of its own, which is then emptied."""
    bench = Bench(policy, realm, random_bytes(KEY_BYTES))
    score = Score()
    calls = _Noted(link)
    try:
        for each in Replay(calls, bench).run(rows[:MOST_ROWS]):
            score.add(each.row, each.verdict)
    finally:
        for key in calls.keys:
            link.command("DEL", key)
    return score


class _Noted(OneByOne):
    """Remembers which keys it touched, so that they can be taken away again."""

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self.keys: set[str] = set()

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Arg]) -> None:
        """Calls at once."""
        self.keys.update(keys)
        super().call(script, keys, args)
