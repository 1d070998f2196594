"""Reading by id: the store first, the ledger behind it."""

from dataclasses import replace

import pytest

from otp_service.domain.errors import Refusal
from otp_service.domain.keys import parse_ring
from otp_service.domain.messages import Receipt
from otp_service.ledger.engine import make_engine
from otp_service.service import lookup
from otp_service.service.callers import Caller
from otp_service.store.keys import parts_key
from otp_service.store.receipts import Sent, apply_receipt
from tests.keyspace import drain, raw_client
from tests.world import NUMBER, World


@pytest.fixture
def caller(world: World) -> Caller:
    """The application itself, without HTTP around it."""
    application = world.core.snapshot().applications[world.shop]
    return Caller("key_test", application, application.id, frozenset(), False)


def started(world: World, **body: object) -> str:
    id_: str = world.api.start(**body).json["id"]  # type: ignore[arg-type]
    return id_


def test_the_store_is_right_before_the_drain(world: World, caller: Caller) -> None:
    """What was answered a moment ago is read at once, although the ledger knows nothing yet."""
    id_ = started(world, metadata={"order": "42"})
    found = lookup.get(world.core, caller, id_)
    assert (found.status, found.to, found.metadata, len(found.messages)) == ("pending", NUMBER, {"order": "42"}, 1)


def test_what_the_store_forgot_is_read_from_the_ledger(world: World, caller: Caller) -> None:
    """Pending there means expired: the code can't be right any more."""
    id_ = started(world)
    drain(world)
    with raw_client(world) as client:
        client.flushall()
    found = lookup.get(world.core, caller, id_)
    assert (found.status, found.to, found.attempts_left) == ("expired", NUMBER, 0)


def test_messages_show_what_became_of_them(world: World, caller: Caller) -> None:
    """Status, provider, reason and time of each message, the first in front."""
    first = world.api.start().json
    second = world.api.start().json
    for message, status in ((first["message_id"], "delivered"), (second["message_id"], "accepted")):
        sent = Sent(message, first["id"])
        with raw_client(world) as client:
            client.hset(parts_key("{c0}", message), "by", "simulator")
        receipt = Receipt("v-1", status)
        apply_receipt(world.core.link, world.core.cells, sent, "simulator", receipt, 1_800_000_000_000)
    found = lookup.get(world.core, caller, first["id"]).messages
    assert [(message.status, message.provider, message.changed_ms) for message in found] == [
        ("delivered", "simulator", 1_800_000_000_000),
        ("accepted", "simulator", 1_800_000_000_000),
    ]


def test_a_superseded_one_keeps_its_own_story(world: World, caller: Caller) -> None:
    """Behind a newer one it still shows its number, sends and messages; its metadata come from the ledger."""
    id_ = started(world, metadata={"order": "1"})
    drain(world)
    started(world, user="u2", metadata={"order": "2"})
    found = lookup.get(world.core, caller, id_)
    assert (found.status, found.to, found.sends, found.metadata) == ("canceled", NUMBER, 1, {"order": "1"})


def test_without_sql_the_store_still_answers(world: World, caller: Caller) -> None:
    """A live or superseded verification is read although the ledger is down; one that only it knows is 503."""
    live, gone = started(world), started(world, purpose="gone")
    superseded = started(world, purpose="superseded")
    started(world, purpose="superseded", user="u2")
    drain(world)
    with raw_client(world) as client:
        record = next(key for key in client.scan_iter("*:v:*") if client.hget(key, "id") == gone.encode())
        client.delete(record)
    without = replace(world.core, engine=make_engine("postgresql://nobody@127.0.0.1:1/none"))
    assert lookup.get(without, caller, live).status == "pending"
    assert lookup.get(without, caller, superseded).status == "canceled"
    with pytest.raises(Refusal) as caught:
        lookup.get(without, caller, gone)
    assert (caught.value.code, caught.value.retry_after_s) == ("unavailable", 5)


def test_without_its_key_the_number_is_not_told(world: World, caller: Caller) -> None:
    """An envelope whose key left the ring hides the number, and nothing else breaks."""
    id_ = started(world)
    found = lookup.get(replace(world.core, ring=parse_ring("k9:" + "QkJC" * 10 + "QkI=")), caller, id_)
    assert (found.to, found.status) == (None, "pending")


@pytest.mark.parametrize("id_", ["", "ver_", "ver_" + "A" * 48, "msg_x", "../../etc", "ver_\x00"])
def test_what_is_no_id_is_not_asked_for(world: World, caller: Caller, id_: str) -> None:
    """A malformed or forged id dies before any trip."""
    without = replace(world.core, link=None)  # type: ignore[arg-type]
    with pytest.raises(Refusal) as caught:
        lookup.get(without, caller, id_)
    assert caught.value.code == "not_found"
