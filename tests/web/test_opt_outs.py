"""Opt-outs: who wants no more messages, and what that binds."""

from typing import Any

import pytest

from otp_service.domain.policy import Policy
from tests.keyspace import facts, outbox
from tests.world import NUMBER, OTHER_NUMBER, Api, World

PATH = "/v1/opt-outs"


def send(api: Api, **fields: Any) -> Any:
    return api.post("/v1/messages", {"to": NUMBER, "text": "Your parcel is here.", **fields})


@pytest.fixture
def api(world: World) -> Api:
    """A caller that sends messages."""
    return world.caller("messages")


def test_an_opt_out_is_told_read_and_lifted(api: Api) -> None:
    """It is promotional unless said otherwise; told again it only takes the new scope."""
    told = api.call("PUT", f"{PATH}/+41 79 123 45 67").json
    assert (told["to"], told["scope"], told["source"]) == (NUMBER, "promotional", "api")
    assert api.call("PUT", f"{PATH}/{NUMBER}", {"scope": "all"}).json == {**told, "scope": "all"}
    assert api.get(f"{PATH}/{NUMBER}").json["scope"] == "all"
    assert api.delete(f"{PATH}/{NUMBER}").json["scope"] == "all"
    assert [api.get(f"{PATH}/{NUMBER}").status_code, api.delete(f"{PATH}/{NUMBER}").status_code] == [404, 404]


def test_who_opted_out_of_all_gets_codes_and_no_messages(world: World, api: Api) -> None:
    """A message is refused and leaves nothing behind; a code, which the person asks for, is sent."""
    api.call("PUT", f"{PATH}/{NUMBER}", {"scope": "all"})
    world.parts.truths.refresh()
    refused = send(api)
    assert (refused.status_code, refused.json["code"]) == (403, "opted_out")
    assert (outbox(world), facts(world)) == ([], [])
    assert world.api.start().status_code == 201
    api.delete(f"{PATH}/{NUMBER}")
    world.parts.truths.refresh()
    assert send(api).status_code == 202


def test_who_opted_out_of_promotions_gets_transactional_messages(world: World, api: Api) -> None:
    """What a customer needs to know is no promotion."""
    api.call("PUT", f"{PATH}/{NUMBER}")
    world.parts.truths.refresh()
    assert send(api).status_code == 202


def test_opt_outs_are_an_applications_own(world: World, api: Api) -> None:
    """Neither another application nor test keys see or feel them, nor does a live message feel those of test keys."""
    test = world.caller("messages", test=True)
    other = world.caller("messages", application=world.application("other", Policy()))
    api.call("PUT", f"{PATH}/{NUMBER}", {"scope": "all"})
    test.call("PUT", f"{PATH}/{OTHER_NUMBER}", {"scope": "all"})
    world.parts.truths.refresh()
    assert [send(caller).status_code for caller in (api, test, other)] == [403, 202, 202]
    assert [send(caller, to=OTHER_NUMBER).status_code for caller in (api, test, other)] == [202, 403, 202]
    assert [item["to"] for item in api.get(PATH).json["items"]] == [NUMBER]
    assert other.get(f"{PATH}/{NUMBER}").status_code == 404
    assert [item["to"] for item in test.get(PATH).json["items"]] == [OTHER_NUMBER]


def test_opt_outs_are_listed_page_by_page(api: Api) -> None:
    """Newest first, each once."""
    numbers = [f"+4179123456{number}" for number in range(5)]
    for number in numbers:
        api.call("PUT", f"{PATH}/{number}")
    first = api.get(f"{PATH}?limit=3").json
    second = api.get(f"{PATH}?limit=3&cursor={first['next_cursor']}").json
    assert {item["to"] for page in (first, second) for item in page["items"]} == set(numbers)
    assert (len(first["items"]), len(second["items"]), second["next_cursor"]) == (3, 2, None)
    assert api.get(f"{PATH}?cursor=x").json["code"] == "invalid_field"


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {"scope": "all"}), ("DELETE", None)])
def test_what_is_no_number_is_refused(api: Api, method: str, body: Any) -> None:
    """The refusal names the number and does not repeat it."""
    answer = api.call(method, f"{PATH}/+4179", body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "number")
    assert "+4179" not in answer.json["detail"]


@pytest.mark.parametrize("body", [{"scope": "some"}, {"scope": 1}, {"scopes": "all"}])
def test_what_is_no_scope_is_refused(api: Api, body: dict[str, Any]) -> None:
    """The scope is one of its words."""
    assert api.call("PUT", f"{PATH}/{NUMBER}", body).status_code == 422


def test_opt_outs_need_the_scope_of_messages(world: World) -> None:
    """Whoever starts verifications may not see who opted out."""
    for method in ("GET", "PUT", "DELETE"):
        assert world.api.call(method, f"{PATH}/{NUMBER}").status_code == 403
