"""The simulated phone: what is shown, what is waited for, what is forgotten."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from otp_service.web.dev import Phone
from otp_service.web.dev.bubbles import Incoming, Next, label

ANA, BOB = "+41791234567", "+41797654321"


@dataclass
class Clock:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def phone(clock: Clock) -> Phone:
    return Phone(now=clock, ticks=clock)


def message(id_: str = "msg_1", to: str = ANA, text: str = "Your code is 123456.") -> Incoming:
    return Incoming(id=id_, to=to, text=text, sender="Acme")


def ids(phone: Phone, number: str | None = None, after: str = "") -> list[str]:
    return [bubble.id for bubble in phone.messages(number, after)]


def test_messages_are_shown_oldest_first(phone: Phone) -> None:
    """The simulated phone answers the messages of a number oldest first and no others."""
    for id_, to in (("msg_1", ANA), ("msg_2", BOB), ("msg_3", ANA)):
        phone.receive(message(id_, to))
    assert ids(phone, ANA) == ["msg_1", "msg_3"]
    assert ids(phone) == ["msg_1", "msg_2", "msg_3"]


def test_after_leaves_out_what_was_seen(phone: Phone) -> None:
    """A reader that names the last message it saw gets only later ones; an unknown name leaves nothing out."""
    for id_ in ("msg_1", "msg_2", "msg_3"):
        phone.receive(message(id_))
    assert ids(phone, ANA, after="msg_2") == ["msg_3"]
    assert ids(phone, ANA, after="msg_3") == []
    assert ids(phone, ANA, after="msg_gone") == ["msg_1", "msg_2", "msg_3"]


def test_a_message_looks_as_the_contract_says(phone: Phone) -> None:
    """A message of the simulated phone has exactly the fields of the contract, its time in UTC."""
    phone.receive(message())
    assert phone.messages(ANA)[0].as_message() == {
        "id": "msg_1",
        "to": ANA,
        "sender": "Acme",
        "text": "Your code is 123456.",
        "segments": 1,
        "encoding": "gsm7",
        "channel": "sms",
        "at": "1970-01-01T00:16:40.000Z",
    }


def test_delay_shows_the_message_five_seconds_later(phone: Phone, clock: Clock) -> None:
    """A delayed message is accepted at once, seen on its way, and shown five seconds later."""
    phone.switch(ANA, Next.DELAY)
    phone.receive(message())
    clock.at += 4.9
    assert ids(phone, ANA) == []
    assert phone.table().screens[0].coming == 1
    clock.at += 0.1
    assert ids(phone, ANA) == ["msg_1"]
    assert phone.table().screens[0].coming == 0


def test_someone_who_waits_gets_a_delayed_message() -> None:
    """A reader that waits is woken when a delayed message is due, though nobody else does anything."""
    phone = Phone(delay_s=0.05)
    phone.switch(ANA, Next.DELAY)
    phone.receive(message())
    assert [bubble.id for bubble in phone.messages(ANA, wait_s=20)] == ["msg_1"]


@pytest.mark.parametrize(("next_", "status"), [(Next.FAIL, "unreachable"), (Next.THROTTLE, "throttled")])
def test_a_refused_message_leaves_a_note_without_text(phone: Phone, next_: Next, status: str) -> None:
    """A message that the switch refuses is no message of the phone; the page gets a note without its text."""
    phone.switch(ANA, next_)
    assert phone.receive(message()) == next_
    assert ids(phone, ANA) == []
    [note] = phone.table().screens[0].bubbles
    assert (note.status, note.text) == (status, "")


def test_the_switch_holds_for_one_message_of_one_number(phone: Phone) -> None:
    """The switch concerns the next message of its number and is back at deliver afterwards."""
    phone.switch(ANA, Next.FAIL)
    assert phone.receive(message("msg_1", BOB)) == Next.DELIVER
    assert phone.receive(message("msg_2", ANA)) == Next.FAIL
    assert phone.receive(message("msg_3", ANA)) == Next.DELIVER


def test_a_reply_is_in_the_conversation_but_no_message(phone: Phone) -> None:
    """A reply stands in its conversation on the page and never among the messages received."""
    phone.receive(message())
    phone.reply(ANA, "Thanks!")
    assert [(b.status, b.text) for b in phone.table().screens[0].bubbles][-1] == ("reply", "Thanks!")
    assert ids(phone) == ["msg_1"]


def test_memory_is_bounded(clock: Clock) -> None:
    """The simulated phone keeps the latest messages of the latest used numbers and forgets the rest."""
    phone = Phone(now=clock, ticks=clock, per_number=3, numbers=2)
    for number in ("+41790000001", "+41790000002", "+41790000001", "+41790000003"):
        for i in range(5):
            phone.receive(message(f"{number}.{i}", number))
    assert ids(phone, "+41790000001") == [f"+41790000001.{i}" for i in (2, 3, 4)]
    assert ids(phone, "+41790000002") == []
    assert len(ids(phone)) == 6


def test_the_table_shows_the_latest_used_phones(phone: Phone) -> None:
    """The page draws the twelve phones used last, the newest first, and says how many others there are."""
    for i in range(14):
        phone.receive(message(to=f"+417900000{i:02}"))
    phone.receive(message(to="+41790000000"))
    table = phone.table()
    assert [s.number[-2:] for s in table.screens] == [f"{i:02}" for i in (*range(13, 2, -1), 0)]
    assert table.hidden == 2
    assert [s.number for s in phone.table(number="+41790000001").screens] == ["+41790000001"]


def test_a_seen_version_waits_for_the_next() -> None:
    """The page waits while it has seen the version in force, and any other version is answered at once."""
    phone = Phone()
    first = phone.table().version
    assert phone.table("a version of an earlier run", wait_s=20).version == first
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(phone.table, first, 60)
        phone.receive(message())
        assert [s.number for s in waiting.result(timeout=60).screens] == [ANA]


def test_readers_wait_in_other_threads_than_the_courier() -> None:
    """Many threads that wait for many numbers each get their own message, and none is lost."""
    phone = Phone()
    numbers = [f"+4179000{i:04}" for i in range(40)]
    with ThreadPoolExecutor(max_workers=40) as pool:
        waiting = [pool.submit(phone.messages, number, "", 60) for number in numbers]
        for number in numbers:
            phone.receive(message(number, number))
        assert [[b.id for b in w.result(timeout=60)] for w in waiting] == [[number] for number in numbers]


def test_closing_lets_everybody_go() -> None:
    """Closing the phone answers everybody who waits, so that the service stops at once."""
    phone = Phone()
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(phone.messages, ANA, "", 300)
        phone.close()
        assert waiting.result(timeout=60) == []


@pytest.mark.parametrize(("number", "words"), [(ANA, "+41 79 123 45 67"), ("+1", "+1"), ("nonsense", "nonsense")])
def test_numbers_are_labelled_as_people_write_them(number: str, words: str) -> None:
    """A phone is labelled with its number as people of its country write it, if it can be read at all."""
    assert label(number) == words
