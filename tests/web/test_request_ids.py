"""Every request has an id that leads from the answer to the logs, the queue and the facts."""

import json
import re

import pytest

from tests.keyspace import outbox
from tests.logged import logged
from tests.world import Api, World


@pytest.mark.parametrize("given", ["abcdefgh", "0123-4567_89.ab", "x" * 64])
def test_a_well_formed_id_is_kept(api: Api, given: str) -> None:
    """The caller's own id comes back, in header and problem."""
    response = api.start("nonsense", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] == response.json["request_id"] == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "has space", 'has"quote', "ünïcödé-id", "+41791234567 "])
def test_another_id_is_replaced(api: Api, given: str) -> None:
    """Whatever could do harm in a log is not taken; a fresh id is."""
    response = api.start(headers={"X-Request-Id": given})
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", response.headers["X-Request-Id"])


def test_the_id_travels_with_the_message(world: World, api: Api) -> None:
    """The outbox entry names the request that asked for it."""
    api.start(headers={"X-Request-Id": "my-request-1"})
    assert outbox(world)[0][b"r"] == b"my-request-1"


def test_a_request_leaves_one_line_without_its_values(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log names route, status and request id, never the path, the query or the number."""
    caller = world.caller("verifications:start", "reports")
    with logged(monkeypatch) as told:
        id_ = caller.start(headers={"X-Request-Id": "my-request-2"}).json["id"]
        caller.get(f"/v1/verifications/{id_}")
        caller.get("/v1/verifications?to=%2B41791234567")
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["route"] for line in requests] == ["/v1/verifications", "/v1/verifications/<id>", "/v1/verifications"]
    assert requests[0]["request_id"] == "my-request-2"
    assert requests[0]["application"] == world.shop
    assert not re.search(r"41791234567|to=|" + re.escape(id_), told.getvalue())
