"""Codes and guesses by the checklist of SECURITY section 1, rows 1 to 9; row 8 is test_no_code_anywhere."""

import base64
import hashlib
import hmac
import itertools
import json
from collections import Counter

import pytest

from otp_service.domain.codes import derive
from tests.clock import SECOND, TimedWorld
from tests.keyspace import drain, raw_client
from tests.security.together import together
from tests.world import NUMBER, OTHER_NUMBER, Api, World

FREE = {"to": "", "ip": ""}
LOCKS = "/v1/admin/locks?application={}&to=%2B41791234567"


def patch(world: World, **policy: object) -> int:
    return world.admin.call("PATCH", f"/v1/admin/applications/{world.shop}", {"policy": policy}).status_code


def test_t1_a_code_is_good_once_and_for_ten_minutes_at_most(timed: TimedWorld) -> None:
    """The second use is already_used, a policy of 601 s is refused, and at +601 s the code has expired."""
    id_ = timed.api.start().json["id"]
    code = timed.code(id_)
    assert [timed.api.check(code).json["reason"] for _ in range(2)] == [None, "already_used"]
    assert patch(timed, ttl_s=601) == 422
    late = timed.code(timed.api.start().json["id"])
    timed.clock.pass_(601 * SECOND)
    assert timed.api.check(late).json["reason"] == "expired"


def test_t2_codes_have_twenty_bits_at_least(world: World) -> None:
    """No policy makes a weaker code than five letters or six digits; the strongest has ten symbols."""
    assert [patch(world, code_alphabet="digits", code_length=length) for length in (5, 6, 10, 11)] == [
        422,
        200,
        200,
        422,
    ]
    assert [patch(world, code_alphabet="mixed", code_length=length) for length in (4, 5, 10, 11)] == [
        422,
        200,
        200,
        422,
    ]
    assert len({derive(b"k" * 32, f"ver_{n}", "digits", 6) for n in range(2000)}) > 1990


def test_t3_a_thousand_parallel_guesses_are_five(world: World) -> None:
    """Of 1,000 wrong codes at once exactly five are compared; all others hear max_attempts."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    heard = together(world, [lambda api: api.check(wrong, id=id_)] * 1000)
    assert Counter(answer["reason"] for answer in heard) == {"wrong_code": 5, "max_attempts": 995}


def test_t3_the_tenth_failure_delays_and_the_hundredth_disables(timed: TimedWorld) -> None:
    """429 destination_locked from ten on, 403 destination_disabled at a hundred, and wiping Redis does not lift it."""
    timed.policy(limits=FREE, max_sends=20)
    codes = set()
    for turn in itertools.count():
        answer = timed.api.start(user=f"{turn}")
        if answer.status_code == 201:
            for _ in range(5):
                timed.api.check(timed.wrong(answer.json["id"]), id=answer.json["id"])
            continue
        codes.add((turn == 2, answer.json["code"]))
        if answer.status_code == 403:
            break
        timed.clock.pass_(answer.json["retry_after_s"] * SECOND)
    assert codes == {(True, "destination_locked"), (False, "destination_locked"), (False, "destination_disabled")}
    drain(timed)
    with raw_client(timed) as client:
        client.flushall()
    assert timed.api.start().json["code"] == "destination_disabled"
    assert timed.api.check("123456").json["code"] == "destination_disabled"


def test_t4_a_new_code_does_not_reset_the_count(world: World) -> None:
    """3 wrong, resend, 2 wrong: failed; after a new verification the admin still reads five failures."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    for _ in range(3):
        world.api.check(wrong)
    world.api.post(f"/v1/verifications/{id_}/resend")
    assert [world.api.check(wrong).json["status"] for _ in range(2)] == ["pending", "failed"]
    world.api.start()
    assert world.admin.get(LOCKS.format(world.shop)).json["failures"] == 5


def test_t5_sessions_in_parallel_get_what_one_would(world: World) -> None:
    """A hundred sessions that start and guess at once get no more guesses than the one live verification allows."""
    world.policy(limits=FREE, max_sends=20)

    def session(api: Api) -> object:
        api.start()
        return api.check("000001")

    heard = together(world, [session] * 100)  # type: ignore[list-item]
    assert sum(answer.get("reason") == "wrong_code" for answer in heard) <= 10
    assert world.admin.get(LOCKS.format(world.shop)).json["failures"] <= 10


def test_t5_a_known_device_still_gets_a_code(timed: TimedWorld) -> None:
    """While a stranger is locked out the owner's device is served."""
    timed.policy(limits=FREE, max_sends=20)
    owner = {"device_id": "mine"}
    timed.api.check(timed.code(timed.api.start(client=owner).json["id"]), client=owner)
    for user in ("x", "y"):
        wrong = timed.wrong(timed.api.start(user=user).json["id"])
        for _ in range(5):
            timed.api.check(wrong)
    assert [timed.api.start(client=client).status_code for client in ({}, owner)] == [429, 201]


@pytest.mark.parametrize(
    "asked",
    [
        {"to": OTHER_NUMBER, "user": "u1", "binding": {"amount": "5"}},
        {"purpose": "other", "user": "u1", "binding": {"amount": "5"}},
        {"user": "u2", "binding": {"amount": "5"}},
        {"user": "u1", "binding": {"amount": "6"}},
        {"binding": {"amount": "5"}},
        {"user": "u1"},
    ],
    ids=["number", "purpose", "user", "amount", "no user", "no amount"],
)
def test_t6_a_code_opens_nothing_but_its_own(world: World, asked: dict[str, object]) -> None:
    """Number, purpose, user and amount are part of what a code is good for."""
    where = {name: asked[name] for name in ("to", "purpose") if name in asked}
    own = world.code(world.api.start(user="u1", binding={"amount": "5"}).json["id"])
    if where:
        world.api.start(**where, user="u1", binding={"amount": "5"})
    assert world.api.check(own, **asked).json["reason"] == "wrong_code"


def test_t7_of_three_requests_one_code_is_right(world: World) -> None:
    """Sent three times, it is one value; started again for another user, only the last is right."""
    same = {world.code(world.api.start().json["id"]) for _ in range(3)}
    assert len(same) == 1
    codes = [world.code(world.api.start(user=user).json["id"]) for user in ("a", "b")]
    assert [world.api.check(code, user="b").json["valid"] for code in codes] == [False, True]


def test_t9_a_dump_can_not_be_searched_for_the_code(world: World) -> None:
    """Whoever holds dump and id, but no key, finds no hash of the code in any usual form."""
    id_ = world.api.start(user="u1").json["id"]
    code, record = world.code(id_), world.record(id_)
    texts = [b"".join(parts) for parts in itertools.permutations([code.encode(), id_.encode(), b"u1", b""], 2)]
    texts += [code.encode() + part for part in (NUMBER.encode(), b":" + id_.encode(), b"\0" + id_.encode())]
    hashes = [hashlib.new(name, text).digest() for name in ("md5", "sha1", "sha256", "sha512") for text in texts]
    hashes += [hmac.digest(key, text, "sha256") for key in (b"", id_.encode(), b"\0" * 32) for text in texts]
    held = json.dumps(record).encode()
    assert not [
        found for found in hashes if found.hex()[:16].encode() in held or base64.urlsafe_b64encode(found)[:16] in held
    ]
