"""Messages of their own, as callers send, find, move and cancel them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from otp_service.domain.messages import Dlt
from otp_service.domain.times import rfc3339
from otp_service.ledger import templates
from otp_service.ledger.changes import change
from otp_service.service.core import now_ms
from otp_service.service.sealed import envelope_of
from tests.clock import DAY, HOUR, TimedWorld
from tests.couriers import running_courier
from tests.keyspace import drain, facts, outbox
from tests.servers import wait_until
from tests.world import NUMBER, OTHER_NUMBER, Api, World

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


@pytest.mark.parametrize("how", ["id", "reference"])
def test_a_scheduled_message_is_moved_and_canceled(api: Api, how: str) -> None:
    """By its id or its reference: its deadline moves along, and canceling it twice is canceling it once."""
    id_ = api.post(PATH, message(send_at=at(HOUR), valid_for_s=60, reference="r1")).json["id"]
    path = f"{PATH}/{id_}" if how == "id" else f"{PATH}?reference=r1"
    when = at(2 * HOUR)
    moved = api.call("PATCH", path, {"send_at": when}).json
    assert (moved["status"], moved["send_at"]) == ("scheduled", when)
    assert datetime.fromisoformat(moved["expires_at"]) - datetime.fromisoformat(when) == timedelta(seconds=60)
    assert [api.delete(path).json["status"] for _ in range(2)] == ["canceled"] * 2
    assert api.call("PATCH", path, {"send_at": when}).json["code"] == "not_pending"


def test_only_what_waits_for_its_time_is_moved(api: Api) -> None:
    """A message that was sent at once can't be moved, and no time in the past is taken."""
    id_ = api.post(PATH, message()).json["id"]
    assert api.call("PATCH", f"{PATH}/{id_}", {"send_at": at(HOUR)}).json["code"] == "not_pending"
    for when in (at(-HOUR), at(31 * DAY)):
        assert api.call("PATCH", f"{PATH}/{id_}", {"send_at": when}).json["code"] == "invalid_field"


def test_what_is_past_its_deadline_has_ended(timed: TimedWorld) -> None:
    """An expired message can't be canceled, and its reference is free again."""
    api = timed.caller("messages")
    id_ = api.post(PATH, message(valid_for_s=60, reference="r1")).json["id"]
    timed.clock.pass_(60_000)
    assert api.delete(f"{PATH}/{id_}").json["code"] == "not_pending"
    assert api.post(PATH, message(reference="r1")).status_code == 202


def test_nobody_else_reaches_a_message(world: World, api: Api) -> None:
    """Another application, test keys and made-up ids hear one and the same 404."""
    id_ = api.post(PATH, message(send_at=at(HOUR), reference="r1")).json["id"]
    strangers = (
        world.caller(
            "messages", application=world.application("other", world.core.snapshot().applications[world.shop].policy)
        ),
        world.caller("messages", test=True),
    )
    for stranger in strangers:
        for path in (f"{PATH}/{id_}", f"{PATH}?reference=r1"):
            assert stranger.call("PATCH", path, {"send_at": at(HOUR)}).status_code == 404
            assert stranger.delete(path).status_code == 404
        assert stranger.post(f"{PATH}/{id_}/outcome", {"outcome": "converted"}).status_code == 404
        assert stranger.get(f"{PATH}?reference=r1").json["items"] == []
    for made_up in ("msg_x", "x", "msg_" + "A" * 27, "msg_" + "A" * 22):
        assert api.delete(f"{PATH}/{made_up}").status_code == 404
    assert api.get(f"{PATH}/{id_}").json["status"] == "scheduled"


def test_a_verification_s_message_is_not_canceled_here(world: World) -> None:
    """The message of a code ends with its verification."""
    api = world.caller("messages", "verifications:start")
    id_ = api.start().json["message_id"]
    drain(world)
    assert api.delete(f"{PATH}/{id_}").json["code"] == "not_pending"


def test_scopes_open_what_they_say(world: World) -> None:
    """Reports may list and not send; verifications may do neither."""
    reports, codes = world.caller("reports"), world.caller("verifications:start")
    assert reports.get(PATH).status_code == 200
    assert reports.post(PATH, message()).status_code == 403
    assert codes.get(PATH).status_code == 403
    assert codes.post(PATH, message()).status_code == 403


def test_messages_are_listed(world: World, api: Api) -> None:
    """Newest first and page by page, by number, status, reference and time; without codes and others' messages."""
    ids = [api.post(PATH, message(reference=f"r{number}")).json["id"] for number in range(3)]
    other = api.post(PATH, message(to=OTHER_NUMBER, send_at=at(HOUR))).json["id"]
    world.api.start()
    world.caller("messages", test=True).post(PATH, message())
    drain(world)

    def listed(query: str) -> list[str]:
        return [item["id"] for item in api.get(f"{PATH}?{query}").json["items"]]

    assert set(listed("limit=10")) == {*ids, other}
    assert listed(f"to=%2B{OTHER_NUMBER[1:]}") == listed("status=scheduled") == [other]
    assert listed("reference=r1") == [ids[1]]
    assert listed(f"from={at(HOUR)}") == []
    page = api.get(f"{PATH}?limit=3").json
    assert listed(f"limit=3&cursor={page['next_cursor']}") == [ids[0]]
    assert api.get(f"{PATH}?cursor=x").json["code"] == "invalid_field"
    assert api.get(f"{PATH}?status=lost").json["code"] == "invalid_field"


def test_outcomes_are_kept(world: World) -> None:
    """What came of a message, or of a code that its caller checks, stands beside it; converted is final."""
    api = world.caller("messages", "verifications:start", "reports")
    own, code = api.post(PATH, message()).json["id"], api.start().json["message_id"]
    drain(world)
    for outcome in ("not_converted", "converted", "not_converted"):
        for id_ in (own, code):
            assert api.post(f"{PATH}/{id_}/outcome", {"outcome": outcome}).json == {"id": id_, "outcome": outcome}
    drain(world)
    assert [api.get(f"{PATH}/{id_}").json["outcome"] for id_ in (own, code)] == ["converted"] * 2
    assert api.post(f"{PATH}/{own}/outcome", {"outcome": "unknown"}).status_code == 422


def test_messages_reach_the_phone(world: World, api: Api) -> None:
    """Sent at once, scheduled for soon, and by a test key; what was canceled in time does not."""
    test = world.caller("messages", test=True)
    canceled = api.post(PATH, message(text="never")).json["id"]
    api.delete(f"{PATH}/{canceled}")
    with running_courier(world.parts):
        api.post(PATH, message(text="now", sender="Shop"))
        api.post(PATH, message(text="soon", send_at=at(700)))
        test.post(PATH, message(text="test"))
        wait_until(lambda: {shown["text"] for shown in phone(world)} == {"now", "soon", "test"}, 10)
        wait_until(lambda: api.get(f"{PATH}/{canceled}").json["ended_at"] is not None, 10)
    assert next(shown["sender"] for shown in phone(world) if shown["text"] == "now") == "Shop"


def phone(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.app.test_client().get("/dev/messages").json["messages"]
    return found
