"""Verifications that ended: late checks, reading and lists, from the store and from the ledger."""

from typing import Any

import pytest

from otp_service.domain.keys import b64
from tests.clock import MINUTE, TimedWorld
from tests.keyspace import drain, raw_client
from tests.world import NUMBER, OTHER_NUMBER, Api, World

REASONS = {"approved": "already_used", "failed": "max_attempts", "expired": "expired", "canceled": "canceled"}


def end(world: TimedWorld, how: str, to: str = NUMBER, purpose: str = "login") -> str:
    """The id of a verification that ended this way."""
    id_: str = world.api.start(to, purpose=purpose).json["id"]
    match how:
        case "approved":
            assert world.api.check(world.code(id_), id=id_).json["valid"]
        case "failed":
            for _ in range(5):
                world.api.check(world.wrong(id_), id=id_)
        case "canceled":
            world.api.delete(f"/v1/verifications/{id_}")
        case "expired":
            world.clock.pass_(10 * MINUTE)
    return id_


def forget(world: World) -> None:
    """Redis loses everything."""
    with raw_client(world) as client:
        client.flushall()


@pytest.mark.parametrize("how", sorted(REASONS))
def test_a_late_check_hears_why_it_ended(timed: TimedWorld, how: str) -> None:
    """From the record, from the list of ended ones behind a newer one, and from the ledger: the same answer."""
    id_ = end(timed, how)
    now = timed.api.check("123456", id=id_).json
    timed.api.start()
    superseded = timed.api.check("123456", id=id_).json
    drain(timed)
    forget(timed)
    from_ledger = timed.api.check("123456", id=id_).json
    assert (now["status"], now["reason"], now["valid"], now["attempts_left"]) == (how, REASONS[how], False, 0)
    assert now == superseded == from_ledger


@pytest.mark.parametrize("how", sorted(REASONS))
def test_reading_an_ended_one_tells_the_same_everywhere(timed: TimedWorld, how: str) -> None:
    """The resource is the same from the record, behind a newer one, and from the ledger."""
    id_ = end(timed, how)
    path = f"/v1/verifications/{id_}"
    now = timed.api.get(path).json
    drain(timed)
    timed.api.start()
    superseded = timed.api.get(path).json
    drain(timed)
    forget(timed)
    from_ledger = timed.api.get(path).json
    assert now["status"] == how
    assert now["ended_at"]
    assert now == superseded == from_ledger


def test_the_right_code_is_never_valid_from_the_ledger(timed: TimedWorld) -> None:
    """What Redis lost is expired, however right the code."""
    id_ = timed.api.start().json["id"]
    code = timed.code(id_)
    drain(timed)
    forget(timed)
    answer = timed.api.check(code, id=id_).json
    assert (answer["valid"], answer["status"], answer["reason"]) == (False, "expired", "expired")
    assert timed.api.check(code).status_code == 404
    assert timed.api.delete(f"/v1/verifications/{id_}").json["code"] == "not_pending"
    assert timed.api.post(f"/v1/verifications/{id_}/resend").json["code"] == "not_pending"


def test_a_cancelled_one_stays_cancelled_in_the_ledger(timed: TimedWorld) -> None:
    """Cancelling again, after Redis forgot, is 200 with the resource."""
    id_ = end(timed, "canceled")
    drain(timed)
    forget(timed)
    response = timed.api.delete(f"/v1/verifications/{id_}")
    assert (response.status_code, response.json["status"]) == (200, "canceled")


def test_what_never_reached_the_ledger_is_unknown(timed: TimedWorld) -> None:
    """Losing Redis before the drain loses the verification, and nothing else breaks."""
    id_ = timed.api.start().json["id"]
    forget(timed)
    assert timed.api.get(f"/v1/verifications/{id_}").status_code == 404
    assert timed.api.start().status_code == 201


@pytest.fixture
def told(timed: TimedWorld) -> dict[str, str]:
    """A verification that ended in each way, in the ledger, a minute apart."""
    ids = {}
    for how, to in (("failed", NUMBER), ("approved", NUMBER), ("canceled", OTHER_NUMBER), ("expired", OTHER_NUMBER)):
        timed.clock.pass_(-HOURS)
        ids[how] = end(timed, how, to, purpose=how)
        timed.clock.pass_(HOURS + MINUTE)
    drain(timed)
    return ids


HOURS = 5 * 60 * MINUTE  # in the past: the ledger judges expiry by its host's clock


def listed(world: TimedWorld, **query: Any) -> list[str]:
    path = "/v1/verifications?" + "&".join(f"{name}={value}" for name, value in query.items())
    response = world.caller("reports").get(path)
    assert response.status_code == 200, response.json
    return [item["purpose"] for item in response.json["items"]]


def test_lists_are_newest_first(timed: TimedWorld, told: dict[str, str]) -> None:
    """All of the application's, the newest in front."""
    assert listed(timed) == ["expired", "canceled", "approved", "failed"]


def test_lists_are_filtered(timed: TimedWorld, told: dict[str, str]) -> None:
    """By number, encoded or not, by status, and by time, from inclusive and to_time exclusive."""
    assert listed(timed, to="%2B41791234567") == listed(timed, to="+41791234567") == ["approved", "failed"]
    assert {how: listed(timed, status=how) for how in told} == {how: [how] for how in told}
    created = timed.api.get(f"/v1/verifications/{told['canceled']}").json["created_at"]
    assert listed(timed, **{"from": created}) == ["expired", "canceled"]
    assert listed(timed, to_time=created) == ["approved", "failed"]
    assert listed(timed, to="+41791234999") == []


def test_a_list_is_read_by_the_page(timed: TimedWorld, told: dict[str, str]) -> None:
    """next_cursor leads on until it is null; what comes meanwhile does not repeat anything."""
    caller, seen, cursor = timed.caller("reports"), [], ""
    while True:
        page = caller.get(f"/v1/verifications?limit=1{cursor and '&cursor=' + cursor}").json
        seen += [item["id"] for item in page["items"]]
        timed.api.start("+41791234777", user=str(len(seen)))
        drain(timed)
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert seen == list(told.values())[::-1]


@pytest.mark.parametrize(
    "query",
    [
        *("status=open", "limit=0", "limit=201", "limit=x", "cursor=x", "to=x", "to=1&to=2", "nonsense=1"),
        *("from=yesterday", "from=2026-01-01", "to_time=-1", "cursor=" + "A" * 201),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(world: World, query: str) -> None:
    """Unknown, repeated or malformed parameters are 422."""
    response = world.caller("reports").get(f"/v1/verifications?{query}")
    assert (response.status_code, response.json["code"]) == (422, "invalid_field")


@pytest.mark.parametrize(
    "query",
    [
        *("from=0001-01-01T00:00:00%2B14:00", "to_time=9999-12-31T23:59:59-14:00"),
        "cursor=" + b64(b"99999999999999999999999:ver_x"),
        "cursor=" + b64(b"-1:ver_x"),
    ],
)
def test_the_ends_of_time_are_no_error(world: World, query: str) -> None:
    """Times that no clock will show are answered or refused like any other."""
    assert world.caller("reports").get(f"/v1/verifications?{query}").status_code in (200, 422)


def test_test_keys_and_live_keys_never_meet(world: World, api: Api) -> None:
    """Verifications, limits and lists of test keys are a world of their own."""
    world.policy(limits={"to": "1 per hour"})
    tester = world.caller("verifications:start", "verifications:check", "reports", test=True)
    live, test = api.start().json["id"], tester.start().json["id"]
    assert (api.start().status_code, tester.start().status_code) == (429, 429)
    assert tester.get(f"/v1/verifications/{live}").status_code == 404
    assert api.get(f"/v1/verifications/{test}").status_code == 404
    assert not tester.check(world.code(live)).json["valid"]
    assert tester.check(world.code(test)).json["valid"]
    drain(world)
    assert [item["id"] for item in tester.get("/v1/verifications").json["items"]] == [test]
    assert [item["id"] for item in world.caller("reports").get("/v1/verifications").json["items"]] == [live]
