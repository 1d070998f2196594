"""What reports come to: segments, repeats, disorder, and who carries the message."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
import redis as redis_py

from otp_service.domain.ids import address, message_id, own_message_id, verification_id
from otp_service.domain.messages import RANKS, MessageStatus, Receipt
from otp_service.store.connect import connect
from otp_service.store.keys import parts_key, subject_keys
from otp_service.store.link import Link
from otp_service.store.receipts import Sent, apply_receipt
from tests.servers import RedisServer

KEY = b"i" * 32
FAR = 4_000_000_000_000
_numbers = count(1)


def receipt(status: MessageStatus, part: str = "", parts: int | None = None, **more: Any) -> Receipt:
    """A report, of a segment if one is named."""
    return Receipt(part or "v-1", status, part=part, parts=parts, **more)


@dataclass
class Desk:
    """One code on its way, as its record and its reports show it."""

    link: Link
    client: redis_py.Redis
    sent: Sent
    record: str
    cell: str = "{c0}"
    told: list[bool] = field(default_factory=list)

    @property
    def parts(self) -> str:
        return parts_key(self.cell, self.sent.message)

    def accepted(self, provider: str = "a", segments: int = 1) -> "Desk":
        """What settle.lua leaves behind when a provider has accepted it."""
        self.client.hset(self.record, f"m:{self.sent.message}", f"3|accepted|{provider}||1")
        self.client.hset(self.parts, mapping={"by": provider, f"n:{provider}": segments})
        return self

    def watched(self) -> "Desk":
        """Waits for a receipt, as settle.lua arranges it."""
        self.client.hset(f"{self.cell}:held", self.sent.message, '[1,"v","1"]')
        self.client.zadd(f"{self.cell}:due", {f"@{self.sent.message}": FAR})
        return self

    def hears(self, *receipts: Receipt, provider: str = "a") -> "Desk":
        """Reports come in."""
        self.told += [apply_receipt(self.link, 1, self.sent, provider, one) for one in receipts]
        return self

    def status(self) -> str:
        """status|provider|reason as the record has it."""
        said = self.client.hget(self.record, f"m:{self.sent.message}") or ""
        return "|".join(str(said).split("|")[1:4])

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """The facts of one type that were told."""
        found = [fields for _, fields in self.client.xrange(f"{self.cell}:facts")]
        return [json.loads(fields["d"]) for fields in found if fields["t"] == kind]

    def waits(self) -> list[str]:
        """What is left of the watch: the held fields, and the time at which it is due."""
        due = self.client.zscore(f"{self.cell}:due", f"@{self.sent.message}")
        return [*sorted(self.client.hkeys(f"{self.cell}:held")), *([] if due is None else [f"{due:.0f}"])]


@pytest.fixture
def desk(redis: RedisServer) -> Iterator[Desk]:
    """A code that waits in the store."""
    number = next(_numbers)
    at = address(KEY, "app_1", f"+4179123{number:04d}", "login")
    verification = verification_id(KEY, "app_1", at, number.to_bytes(16, "big"))
    keys = subject_keys(at, 1)
    with redis.client() as client:
        client.hset(keys.record, mapping={"id": verification, "st": "pending"})
        sent = Sent(message_id(number.to_bytes(16, "big")), verification)
        yield Desk(connect(redis.url), client, sent, keys.record)


def test_a_message_is_delivered_when_all_its_segments_are(desk: Desk) -> None:
    """Two of three leave it sent; the third concludes it."""
    desk.accepted(segments=3).hears(receipt("delivered", "x"), receipt("delivered", "y"))
    assert desk.status() == "sent|a|"
    assert desk.hears(receipt("delivered", "z")).status() == "delivered|a|"


def test_one_bad_segment_makes_it_undelivered_and_a_later_good_one_does_not_hide_it(desk: Desk) -> None:
    """opengovsg/postmangovsg PR 1150: the second segment's success overwrote the first one's error."""
    desk.accepted(segments=2).hears(receipt("failed", "x", reason="unreachable"))
    assert desk.status() == "undelivered|a|unreachable"
    assert desk.hears(receipt("delivered", "y")).status() == "undelivered|a|unreachable"


def test_segments_of_an_unknown_number_conclude_nothing_good(desk: Desk) -> None:
    """Where nobody says how many there are, delivered segments leave the message sent, until the vendor says it."""
    desk.accepted()
    desk.client.hdel(desk.parts, "n:a")
    assert desk.hears(receipt("delivered", "x")).status() == "sent|a|"
    assert desk.hears(receipt("delivered", "y", parts=2)).status() == "delivered|a|"


def test_all_segments_are_known_by_the_ids_of_the_answer(desk: Desk) -> None:
    """jookies/jasmin issue 663: of three segments' ids only one was known, so two receipts had no message."""
    desk.accepted(segments=3).hears(*(receipt("delivered", part) for part in ("id-1", "id-2", "id-3")))
    assert [fact["part"] for fact in desk.facts("receipt")] == ["id-1", "id-2", "id-3"]
    assert desk.status() == "delivered|a|"


@pytest.mark.parametrize("status", ["failed", "expired", "undelivered"])
def test_a_bad_end_of_the_only_segment_keeps_its_word(desk: Desk, status: MessageStatus) -> None:
    """jookies/jasmin issue 447: FAILED and EXPIRED are reports like any other, with their reason."""
    desk.accepted().hears(receipt(status, "x", reason="expired"))
    assert desk.status() == f"{status}|a|expired"


def test_a_report_is_told_once(desk: Desk) -> None:
    """A repeat changes nothing; another word of the vendor for the same state is a report of its own."""
    desk.accepted().hears(*[receipt("undelivered", raw="30006")] * 3, receipt("undelivered", raw="30003"))
    assert desk.told == [True, False, False, True]
    assert [fact["raw"] for fact in desk.facts("receipt")] == ["30006", "30003"]
    assert [fact["status"] for fact in desk.facts("message")] == ["undelivered"]


def test_reports_in_any_order_come_to_the_same(desk: Desk) -> None:
    """A thousand times each, shuffled: every distinct report is one fact, and the message ends delivered, once."""
    said: list[Receipt] = [receipt("accepted"), receipt("sent"), receipt("delivered")]
    said += [receipt(status, part) for part in ("x", "y") for status in ("sent", "delivered")]
    many = said * 1000
    random.Random(7).shuffle(many)
    desk.accepted(segments=2).hears(*many)
    assert sum(desk.told) == len(said) == len(desk.facts("receipt"))
    assert desk.status() == "delivered|a|"
    assert [fact["status"] for fact in desk.facts("message")][-1] == "delivered"
    ranks = [RANKS[fact["status"]] for fact in desk.facts("message")]
    assert ranks == sorted(set(ranks))


def test_a_report_before_the_answer_is_kept_for_it(desk: Desk) -> None:
    """`delivered` counts at once, since the person has it; a bad end waits until it is known who carries it."""
    assert desk.hears(receipt("undelivered", reason="unreachable")).status() == ""
    assert desk.hears(receipt("delivered")).status() == "delivered|a|"


def test_who_was_given_up_ends_nothing(desk: Desk) -> None:
    """After a failover the first provider's bad end is told but does not count; its `delivered` does."""
    desk.accepted("b").hears(receipt("failed"), receipt("sent"))
    assert desk.status() == "accepted|b|"
    assert [fact["status"] for fact in desk.facts("receipt")] == ["failed", "sent"]
    assert desk.hears(receipt("delivered")).status() == "delivered|a|"


def test_a_delivered_code_is_watched_no_longer(desk: Desk) -> None:
    """Nobody else will be asked to send it."""
    desk.accepted().watched().hears(receipt("delivered"))
    assert desk.waits() == []


def test_a_bad_end_of_a_watched_code_calls_the_next_provider_at_once(desk: Desk) -> None:
    """The message stays as it was, its entry is due now and knows what was said; a repeat changes nothing more."""
    bad = receipt("undelivered", reason="unreachable")
    desk.accepted().watched().hears(bad, bad, receipt("failed", raw="again"))
    message, told, due = desk.waits()
    assert (message, told) == (desk.sent.message, f"{desk.sent.message}!")
    assert desk.client.hget("{c0}:held", told) == "undelivered|unreachable"
    assert int(due) < FAR
    assert (desk.status(), desk.facts("message")) == ("accepted|a|", [])


def test_a_message_of_its_own_moves_as_a_code_does(redis: RedisServer) -> None:
    """Its state stands in its own record, in the cell that its id names."""
    id_ = own_message_id(b"\0\0\0\1", b"r" * 16)
    with redis.client() as client:
        record = f"{{c0}}:m:{id_}"
        client.hset(record, mapping={"id": id_, "st": "pending"})
        own = Desk(connect(redis.url), client, Sent(id_, ""), record).accepted()
        assert own.hears(receipt("delivered")).status() == "delivered|a|"
        assert own.facts("message")[0]["verification"] is None


def test_a_report_after_the_record_is_gone_still_reaches_the_ledger(desk: Desk) -> None:
    """Vendors report for days, records live for one: then what is reported is told as facts."""
    desk.client.delete(desk.record)
    desk.hears(receipt("undelivered"))
    assert [fact["status"] for fact in desk.facts("message")] == ["undelivered"]
    assert desk.client.exists(desk.record) == 0


def test_what_is_kept_of_reports_ends_after_three_days(desk: Desk) -> None:
    """No key without an end, and no more of them than a vendor can mean."""
    desk.hears(*(receipt("sent", raw=str(number)) for number in range(1100)))
    assert 0 < desk.client.pttl(desk.parts) <= 72 * 3_600_000
    assert desk.client.hlen(desk.parts) <= 1001


def test_an_id_that_was_never_given_out_is_no_news(desk: Desk) -> None:
    """A message without a place and without a verification can't be anybody's."""
    assert not apply_receipt(desk.link, 1, Sent("msg_x", ""), "a", receipt("delivered"))
