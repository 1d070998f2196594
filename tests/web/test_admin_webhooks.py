"""Webhooks, for admins."""

from typing import Any

import pytest

from otp_service.domain.events import Event
from otp_service.domain.policy import Policy
from otp_service.domain.webhook_signature import verify
from otp_service.ledger import deliveries, events, webhooks
from otp_service.ledger.changes import change
from otp_service.ledger.deliveries import Result
from otp_service.ledger.engine import reading
from otp_service.service.core import now_ms
from otp_service.service.webhooks import signed
from tests.web.test_admin_applications import fields
from tests.web.test_admin_audit import acts, entries
from tests.world import Api, World

PATH = "/v1/admin/webhooks"
URL = "https://shop.example/hooks/otp?token=private"


def added(world: World, **body: Any) -> Any:
    """The answer to a new webhook of the shop."""
    return world.admin.post(PATH, {"application": "shop", "url": URL, **body})


def happens(world: World, about: str, type: str = "message.delivered", application: str | None = None) -> str:
    """Something that is told, and given to the webhooks."""
    event = Event(type, about, world.shop if application is None else application, now_ms(), {"id": about})
    with world.core.engine.begin() as connection:
        events.record(connection, [event])
    deliveries.fan_out(world.core.engine, now_ms())
    return event.id


def delivered(world: World, id: str) -> list[tuple[str, str, int]]:
    """The webhook's deliveries: type, status, tries."""
    found = world.admin.get(f"{PATH}/{id}").get_json()["deliveries"]
    return [(each["type"], each["status"], each["tries"]) for each in found]


def tried(world: World, *, works: bool) -> None:
    """Everything that is due is tried once, and it is over."""
    claimed = deliveries.claim(world.core.engine, now_ms(), 60_000, lambda _: 100)
    results = [Result(each, works, "204" if works else "500") for each in claimed]
    deliveries.settle(world.core.engine, results, now_ms())


def test_a_webhook_is_made_with_its_secret(world: World) -> None:
    """A new webhook is answered with a secret that signs what it is sent, and that no later answer holds."""
    made = added(world, types=["message.*"])
    assert made.status_code == 201
    body = made.get_json()
    assert (body["application"], body["types"], body["enabled"]) == (world.shop, ["message.*"], True)
    happens(world, "msg_1")
    (claimed,) = deliveries.claim(world.core.engine, now_ms(), 60_000, lambda _: 5)
    headers, sent = signed(world.core.ring, claimed, now_ms())
    verify([body["secret"]], headers, sent, now_ms() / 1000)
    assert body["secret"] not in world.admin.get(f"{PATH}/{body['id']}").get_data(as_text=True)
    assert body["secret"] not in world.admin.get(PATH).get_data(as_text=True)
    assert body["secret"] not in str(entries(world))


def test_a_key_pair_is_optional(world: World) -> None:
    """With ed25519 the webhook has a public key, by which its `v1a` signature is verified."""
    body = added(world, ed25519=True).get_json()
    happens(world, "msg_1")
    (claimed,) = deliveries.claim(world.core.engine, now_ms(), 60_000, lambda _: 5)
    headers, sent = signed(world.core.ring, claimed, now_ms())
    verify(body["public_keys"], headers, sent, now_ms() / 1000)
    verify([body["secret"]], headers, sent, now_ms() / 1000)


def test_a_repeat_makes_one_webhook(world: World) -> None:
    """The same Idempotency-Key hears the same secret again, and there is one webhook."""
    key = {"Idempotency-Key": "once"}
    first, second = (world.admin.post(PATH, {"url": URL}, key) for _ in range(2))
    assert first.get_json() == second.get_json()
    assert len(world.admin.get(PATH).get_json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://shop.example/"}, None),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "https://127.1/"}, "url"),
        ({"url": "https://[::ffff:169.254.169.254]/"}, "url"),
        ({"url": "https://user:word@shop.example/"}, "url"),
        ({"url": "ftp://shop.example/"}, "url"),
        ({"url": ""}, "url"),
        ({"types": ["message.read"]}, "types"),
        ({"types": ["message.*", "message.*"]}, "types"),
        ({"ed25519": "yes"}, "ed25519"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(world: World, body: dict[str, Any], field: str | None) -> None:
    """A webhook that makes no sense is refused by its field; in development http is welcome."""
    answer = added(world, **body)
    if field is None:
        assert answer.status_code == 201
    else:
        assert fields(answer) == [field]
        assert world.admin.get(PATH).get_json()["items"] == []


def test_an_application_that_is_unknown_is_not_found(world: World) -> None:
    """A webhook of an application that does not exist is 404."""
    assert added(world, application="bank").status_code == 404


def test_only_admins_may(world: World) -> None:
    """A key without the scope admin may not even look."""
    assert world.caller("reports").get(PATH).status_code == 403


def test_a_webhook_of_no_application_hears_all(world: World) -> None:
    """Without an application it is told of every one, and of what is the operator's own; the others are not."""
    own, all = added(world).get_json()["id"], added(world, application=None).get_json()["id"]
    bank = world.application("bank", Policy())
    happens(world, "msg_1")
    happens(world, "msg_2", application=bank)
    happens(world, "ssp_1", "sender.suspended", application="")
    assert [type for type, _, _ in delivered(world, own)] == ["message.delivered"]
    assert len(delivered(world, all)) == 3


def test_lists_are_by_the_page_and_by_application(world: World) -> None:
    """Webhooks are listed oldest first, page by page, of one application if wanted."""
    ids = [added(world).get_json()["id"] for _ in range(3)]
    added(world, application=None)
    first = world.admin.get(f"{PATH}?application=shop&limit=2").get_json()
    rest = world.admin.get(f"{PATH}?application=shop&limit=2&cursor={first['next_cursor']}").get_json()
    assert sorted(each["id"] for each in first["items"] + rest["items"]) == sorted(ids)
    assert len(world.admin.get(PATH).get_json()["items"]) == 4


def test_a_change_is_merged_and_audited(world: World) -> None:
    """A patch changes what it names; what changes nothing is not audited; the URL's query is in no entry."""
    id = added(world).get_json()["id"]
    other = "https://shop.example/other?token=private"
    changed = world.admin.call("PATCH", f"{PATH}/{id}", {"url": other, "types": ["verification.*"]}).get_json()
    assert (changed["url"], changed["types"], changed["enabled"]) == (other, ["verification.*"], True)
    before = acts(world)
    assert world.admin.call("PATCH", f"{PATH}/{id}", {"types": ["verification.*"]}).status_code == 200
    assert acts(world) == before
    assert entries(world)[0]["after"]["url"] == "https://shop.example/other"
    assert "private" not in str(entries(world))
    assert fields(world.admin.call("PATCH", f"{PATH}/{id}", {"url": "https://10.0.0.1/"})) == ["url"]


def test_a_disabled_webhook_gets_nothing(world: World) -> None:
    """What waited has failed, what happens is not for it; enabled again it gets what happens then."""
    id = added(world).get_json()["id"]
    happens(world, "msg_1")
    disabled = world.admin.call("PATCH", f"{PATH}/{id}", {"enabled": False}).get_json()
    assert disabled["disabled_reason"] == "admin"
    happens(world, "msg_2")
    assert delivered(world, id) == [("message.delivered", "failed", 0)]
    enabled = world.admin.call("PATCH", f"{PATH}/{id}", {"enabled": True}).get_json()
    assert (enabled["disabled_reason"], enabled["disabled_at"]) == (None, None)
    happens(world, "msg_3")
    assert delivered(world, id)[0] == ("message.delivered", "pending", 0)


def test_a_deleted_webhook_is_gone(world: World) -> None:
    """A webhook is deleted with its deliveries, answered once more, and then not found."""
    id = added(world).get_json()["id"]
    happens(world, "msg_1")
    assert world.admin.delete(f"{PATH}/{id}").get_json()["id"] == id
    for answer in (world.admin.get(f"{PATH}/{id}"), world.admin.delete(f"{PATH}/{id}")):
        assert answer.status_code == 404
    assert acts(world)[0] == "webhook.remove"


def test_after_a_rotation_both_secrets_sign_for_a_day(world: World) -> None:
    """A new secret signs beside the old one; when the overlap is over it signs alone."""
    made = added(world).get_json()
    fresh = world.admin.post(f"{PATH}/{made['id']}/rotate").get_json()
    assert fresh["secret"] != made["secret"]
    assert signers(world, made["id"], made["secret"], fresh["secret"]) == [True, True]
    at_once = world.admin.post(f"{PATH}/{made['id']}/rotate", {"overlap_s": 0}).get_json()
    assert signers(world, made["id"], made["secret"], fresh["secret"], at_once["secret"]) == [False, False, True]
    assert fields(world.admin.post(f"{PATH}/{made['id']}/rotate", {"overlap_s": 604_801})) == ["overlap_s"]
    assert acts(world)[0] == "webhook.rotate"


def signers(world: World, id: str, *secrets: str) -> list[bool]:
    """Which of these secrets sign now."""
    with reading(world.core.engine) as connection:
        held = webhooks.secrets(connection, [id], now_ms())[id]
    opened = {world.core.ring.open(each.sealed, each.id).decode() for each in held}
    return [secret in opened for secret in secrets]


def test_a_test_event_goes_to_one_webhook(world: World) -> None:
    """A test is an event that this webhook alone is sent, each time another."""
    id, other = (added(world, types=["verification.*"]).get_json()["id"] for _ in range(2))
    first, second = (world.admin.post(f"{PATH}/{id}/test") for _ in range(2))
    assert first.status_code == 202
    assert first.get_json() != second.get_json()
    deliveries.fan_out(world.core.engine, now_ms())
    assert delivered(world, id) == [("webhook.test", "pending", 0)] * 2
    assert delivered(world, other) == []


def test_a_test_says_why_there_can_be_none(world: World) -> None:
    """A disabled webhook can't be tested, nor one of an application that keeps no events."""
    id = added(world).get_json()["id"]
    world.policy(retain_events_s=0)
    assert world.admin.post(f"{PATH}/{id}/test").status_code == 409
    world.policy()
    world.admin.call("PATCH", f"{PATH}/{id}", {"enabled": False})
    assert world.admin.post(f"{PATH}/{id}/test").status_code == 409
    assert world.admin.post(f"{PATH}/{id}/replay", {"from": "2020-01-01T00:00:00Z"}).status_code == 409


def test_a_replay_brings_what_was_missed(world: World) -> None:
    """A time is replayed without what was delivered and what was not wanted, under the same ids; once is enough."""
    id = added(world, types=["message.*"]).get_json()["id"]
    happens(world, "msg_1")
    tried(world, works=True)
    happens(world, "msg_2")
    tried(world, works=False)
    world.admin.call("PATCH", f"{PATH}/{id}", {"enabled": False})
    happens(world, "msg_3")
    happens(world, "ver_1", "verification.started")
    world.admin.call("PATCH", f"{PATH}/{id}", {"enabled": True})
    span = {"from": "2020-01-01T00:00:00Z"}
    assert world.admin.post(f"{PATH}/{id}/replay", span).get_json() == {"deliveries": 2}
    assert [status for _, status, _ in delivered(world, id)] == ["pending", "pending", "delivered"]
    assert world.admin.post(f"{PATH}/{id}/replay", span).get_json() == {"deliveries": 0}
    assert world.admin.post(f"{PATH}/{id}/replay", {**span, "to_time": "2021-01-01T00:00:00Z"}).get_json() == {
        "deliveries": 0
    }
    assert acts(world)[0] == "webhook.replay"


def test_one_event_is_replayed_whatever_became_of_it(world: World) -> None:
    """An event that was delivered goes out again if it is named; that of another application is not found."""
    id = added(world).get_json()["id"]
    event = happens(world, "msg_1")
    tried(world, works=True)
    assert world.admin.post(f"{PATH}/{id}/replay", {"event": event}).get_json() == {"deliveries": 1}
    assert delivered(world, id) == [("message.delivered", "pending", 0)]
    strange = happens(world, "msg_2", application=world.application("bank", Policy()))
    for unknown in (strange, "evt_no"):
        assert world.admin.post(f"{PATH}/{id}/replay", {"event": unknown}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event": "evt_1", "from": "2026-01-01T00:00:00Z"},
        {"to_time": "2026-01-01T00:00:00Z"},
        {"event": "evt_1", "to_time": "2026-01-01T00:00:00Z"},
        {"from": "yesterday"},
    ],
)
def test_a_replay_is_of_an_event_or_of_a_time(world: World, body: dict[str, Any]) -> None:
    """A replay of both, of neither or of no time is refused."""
    id = added(world).get_json()["id"]
    assert world.admin.post(f"{PATH}/{id}/replay", body).status_code == 422


def test_the_courier_may_disable_it(world: World) -> None:
    """Why and since when a webhook is disabled can be read."""
    id = added(world).get_json()["id"]
    with change(world.core.engine, world.core.audit_key, "courier", now_ms()) as opened:
        assert webhooks.disable(opened, id, "gone")
        assert not webhooks.disable(opened, id, "gone")
    assert world.admin.get(f"{PATH}/{id}").get_json()["disabled_reason"] == "gone"


def test_a_webhook_of_another_id_is_not_found(world: World) -> None:
    """An id that is none is 404, whatever is asked of it."""
    admin: Api = world.admin
    for id in ("whk_AAAAAAAAAAAAAAAAAAAAAA", "whk_%00"):
        assert admin.get(f"{PATH}/{id}").status_code == 404
        assert admin.call("PATCH", f"{PATH}/{id}", {"enabled": True}).status_code == 404
        assert admin.post(f"{PATH}/{id}/test").status_code == 404
