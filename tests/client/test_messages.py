"""The client's messages, against the service itself."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from otp_service.client import Client, Conflict, Forbidden, InvalidField, NotFound
from tests.keyspace import outbox
from tests.world import NUMBER, World


@pytest.fixture
def client(world: World) -> Client:
    """A client that sends messages."""
    key = world.caller("messages").key
    return Client("http://service.test", key, transport=httpx.WSGITransport(app=world.app), repeat_after_s=0)


def later(hours: int) -> datetime:
    return (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)


def test_a_message_is_sent_and_read(client: Client) -> None:
    """What was asked for comes back, and so does its state."""
    sent = client.send_message(NUMBER, text="Your parcel is here.", metadata={"order": "42"}, sender=None)
    assert (sent.status, sent.message_class, sent.to, sent.segments) == ("queued", "transactional", NUMBER, 1)
    read = client.message(sent.id)
    assert (read.created_at, read.expires_at, read.metadata) == (sent.created_at, sent.expires_at, {"order": "42"})


def test_a_scheduled_message_is_moved_and_canceled(world: World, client: Client) -> None:
    """By its id or its reference; its time is a datetime in any zone."""
    soon, late = later(1), later(2)
    sent = client.send_message(NUMBER, text="Later", send_at=soon, reference="order-42")
    assert (sent.status, sent.send_at) == ("scheduled", soon)
    assert client.move_message(sent.id, late).send_at == late
    with pytest.raises(Conflict):
        client.send_message(NUMBER, text="Later", reference="order-42")
    assert client.cancel_message(reference="order-42").status == "canceled"
    assert client.cancel_message(sent.id).ended_at is not None
    assert outbox(world) == []


def test_a_message_is_named_one_way(client: Client) -> None:
    """Canceling takes an id or a reference, and not both."""
    for names in ({}, {"id": "msg_1", "reference": "r1"}):
        with pytest.raises(ValueError, match="either"):
            client.cancel_message(**names)


def test_an_outcome_is_told(client: Client) -> None:
    """Whether the person did what the message was for, for messages that there are."""
    client.outcome(client.send_message(NUMBER, text="Hello").id, converted=True)
    with pytest.raises(NotFound):
        client.outcome("msg_1", converted=False)


def test_refusals_are_told_apart(world: World, client: Client) -> None:
    """What is wrong with a field, and who opted out, are errors of their kind."""
    with pytest.raises(InvalidField) as refused:
        client.send_message(NUMBER, text="Hello", valid_for_s=1)
    assert refused.value.fields == ("valid_for_s",)
    world.caller("messages").call("PUT", f"/v1/opt-outs/{NUMBER}", {"scope": "all"})
    world.parts.truths.refresh()
    with pytest.raises(Forbidden) as opted_out:
        client.send_message(NUMBER, text="Hello")
    assert opted_out.value.code == "opted_out"
