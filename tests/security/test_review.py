"""What a hostile review found, held for good."""

import socket

from werkzeug.serving import make_server

from tests.keyspace import drain, facts
from tests.servers import at_work
from tests.world import NUMBER, START, World


def lock_facts(world: World) -> list[str]:
    """The ids of the hard lock's facts that wait for the ledger."""
    return [fact.id for fact in facts(world) if fact.type == "lock"]


def test_a_lowered_hard_lock_becomes_a_truth_of_the_ledger(world: World) -> None:
    """A number whose failures reach a lowered `hard_lock_after` is disabled by a fact that is written once."""
    world.policy(max_attempts=10, hard_lock_after=100)
    first = world.api.start().get_json()["id"]
    second = world.api.start(purpose="other").get_json()["id"]
    for id_ in (first,) * 9 + (second,) * 3:
        world.api.check(world.wrong(id_), id=id_)
    assert lock_facts(world) == []

    world.policy(max_attempts=10, hard_lock_after=10)

    assert [world.api.start(purpose="third").status_code for _ in range(3)] == [403, 403, 403]
    assert world.api.check(world.code(second), id=second).status_code == 403
    assert len(lock_facts(world)) == 1


def test_a_slow_body_without_a_callback_token_holds_no_thread(world: World) -> None:
    """A callback whose token does not open is refused before its body is waited for."""
    server = make_server("127.0.0.1", 0, world.app, threaded=False)
    with at_work(server), socket.create_connection(server.server_address[:2], timeout=60) as stalled:
        stalled.sendall(b"POST /v1/callbacks/gateway/x/receipts HTTP/1.0\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        answer = stalled.recv(12)
        assert answer.startswith(b"HTTP/1.")


def test_a_test_key_is_never_an_admin(world: World) -> None:
    """A test key with the scope admin can't be made, and one that was made before does no admin work."""
    sent = {"application": world.shop, "name": "ci", "scopes": ["admin"], "test": True}
    refused = world.admin.post("/v1/admin/keys", sent)
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "scopes")
    older = world.caller(*START, "admin", test=True)
    assert older.get("/v1/admin/applications").status_code == 403
    assert older.start().status_code == 201


def test_numbers_are_not_told_for_longer_than_the_policy_keeps_them(world: World) -> None:
    """Where numbers are not retained, an ended verification is read and checked without its number."""
    world.policy(retain_number_s=0)
    id_ = world.api.start().get_json()["id"]
    assert world.api.check(world.code(id_), id=id_).get_json()["to"] == NUMBER
    assert world.api.get(f"/v1/verifications/{id_}").get_json()["to"] is None
    assert world.api.check("000000", id=id_).get_json()["to"] is None
    assert world.core.link.command("PTTL", world.core.link.command("KEYS", "{c0}:v:*")[0]) <= (600 + 600) * 1000


def test_a_resend_of_a_supplied_code_outlives_a_change_of_policy(world: World) -> None:
    """A code that was supplied under the old policy can be sent again under the new one."""
    world.policy(allow_custom_code=True)
    id_ = world.api.start(code="482916").get_json()["id"]
    world.policy(allow_custom_code=True, code_length=8)
    assert world.api.post(f"/v1/verifications/{id_}/resend").status_code == 200
    assert world.api.check("482916", id=id_).get_json()["valid"] is True


def test_a_key_that_was_answered_hears_its_answer_though_the_number_was_blocked_since(world: World) -> None:
    """The first answer to an Idempotency-Key stays its answer, whatever rule came after it."""
    key = {"Idempotency-Key": "login-42"}
    first = world.api.start(headers=key)
    block = {"kind": "number", "value": NUMBER, "reason": "fraud"}
    assert world.admin.post("/v1/admin/blocks", block).status_code == 201
    world.parts.truths.refresh()
    again = world.api.start(headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert world.api.start().status_code == 403


def test_doubled_slashes_are_not_found(world: World) -> None:
    """A path with doubled slashes is a problem document, never a redirect to the Host that the caller named."""
    answer = world.app.test_client().get("/v1//verifications", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers.get("Location")) == (404, None)
    assert answer.mimetype == "application/problem+json"


def test_a_hard_lock_by_the_ledger_writes_no_second_fact(world: World) -> None:
    """Once the ledger holds a lock, refusals for it write nothing, even on a store that forgot it."""
    world.policy(max_attempts=10, hard_lock_after=10)
    id_ = world.api.start().get_json()["id"]
    for _ in range(10):
        world.api.check(world.wrong(id_), id=id_)
    assert len(lock_facts(world)) == 1
    drain(world)
    world.core.link.command("DEL", *world.core.link.command("KEYS", "{c0}:f:*"))
    assert world.api.check(world.wrong(id_), id=id_).status_code == 403
    assert lock_facts(world) == []
