"""Messages of their own, as callers send, find, move and cancel them."""

from typing import Any

import pytest

from otp_service.domain.messages import Dlt
from otp_service.domain.times import rfc3339
from otp_service.ledger import templates
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms
from otp_service.service.sealed import envelope_of
from tests.clock import DAY, HOUR
from tests.couriers import running_courier
from tests.keyspace import facts, outbox, raw_client
from tests.servers import wait_until
from tests.world import NUMBER, Api, World

PATH = "/v1/messages"
KEY = {"Idempotency-Key": "once-and-for-all"}


def message(**fields: Any) -> dict[str, Any]:
    return {"to": NUMBER, "text": "Your parcel is here.", **fields}


def at(ahead_ms: int) -> str:
    return rfc3339(now_ms() + ahead_ms)


def save(world: World, name: str, body: str, **more: Any) -> None:
    """Saves a template of the kind message."""
    with change(world.core.engine, world.core.audit_key, "tests", now_ms()) as opened:
        templates.add(opened, world.shop, name, "en", body, kind="message", **more)
    world.parts.truths.refresh()


@pytest.fixture
def api(world: World) -> Api:
    """A caller that sends messages."""
    return world.caller("messages")


def test_a_message_is_queued(api: Api) -> None:
    """The answer tells where it goes, how its text travels, what it is taken to cost, and until when it is tried."""
    sent = api.post(PATH, message(to="+41 79 123 45 67", reference="order-42")).json
    assert (sent["status"], sent["to"], sent["class"], sent["reference"]) == (
        *("queued", NUMBER, "transactional", "order-42"),
    )
    assert (sent["encoding"], sent["segments"], sent["send_at"]) == ("gsm7", 1, None)
    assert sent["price_micros"] > 0


def test_a_message_is_scheduled_and_read(api: Api) -> None:
    """A message with a time is valid from then on; reading it tells all that was given, before the ledger knows it."""
    sent = api.post(PATH, message(send_at=at(HOUR), valid_for_s=60, metadata={"order": "42"}, reference="r1")).json
    assert sent["status"] == "scheduled"
    read = api.get(f"{PATH}/{sent['id']}").json
    assert {name: read[name] for name in ("status", "to", "metadata", "reference", "send_at", "expires_at")} == {
        "status": "scheduled",
        "to": NUMBER,
        "metadata": {"order": "42"},
        "reference": "r1",
        "send_at": sent["send_at"],
        "expires_at": sent["expires_at"],
    }
    assert api.get(f"{PATH}?reference=r1").json["items"][0]["id"] == sent["id"]


def test_a_repeat_hears_the_first_answer(world: World, api: Api) -> None:
    """With the same key the answer is the same, though the number was blocked and the template changed since."""
    save(world, "parcel", "Hello {name}")
    body = {"to": NUMBER, "template": "parcel", "variables": {"name": "Ana"}}
    first = api.post(PATH, body, KEY).json
    save(world, "parcel", "Hello {name}, здравствуйте")
    assert api.post(PATH, body, KEY).json == first
    world.policy(countries=["DE"])
    assert api.post(PATH, body, KEY).json == first
    assert api.post(PATH, body).json["code"] == "country_not_allowed"
    assert api.post(PATH, message(), KEY).json["code"] == "idempotency_mismatch"
    assert len(outbox(world)) == 1


def test_a_template_is_sent_as_it_is_in_force(world: World, api: Api) -> None:
    """The text is filled in when it is asked for; what the template becomes later does not change it."""
    save(world, "parcel", "{app}: your parcel “{what}” is here")
    body = {"to": NUMBER, "template": "parcel", "variables": {"what": "Tea"}, "send_at": at(HOUR)}
    plain = api.post(PATH, body).json
    typeset = api.post(PATH, {**body, "smart_encoding": False}).json
    save(world, "parcel", "Something else")
    assert sealed(world, plain["id"])["text"] == 'shop: your parcel "Tea" is here'
    assert sealed(world, typeset["id"])["text"] == "shop: your parcel “Tea” is here"
    assert (plain["encoding"], typeset["encoding"]) == ("gsm7", "ucs2")


def test_india_gets_the_ids_of_its_registry(world: World, api: Api) -> None:
    """A template's DLT ids go along with a message to India, and to nowhere else."""
    save(world, "parcel", "Your parcel is here", dlt=Dlt("1101", "1107"))
    to_india = api.post(PATH, {"to": "+919812345678", "template": "parcel"}).json["id"]
    to_switzerland = api.post(PATH, {"to": NUMBER, "template": "parcel"}).json["id"]
    assert sealed(world, to_india)["dlt"] == {"entity_id": "1101", "template_id": "1107"}
    assert sealed(world, to_switzerland)["dlt"] is None


def sealed(world: World, id_: str) -> dict[str, Any]:
    record = world.core.link.command("HGET", f"{{c0}}:m:{id_}", "env")
    return envelope_of(world.core, record, id_) or {}


def test_a_text_is_left_as_it_is(world: World, api: Api) -> None:
    """Typography is made plain only if that is asked for, and links are welcome."""
    text = "Track “it” at https://shop.example/p/42"
    assert api.post(PATH, message(text=text)).json["encoding"] == "ucs2"
    assert api.post(PATH, message(text=text, smart_encoding=True)).json["encoding"] == "gsm7"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"to": "+41"}, "to"),
        ({"to": "0791234567"}, "to"),
        ({"text": "Your code\n@shop.example #482913"}, "text"),
        ({"text": None}, "body"),
        ({"template": "default"}, "body"),
        ({"text": None, "template": "default"}, "template"),
        ({"text": None, "template": "parcel", "variables": {}}, "variables"),
        ({"text": None, "template": "parcel", "variables": {"name": "shop.example"}}, "variables"),
        ({"text": None, "template": "parcel", "variables": {"name": "A", "app": "x"}}, "variables"),
        ({"class": "promotional"}, "class"),
        ({"class": "alert"}, "class"),
        ({"class": "code"}, "class"),
        ({"send_at": "2020-01-01T00:00:00Z"}, "send_at"),
        ({"send_at": at(31 * DAY)}, "send_at"),
        ({"send_at": "0001-01-01T00:00:00+14:00"}, "send_at"),
        ({"valid_for_s": 29}, "valid_for_s"),
        ({"priority": "high"}, "priority"),
        ({"reference": ""}, "reference"),
        ({"sender": "bad\nname"}, "sender"),
        ({"code": "482913"}, "code"),
    ],
)
def test_whatever_does_not_fit_is_refused_by_its_name(
    world: World, api: Api, fields: dict[str, Any], named: str
) -> None:
    """A refusal names the field, repeats nothing that was sent, and leaves nothing behind."""
    save(world, "parcel", "Hello {name}")
    body = {name: value for name, value in message(**fields).items() if value is not None}
    answer = api.post(PATH, body)
    assert (answer.status_code, answer.json["code"], answer.json["errors"][0]["field"]) == (422, "invalid_field", named)
    assert not any(isinstance(value, str) and len(value) > 6 and value in answer.text for value in fields.values())
    assert (outbox(world), facts(world)) == ([], [])


def test_what_is_malformed_is_told_first(world: World, api: Api) -> None:
    """A request that nobody could carry out is a fault of its program, whoever it goes to."""
    world.policy(countries=["DE"])
    assert api.post(PATH, message(text="@shop.example #482913")).json["code"] == "invalid_field"
    assert api.post(PATH, message()).json["code"] == "country_not_allowed"


def test_destinations_are_judged_as_for_codes(world: World, api: Api) -> None:
    """Countries, line types and blocks hold for messages too; wrong codes do not."""
    world.policy(countries=["CH"])
    assert api.post(PATH, message(to="+4915112345678")).json["code"] == "country_not_allowed"
    assert api.post(PATH, message(to="+41900123456")).json["code"] == "line_type_not_allowed"
    block = {"kind": "number", "value": NUMBER, "reason": "asked us to"}
    assert world.admin.post("/v1/admin/blocks", block).status_code == 201
    world.parts.truths.refresh()
    assert api.post(PATH, message()).json["code"] == "destination_blocked"


def test_messages_have_limits_of_their_own(world: World, api: Api) -> None:
    """`message_limits` counts messages and no codes, and the limits of codes count no messages."""
    world.policy(message_limits="2 per hour", limits={"to": "1 per hour", "application": "1 per hour"})
    assert [api.post(PATH, message()).status_code for _ in range(3)] == [202, 202, 429]
    assert [world.api.start().status_code for _ in range(2)] == [201, 429]


def test_scopes_open_what_they_say(world: World) -> None:
    """Reports may list and not send; verifications may do neither."""
    reports, codes = world.caller("reports"), world.caller("verifications:start")
    assert reports.get(PATH).status_code == 200
    assert reports.post(PATH, message()).status_code == 403
    assert codes.get(PATH).status_code == 403
    assert codes.post(PATH, message()).status_code == 403


def test_messages_reach_the_phone(world: World, api: Api) -> None:
    """Sent at once, at the time that it was scheduled for, and by a test key; what was canceled in time does not."""
    test = world.caller("messages", test=True)
    canceled = api.post(PATH, message(text="never")).json["id"]
    api.delete(f"{PATH}/{canceled}")
    with running_courier(world.parts):
        api.post(PATH, message(text="now", sender="Shop"))
        api.post(PATH, message(text="later", send_at=at(HOUR)))
        test.post(PATH, message(text="test"))
        wait_until(lambda: {shown["text"] for shown in phone(world)} == {"now", "test"}, 60)
        is_time(world)
        wait_until(lambda: {shown["text"] for shown in phone(world)} == {"now", "later", "test"}, 60)
        wait_until(lambda: api.get(f"{PATH}/{canceled}").json["ended_at"] is not None, 60)
    assert next(shown["sender"] for shown in phone(world) if shown["text"] == "now") == "Shop"


def is_time(world: World) -> None:
    """What waits for its time has waited long enough."""
    with raw_client(world) as client:
        client.zadd("{c0}:due", dict.fromkeys(client.zrange("{c0}:due", 0, -1), 0))


def phone(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.app.test_client().get("/dev/messages").json["messages"]
    return found
