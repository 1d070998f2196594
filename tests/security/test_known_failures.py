"""How others were guessed through: a test for each known case of missing, racing or resettable counts."""

from collections import Counter

import pytest

from otp_service.web.app import make_app
from tests.clock import MINUTE, TimedWorld
from tests.keyspace import everything
from tests.security.together import together
from tests.servers import RedisServer
from tests.world import START, Api, World

FREE = {"to": "", "ip": ""}


@pytest.fixture
def patient(timed: TimedWorld) -> TimedWorld:
    """A service whose limits don't stop an attacker, so that only the failure counts do."""
    timed.policy(limits=FREE, max_sends=20, resend_after_s=0)
    return timed


def guesses_admitted(world: TimedWorld, sessions: int) -> int:
    """How many guesses an attacker gets who opens a new session after each failed one, as fast as he can."""
    admitted = 0
    for session in range(sessions):
        answer = world.api.start(user=f"session {session}")
        if answer.status_code != 201:
            return admitted
        wrong = world.wrong(answer.json["id"])
        heard = [world.api.check(wrong, id=answer.json["id"]).json for _ in range(6)]
        admitted += sum(each.get("reason") == "wrong_code" for each in heard)
    return admitted


def test_authquake_parallel_sessions_share_one_count(patient: TimedWorld) -> None:
    """AuthQuake (Microsoft MFA, 2024): new sessions give no new guesses; after ten the next code waits."""
    assert guesses_admitted(patient, 50) == 10


def test_authquake_many_failures_raise_an_alarm(patient: TimedWorld) -> None:
    """AuthQuake: failures don't stay unnoticed; at fifty in a row the operator's metric rises."""
    before = alarms(patient)
    while patient.admin.get(f"/v1/admin/locks?application={patient.shop}&to=%2B41791234567").json["failures"] < 50:
        guesses_admitted(patient, 1)
        patient.clock.pass_(60 * MINUTE)
    assert alarms(patient) == before + 1


def alarms(world: World) -> float:
    text = world.app.test_client().get("/metrics").get_data(as_text=True)
    values = [line.split()[-1] for line in text.splitlines() if line.startswith('otp_alarms_total{kind="failures"}')]
    return float(values[0]) if values else 0.0


def test_instagram_2019_many_addresses_share_one_count(world: World) -> None:
    """Instagram (2019): 5,000 addresses in parallel get the five guesses of the verification, and no more."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    calls = [
        lambda api, n=n: api.check(
            wrong,
            id=id_,
            client={"ip": f"10.{n >> 8}.{n & 255}.1"},
            headers={"X-Forwarded-For": f"10.{n >> 8}.{n & 255}.1"},
        )
        for n in range(0, 5000, 25)
    ]
    heard = together(world, calls)
    assert Counter(answer["reason"] for answer in heard) == {"wrong_code": 5, "max_attempts": 195}


def test_microsoft_2021_requests_at_once_do_not_slip_through(world: World) -> None:
    """Microsoft account (2021): what arrives in the same moment is paid for one by one."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    heard = together(world, [lambda api: api.check(wrong)] * 96)
    assert Counter(answer["reason"] for answer in heard)["wrong_code"] == 5


def test_facebook_2016_every_path_shares_the_count(world: World) -> None:
    """Facebook (2016): by number, by id, through a second process and after a resend it is one counter."""
    id_ = world.api.start().json["id"]
    wrong = world.wrong(id_)
    second = Api(make_app(world.core, world.parts.truths).test_client(), world.caller(*START).key)
    world.api.check(wrong)
    world.api.check(wrong, id=id_)
    second.check(wrong, to="+41 79 123 45 67")
    world.api.post(f"/v1/verifications/{id_}/resend")
    assert [second.check(wrong, id=id_).json["attempts_left"] for _ in range(2)] == [1, 0]


def test_parse_cve_2026_43930_a_code_is_not_accepted_twice_concurrently(world: World) -> None:
    """CVE-2026-43930 (Parse): of 64 simultaneous right answers one is valid."""
    code = world.code(world.api.start().json["id"])
    heard = together(world, [lambda api: api.check(code)] * 64)
    assert sum(answer["valid"] for answer in heard) == 1


@pytest.mark.parametrize("variant", [" {}", "{} ", "{}\n", "\t{}", "{}\u00a0", "{}\u200b", "\ufeff{}", "{}\x00"])
def test_vault_cve_2025_6014_a_variant_is_no_new_code(world: World, redis: RedisServer, variant: str) -> None:
    """CVE-2025-6014, -6015 (Vault), -55003 (OpenBao): with white space a code is malformed, not another guess."""
    code = world.code(world.api.start().json["id"])
    before = everything(redis)
    assert world.api.check(variant.format(code)).status_code == 422
    assert everything(redis) == before
    assert world.api.check(code).json["valid"]
    assert world.api.check(variant.format(code)).status_code == 422


def test_devise_cve_2024_0227_guessing_is_throttled(patient: TimedWorld) -> None:
    """CVE-2024-0227: days of guessing get a hundred guesses in all; then an admin must lift the lock."""
    admitted = 0
    for _ in range(3 * 24 * 4):
        admitted += guesses_admitted(patient, 1)
        patient.clock.pass_(15 * MINUTE)
    assert admitted == 100


def test_vaultwarden_cve_2026_27801_the_count_is_not_in_memory(world: World) -> None:
    """CVE-2026-27801: another process of the same store knows of every guess."""
    id_ = world.api.start().json["id"]
    world.api.check(world.wrong(id_))
    other = Api(make_app(world.core, world.parts.truths).test_client(), world.api.key)
    assert other.get(f"/v1/verifications/{id_}").json["attempts_left"] == 4
    assert other.check(world.wrong(id_)).json["attempts_left"] == 3


@pytest.mark.parametrize("attempts", [1, 5, 10])
def test_ail_cve_2026_56450_there_is_a_limit_at_all(world: World, attempts: int) -> None:
    """CVE-2026-56450, CVE-2020-10876, CVE-2025-60424 and others: no policy allows more than ten guesses."""
    world.policy(max_attempts=attempts)
    id_ = world.api.start().json["id"]
    heard = [world.api.check(world.wrong(id_)).json["reason"] for _ in range(12)]
    assert heard.count("wrong_code") == attempts


def test_digits_cve_2025_4094_codes_are_long_enough(world: World) -> None:
    """CVE-2025-4094 (Digits): four digits are no code; no policy can ask for fewer than six."""
    body = {"policy": {"code_length": 4}}
    assert world.admin.call("PATCH", f"/v1/admin/applications/{world.shop}", body).status_code == 422
    assert len(world.code(world.api.start().json["id"])) == 6


@pytest.mark.parametrize("when", ["nothing started", "pending", "approved"])
@pytest.mark.parametrize("code", ["", None, [], {}, 0, False])
def test_user_verification_cve_2025_12374_an_empty_code_is_no_code(world: World, when: str, code: object) -> None:
    """CVE-2025-12374: emptiness never equals a code that is not set."""
    if when != "nothing started":
        id_ = world.api.start().json["id"]
        if when == "approved":
            world.api.check(world.code(id_))
    assert world.api.check(code).status_code == 422


@pytest.mark.parametrize("code", [True, 1, [True], {"$gt": ""}, 1.0])
def test_user_verification_cve_2026_7458_true_equals_nothing(world: World, code: object) -> None:
    """CVE-2026-7458: no other type is ever compared with a code."""
    world.api.start()
    assert world.api.check(code).status_code == 422


def test_caddy_security_271_starting_again_does_not_lift_the_block(patient: TimedWorld) -> None:
    """caddy-security #271: cancelling, restarting or another purpose leaves the delay where it was."""
    guesses_admitted(patient, 2)
    refused = [
        patient.api.start(user="again"),
        patient.api.start(purpose="other"),
        patient.api.start("+41 79 123 45 67", locale="de"),
    ]
    assert {answer.json["code"] for answer in refused} == {"destination_locked"}
