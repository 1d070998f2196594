"""How others were confused or overheard: a test for each known case of a code that opened too much, or leaked."""

import ast
from pathlib import Path
from typing import Any

import otp_service
from otp_service.domain import codes
from otp_service.domain.ids import address
from otp_service.domain.keys import mac
from otp_service.domain.policy import Policy
from tests.clock import MINUTE, SECOND, TimedWorld
from tests.keyspace import drain, everything, outbox
from tests.servers import RedisServer
from tests.world import NUMBER, OTHER_NUMBER, START, World


def test_two_factor_cve_2025_13587_a_code_belongs_to_its_user(world: World) -> None:
    """CVE-2025-13587: the attacker's own code does not open the victim's verification, by number or by id."""
    mine = world.api.start(OTHER_NUMBER, user="attacker").json["id"]
    theirs = world.api.start(NUMBER, user="victim").json["id"]
    code = world.code(mine)
    assert not world.api.check(code, id=theirs, user="victim").json["valid"]
    assert not world.api.check(code, id=theirs, user="attacker").json["valid"]
    assert not world.api.check(code, id=mine, user="victim").json["valid"]


def test_healthclaw_pr128_there_is_one_live_code(world: World) -> None:
    """HealthClawGuardrails PR 128: after three starts one value is right, not three."""
    world.policy(max_attempts=10)
    sent = [world.code(world.api.start(user=user).json["id"]) for user in ("a", "b", "a")]
    assert [world.api.check(code, user="a").json["valid"] for code in sent] == [False, False, True]


def test_deepseek_1561_a_signup_code_resets_no_password(world: World) -> None:
    """deepseek #1561: a code is good for the purpose it was sent for, however the check names its verification."""
    signup = world.api.start(purpose="signup").json["id"]
    reset = world.api.start(purpose="reset").json["id"]
    code = world.code(signup)
    assert not world.api.check(code, purpose="reset").json["valid"]
    assert not world.api.check(code, id=reset).json["valid"]
    assert world.api.check(code, id=signup, purpose="reset").status_code == 404
    assert world.api.check(code, purpose="signup").json["valid"]


def test_better_auth_11023_a_code_is_bound_to_its_account(world: World) -> None:
    """better-auth #11023: who pre-registers a victim's number gets nothing from the code that the victim asked for."""
    theirs = world.api.start(user="squatter").json["id"]
    mine = world.api.start(user="owner").json["id"]
    code = world.code(mine)
    assert world.api.check(code, id=theirs, user="squatter").json["reason"] == "canceled"
    assert world.api.check(code, user="squatter").json["reason"] == "wrong_code"
    assert world.api.check(code, user="owner").json["valid"]


def test_laravel_otp_7_no_code_comes_from_a_guessable_generator() -> None:
    """laravel-otp #7, f3-nation #366, litecart #425: no room where codes, ids or keys are made imports `random`."""
    home = Path(otp_service.__file__).parent
    rooms = ("domain", "store", "service", "ledger", "web", "wiring", "providers")
    imported = set().union(*(imports(path) for room in rooms for path in (home / room).rglob("*.py")))
    assert "secrets" in imported
    assert not imported & {"random", "uuid", "numpy"}


def imports(path: Path) -> set[str]:
    """The top-level names of what a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    named = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in plain | named}


def lock_out(world: TimedWorld) -> None:
    """A stranger types ten wrong codes."""
    for user in ("x", "y"):
        id_ = world.api.start(user=user).json["id"]
        for _ in range(5):
            world.api.check(world.wrong(id_), id=id_)


def test_keycloak_cve_2026_9798_the_lock_holds_on_every_path(timed: TimedWorld) -> None:
    """CVE-2026-9798, -16103: start, resend and every purpose are delayed; once disabled, checks are refused too."""
    timed.policy(limits={"to": "", "ip": ""}, max_sends=20)
    other = timed.api.start(purpose="other").json["id"]
    lock_out(timed)
    paths = [timed.api.start(), timed.api.start(purpose="third"), timed.api.post(f"/v1/verifications/{other}/resend")]
    assert {answer.json["code"] for answer in paths} == {"destination_locked"}
    timed.policy(limits={"to": "", "ip": ""}, max_sends=20, hard_lock_after=10)
    timed.clock.pass_(60 * MINUTE)
    paths = [timed.api.start(), timed.api.check("123456"), timed.api.check("123456", id=other)]
    assert {answer.json["code"] for answer in paths} == {"destination_disabled"}


def test_keycloak_ghsa_cq42_an_outsider_does_not_lock_the_owner_out(timed: TimedWorld) -> None:
    """GHSA-cq42-vhv7-xr7p: the owner's known device gets a code while strangers wait, and its approval frees all."""
    owner = {"device_id": "mine"}
    timed.policy(limits={"to": "", "ip": ""}, max_sends=20)
    id_ = timed.api.start(client=owner).json["id"]
    timed.api.check(timed.code(id_), client=owner)
    lock_out(timed)
    assert timed.api.start().json["code"] == "destination_locked"
    id_ = timed.api.start(client=owner).json["id"]
    assert timed.api.check(timed.code(id_), client=owner).json["valid"]
    timed.clock.pass_(SECOND)
    assert timed.api.start().status_code == 201


def shape(answer: Any) -> tuple[int, list[str], int]:
    """What can be told apart of an answer without knowing its ids."""
    return answer.status_code, sorted(answer.json), len(answer.get_data())


def test_authy_2024_nobody_learns_whether_a_number_is_known(world: World) -> None:
    """Authy (2024): a number that was verified before, one that never was, and one being verified answer alike."""
    id_ = world.api.start("+41791110001").json["id"]
    world.api.check(world.code(id_), id=id_)
    drain(world)
    known, unknown = world.api.start("+41791110001"), world.api.start("+41791110002")
    assert shape(known) == shape(unknown)
    assert shape(world.api.check("123456", to="+41791110003")) == shape(world.api.check("123456", purpose="none"))
    assert world.app.test_client().post("/v1/verifications/check", json={}).status_code == 401


def test_yx_international_2024_the_queue_holds_no_texts(world: World) -> None:
    """YX International (2024), Voxox (2018): what waits to be sent is sealed; no text, code or number can be read."""
    world.policy(code_length=10)  # six digits stand in many a time
    id_ = world.api.start(variables={"name": "Annabella"}).json["id"]
    text = repr(outbox(world))
    assert not [secret for secret in (world.code(id_), NUMBER[1:], "Annabella", "code is") if secret in text]


def test_altcha_cve_2025_68113_no_field_runs_into_the_next() -> None:
    """CVE-2025-68113: nothing can be moved over the border of two fields under a MAC."""
    at, key = address(b"i" * 32, "app", NUMBER, "login"), b"k" * 32
    assert mac(key, "ab", "c") != mac(key, "a", "bc") != mac(key, "abc", "") != mac(key, "abc")
    assert codes.digest(key, at, "user1", None, "23456") != codes.digest(key, at, "user", None, "123456")
    assert address(b"i" * 32, "app", "1" + NUMBER, "login") != address(b"i" * 32, "app1", NUMBER, "login")


def test_rubygems_2023_no_step_can_be_skipped(world: World, redis: RedisServer) -> None:
    """RubyGems (2023), Meta (2026): nothing that a client says makes a verification approved but the right code."""
    id_ = world.api.start().json["id"]
    before = everything(redis)
    for extra in (
        {"status": "approved"},
        {"valid": True},
        {"approved_at": "now"},
        {"attempts_left": 99},
    ):
        assert world.api.check("123456", **extra).status_code == 422
        assert world.api.start(**extra).status_code == 422
    assert everything(redis) == before
    assert world.api.get(f"/v1/verifications/{id_}").json["status"] == "pending"


def test_mtn_777957_no_answer_tells_the_code(world: World) -> None:
    """HackerOne #777957, #2633888, #2635315: start, resend, read, wrong and right checks never show it."""
    world.policy(code_length=10)
    id_ = world.api.start().json["id"]
    code = world.code(id_)
    answers = [
        world.api.start(),
        world.api.post(f"/v1/verifications/{id_}/resend"),
        world.api.get(f"/v1/verifications/{id_}"),
        world.api.check(world.wrong(id_)),
        world.api.check(code),
        world.api.check(code),
        world.api.delete(f"/v1/verifications/{id_}"),
    ]
    assert not [answer for answer in answers if code in answer.get_data(as_text=True) + str(answer.headers)]


def test_another_application_s_code_opens_nothing(world: World) -> None:
    """Tenants share numbers, never codes."""
    other = world.caller(*START, application=world.application("other", Policy(resend_after_s=0)))
    mine, theirs = world.api.start().json["id"], other.start().json["id"]
    assert not other.check(world.code(mine)).json["valid"]
    assert not world.api.check(world.code(theirs)).json["valid"]
