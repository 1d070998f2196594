"""Verifications over HTTP: start, check, resend, cancel and read."""

import re

import jwt
import pytest

from otp_service.domain.policy import Policy
from otp_service.domain.times import milliseconds
from tests.clock import HOUR, MINUTE, TimedWorld
from tests.keyspace import drain, outbox
from tests.world import NUMBER, OTHER_NUMBER, Api, World

ID = re.compile(r"ver_[A-Za-z0-9_-]{48}")
SHOP = {"amount": "12.50 CHF", "payee": "Shop"}


def ms(text: str) -> int:
    return milliseconds(text)


def test_a_start_answers_with_the_verification(world: World, api: Api) -> None:
    """201 with id, times and what is left; the message waits for a courier, and no provider was asked."""
    response = api.start("+41 79 123-45-67")
    body = response.json
    assert response.status_code == 201
    assert ID.fullmatch(body["id"])
    assert (body["to"], body["status"], body["purpose"], body["channel"]) == (NUMBER, "pending", "login", "sms")
    assert (body["sends"], body["attempts_left"]) == (1, 5)
    assert ms(body["expires_at"]) - ms(body["created_at"]) == 10 * MINUTE
    (entry,) = outbox(world)
    assert entry[b"m"].decode() == body["message_id"]


def test_starting_again_sends_the_live_one_again(timed: TimedWorld) -> None:
    """200 with the same id, expiry and attempts; two messages, one code."""
    first = timed.api.start().json
    timed.api.check(timed.wrong(first["id"]))
    timed.clock.pass_(5 * MINUTE)
    response = timed.api.start()
    again = response.json
    assert response.status_code == 200
    assert (again["id"], again["expires_at"], again["created_at"]) == (
        first["id"],
        first["expires_at"],
        first["created_at"],
    )
    assert (again["sends"], again["attempts_left"]) == (2, 4)
    assert again["message_id"] != first["message_id"]
    assert [entry[b"i"].decode() for entry in outbox(timed)] == [first["id"]] * 2


@pytest.mark.parametrize(
    "change", [{"user": "u2"}, {"user": None}, {"binding": {"amount": "99 CHF", "payee": "Shop"}}, {"binding": {}}]
)
def test_a_start_that_differs_opens_a_new_one(world: World, api: Api, change: dict[str, object]) -> None:
    """Another user or binding cancels the live verification: 201, another id, and the old code is canceled."""
    first = api.start(user="u1", binding=SHOP).json
    code = world.code(first["id"])
    response = api.start(**{"user": "u1", "binding": SHOP, **change})
    assert response.status_code == 201
    assert response.json["id"] != first["id"]
    late = api.check(code, id=first["id"], user="u1", binding=SHOP).json
    assert (late["valid"], late["reason"], late["status"]) == (False, "canceled", "canceled")


@pytest.mark.parametrize("by", ["to", "id"])
def test_the_right_code_is_valid_once(world: World, api: Api, by: str) -> None:
    """By number or by id: valid, then already_used."""
    id_ = api.start().json["id"]
    name = {"to": NUMBER} if by == "to" else {"id": id_}
    code = world.code(id_)
    first, second = api.check(code, **name).json, api.check(code, **name).json
    assert (first["valid"], first["status"], first["reason"], first["to"]) == (True, "approved", None, NUMBER)
    assert (second["valid"], second["status"], second["reason"]) == (False, "approved", "already_used")
    assert first["approved_at"] == second["approved_at"]


def test_every_wrong_guess_is_counted(world: World, api: Api) -> None:
    """Five are answered wrong_code with one less each time, then the verification has failed."""
    id_ = api.start().json["id"]
    heard = [api.check(world.wrong(id_)).json for _ in range(6)]
    assert [(each["reason"], each["attempts_left"]) for each in heard] == [
        *(("wrong_code", left) for left in (4, 3, 2, 1, 0)),
        ("max_attempts", 0),
    ]
    assert [each["status"] for each in heard] == ["pending"] * 4 + ["failed"] * 2
    assert api.check(world.code(id_)).json["valid"] is False


def test_user_and_binding_must_be_repeated(world: World, api: Api) -> None:
    """The right code without them, or with others, is a wrong code that costs an attempt."""
    id_ = api.start(user="u1", binding=SHOP).json["id"]
    code = world.code(id_)
    for said in ({}, {"user": "u1"}, {"binding": SHOP}, {"user": "u2", "binding": SHOP}):
        assert api.check(code, **said).json["reason"] == "wrong_code"
    answer = api.check(code, user="u1", binding=SHOP).json
    assert (answer["valid"], answer["attempts_left"]) == (True, 0)


def test_unknown_foreign_forged_and_malformed_are_one_404(world: World, api: Api) -> None:
    """Nothing tells an id that exists elsewhere from one that never did."""
    foreign = world.caller("verifications:start", application=world.application("other", Policy()))
    theirs = foreign.start().json["id"]
    mine = api.start().json["id"]
    forged = mine[:-1] + ("A" if mine[-1] != "A" else "B")
    answers = [api.check("123456", id=id_) for id_ in (theirs, forged, "ver_x", "x" * 128)]
    answers.append(api.check("123456", to=OTHER_NUMBER))
    answers.append(api.check("123456", to=NUMBER, purpose="never"))
    bodies = [{**answer.json, "request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [404] * 6
    assert all(body == bodies[0] for body in bodies)
    assert {api.get(f"/v1/verifications/{id_}").status_code for id_ in (theirs, forged, "ver_x")} == {404}
    assert {api.delete(f"/v1/verifications/{id_}").status_code for id_ in (theirs, forged, "ver_x")} == {404}
    assert {api.post(f"/v1/verifications/{id_}/resend").status_code for id_ in (theirs, forged, "ver_x")} == {404}


def test_an_id_opens_for_its_own_purpose_only(world: World, api: Api) -> None:
    """A check by id that names another purpose finds nothing and costs nothing."""
    id_ = api.start(purpose="signup").json["id"]
    assert api.check(world.code(id_), id=id_, purpose="reset").status_code == 404
    assert api.check(world.code(id_), id=id_, purpose="signup").json["valid"]


def test_a_supplied_code_is_the_code(world: World, api: Api) -> None:
    """With the policy's word a caller may bring its own code; without it that is refused."""
    assert api.start(code="246810").status_code == 422
    world.policy(allow_custom_code=True)
    id_ = api.start(code="246810").json["id"]
    assert api.check(world.code(id_)).json["reason"] == "wrong_code"
    assert api.check("246810").json["valid"]
    for misfit in ("24681", "2468101", "ABCDEF"):
        assert api.start(code=misfit).status_code == 422


def test_codes_follow_the_policy(world: World, api: Api) -> None:
    """Length and alphabet are the application's; letters may be typed in lower case."""
    world.policy(code_alphabet="mixed", code_length=8)
    id_ = api.start().json["id"]
    code = world.code(id_)
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{8}", code)
    assert api.check("234567").status_code == 422
    assert api.check(code.lower()).json["valid"]


def test_a_resend_by_id_repeats_the_start(world: World, api: Api) -> None:
    """200 with one more send; user, binding and supplied code are those of the start."""
    world.policy(allow_custom_code=True)
    id_ = api.start(user="u1", binding=SHOP, code="135791", locale="de", metadata={"order": "42"}).json["id"]
    response = api.post(f"/v1/verifications/{id_}/resend")
    assert (response.status_code, response.json["id"], response.json["sends"]) == (200, id_, 2)
    assert api.get(f"/v1/verifications/{id_}").json["metadata"] == {"order": "42"}
    assert api.check("135791", user="u1", binding=SHOP).json["valid"]


def test_a_resend_counts_against_the_first_start_s_address(world: World, api: Api) -> None:
    """The client's limit is consumed by a resend, too."""
    world.policy(limits={"to": "", "ip": "2 per hour"})
    id_ = api.start(client={"ip": "203.0.113.7"}).json["id"]
    assert api.post(f"/v1/verifications/{id_}/resend").status_code == 200
    refused = api.post(f"/v1/verifications/{id_}/resend")
    assert (refused.status_code, refused.json["code"]) == (429, "rate_limited")


@pytest.mark.parametrize("end", ["approved", "canceled", "failed", "expired", "replaced"])
def test_an_ended_one_is_not_sent_again(timed: TimedWorld, end: str) -> None:
    """Resend of an ended verification is 409 not_pending."""
    id_ = timed.api.start().json["id"]
    match end:
        case "approved":
            timed.api.check(timed.code(id_))
        case "canceled":
            timed.api.delete(f"/v1/verifications/{id_}")
        case "failed":
            for _ in range(5):
                timed.api.check(timed.wrong(id_))
        case "expired":
            timed.clock.pass_(10 * MINUTE)
        case "replaced":
            timed.api.start(user="u2")
    response = timed.api.post(f"/v1/verifications/{id_}/resend")
    assert (response.status_code, response.json["code"]) == (409, "not_pending")


def test_cancelling_ends_it(world: World, api: Api) -> None:
    """200 with the resource, canceled; twice is once; the code is canceled; an approved one is 409."""
    id_ = api.start().json["id"]
    for _ in range(2):
        response = api.delete(f"/v1/verifications/{id_}")
        assert (response.status_code, response.json["status"], response.json["id"]) == (200, "canceled", id_)
        assert response.json["ended_at"]
    assert api.check(world.code(id_)).json["reason"] == "canceled"
    second = api.start().json["id"]
    api.check(world.code(second))
    assert api.delete(f"/v1/verifications/{second}").json["code"] == "not_pending"


def test_reading_shows_the_whole_resource(timed: TimedWorld) -> None:
    """Status, times, sends, what is left, metadata and messages; resend_after while it is live."""
    timed.policy(resend_after_s=30)
    id_ = timed.api.start(metadata={"order": "42"}).json["id"]
    timed.api.check(timed.wrong(id_))
    body = timed.api.get(f"/v1/verifications/{id_}").json
    assert (body["status"], body["sends"], body["attempts_left"], body["metadata"]) == (
        "pending",
        1,
        4,
        {"order": "42"},
    )
    assert ms(body["resend_after"]) - ms(body["created_at"]) == 30_000
    assert [message["status"] for message in body["messages"]] == ["queued"]
    timed.api.check(timed.code(id_))
    ended = timed.api.get(f"/v1/verifications/{id_}").json
    assert (ended["status"], ended["attempts_left"], ended["resend_after"]) == ("approved", 0, None)
    assert ended["approved_at"] == ended["ended_at"]


def test_times_are_the_store_s(timed: TimedWorld) -> None:
    """A host whose clock is wrong changes no expiry: created_at is Redis' own time."""
    timed.clock.pass_(5 * HOUR)
    body = timed.api.start().json
    assert ms(body["created_at"]) == timed.clock.now


def test_a_proof_is_given_on_approval_if_asked_for(world: World, api: Api) -> None:
    """A JWT that verifies from the published keys if policy.proof; it names the number only if the policy says so."""
    id_ = api.start(user="u1").json["id"]
    assert api.check(world.code(id_), user="u1").json["proof"] is None
    for with_number in (False, True):
        world.policy(proof=True, proof_phone_number=with_number)
        id_ = api.start(user="u1").json["id"]
        assert api.check(world.wrong(id_), user="u1").json["proof"] is None
        answer = api.check(world.code(id_), user="u1").json
        keys = jwt.PyJWKSet.from_dict(api.get("/.well-known/jwks.json").json)
        claims = jwt.decode(answer["proof"], keys.keys[0], algorithms=["EdDSA"], audience=world.shop)
        assert (claims["sub"], claims["iss"], claims["user"]) == (id_, "https://otp.example", "u1")
        assert claims["iat"] == ms(answer["approved_at"]) // 1000
        assert claims.get("phone_number") == (NUMBER if with_number else None)


def test_the_ledger_has_it_after_the_drain(world: World, api: Api) -> None:
    """What was answered is what the ledger keeps."""
    id_ = api.start().json["id"]
    api.check(world.code(id_))
    before = api.get(f"/v1/verifications/{id_}").json
    drain(world)
    with_reports = world.caller("reports")
    (kept,) = with_reports.get("/v1/verifications").json["items"]
    assert {**kept, "message_id": ""} == {**before, "message_id": ""}
