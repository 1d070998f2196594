"""GET /v1/messages/{id}: a message with every try and every report."""

from typing import Any

import pytest
from sqlalchemy import update

from otp_service.domain.messages import Receipt
from otp_service.domain.policy import Policy
from otp_service.ledger.schema import messages
from otp_service.store.receipts import Sent, apply_receipt
from tests.couriers import running_courier
from tests.keyspace import drain, facts
from tests.servers import wait_until
from tests.world import NUMBER, Api, World


@pytest.fixture
def sent(world: World) -> dict[str, Any]:
    """A code that a courier has brought to the simulator, and its facts to the ledger."""
    begun: dict[str, Any] = world.api.start().get_json()
    with running_courier(world.parts):
        wait_until(lambda: world.api.get(path(begun)).status_code == 200 and status(world, begun) != "queued", 60)
        wait_until(lambda: facts(world) == [], 60)
    return begun


def path(begun: dict[str, Any]) -> str:
    return f"/v1/messages/{begun['message_id']}"


def status(world: World, begun: dict[str, Any]) -> str:
    return str(world.api.get(path(begun)).get_json()["status"])


def reported(world: World, begun: dict[str, Any], *receipts: Receipt) -> None:
    """The simulator's word, as if it reported."""
    for receipt in receipts:
        apply_receipt(world.core.link, world.core.cells, Sent(begun["message_id"], begun["id"]), "simulator", receipt)


def test_a_codes_message_shows_its_tries_and_reports(world: World, sent: dict[str, Any]) -> None:
    """Who was asked, under which sender, what it took, and what was reported since, in the vendor's own word."""
    reported(world, sent, Receipt("v-1", "sent"), Receipt("v-1", "undelivered", "filtered", raw="30007"))
    drain(world)
    found = world.api.get(path(sent)).get_json()
    assert (found["class"], found["verification_id"], found["to"]) == ("code", sent["id"], NUMBER)
    assert (found["status"], found["reason"], found["country"]) == ("undelivered", "filtered", "CH")
    (attempt,) = found["attempts"]
    assert (attempt["n"], attempt["provider"], attempt["verdict"]) == (1, "simulator", "accepted")
    assert [(one["status"], one["raw"]) for one in found["receipts"]] == [("sent", None), ("undelivered", "30007")]


def test_the_status_is_that_of_the_store(world: World, sent: dict[str, Any]) -> None:
    """Before the ledger hears of a report the status tells of it, as the verification does."""
    reported(world, sent, Receipt("v-1", "delivered"))
    assert status(world, sent) == "delivered"


def test_scopes_say_whose_messages_one_reads(world: World, sent: dict[str, Any]) -> None:
    """Those of codes with a scope of verifications, or with reports; others hear that there is none, or are refused."""
    for scope in ("verifications:start", "verifications:check", "reports"):
        assert world.caller(scope).get(path(sent)).status_code == 200
    assert world.caller("messages").get(path(sent)).status_code == 404
    assert world.caller("admin").get(path(sent)).status_code == 403


def test_unknown_and_foreign_messages_are_the_same_404(world: World, sent: dict[str, Any]) -> None:
    """An id of nobody, of another application, of test keys and of no form: one answer."""
    bank = world.application("bank", Policy())
    others = [world.caller("reports", application=bank), world.caller("reports", test=True)]
    answers = [other.get(path(sent)) for other in others]
    answers += [
        world.api.get(f"/v1/messages/{id}") for id in ("msg_" + "A" * 22, "msg_" + "A" * 27, "msg_", "x", "msg_%00")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({(answer.get_json()["code"], answer.get_json()["detail"]) for answer in answers}) == 1


def test_the_number_goes_when_the_policy_says_so(world: World, sent: dict[str, Any]) -> None:
    """After retain_number_s `to` is null, though the ledger still has it."""
    reported(world, sent, Receipt("v-1", "delivered"))
    drain(world)
    ago = {"ended_at": messages.c.ended_at - 86_400_000}
    with world.core.engine.begin() as connection:
        connection.execute(update(messages).values(**ago))
    assert world.api.get(path(sent)).get_json()["to"] is None


def test_a_message_of_its_own_is_read_before_the_ledger_knows_it(world: World) -> None:
    """Its record in the store is enough: status, number and times, with no try yet."""
    api: Api = world.caller("messages")
    queued = api.post(
        "/v1/messages", {"to": NUMBER, "text": "Your parcel is here.", "class": "transactional"}
    ).get_json()
    found = api.get(f"/v1/messages/{queued['id']}").get_json()
    assert (found["status"], found["to"], found["class"]) == ("queued", NUMBER, "transactional")
    assert (found["attempts"], found["receipts"], found["verification_id"]) == ([], [], None)
    assert world.api.get(f"/v1/messages/{queued['id']}").status_code == 404
    world.core.link.command("FLUSHALL")
    assert api.get(f"/v1/messages/{queued['id']}").status_code == 404
