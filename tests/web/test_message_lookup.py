"""Messages that were sent or scheduled, as callers find, move and cancel them, and tell what came of them."""

from datetime import datetime, timedelta

import pytest

from otp_service.domain.policy import Policy
from tests.clock import DAY, HOUR, TimedWorld
from tests.keyspace import drain
from tests.web.test_messages import PATH, at, message
from tests.world import OTHER_NUMBER, Api, World


@pytest.fixture
def api(world: World) -> Api:
    """A caller that sends messages."""
    return world.caller("messages")


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
        world.caller("messages", application=world.application("other", Policy())),
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


def test_messages_are_listed(timed: TimedWorld) -> None:
    """Newest first and page by page, by number, status, reference and time; without codes and others' messages."""
    api, ids = timed.caller("messages"), []
    for number in range(3):
        ids.append(api.post(PATH, message(reference=f"r{number}")).json["id"])
        timed.clock.pass_(1)
    other = api.post(PATH, message(to=OTHER_NUMBER, send_at=at(HOUR))).json["id"]
    timed.api.start()
    timed.caller("messages", test=True).post(PATH, message())
    drain(timed)

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
