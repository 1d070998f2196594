"""The stream of events: what follows, to whom it belongs, and places that are never taken for good."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from otp_service.domain.events import Event
from otp_service.domain.policy import Policy
from otp_service.ledger import events
from otp_service.service.core import now_ms
from otp_service.web import events as web
from otp_service.web.events import HELD
from tests.couriers import running_courier
from tests.servers import wait_until
from tests.web.test_admin_applications import fields
from tests.world import Api, World

PATH = "/v1/events"


@dataclass(frozen=True)
class Block:
    """One block of a stream."""

    id: str | None
    event: str | None
    data: Any


def blocks(text: str) -> list[Block]:
    """The blocks of a stream that say more than a comment."""
    found = []
    for block in text.split("\n\n"):
        told = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if told:
            found.append(Block(told.get("id"), told.get("event"), json.loads(told["data"]) if "data" in told else None))
    return found


def last_id(text: str) -> str:
    """The place that a stream ended at."""
    return [block.id for block in blocks(text) if block.id][-1]


def told(text: str) -> list[str]:
    """The ids of what a stream's events are about."""
    return [block.data["data"]["id"] for block in blocks(text) if block.event]


def happens(world: World, *about: str, type: str = "message.delivered", application: str = "", **data: Any) -> None:
    """Some things that are told."""
    made = [Event(type, each, application or world.shop, now_ms(), {"id": each, **data}) for each in about]
    with world.core.engine.begin() as connection:
        events.record(connection, made)


@pytest.fixture
def reader(world: World, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A caller that may follow, of a service that holds no stream open."""
    world.app.extensions["places"] = web.Places(0)
    return world.caller("reports")


def read(reader: Api, last: str | None = None, query: str = "") -> str:
    """What a reader who was there before is told."""
    answer = reader.call("GET", PATH + query, headers={"Last-Event-ID": last} if last else {})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_a_reader_begins_now_and_misses_nothing(world: World, reader: Api) -> None:
    """The first answer tells only the place; from there each event is told once, in order."""
    happens(world, "msg_0")
    first = read(reader)
    assert told(first) == []
    happens(world, "msg_1", "msg_2")
    second = read(reader, last_id(first))
    assert told(second) == ["msg_1", "msg_2"]
    assert told(read(reader, last_id(second))) == []
    assert told(read(reader, query=f"?after={last_id(first)}")) == ["msg_1", "msg_2"]


def test_an_event_is_told_with_its_id_and_type(world: World, reader: Api) -> None:
    """A block has a place, the type, and as data what a webhook is sent, with the event's id."""
    start = last_id(read(reader))
    happens(world, "msg_1", reference="Zürich")
    (event,) = [block for block in blocks(read(reader, start)) if block.event]
    assert event.event == event.data["type"] == "message.delivered"
    assert event.data["id"].startswith("evt_")
    assert event.data["data"] == {"id": "msg_1", "reference": "Zürich"}


def test_each_event_is_a_place_to_read_on_from(world: World, reader: Api) -> None:
    """A reader who broke off in the middle is told the rest."""
    start = last_id(read(reader))
    happens(world, *(f"msg_{number}" for number in range(5)))
    middle = [block for block in blocks(read(reader, start)) if block.event][2].id
    assert told(read(reader, middle)) == ["msg_3", "msg_4"]


def test_a_reader_who_was_long_away_catches_up(world: World, reader: Api) -> None:
    """More than one batch is told in one answer, and more than one answer in the next."""
    place = last_id(read(reader))
    happens(world, *(f"msg_{number}" for number in range(1250)))
    heard: list[str] = []
    for _ in range(3):
        answer = read(reader, place)
        place = last_id(answer)
        heard += told(answer)
    assert heard == [f"msg_{number}" for number in range(1250)]


def test_a_stream_is_the_applications_own(world: World, reader: Api) -> None:
    """Events of another application and the operator's are not told."""
    start = last_id(read(reader))
    happens(world, "msg_1", application=world.application("bank", Policy()))
    happens(world, "msg_2")
    assert told(read(reader, start)) == ["msg_2"]


def test_test_keys_follow_tests(world: World, reader: Api) -> None:
    """A test key is told what test keys do and nothing else, a live key the rest."""
    start = last_id(read(reader))
    happens(world, "msg_1", test=True)
    happens(world, "msg_2", test=False)
    assert told(read(reader, start)) == ["msg_2"]
    assert told(read(world.caller("reports", test=True), start)) == ["msg_1"]


def test_a_reader_may_choose_types(world: World, reader: Api) -> None:
    """Types and families choose what is told; a type that is unknown is refused."""
    start = last_id(read(reader))
    happens(world, "msg_1")
    happens(world, "ver_1", type="verification.approved")
    happens(world, "ver_2", type="verification.started")
    assert told(read(reader, start, "?types=message.*,verification.approved")) == ["msg_1", "ver_1"]
    assert fields(reader.get(f"{PATH}?types=message.read")) == ["types"]


@pytest.mark.parametrize("place", ["0", "!", "AAAA", "LTE", "MS4w", "x" * 64])
def test_a_place_that_is_none_is_refused(reader: Api, place: str) -> None:
    """What no stream gave out is no place to read on from."""
    assert fields(reader.call("GET", PATH, headers={"Last-Event-ID": place})) == ["Last-Event-ID"]
    assert fields(reader.get(f"{PATH}?after={place}")) == ["after"]


def test_following_needs_the_scope_reports(world: World) -> None:
    """A key that may only start and check may not follow."""
    assert world.api.get(PATH).status_code == 403


def test_a_stream_is_held_while_there_is_a_place(world: World, reader: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A held stream tells what happens meanwhile; a second reader is answered at once; the place is free again."""
    monkeypatch.setattr(web, "LOOK_S", 0.05)
    world.app.extensions["places"] = web.Places(1)
    others = HELD._value.get()
    held = reader.client.get(f"{PATH}?wait=2", headers={"Authorization": f"Bearer {reader.key}"}, buffered=False)
    chunks = held.iter_encoded()
    start = last_id(next(chunks).decode())
    next(chunks)
    assert HELD._value.get() == others + 1
    happens(world, "msg_1")
    assert told(read(reader, start)) == ["msg_1"]
    assert told("".join(chunk.decode() for chunk in chunks)) == ["msg_1"]
    assert HELD._value.get() == others
    assert world.app.extensions["places"].take()


def test_a_reader_who_leaves_frees_its_place(world: World, reader: Api) -> None:
    """A stream that is closed by its reader gives the place back."""
    world.app.extensions["places"] = web.Places(1)
    held = reader.client.get(PATH, headers={"Authorization": f"Bearer {reader.key}"}, buffered=False)
    chunks = held.iter_encoded()
    next(chunks), next(chunks)
    assert not world.app.extensions["places"].take()
    held.close()
    assert world.app.extensions["places"].take()


def test_a_revoked_key_hears_no_more(world: World, reader: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A held stream ends when its key is revoked."""
    monkeypatch.setattr(web, "LOOK_S", 0.05)
    world.app.extensions["places"] = web.Places(1)
    held = reader.client.get(PATH, headers={"Authorization": f"Bearer {reader.key}"}, buffered=False)
    chunks = held.iter_encoded()
    start = next(chunks)
    assert start
    for key in world.admin.get("/v1/admin/keys").get_json()["items"]:
        if key["scopes"] == ["reports"]:
            world.admin.delete(f"/v1/admin/keys/{key['id']}")
    happens(world, "msg_1")
    assert len([chunk for chunk in chunks if b"msg_1" in chunk]) == 0


def test_a_login_is_followed_as_it_happens(world: World, reader: Api) -> None:
    """Start, sending, delivery and approval of a code arrive in the stream, and the code is nowhere in it."""
    place, text = last_id(read(reader)), ""

    def heard(type: str) -> bool:
        nonlocal place, text
        answer = read(reader, place)
        place, text = last_id(answer), text + answer
        return type in [block.event for block in blocks(text)]

    with running_courier(world.parts):
        id_ = world.started(metadata={"order": "42"})
        code = world.code(id_)
        wait_until(lambda: heard("message.accepted"), 60, 0.1)
        world.api.check(code, id=id_)
        wait_until(lambda: heard("verification.approved"), 60, 0.1)
    assert next(block.event for block in blocks(text) if block.event) == "verification.started"
    assert code not in text
    assert "+4179" not in text
    assert '"order":"42"' in text
