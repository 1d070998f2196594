"""Messages, resends and checks that a rule refuses have a reference, as starts have."""

from typing import Any

import pytest

from tests.servers import RedisServer
from tests.store.monitor import monitored
from tests.web.test_admin_blocks import block
from tests.web.test_admin_locks import disable
from tests.web.test_admin_refusals import IP, PATH, REFERENCE, exempted, explained
from tests.world import NUMBER, OTHER_NUMBER, World

MESSAGE = {"to": NUMBER, "text": "Your parcel is here."}


def message(world: World, **more: Any) -> dict[str, Any]:
    """The problem that a message meets; on a busy machine it may have no reference at first."""
    api = world.caller("messages")
    for _ in range(5):
        problem: dict[str, Any] = api.post("/v1/messages", {**MESSAGE, **more}).get_json()
        if "reference" in problem:
            break
    return problem


def over_a_limit(world: World) -> None:
    world.policy(message_limits="1 per hour")
    assert "code" not in message(world)


def over_the_ceiling(world: World) -> None:
    world.policy(spend_per_day_micros=1)


def over_a_country_list(world: World) -> None:
    world.policy(countries=["DE"])


def blocked(world: World) -> None:
    block(world, kind="prefix", value="+4179", application="shop")


def opted_out(world: World) -> None:
    world.caller("messages").call("PUT", f"/v1/opt-outs/{NUMBER}", {"scope": "all"})
    world.parts.truths.refresh()


EACH = {
    "limit": (over_a_limit, "rate_limited", "The limit of 1 in 1 hour for this application is used up"),
    "spend": (over_the_ceiling, "spend_exhausted", "The application's ceiling of $0.00 in 1 day is used up"),
    "country": (over_a_country_list, "country_not_allowed", "The policy's countries do not name CH"),
    "block": (blocked, "destination_blocked", "An admin has blocked numbers that begin like this one"),
    "opted out": (opted_out, "opted_out", "The person has opted out of messages like this one"),
}


@pytest.mark.parametrize("fields", [{}, {"reference": "order-42"}], ids=["plain", "with a reference"])
@pytest.mark.parametrize(("ill", "code", "sentence"), EACH.values(), ids=EACH)
def test_every_refusal_of_a_message_has_a_reference(
    world: World, ill: Any, code: str, sentence: str, fields: dict[str, str]
) -> None:
    """Whichever rule refuses a message, an admin reads why by its reference, and finds it by its number."""
    ill(world)
    problem = message(world, **fields)
    assert problem["code"] == code
    assert REFERENCE.fullmatch(problem["reference"])
    told = explained(world, problem)
    assert (told["code"], told["asked_for"], told["reasons"]) == (code, "message", [sentence])
    assert (told["to"], told["country"], told["request_id"]) == ("+4179•••4567", "CH", problem["request_id"])
    assert told["application"] == world.shop
    for query in ("to=%2B41791234567", "to=%2B41791234567&application=shop"):
        assert problem["reference"] in [item["reference"] for item in listed(world, query)]
    assert listed(world, "to=%2B41791234568") == []


def test_a_message_that_a_wider_block_refused_is_exempt_in_one_call(world: World) -> None:
    """After an exception of the number by the refusal's reference the message goes out."""
    blocked(world)
    problem = message(world)
    assert explained(world, problem)["exemptions"] == ["number"]
    assert exempted(world, problem, "number").status_code == 201
    assert "code" not in message(world)


@pytest.mark.parametrize("ill", [opted_out, over_a_limit, over_the_ceiling])
def test_what_a_person_or_a_purse_refuses_has_no_exception(world: World, ill: Any) -> None:
    """No allow brings a message to somebody who opted out, or spends more than the policy lets."""
    ill(world)
    problem = message(world)
    assert explained(world, problem)["exemptions"] == []
    assert exempted(world, problem, "number").get_json()["code"] == "conflict"


def test_a_mistake_in_a_message_has_no_reference(world: World) -> None:
    """A message that makes no sense, or whose reference another has, is no rule's refusal."""
    api = world.caller("messages")
    assert "reference" not in api.post("/v1/messages", {**MESSAGE, "to": "nobody"}).get_json()
    late = {**MESSAGE, "reference": "order-42"}
    assert api.post("/v1/messages", late).status_code == 202
    assert "reference" not in api.post("/v1/messages", late).get_json()
    assert listed(world) == []


def test_what_is_kept_of_a_message_names_nobody(world: World) -> None:
    """The log holds neither the number nor the text nor the caller's reference of a refused message."""
    over_a_limit(world)
    key = f"{{c{message(world, reference='order-42')['reference'].split('_')[1]}}}:refusals"
    kept = str(world.core.link.command("XRANGE", key, "-", "+"))
    assert not any(value in kept for value in (NUMBER, NUMBER[1:], "parcel", "order-42"))


def test_a_resend_has_one_as_a_start_has(world: World) -> None:
    """A resend that comes too soon is explained by its reference."""
    world.policy(resend_after_s=30)
    id_ = world.started(client={"ip": IP})
    problem = world.api.post(f"/v1/verifications/{id_}/resend").get_json()
    told = explained(world, problem)
    assert (told["code"], told["asked_for"], told["purpose"]) == ("resend_too_soon", "code", "login")
    assert told["reasons"] == ["A code was sent a moment ago, and the policy wants a pause before the next"]


def test_a_check_by_number_has_one(world: World) -> None:
    """A check of a locked number is explained, whether or not a code is still waiting for it."""
    for to, start in ((NUMBER, True), (OTHER_NUMBER, False)):
        if start:
            world.started(to)
        disable(world, to)
        problem = world.api.check("123456", to=to).get_json()
        told = explained(world, problem)
        assert (told["code"], told["asked_for"]) == ("destination_disabled", "check")
        assert (told["to"], told["country"], told["lifts_at"]) == (f"+4179•••{to[-4:]}", "CH", None)
        assert told["reasons"] == ["100 wrong codes in a row were typed for this number; an admin must lift its lock"]
        assert told["request_id"] == problem["request_id"]
        assert [item["reference"] for item in listed(world, f"to=%2B{to[1:]}")] == [problem["reference"]]


def test_a_check_by_id_has_one(world: World) -> None:
    """Of a check by id alone the ledger knows whose number it is, and no allow lifts the lock."""
    id_ = world.started()
    disable(world)
    problem = world.api.check("123456", id=id_).get_json()
    told = explained(world, problem)
    assert (told["asked_for"], told["purpose"], told["to"]) == ("check", "login", "+4179•••4567")
    assert (told["application"], told["test"], told["exemptions"]) == (world.shop, False, [])
    assert exempted(world, problem, "number").get_json()["detail"] == "no allow lifts this: lift the number's lock"


def test_a_wrong_code_is_no_refusal(world: World) -> None:
    """A guess that is compared is answered, and nothing is kept of it among the refusals."""
    id_ = world.started()
    assert "reference" not in world.api.check(world.wrong(id_)).get_json()
    assert listed(world) == []


def test_a_refused_check_is_one_trip(world: World, redis: RedisServer) -> None:
    """A refusal of a check costs one command, with a record or without."""
    world.started()
    disable(world)
    disable(world, OTHER_NUMBER)
    world.api.check("123456")
    with monitored(redis) as monitor:
        assert world.api.check("123456").status_code == 403
        assert world.api.check("123456", to=OTHER_NUMBER).status_code == 403
        assert monitor.on_the_wire() == ["EVALSHA", "EVALSHA"]


def test_an_erased_person_leaves_no_refusal(world: World) -> None:
    """Erasing somebody takes the refusals of their messages and checks out of the log."""
    over_a_limit(world)
    message(world)
    id_ = world.started()
    disable(world)
    world.api.check("123456", id=id_)
    assert {item["asked_for"] for item in listed(world)} == {"message", "check"}
    world.admin.delete(f"/v1/admin/people/{NUMBER}")
    assert listed(world) == []


def listed(world: World, query: str = "") -> list[dict[str, Any]]:
    """One page of refusals."""
    items: list[dict[str, Any]] = world.admin.get(f"{PATH}?{query}").get_json()["items"]
    return items
